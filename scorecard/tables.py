"""Whole tables for download: rows as generators, and the data dictionary from the same columns.

The law: a table of any length runs in constant memory, and a column exists only with its meaning.

Whole tables out, line by line: the record, the articles' metadata and the daily scores.

Everything is a generator, so that an export of any length runs in constant memory.
"""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scorecard import reviewed, standings
from tracker import log, rows
from tracker.codebook import current
from tracker.models import Article, Event, Revision

Row = tuple[Any, ...]
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is text, integer, number, boolean, day or moment."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    meaning: str
    columns: Sequence[Column]
    rows: Callable[[datetime.date, datetime.date | None, str | None], Iterator[Row]]
    dated: bool = False  # whether as_of, known_at and the version of the method mean anything to it


def _latest() -> Iterator[dict[str, Any]]:
    """The present state of every event on record, retracted ones left out, by id."""
    ids = Event.objects.accepted().order_by("pk").values_list("pk", flat=True)
    batch: list[str] = []
    for event_id in ids.iterator(BATCH):
        batch.append(event_id)
        if len(batch) == BATCH:
            yield from _bodies(batch)
            batch = []
    yield from _bodies(batch)


def _bodies(ids: list[str]) -> Iterator[dict[str, Any]]:
    latest = {
        event: (sequence, body)
        for event, sequence, body in Revision.objects.filter(event__in=ids)
        .order_by("sequence")
        .values_list("event", "sequence", "body")
    }
    for event_id in ids:
        if event_id in latest:
            sequence, body = latest[event_id]
            yield {**json.loads(body), "sequence": sequence}


def _reviewed() -> Iterator[dict[str, Any]]:
    """The same with who coded each and whether a person stands behind it, looked up batch by batch."""
    lines = _latest()
    while batch := list(itertools.islice(lines, BATCH)):
        reviews = reviewed.of(batch)
        yield from ({**line, "review": reviews[line["id"]]} for line in batch)


def _events(*_dated: Any) -> Iterator[Row]:
    for line in _reviewed():
        yield (
            *(line["id"], line["sequence"], line["date"], line["date_precision"], line["title"]),
            *(line["title_zh"], line["summary"], line["summary_zh"], " ".join(line["actors"])),
            *(
                line["certainty"],
                " ".join(line["supersedes"]),
                len(line["assessments"]),
                len(line["sources"]),
            ),
            *(line["sources"][0]["url"] if line["sources"] else "", line["recorded_at"], line["codebook"]),
            *_terms(line),
            *(line.get(name) for name in ("stage", "due", "due_what", "due_what_zh")),
            *(line["review"].coded_by, line["review"].confirmed_on),
        )


def _terms(line: dict[str, Any]) -> Row:
    return (line.get("reach", "wide"), line.get("until"), " ".join(line.get("suspends", ())))


def _assessments(*_dated: Any) -> Iterator[Row]:
    for line in _latest():
        for item in line["assessments"]:
            yield (
                *(line["id"], line["date"], line["date_precision"], " ".join(line["actors"])),
                *(line["certainty"], item["rec"], item["direction"], item["strength"], item["ask"]),
                *(item["rationale"], " ".join(line["supersedes"]), line["recorded_at"]),
                item.get("rationale_zh"),
                *_terms(line),
            )


def _sources(*_dated: Any) -> Iterator[Row]:
    for line in _latest():
        for source in line["sources"]:
            yield (
                *(line["id"], source["url"], source["title"], source["publisher"], source["date"]),
                *(source["lang"], source.get("kind")),
            )


def _articles(*_dated: Any) -> Iterator[Row]:
    rows = Article.objects.order_by("id").prefetch_related("reports__event")
    for row in rows.iterator(chunk_size=BATCH):
        events = sorted(each.event_id for each in row.reports.all() if each.event.on_record)
        yield (
            *(row.id, row.url, row.title, row.publisher, row.language, row.published_at, row.first_seen_at),
            " ".join(events),
        )


def _scores(
    as_of: datetime.date, known_at: datetime.date | None, version: str | None = None
) -> Iterator[Row]:
    report = standings.report(as_of, known_at, acts=False, version=version)
    for slug, found in report["recommendations"].items():
        for reading in ("balance", "pulse"):
            entry: Mapping[str, Any] = found["balance"] if reading == "balance" else found["pulse"]
            names = ("score", "low", "high", "label", "A", "U", "n", "prob_advancing", "since")
            stamp = (report["method"], report["read_on"], report["days_since"])
            yield (as_of.isoformat(), slug, reading, *(entry[name] for name in names), *stamp)


def _series(
    as_of: datetime.date, known_at: datetime.date | None, version: str | None = None
) -> Iterator[Row]:
    for reading in ("balance", "pulse"):
        found = standings.series(reading, as_of=as_of, known_at=known_at, version=version)
        for slug, line in found["recommendations"].items():
            names = ("score", "low", "high", "label", "A", "U", "n")
            for day, *values in zip(found["days"], *(line[name] for name in names), strict=True):
                yield (day, slug, reading, *values)


