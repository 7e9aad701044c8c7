"""What one page reads: the report of its day, the record as it was known, the words of the recommendations.

Everything numeric comes from `scorecard.standings`; this module only looks things up and keeps them for the
length
of one request, so that a page asks each question once.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from scorecard import acts, ahead, footing, querystring, reliability, sentences, standings
from scorecard.charts import lines
from scorecard.history import Change, Known, Version, passing
from scorecard.method import balance, parameters, weighing
from scorecard.method.parameters import method_of
from scorecard.method.readings import Balance, Measure, Report, word
from scorecard.pages import prose
from tracker.codebook import current
from tracker.record import Record
from tracker.search import EventQuery
from tracker.wording import words_of


def open_(request: HttpRequest) -> Reading:
    """The reading that a request asks for; `querystring.BadDate` when its dates are no days of the scorecard."""
    return Reading(querystring.clock_of(request.GET, timezone.now().date()))


def versions() -> list[Version]:
    """Every version in the log, in its order."""
    return [Version(*line) for line in footing.bodies()]


@dataclass
class Reading:
    clock: querystring.Clock
    _series: dict[str | None, Any] = field(default_factory=dict)

    @cached_property
    def agreement(self) -> reliability.Agreement:
        return reliability.Agreement(standings.agreement(), len(self.known.events))

    @property
    def method(self) -> str:
        """The version of the method that the page is read by."""
        return parameters.method_of(self.clock.method).version

    @cached_property
    def read_on(self) -> datetime.date:
        """The day the figures are read on: that of the page, by method 1.1 no later than the last coded one."""
        return standings.read_on(self.clock.as_of, self.clock.known_at, self.clock.method)

    @property
    def stopped(self) -> datetime.date | None:
        """The last coded day, where the page is read on it because a later day is asked for; None otherwise."""
        return self.read_on if self.read_on < self.clock.as_of else None

    @cached_property
    def report(self) -> Report:
        found = standings.report(self.clock.as_of, self.clock.known_at, version=self.clock.method)
        return reliability.with_labels_hidden(found, self.agreement)

    @cached_property
    def _views(self) -> Mapping[str | None, Mapping[str, Measure]]:
        return standings.views(self.clock.as_of, self.clock.known_at, version=self.clock.method)

    def by_actor(self, actor: str | None, slug: str) -> Measure:
        """The balance of one recommendation on the acts that name the actor; None: on all."""
        found = self._views[actor][slug]
        return {**found, "label": self.agreement.hide(word(found), slug)}

    @cached_property
    def slugs(self) -> Sequence[str]:
        """The recommendations that the report knows: a later one is absent from a day before it."""
        return tuple(slug for slug in current().slugs if slug in self.report["recommendations"])

    def label(self, slug: str) -> str:
        return word(self.report["recommendations"][slug]["balance"])

    # The words of a recommendation

    def text(self, slug: str, part: str) -> str:
        """`name`, `summary`, `advances` or `undermines` of a recommendation."""
        return words_of(getattr(current()[slug], part))

    def name(self, slug: str) -> str:
        return self.text(slug, "name")

    def ask(self, slug: str, ask: str) -> tuple[str, str]:
        """Name and description of one of its asks."""
        found = current().ask(slug, ask)
        return words_of(found.name), words_of(found.description)

    # The record

    @cached_property
    def known(self) -> Known:
        return Known(footing.log(), versions(), self.clock.known_at, self.clock.method)

    @cached_property
    def records(self) -> Sequence[Record]:
        """The events that have happened by the day of the page, as known, in time order, none retracted."""
        return [event.record for event in self.known.events if event.start <= self.clock.as_of]

    @cached_property
    def counted(self) -> Sequence[Record]:
        """Those among them that had happened by the day on which the page is read."""
        return [record for record in self.records if self.start(record) <= self.read_on]

    @cached_property
    def upcoming(self) -> ahead.Upcoming:
        """What comes next after the day on which the page is read."""
        return ahead.upcoming(self.known, self.read_on, self.clock.as_of, self.act)

    def newest(self) -> Iterable[Record]:
        return reversed(self.records)

    def run_out(self) -> list[Record]:
        """The acts that counted on the last coded day and have run out by their own terms since: nobody has coded
        whether they were renewed."""
        if self.stopped is None or not method_of(self.clock.method).parameters.own_terms:
            return []
        found = [
            event.record
            for event in self.known.events
            if event.start <= self.read_on < (event.end or self.read_on) <= self.clock.as_of
            and event.end == _until(event.record)
        ]
        return sorted(found, key=lambda record: (record["until"], record["id"]))

    def found(self, query: EventQuery) -> list[Record]:
        """Those that a search finds, newest first."""
        log = footing.log()
        ids = (
            {log.ids[log.event[place]] for place in passing(log, self.known.places, query)} if query else None
        )
        return [record for record in self.newest() if ids is None or record["id"] in ids]

    def start(self, record: Record) -> datetime.date:
        return self.known.by_id[record["id"]].start

    def record(self, event_id: str) -> Record | None:
        """The event as known, retracted ones too; None if the log did not hold it then."""
        return self.known.latest.get(event_id)

    def ended(self) -> set[str]:
        """The events that do not count on the day the page is read on: ended, run out, or asleep."""
        day = self.read_on
        return {event.id for event in self.known.events if event.start <= day and not event.counts_on(day)}

    def ender(self, event_id: str) -> Record | None:
        """The event that ended this one, if it had by the day of the page."""
        event = self.known.by_id.get(event_id)
        ender = self.known.by_id.get(event.ender) if event and event.ender else None
        return ender.record if event and ender and event.end == ender.start <= self.clock.as_of else None

    @cached_property
    def asks(self) -> Mapping[tuple[str, str], str]:
        """The asks by name: (recommendation, ask) -> name."""
        return acts.ask_names()

    @cached_property
    def _beside(self) -> acts.Beside:
        # Whether a dispute is open is said of today: what was known on a day that is over does not hold it.
        now = not self.clock.rev and (self.clock.known_at is None or self.clock.known_at >= self.clock.today)
        uncoded = {record["id"] for record in self.records if self.start(record) > self.read_on}
        disputed = acts.disputed() if now else frozenset()
        return acts.Beside(self.asks, self.effects(), self.ended(), uncoded, disputed)

    def act(self, record: Record) -> acts.Act:
        """A record as readers are told of it, with its points on the day of the page."""
        return acts.described(record, self._beside)

    def history(self, event_id: str) -> Sequence[Change]:
        return self.known.history(event_id)

    def changes(self) -> Sequence[Change]:
        """Every version on record, newest first."""
        return self.known.changes()

    # Effects and series

    def effects_on(self, slug: str) -> Mapping[str, float]:
        """Points of one balance by event: what it would lose without the act."""
        acts = self.report["recommendations"][slug]["balance"]["acts"]
        return {act["id"]: act["effect"] for act in acts}

    def effects(self) -> Mapping[str, Mapping[str, float]]:
        """event id -> recommendation -> points."""
        found: dict[str, dict[str, float]] = {}
        for slug in self.slugs:
            for event_id, points in self.effects_on(slug).items():
                found.setdefault(event_id, {})[slug] = points
        return found

    def run(self, slug: str, actor: str | None = None) -> lines.Run:
        """The daily balance from the start to the day that the page is read on."""
        if actor not in self._series:
            self._series[actor] = standings.series(
                "balance",
                actor,
                as_of=self.clock.as_of,
                known_at=self.clock.known_at,
                version=self.clock.method,
            )
        found = self._series[actor]["recommendations"][slug]
        return lines.Run(current().start, found["score"], found["low"], found["high"])

    def since(self, slug: str) -> datetime.date | None:
        """The first day of the label's unbroken run; None while there is too little evidence for one."""
        balance = self.report["recommendations"][slug]["balance"]
        if balance["label"] == "too little evidence" or not balance["since"]:
            return None
        return datetime.date.fromisoformat(balance["since"])

    def effect_runs(self, event_id: str) -> Mapping[str, lines.Run]:
        """Week by week, what one act does to each balance it touches; none if it never did anything."""
        event = self.known.by_id.get(event_id)
        if event is None or event.start > self.read_on:
            return {}
        day = None if self.clock.known_at is None else self.clock.known_at.toordinal()
        book = weighing.ledger(footing.log(), day, method_of(self.clock.method).parameters)
        found = balance.weekly_effects(book, event_id, event.start, self.read_on)
        return {
            slug: lines.Run(event.start, points, points, points, step=balance.WEEK)
            for slug, points in found.items()
            if any(points)
        }

    # Coverage

    @cached_property
    def opened(self) -> datetime.date | None:
        """The day on which the record was opened; None while it is empty."""
        first = next(iter(footing.bodies()), None)
        return first[1].date() if first else None

    @cached_property
    def coded_to(self) -> datetime.date:
        """The last day to which coding is complete, no later than the day of the page."""
        return min(self.clock.as_of, footing.coded_to(self.clock.known_at) or current().start)

    def coverage(self) -> Mapping[str, str]:
        """The two sentences that stand on every page, and what a past page adds."""
        sources = sum(len(record["sources"]) for record in self.counted)
        coded = self.coded_to if self.counted else None
        return {
            "sentence": sentences.coverage(coded, len(self.counted), sources),
            "silence": self.notice(),
            "read_on": sentences.day(self.stopped) if self.stopped else "",
            "reconstruction": gettext(
                "Days before the record was opened are a reconstruction: nothing was on record then."
            ),
        }

    def notice(self) -> str:
        """What stands once on every page whose figures are not of the day asked for; empty where they are."""
        if self.stopped is None:
            coded = self.coded_to if self.records else None
            return sentences.silence(coded, self.clock.as_of, self._partly)
        return sentences.stopped(
            self.stopped,
            self.clock.as_of,
            today=self.clock.as_of == self.clock.today and not self.clock.rev,
            later=len(self.records) - len(self.counted),
            changed=current().changed_after((self.clock.as_of - self.stopped).days),
        )

    @property
    def _partly(self) -> bool:
        """Whether some acts after the last day of complete coding are on record."""
        return any(self.start(record) > self.coded_to for record in self.records)

    def source_line(self) -> str:
        if self.stopped:
            return gettext(
                "%(site)s, method %(version)s, figures of %(coded)s, the last coded day (asked on %(day)s)"
            ) % {
                "site": prose.title(),
                "version": self.method,
                "day": sentences.day(self.clock.as_of),
                "coded": sentences.day(self.stopped),
            }
        return gettext("%(site)s, method %(version)s, as of %(day)s, coded to %(coded)s") % {
            "site": prose.title(),
            "version": self.method,
            "day": sentences.day(self.clock.as_of),
            "coded": sentences.day(self.coded_to),
        }

    def card_line(self) -> str:
        """The same for a card that already names the site."""
        words = {"day": sentences.day(self.clock.as_of), "coded": sentences.day(self.coded_to)}
        words["licence"] = f"{current().licence.name} · {address()}"
        if self.stopped:
            return gettext("Figures of %(coded)s, the last coded day · %(licence)s") % words
        return gettext("As of %(day)s · coded to %(coded)s · %(licence)s") % words

    def licence_line(self) -> str:
        """What may be done with a chart, and where it lives."""
        words = gettext("Licence: %(licence)s") % {"licence": current().licence.name}
        return f"{words} · {address()}"

    # How much rests on choices

    def firm(self, slug: str) -> bool:
        """Whether the word of a balance holds under other choices; what is withheld need not."""
        return self.agreement.withheld(slug) or reliability.firm(self._spread_of(slug))

    def doubt(self, slug: str) -> str:
        """Why it does not, in a sentence; empty where it does."""
        return "" if self.firm(slug) else reliability.doubt(self._spread_of(slug))

    def _spread_of(self, slug: str) -> Balance:
        return self.spread["recommendations"][slug]["balance"]

    def headline(self) -> str:
        """How the recommendations stand, and whose word is not firm."""
        words = sentences.headline(map(self.label, self.slugs), self.stopped)
        shaky = [slug for slug in self.slugs if not self.firm(slug)]
        return words + reliability.shaky(shaky) if shaky else words

    def finding(self, slug: str) -> str:
        """The title of a recommendation: its label, since when, and what came before."""
        report = self.report["recommendations"][slug]
        label, change = word(report["balance"]), report["change"]["90"]
        return sentences.finding(slug, label, self.since(slug), change, self.stopped, self.firm(slug))

    @cached_property
    def spread(self) -> Report:
        """The report with section 9: a thousand draws and the named what-ifs."""
        return standings.report(
            self.clock.as_of, self.clock.known_at, sensitivity=True, version=self.clock.method
        )


def address() -> str:
    """Where the site is, as people write it."""
    return settings.SITE_URL.partition("//")[2].rstrip("/")


def _until(record: Record) -> datetime.date | None:
    """The day from which an act no longer counts by its own terms."""
    return datetime.date.fromisoformat(record["until"]) if record.get("until") else None
