"""Whole tables for download: rows as generators, and the data dictionary from the same columns.

The law: a table of any length runs in constant memory, a column exists only with its meaning, and a table answers
every question of time that it is asked (`takes`), or the question is refused.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from scorecard import acts, footing, history, reliability, standings
from tracker import agreement
from tracker.codebook import current
from tracker.models import Article

Row = tuple[Any, ...]
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Column:
    """`type` is text, integer, number, boolean, day, moment or list (of texts)."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table is asked for; None: not asked. `lists` gives lists as lists, not as text with spaces."""

    as_of: datetime.date | None = None
    known_at: datetime.date | None = None
    method: str | None = None
    rev: str | None = None  # whoever asks for it has pinned the state already
    beyond: bool = False
    then: bool = False
    vintages: bool = False
    year: int | None = None
    recommendation: Sequence[str] | None = None
    actor: Sequence[str] | None = None
    reading: Sequence[str] | None = None
    lists: bool = False

    @property
    def day(self) -> datetime.date:
        return self.as_of or timezone.now().date()


@dataclass(frozen=True, slots=True)
class Table:
    """`takes` are the fields of `Asked` that mean something to it."""

    name: str
    meaning: str
    columns: Sequence[Column]
    rows: Callable[[Asked], Iterator[Row]]
    takes: Sequence[str]
    listed: Sequence[str] = ()  # the columns that are lists
    key: Sequence[str] = ()  # the columns that together name a row

    def typed(self, asked: Asked) -> Sequence[Column]:
        """The columns as this question is answered."""
        if not asked.lists:
            return self.columns
        return tuple(
            Column(each.name, "list", each.meaning.replace(JOINED, "")) if each.name in self.listed else each
            for each in self.columns
        )

    def answered(self, asked: Asked) -> Iterator[Row]:
        """The rows as this question is answered."""
        if not (asked.lists and self.listed):
            yield from self.rows(asked)
            return
        places = [place for place, each in enumerate(self.columns) if each.name in self.listed]
        for row in self.rows(asked):
            cells = list(row)
            for place in places:
                cells[place] = (cells[place] or "").split()
            yield tuple(cells)


def _bodies_of(asked: Asked) -> Iterator[dict[str, Any]]:
    """The record's lines, of what had happened by `as_of`."""
    last = footing.counted()["sequence"] if asked.rev else None
    until = asked.as_of.isoformat() if asked.as_of else None
    return (line for line in history.lines(asked.known_at, last) if until is None or line["date"] <= until)


def _reviewed(asked: Asked) -> Iterator[dict[str, Any]]:
    """The same with who coded each and whether a person stands behind it, looked up batch by batch."""
    lines = _bodies_of(asked)
    while batch := list(itertools.islice(lines, BATCH)):
        reviews = reliability.reviews(batch, known_at=asked.known_at)
        yield from ({**line, "review": reviews[line["id"]]} for line in batch)


def _events(asked: Asked) -> Iterator[Row]:
    for line in _reviewed(asked):
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
            *_review(line["review"]),
        )


def _review(review: reliability.Review) -> Row:
    return review.coded_by, review.confirmed_on.isoformat() if review.confirmed_on else None


def _terms(line: dict[str, Any]) -> Row:
    return (line.get("reach", "wide"), line.get("until"), " ".join(line.get("suspends", ())))


def _assessments(asked: Asked) -> Iterator[Row]:
    for line in _bodies_of(asked):
        for item in line["assessments"]:
            yield (
                *(line["id"], line["date"], line["date_precision"], " ".join(line["actors"])),
                *(line["certainty"], item["rec"], item["direction"], item["strength"], item["ask"]),
                *(item["rationale"], " ".join(line["supersedes"]), line["recorded_at"]),
                item.get("rationale_zh"),
                *_terms(line),
            )


def _sources(asked: Asked) -> Iterator[Row]:
    lines = _bodies_of(asked)
    while batch := list(itertools.islice(lines, BATCH)):
        urls = [source["url"] for line in batch for source in line["sources"]]
        copies = acts.copies(urls, asked.known_at)
        for line in batch:
            for source in line["sources"]:
                copy = copies.get(source["url"])
                yield (
                    *(line["id"], source["url"], source["title"], source["publisher"], source["date"]),
                    *(source["lang"], source.get("kind"), copy.copy if copy else None),
                )


def _codings(asked: Asked) -> Iterator[Row]:
    return (
        tuple(None if cell == "" else cell for cell in row) for row in agreement.raw_table(on_record=True)
    )


def _articles(asked: Asked) -> Iterator[Row]:
    rows = Article.objects.order_by("id").prefetch_related("reports__event")
    if asked.known_at:
        rows = rows.filter(first_seen_at__lt=_end(asked.known_at))
    if asked.as_of:
        rows = rows.filter(Q(published_at=None) | Q(published_at__lt=_end(asked.as_of)))
    for row in rows.iterator(chunk_size=BATCH):
        events = sorted(each.event_id for each in row.reports.all() if each.event.on_record)
        yield (
            *(row.id, row.url, row.title, row.publisher, row.language, row.published_at, row.first_seen_at),
            " ".join(events),
        )


