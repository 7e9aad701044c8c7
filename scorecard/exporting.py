"""Whole tables out, line by line: the record, the articles' metadata and the daily scores.

Everything is a generator, so that an export of any length runs in constant memory.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from scorecard import standings
from tracker import record, spreadsheets
from tracker.codebook import RECOMMENDATIONS
from tracker.models import Article, Revision

EVENT_COLUMNS = (
    *("sequence", "id", "date", "date_precision", "title", "title_zh", "summary", "summary_zh", "actors"),
    *("certainty", "supersedes", "recommendation", "direction", "strength", "ask", "rationale", "sources"),
    *("recorded_at", "codebook", "retracted"),
)
ARTICLE_COLUMNS = (
    *("id", "url", "title", "publisher", "language", "published_at", "first_seen_at", "state", "relevance"),
    *("events",),
)
SCORE_COLUMNS = ("date", "recommendation", "reading", "score", "low", "high", "label", "A", "U", "n")


def events_jsonl() -> Iterator[str]:
    """Every version of every event in the order of the log: what `import` reads and a mirror must equal."""
    for line in record.lines():
        yield f"{line}\n"


def events_csv() -> Iterator[str]:
    """One row for each assessment of each version; a version without assessments has one row."""
    return spreadsheets.lines(EVENT_COLUMNS, _event_rows())


def articles_jsonl() -> Iterator[str]:
    for row in _article_rows():
        yield _json(dict(zip(ARTICLE_COLUMNS, row, strict=True)))


def articles_csv() -> Iterator[str]:
    rows = ((*row[:-1], " ".join(row[-1])) for row in _article_rows())
    return spreadsheets.lines(ARTICLE_COLUMNS, rows)


def scores_jsonl(as_of: datetime.date, known_at: datetime.date | None = None) -> Iterator[str]:
    for row in _score_rows(as_of, known_at):
        yield _json(dict(zip(SCORE_COLUMNS, row, strict=True)))


def scores_csv(as_of: datetime.date, known_at: datetime.date | None = None) -> Iterator[str]:
    return spreadsheets.lines(SCORE_COLUMNS, _score_rows(as_of, known_at))


TABLES: dict[tuple[str, str], Callable[..., Iterator[str]]] = {
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
        )
        for item in line["assessments"] or [
            dict.fromkeys(("rec", "direction", "strength", "ask", "rationale"))
        ]:
            codes = (item["rec"], item["direction"], item["strength"], item["ask"], item["rationale"])
            yield (*head, *codes, *tail)


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


def _score_rows(as_of: datetime.date, known_at: datetime.date | None) -> Iterator[tuple[Any, ...]]:
    for reading in ("balance", "pulse"):
        found = standings.series(reading, as_of=as_of, known_at=known_at)
        for slug in RECOMMENDATIONS:
            yield from _days(slug, reading, found["days"], found["recommendations"][slug])


def _days(
    slug: str, reading: str, days: Iterable[str], columns: dict[str, list[Any]]
) -> Iterator[tuple[Any, ...]]:
    names = ("score", "low", "high", "label", "A", "U", "n")
    for day, *values in zip(days, *(columns[name] for name in names), strict=True):
        yield (day, slug, reading, *values)
