"""One description of an act, in the reader's language: what, when, whose, how it is coded and by which reason, what it
does to which balance, and from where we know; and what changed in meaning between two places of the log.

The law: pages, cards, feeds, mails, structured data, charts and embeds print what stands here and say nothing of an
act in words of their own. A date is never finer than it is known, and points never stand without the name of the
balance to which they belong.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from scorecard import footing, sentences, vocabulary
from tracker.codebook import current
from tracker.models import ArchivedCopy, Event, Revision
from tracker.record import Record
from tracker.wording import words_of

CHINESE, ENGLISH = "zh-Hans", "en"
LOOKS = {1: "advancing", -1: "undermined", 0: "contested"}
MEANING = (
    "date", "date_precision", "actors", "certainty", "reach", "until", "supersedes", "suspends", "retracted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Code:
    """What an act says about one recommendation. `points` belong to the balance of `name`; None where no day is
    given on which they could be told."""

    recommendation: str
    name: str
    direction: str
    mark: str
    look: str
    kind: str  # of act: the word of its strength
    step: int
    ask: str
    rationale: str
    rationale_language: str
    points: float | None = None

    @property
    def words(self) -> str:
        """`Trust: ▼ undermines, enacted`; with its ask `Trust, Exchange of researchers: …`."""
        told = {name: getattr(self, name) for name in ("name", "ask", "mark", "direction", "kind")}
        if self.ask:
            return gettext("%(name)s, %(ask)s: %(mark)s %(direction)s, %(kind)s") % told
        return gettext("%(name)s: %(mark)s %(direction)s, %(kind)s") % told

    @property
    def effect(self) -> str:
        """The points with the balance that they belong to; empty where there are none to tell."""
        if self.points is None:
            return ""
        told = {"name": self.name, "points": sentences.tenths(self.points)}
        return gettext("%(points)s on the balance of “%(name)s”") % told


@dataclass(frozen=True, slots=True)
class Source:
    title: str
    publisher: str
    url: str
    date: str
    language: str
    kind: str = ""  # a slug of the codebook's kinds of source; empty where it is not known

    @property
    def name(self) -> str:
        return self.publisher or self.title

    @property
    def named(self) -> str:
        """Who published it, and of which kind that is."""
        if self.kind not in current().source_kinds:
            return self.name
        told = {"name": self.name, "kind": words_of(current().source_kinds[self.kind].name)}
        return gettext("%(name)s (%(kind)s)") % told


@dataclass(frozen=True, slots=True)
class Act:
    """An act as every door tells it. `date` is ISO 8601 and, as `when`, no finer than it is known; `address` is the
    path of its page in the reader's language."""

    id: str
    title: str
    title_language: str
    summary: str
    summary_language: str
    when: str
    date: str
    actors: tuple[str, ...]
    certainty: str
    sure: str  # the slug of its certainty
    codes: tuple[Code, ...]
    sources: tuple[Source, ...]
    ended: bool
    uncoded: bool
    retracted: bool
    disputed: bool
    address: str

    @property
    def headline(self) -> str:
        """Title and date on one line."""
        return gettext("%(title)s (%(when)s)") % {"title": self.title, "when": self.when}

    def news(self, kind: str) -> str:
        """The headline behind what happened to the act (`vocabulary.NEWS`)."""
        return gettext("%(what)s: %(act)s") % {"what": vocabulary.NEWS[kind], "act": self.headline}

    @property
    def facts(self) -> str:
        """Whose act, how sure, how many sources, and what became of it: the small print."""
        count = len(self.sources)
        words = [sentences.enumerated(self.actors), self.certainty]
        words.append(ngettext("%(count)d source", "%(count)d sources", count) % {"count": count})
        words += [gettext("retracted")] if self.retracted else []
        words += [gettext("no longer counts")] if self.ended else []
        words += [gettext("after the last coded day, not counted yet")] if self.uncoded else []
        words += [gettext("disputed")] if self.disputed else []
        return " · ".join(word for word in words if word)

    @property
    def first_source(self) -> Source | None:
        """The best that has an address: sources stand in the order of their kinds."""
        return next((source for source in self.sources if source.url), None)

    @property
    def provenance(self) -> str:
        """By whom the act is confirmed or reported, by name and kind; empty where the kinds are not known. What only
        shows the reports of others confirms nothing."""
        known = [source for source in self.sources if source.kind in current().source_kinds]
        sound = [source for source in known if source.kind != list(current().source_kinds)[-1]]
        if not known or not sound:
            return ""
        first, *others = sound
        if self.sure != next(iter(current().certainties)):
            return gettext("Reported by %(first)s; not confirmed by a second source") % {"first": first.named}
        primary = first.kind == next(iter(current().source_kinds))
        second = next((source for source in others if source.name != first.name), None)
        if primary and second:
            return gettext("Confirmed by %(first)s, also in %(second)s") % {
                "first": first.named,
                "second": second.named,
            }
        if primary:
            return gettext("Confirmed by %(first)s") % {"first": first.named}
        if second:
            return gettext("Confirmed by %(first)s and %(second)s") % {
                "first": first.named,
                "second": second.named,
            }
        return ""

    def about(self, recommendation: str) -> tuple[Code, ...]:
        """Its codes, or that of one recommendation."""
        return tuple(code for code in self.codes if recommendation in ("", code.recommendation))

    def lines(self) -> list[str]:
        """The act below its headline in plain text: its codes, the facts, the first source."""
        found = [*(code.words for code in self.codes), self.facts]
        if source := self.first_source:
            found.append(f"{source.publisher or source.title}: {source.url}".removeprefix(": "))
        return found


