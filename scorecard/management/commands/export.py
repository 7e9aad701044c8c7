"""`manage.py export events|articles|scores`: whole tables to standard output or a file."""

import datetime
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scorecard import standings
from scorecard.method import METHODS
from tracker import log, record, rows
from tracker.models import Article, Revision

EVENT_COLUMNS = (
    *("sequence", "id", "date", "date_precision", "title", "title_zh", "summary", "summary_zh", "actors"),
    *("certainty", "supersedes", "recommendation", "direction", "strength", "ask", "rationale", "sources"),
    *("recorded_at", "codebook", "retracted", "reach", "until", "suspends", "stage", "due", "due_what"),
    *("due_what_zh", "rationale_zh", "source_kinds"),
)
ARTICLE_COLUMNS = (
    *("id", "url", "title", "publisher", "language", "published_at", "first_seen_at", "state", "relevance"),
    *("events",),
)
SCORE_COLUMNS = ("date", "recommendation", "reading", "score", "low", "high", "label", "A", "U", "n")


def events_jsonl() -> Iterator[str]:
    """Every version of every event in the order of the log: what `import` reads and a mirror must equal."""
    for line in log.lines():
        yield f"{line}\n"


def events_csv() -> Iterator[str]:
    """One row for each assessment of each version; a version without assessments has one row."""
    return rows.csv_lines(EVENT_COLUMNS, _event_rows())


def articles_jsonl() -> Iterator[str]:
    for row in _article_rows():
        yield _json(dict(zip(ARTICLE_COLUMNS, row, strict=True)))


def articles_csv() -> Iterator[str]:
    found = ((*row[:-1], " ".join(row[-1])) for row in _article_rows())
    return rows.csv_lines(ARTICLE_COLUMNS, found)


def scores_jsonl(
    as_of: datetime.date, known_at: datetime.date | None = None, version: str | None = None
) -> Iterator[str]:
    for row in _score_rows(as_of, known_at, version):
        yield _json(dict(zip(SCORE_COLUMNS, row, strict=True)))


def scores_csv(
    as_of: datetime.date, known_at: datetime.date | None = None, version: str | None = None
) -> Iterator[str]:
    return rows.csv_lines(SCORE_COLUMNS, _score_rows(as_of, known_at, version))


COMMAND_TABLES: dict[tuple[str, str], Callable[..., Iterator[str]]] = {
    ("events", "jsonl"): events_jsonl,
    ("events", "csv"): events_csv,
    ("articles", "jsonl"): articles_jsonl,
    ("articles", "csv"): articles_csv,
    ("scores", "jsonl"): scores_jsonl,
    ("scores", "csv"): scores_csv,
}


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _event_rows() -> Iterator[tuple[Any, ...]]:
    versions = Revision.objects.order_by("sequence").values_list("sequence", "body").iterator(1000)
    for sequence, body in versions:
        line = json.loads(body)
        head = (
            *(sequence, line["id"], line["date"], line["date_precision"], line["title"], line["title_zh"]),
            *(line["summary"], line["summary_zh"], " ".join(line["actors"]), line["certainty"]),
            " ".join(line["supersedes"]),
        )
        tail = (
            " ".join(source["url"] for source in line["sources"]),
            *(line["recorded_at"], line["codebook"], str(line["retracted"]).lower()),
            *(line.get("reach", "wide"), line.get("until"), " ".join(line.get("suspends", ()))),
            *(line.get(name) for name in ("stage", "due", "due_what", "due_what_zh")),
        )
        kinds = " ".join(source.get("kind", "-") for source in line["sources"])
        for item in line["assessments"] or [
            dict.fromkeys(("rec", "direction", "strength", "ask", "rationale"))
        ]:
            codes = (item["rec"], item["direction"], item["strength"], item["ask"], item["rationale"])
            yield (*head, *codes, *tail, item.get("rationale_zh"), kinds)


def _article_rows() -> Iterator[tuple[Any, ...]]:
    """Metadata only: the words of an article belong to its publisher."""
    articles = Article.objects.order_by("id").prefetch_related("reports")
    for article in articles.iterator(chunk_size=1000):
        yield (
            *(article.id, article.url, article.title, article.publisher, article.language),
            article.published_at.isoformat() if article.published_at else None,
            article.first_seen_at.isoformat(),
            *(article.state, article.relevance),
            [report.event_id for report in article.reports.all()],
        )


def _score_rows(
    as_of: datetime.date, known_at: datetime.date | None, version: str | None
) -> Iterator[tuple[Any, ...]]:
    for reading in ("balance", "pulse"):
        found = standings.series(reading, as_of=as_of, known_at=known_at, version=version)
        for slug, columns in found["recommendations"].items():
            yield from _days(slug, reading, found["days"], columns)


def _days(
    slug: str, reading: str, days: Iterable[str], columns: dict[str, list[Any]]
) -> Iterator[tuple[Any, ...]]:
    names = ("score", "low", "high", "label", "A", "U", "n")
    for day, *values in zip(days, *(columns[name] for name in names), strict=True):
        yield (day, slug, reading, *values)


class Command(BaseCommand):
    help = "Export every version of every event, the articles' metadata, or the daily scores."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=("events", "articles", "scores"))
        parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
        parser.add_argument("--output", metavar="FILE", help="write here; otherwise to standard output")
        parser.add_argument("--as-of", metavar="DATE", help="scores: last day of the series; default today")
        parser.add_argument("--known-at", metavar="DATE", help="scores: as known on this day")
        parser.add_argument("--method", choices=tuple(METHODS), help="scores: by this version of the method")

    def handle(self, *args, what, output, **options):
        lines = COMMAND_TABLES[what, options["format"]](*(self.days(options) if what == "scores" else ()))
        if not output:
            sys.stdout.reconfigure(encoding="utf-8", newline="") if hasattr(
                sys.stdout, "reconfigure"
            ) else None
            self.stdout.ending = ""
            for line in lines:
                self.stdout.write(line)
            return
        try:
            with Path(output).open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}") from error

    def days(self, options):
        try:
            as_of, known_at = (
                record.day(options[key], f"--{key.replace('_', '-')}") if options[key] else None
                for key in ("as_of", "known_at")
            )
        except record.RecordError as error:
            raise CommandError(str(error)) from error
        as_of = as_of or timezone.now().date()
        if as_of < record.START:
            raise CommandError(f"--as-of: the scorecard begins on {record.START}")
        return as_of, known_at or None, options["method"]
