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

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext

from scorecard import sentences, standings, vocabulary
from scorecard.charts import lines
from scorecard.method import parameters
from scorecard.pages import clock as clocks
from scorecard.pages import figures
from tracker import codebook
from tracker.models import Recommendation

Record = Mapping[str, Any]


def open_(request: HttpRequest) -> Reading:
    """The reading that a request asks for; `clock.BadDate` when its dates are no days of the scorecard."""
    return Reading(clocks.read(request.GET, timezone.now().date()))


@dataclass
class Reading:
    clock: clocks.Clock
    slugs: Sequence[str] = codebook.RECOMMENDATIONS
    _actors: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def report(self) -> Mapping[str, Any]:
        return standings.report(self.clock.as_of, self.clock.known_at)

    def actor(self, actor: str) -> Mapping[str, Any]:
        if actor not in self._actors:
            self._actors[actor] = standings.report(self.clock.as_of, self.clock.known_at, actor)
        return self._actors[actor]

    def label(self, slug: str) -> str:
        return self.report["recommendations"][slug]["balance"]["label"]

    # The words of a recommendation

    @cached_property
    def _recommendations(self) -> Mapping[str, Any]:
        return {row.slug: row for row in Recommendation.objects.prefetch_related("asks")}

    def _word(self, row: Any, part: str) -> str:
        chinese = (get_language() or "").startswith("zh")
        return getattr(row, f"{part}_zh" if chinese else f"{part}_en") or getattr(row, f"{part}_en")

    def text(self, slug: str, part: str) -> str:
        """`summary`, `advances` or `undermines` of a recommendation; empty where it has not been seeded."""
        row = self._recommendations.get(slug)
        return self._word(row, part) if row else ""

    def name(self, slug: str) -> str:
        return self.text(slug, "name") or vocabulary.short_name(slug)

    def ask(self, slug: str, ask: str) -> tuple[str, str]:
        """Name and description of one of its asks."""
        row = self._recommendations.get(slug)
        for found in row.asks.all() if row else ():
            if found.slug == ask:
                return self._word(found, "name"), self._word(found, "description")
        return ask, ""

    # The record

    @cached_property
    def _known(self) -> Any:
        return standings.known(self.clock.known_at)

    @cached_property
    def records(self) -> Sequence[Record]:
        """The events that have happened by the day of the page, as known, without retracted ones, in time
        order.
        """
        return [event.record for event in self._known.events if event.start <= self.clock.as_of]

    def newest(self) -> Iterable[Record]:
        return reversed(self.records)

    def start(self, record: Record) -> datetime.date:
        return self._known.by_id[record["id"]].start

    def record(self, event_id: str) -> Record | None:
        """The event as known, retracted or not yet happened ones too; None if the log did not hold it
        then.
        """
        return self._known.latest.get(event_id)

    def ended(self) -> set[str]:
        """The events that no longer count on the day of the page."""
        return {
            event.id
            for event in self._known.events
            if event.end is not None and event.end <= self.clock.as_of
        }

    def ender(self, event_id: str) -> Record | None:
        """The event that ended this one, if it had by the day of the page."""
        event = self._known.by_id.get(event_id)
        if event is None or event.end is None or event.end > self.clock.as_of:
            return None
        return self._known.by_id[event.ender].record

    # Effects and series

    def effects_on(self, slug: str) -> Mapping[str, float]:
        """Points of one balance by event: what it would lose without the act."""
        return {act["id"]: act["effect"] for act in self.report["recommendations"][slug]["balance"]["acts"]}

    def effects(self) -> Mapping[str, Mapping[str, float]]:
        """event id -> recommendation -> points."""
        found: dict[str, dict[str, float]] = {}
        for slug in self.slugs:
            for event_id, points in self.effects_on(slug).items():
                found.setdefault(event_id, {})[slug] = points
        return found

    def run(self, slug: str, actor: str = "") -> lines.Run:
        return figures.run(*standings.run(slug, self.clock.as_of, self.clock.known_at, actor or None))

    def first_day(self, index: int) -> datetime.date:
        return codebook.START + datetime.timedelta(days=index)

    def since(self, slug: str) -> datetime.date | None:
        return standings.since(slug, self.clock.as_of, self.clock.known_at)

    def effect_run(self, event_id: str, slug: str) -> lines.Run | None:
        return None

    # Coverage and robustness

    @cached_property
    def coded_to(self) -> datetime.date:
        return min(self.clock.as_of, standings.coded_to(self.clock.known_at) or codebook.START)

    def coverage(self) -> Mapping[str, str]:
        sources = sum(len(record["sources"]) for record in self.records)
        return {
            "sentence": sentences.coverage(self.coded_to, len(self.records), sources),
            "silence": sentences.silence(self.coded_to, self.clock.as_of),
            "reconstruction": "",
        }

    def facts(self) -> list[tuple[str, str]]:
        return []

    def blind(self) -> list[lines.Blind]:
        if (self.clock.as_of - self.coded_to).days < 2:
            return []
        words = gettext("no coding\nsince %(day)s") % {"day": sentences.short_day(self.coded_to)}
        return [lines.Blind(self.coded_to, self.clock.as_of, words)]

    def source_line(self) -> str:
        return gettext(
            "US–China AI Policy Scorecard, method %(version)s, as of %(day)s, coded to %(coded)s"
        ) % {
            "version": parameters.VERSION,
            "day": sentences.day(self.clock.as_of),
            "coded": sentences.day(self.coded_to),
        }

    def licence_line(self) -> str:
        return gettext("Licence: CC BY 4.0")

    def same_sign(self, slug: str) -> str:
        return ""

    def robust(self, slug: str) -> str:
        return ""

    def what_ifs(self, slug: str) -> list[Any]:
        return []

    def what_if_table(self) -> list[Any]:
        return []

    def draws(self) -> list[Any]:
        return []

    def agreement(self) -> dict[str, Any]:
        return {"sentence": "", "rows": []}

    codebook_version = codebook.VERSION

    def bare_acts(self) -> dict[str, Any]:
        return {}

    def history(self, event_id: str) -> list[dict[str, str]]:
        return []

    def dispute_address(self, event_id: str) -> str:
        return ""

    def changes(self) -> list[Any]:
        return []