def _end(day: datetime.date) -> datetime.datetime:
    """The moment after a day, UTC."""
    return datetime.datetime.combine(day + datetime.timedelta(1), datetime.time.min, datetime.UTC)


def _scores(asked: Asked) -> Iterator[Row]:
    as_of = asked.day
    report = standings.report(as_of, asked.known_at, version=asked.method, acts=False, beyond=asked.beyond)
    for slug, found in report["recommendations"].items():
        for reading in ("balance", "pulse"):
            entry: Mapping[str, Any] = found["balance"] if reading == "balance" else found["pulse"]
            names = ("score", "low", "high", "label", "A", "U", "n", "prob_advancing", "since")
            stamp = (report["method"], report["read_on"], report["days_since"])
            yield (as_of.isoformat(), slug, reading, *(entry[name] for name in names), *stamp)


def _series(asked: Asked) -> Iterator[Row]:
    for reading in ("balance", "pulse"):
        found = standings.series(
            reading, as_of=asked.day, known_at=asked.known_at, version=asked.method, beyond=asked.beyond
        )
        for slug, line in found["recommendations"].items():
            names = ("score", "low", "high", "label", "A", "U", "n")
            for day, *values in zip(found["days"], *(line[name] for name in names), strict=True):
                yield (day, slug, reading, *values)


def _figures(asked: Asked) -> Iterator[Row]:
    for known_at in standings.vintages(asked.known_at) if asked.vintages else [asked.known_at]:
        yield from standings.long_rows(
            min(asked.day, known_at) if asked.vintages and known_at else asked.day,
            known_at,
            version=asked.method,
            beyond=asked.beyond,
            then=asked.then,
            year=asked.year,
            recommendations=asked.recommendation,
            actors=asked.actor,
            readings=asked.reading,
        )


JOINED = ", separated by spaces"
OF_THE_RECORD = ("as_of", "known_at", "rev")
OF_FIGURES = ("as_of", "known_at", "rev", "method", "beyond")


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
        (*OF_THE_RECORD, "lists"),
        listed=("actors", "supersedes", "suspends"),
        key=("id",),
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
        (*OF_THE_RECORD, "lists"),
        listed=("actors", "supersedes", "suspends"),
        key=("id", "recommendation"),
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
            "archived text: address of a copy at an archive, where one is known",
        ),
        _sources,
        OF_THE_RECORD,
    ),
    Table(
        "codings",
        "Both codings of every event that was coded twice, people under numbers and language models by name, one row "
        "for each recommendation that a coding names; agreement is worked out from these.",
        _columns(
            "event text: permanent id of the event",
            "kind text: machine or person",
            "part text: first, second, or adjudication where the two differed",
            "coder text: the language model or file that gave the codes, or a person's number in this file",
            "done_on day: day on which it was given, if known",
            "relevant boolean: whether the coder took it for an act that bears on any recommendation",
            "actors text: whose act it is, separated by spaces",
            "certainty text: confirmed, reported or rumoured",
            "recommendation text: slug of the recommendation; empty where the coding names none",
            "direction integer: 1 advances, -1 undermines, 0 mixed",
            "strength integer: 1 words, 2 proposal, 3 commitment, 4 enacted, 5 operating",
            "ask text: the ask of the recommendation it speaks to, if any",
        ),
        _codings,
        ("lists",),
        listed=("actors",),
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
        ("as_of", "known_at", "lists"),
        listed=("events",),
        key=("id",),
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
        OF_FIGURES,
        key=("as_of", "recommendation", "reading"),
    ),
    Table(
        "series",
        f"All recommendations day by day since {current().start}.",
        _columns("date day: calendar day, end of day, UTC", *_FIGURES),
        _series,
        OF_FIGURES,
        key=("date", "recommendation", "reading"),
    ),
    Table(
        "figures",
        f"One row for each day since {current().start}, recommendation, actor and reading: the long table.",
        _columns(
            "day day: calendar day, end of day, UTC",
            "recommendation text: slug of the recommendation",
            f"actor text: whose acts are counted: {standings.EVERYBODY} for those of everybody, "
            "or the slug of an actor",
            "reading text: balance, pulse or delivery",
            "value number: balance and pulse from -100 to +100, delivery from 0 to 100; empty: not yet rated",
            "low number: lower end of the 80 % evidence band; empty for delivery",
            "high number: upper end of the 80 % evidence band; empty for delivery",
            "word text: what the method calls it; empty on days after the last coded one",
            "method text: version of the method",
            "coded boolean: whether coding was complete up to the day; if not, the figure only fades",
            "vintage day: the day of knowledge that the figure rests on",
        ),
        _figures,
        (*OF_FIGURES, "then", "vintages", "year", "recommendation", "actor", "reading"),
        key=("day", "recommendation", "actor", "reading", "method", "vintage"),
    ),
)
TABLES: dict[str, Table] = {table.name: table for table in _LISTED}
RECORD = "Every version of every event in the order of the log, one line of JSON each: what a mirror equals."
CHANGES = "Every revision with who, when, why and its digest, one line of JSON each: what the digests cover."