def _columns(*lines: str) -> tuple[Column, ...]:
    """Columns from lines that read "name type: meaning"."""
    parted = (line.split(maxsplit=2) for line in lines)
    return tuple(Column(name, kind.removesuffix(":"), meaning) for name, kind, meaning in parted)


_ID = "id text: permanent id of the event"
_ACT = (
    "date day: day of the act (UTC); with a coarser precision, a day within the period",
    "date_precision text: day, month, quarter or year",
)
_ACTORS = (
    "actors text: whose act it is, separated by spaces",
    "certainty text: confirmed, reported or rumoured",
)
_SUPERSEDES = "supersedes text: ids of events whose effect it ends, separated by spaces"
_TERMS = (
    "reach text: wide (national or international) or local",
    "until day: first day on which it no longer counts, where the act itself names one",
    "suspends text: ids of events that it puts to sleep until then, separated by spaces",
)
_RECORDED = "recorded_at day: day this version was recorded; empty: the first import"
_FIGURES = (
    "recommendation text: slug of the recommendation",
    "reading text: balance or pulse",
    f"score number: -100 to +100; 0 is where it stood on {current().start}",
    "low number: lower end of the 80 % evidence band",
    "high number: upper end of the 80 % evidence band",
    "label text: advancing, undermined, leaning advancing, leaning undermined, contested, unclear or too little "
    "evidence",
    "A number: faded, credited weight of what advances",
    "U number: faded, credited weight of what undermines",
    "n integer: acts that count",
)

_LISTED = (
    Table(
        "events",
        "Every event on record in its present state, one row each.",
        _columns(
            _ID,
            "sequence integer: number of the revision that this state is",
            *_ACT,
            "title text: title in English",
            "title_zh text: title in Chinese",
            "summary text: summary in English",
            "summary_zh text: summary in Chinese",
            *_ACTORS,
            _SUPERSEDES,
            "assessments integer: how many recommendations it touches",
            "sources integer: how many sources are cited",
            "first_source text: address of the first source",
            _RECORDED,
            "codebook text: version of the codebook it was coded by; empty: the first import",
            *_TERMS,
            "stage text: what waits for a next step: bill, draft, probe or plan",
            "due text: day (or month) that its own text names for a next step",
            "due_what text: what is due then, in English",
            "due_what_zh text: what is due then, in Chinese",
            "coded_by text: who gave these codes: language model, analyst or file",
            "confirmed_on day: since when an analyst stands behind these codes; empty: not yet reviewed",
        ),
        _events,
    ),
    Table(
        "assessments",
        "What each event does to each recommendation it touches, one row for each pair.",
        _columns(
            _ID,
            *_ACT,
            *_ACTORS,
            "recommendation text: slug of the recommendation",
            "direction integer: 1 advances, -1 undermines, 0 mixed",
            "strength integer: 1 words, 2 proposal, 3 commitment, 4 enacted, 5 operating",
            "ask text: the ask of the recommendation it speaks to, if any",
            "rationale text: the coder's reason",
            _SUPERSEDES,
            _RECORDED,
            "rationale_zh text: the coder's reason in Chinese",
            *_TERMS,
        ),
        _assessments,
    ),
    Table(
        "sources",
        "The sources of the events on record, one row for each citation.",
        _columns(
            _ID,
            "url text: address",
            "title text: title as published",
            "publisher text: who published it",
            "date day: day of publication, if known",
            "lang text: language tag",
            "kind text: primary (the body that acted), agency, outlet or aggregator",
        ),
        _sources,
    ),
    Table(
        "articles",
        "What the feeds delivered: metadata only, for the words belong to their publishers.",
        _columns(
            "id integer: number of the article",
            "url text: address",
            "title text: title as published",
            "publisher text: who published it",
            "language text: language tag",
            "published_at moment: when it was published, as the feed said",
            "first_seen_at moment: when we first saw it",
            "events text: ids of the events on record that it reports, separated by spaces",
        ),
        _articles,
    ),
    Table(
        "scores",
        "All recommendations on one day.",
        _columns(
            "as_of day: the day",
            *_FIGURES,
            "prob_advancing number: probability that the true balance is above zero",
            "since day: first day of the label's unbroken run",
            "method text: version of the method",
            "read_on day: the day the figures were read on, by method 1.1 no later than the last coded day",
            "days_since integer: days from the last coded day to the day",
        ),
        _scores,
        dated=True,
    ),
    Table(
        "series",
        f"All recommendations day by day since {current().start}.",
        _columns("date day: calendar day, end of day, UTC", *_FIGURES),
        _series,
        dated=True,
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _LISTED}
RECORD = "Every version of every event in the order of the log, one line of JSON each: what a mirror equals."
CHANGES = "Every revision with who, when, why and its digest, one line of JSON each: what the digests cover."

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