@dataclass(frozen=True)
class Beside:
    """What is known of acts beside their records: the asks by name, and on one day the points of each act, which no
    longer count, which do not count yet, as their days are not coded, and which are disputed."""

    asks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    points: Mapping[str, Mapping[str, float]] | None = None
    ended: Collection[str] = ()
    uncoded: Collection[str] = ()
    disputed: Collection[str] = ()


def described(record: Record, beside: Beside) -> Act:
    """The act of a record."""
    heading, its_language = title(record), _language_of(record, "title")
    return Act(
        id=record["id"],
        title=heading,
        title_language=its_language,
        summary=_text(record, "summary"),
        summary_language=_language_of(record, "summary"),
        when=when(record),
        date=_date(record),
        actors=tuple(vocabulary.actor(actor) for actor in record["actors"]),
        certainty=str(vocabulary.CERTAINTIES[record["certainty"]]),
        sure=record["certainty"],
        codes=tuple(_code(record["id"], item, beside) for item in record["assessments"]),
        sources=tuple(sorted(map(_source, record["sources"]), key=_rank)),
        ended=record["id"] in beside.ended,
        uncoded=record["id"] in beside.uncoded,
        retracted=record["retracted"],
        disputed=record["id"] in beside.disputed,
        address=address(record["id"]),
    )


def title(record: Record) -> str:
    """The title in the reader's language, or the other one where there is none; on one line."""
    return one_line(_text(record, "title")) or record["id"]


def address(event_id: str) -> str:
    """The path of an act's page in the reader's language."""
    return reverse("pages:event", args=[event_id])


def when(record: Record) -> str:
    """The date of an act, no finer than it is known."""
    return sentences.when_of(record)


def language(text: str) -> str:
    """The language tag of a coder's own words, which are not translated: Chinese if they hold any Chinese."""
    return CHINESE if any("\u4e00" <= letter <= "\u9fff" for letter in text) else ENGLISH


def ask_names() -> dict[tuple[str, str], str]:
    """The asks by name in the reader's language: (recommendation, ask) -> name."""
    book = current()
    return {(slug, ask): words_of(book.ask(slug, ask).name) for slug, ask in book.asks}


def disputed() -> frozenset[str]:
    """The events under dispute today."""
    return frozenset(
        Event.objects.filter(status=Event.Status.DISPUTED).order_by().values_list("pk", flat=True)
    )


def copies(urls: Iterable[str], known_at: datetime.date | None = None) -> dict[str, ArchivedCopy]:
    """{address of a source: its copy at an archive}, as far as copies are known; of a day of knowledge those that were
    known by its end, and in a state that an address names those of before the day on which that was given out, so that
    it gives the same for ever."""
    bounds = [known_at + datetime.timedelta(1)] if known_at else []
    bounds += [day] if (day := footing.pinned_day()) else []
    before = datetime.datetime.combine(min(bounds), datetime.time(), datetime.UTC) if bounds else None
    return ArchivedCopy.objects.of(urls, before)


def one_line(text: str) -> str:
    """No words of the record may start a line of their own."""
    return " ".join(text.split())


def _chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _text(item: Mapping[str, Any], part: str) -> str:
    """`part` in the reader's language, or the other where there is none. A record may lack the Chinese of a part."""
    english, chinese = item[part], item.get(f"{part}_zh", "")
    return (chinese or english) if _chinese() else (english or chinese)


def _language_of(record: Record, part: str) -> str:
    return CHINESE if _text(record, part) == record[f"{part}_zh"] != "" else ENGLISH


def _date(record: Record) -> str:
    """ISO 8601: a day, a month, or a year; a quarter has no form there and is told as its year."""
    return record["date"][: {"day": 10, "month": 7}.get(record["date_precision"], 4)]


def _code(event_id: str, item: Mapping[str, Any], beside: Beside) -> Code:
    slug, rationale = item["rec"], _text(item, "rationale")
    points = None if beside.points is None else beside.points.get(event_id, {}).get(slug, 0.0)
    return Code(
        recommendation=slug,
        name=vocabulary.short_name(slug),
        direction=str(vocabulary.DIRECTIONS[item["direction"]]),
        mark=vocabulary.DIRECTION_MARKS[item["direction"]],
        look=LOOKS[item["direction"]],
        kind=str(vocabulary.STRENGTHS[item["strength"]]),
        step=item["strength"],
        ask=beside.asks.get((slug, item["ask"]), item["ask"]) if item["ask"] else "",
        rationale=rationale,
        rationale_language=language(rationale),
        points=points,
    )


def _source(source: Mapping[str, Any]) -> Source:
    return Source(
        title=one_line(source["title"]),
        publisher=one_line(source["publisher"]),
        url=source["url"],
        date=source["date"] or "",
        language={"zh": CHINESE}.get(source["lang"], source["lang"]),
        kind=source.get("kind") or "",
    )


def _rank(source: Source) -> int:
    """The kinds in the codebook's order, the best first; what has no kind keeps its place behind them."""
    kinds = list(current().source_kinds)
    return kinds.index(source.kind) if source.kind in kinds else len(kinds)


@dataclass(frozen=True, slots=True)
class Changed:
    """One event whose meaning is another than before; `before` is None for a new one."""

    record: Record
    before: Record | None
    why: str
    sequence: int

    @property
    def kind(self) -> str:
        """added, retracted, restored or recoded."""
        if self.before is None:
            return "added"
        if self.record["retracted"] != self.before["retracted"]:
            return "retracted" if self.record["retracted"] else "restored"
        return "recoded"

    @property
    def lines(self) -> list[Record]:
        """The event as it is, and as it was."""
        return [line for line in (self.record, self.before) if line]


def meaning(record: Record) -> tuple[Any, ...]:
    """What counts as the meaning of a version: all that can move a score, and nothing else."""
    codes = tuple(
        (item["rec"], item["direction"], item["strength"], item["ask"]) for item in record["assessments"]
    )
    return (*(str(record.get(key)) for key in MEANING), codes)


def differs(before: Record | None, after: Record) -> bool:
    """Whether readers must be told. An event that came and went unseen is no news."""
    if before is None:
        return not after["retracted"]
    return meaning(before) != meaning(after)


def net_changes(after: int, until: int) -> list[Changed]:
    """The events whose meaning at revision `until` is another than at `after`, in the order of the log."""
    latest: dict[str, tuple[int, Record, str]] = {}
    rows = Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence")
    for sequence, event, body, why in rows.values_list("sequence", "event", "body", "why").iterator(1000):
        latest[event] = (sequence, json.loads(body), why)
    before = _states(latest, after)
    found = [
        Changed(line, before.get(event), why, sequence)
        for event, (sequence, line, why) in latest.items()
        if differs(before.get(event), line)
    ]
    return sorted(found, key=lambda changed: changed.sequence)


def each_change(after: int, until: int) -> list[tuple[Revision, Changed]]:
    """Every revision between the two that changed the meaning of its event, one by one."""
    rows = list(Revision.objects.filter(sequence__gt=after, sequence__lte=until).order_by("sequence"))
    before = _states({row.event_id for row in rows}, after)
    found = []
    for row in rows:
        line, old = row.record, before.get(row.event_id)
        if differs(old, line):
            found.append((row, Changed(line, old, row.why, row.sequence)))
        before[row.event_id] = line
    return found


def _states(events: Iterable[str], at: int) -> dict[str, Record]:
    """The records of these events at revision `at`; none for those not yet in the log."""
    if not at:
        return {}
    wanted, found = list(events), {}
    for start in range(0, len(wanted), 500):
        rows = Revision.objects.filter(event__in=wanted[start : start + 500], sequence__lte=at)
        for event, body in rows.order_by("sequence").values_list("event", "body"):
            found[event] = body
    return {event: json.loads(body) for event, body in found.items()}


def successors(records: Iterable[Mapping[str, Any]], event: str) -> set[str]:
    """An act, and every act that ended it or put it to sleep, and those that did so to these."""
    after: dict[str, list[str]] = {}
    for line in records:
        for earlier in (*line["supersedes"], *line.get("suspends", ())):
            after.setdefault(earlier, []).append(line["id"])
    found, todo = {event}, [event]
    while todo:
        new = [each for each in after.get(todo.pop(), ()) if each not in found]
        found.update(new)
        todo += new
    return found
