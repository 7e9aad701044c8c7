"""The labelled articles as a stream of news, and the events cut into folds that training never straddles.

Half the articles carry no date. Where the address tells it, that is taken. An undated report of an event
gets the event's date and a delay drawn, by a digest of its address, from the delays of the dated reports (a
day on the median, at most a fortnight); any other undated article gets a day of the record's span the same
way. So the figures suppose dates as feeds give them; beside them stand those of articles with their own date.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tracker.clustering import Report
from tracker.clustering.training import Example

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
FOLDS = 5
LONGEST_DELAY = 14
_DATE_IN_ADDRESS = re.compile(r"(20(?:25|26))[/-]?(0[1-9]|1[0-2])[/-]?([0-3]\d)(?!\d)")


@dataclass(frozen=True)
class Stream:
    """Articles and events as the seeds give them, the articles as reports whose key is their place."""

    articles: list[dict]
    events: dict[str, dict]

    @cached_property
    def stories(self) -> list[str | None]:
        return [article["event"] for article in self.articles]

    @cached_property
    def labelled(self) -> list[int]:
        return [at for at, story in enumerate(self.stories) if story]

    @cached_property
    def members(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at in self.labelled:
            found.setdefault(self.stories[at], []).append(at)
        return found

    @cached_property
    def dated(self) -> set[int]:
        return {at for at, article in enumerate(self.articles) if own_date(article)}

    @cached_property
    def reports(self) -> list[Report]:
        delays = self._delays()
        return [
            Report(
                at,
                article["title"],
                "",
                self._day(article, delays),
                article["lang"],
                article["publisher"],
                article["url"],
            )
            for at, article in enumerate(self.articles)
        ]

    @cached_property
    def chinese(self) -> list[bool]:
        return [article["lang"] == "zh" for article in self.articles]

    @cached_property
    def folds(self) -> list[int]:
        """By event; an article without one by its own address."""
        return [fold_of(story or self.articles[at]["url"]) for at, story in enumerate(self.stories)]

    def examples(self, places: Iterable[int]) -> list[Example]:
        return [Example(self.reports[at], self.stories[at]) for at in places]

    def record(self, wanted: Callable[[str], bool]) -> list[Example]:
        """The record's own words on its events, English and Chinese: reports of the act like any other."""
        return [
            Example(
                Report(
                    (event["id"], suffix),
                    event[f"title{suffix}"],
                    event[f"summary{suffix}"],
                    self.event_day(name),
                ),
                name,
            )
            for name, event in self.events.items()
            if wanted(name)
            for suffix in ("", "_zh")
        ]

    def event_day(self, event: str | None) -> datetime.date | None:
        date = self.events[event]["date"] if event in self.events else ""
        return datetime.date.fromisoformat(date) if len(date) == 10 else None

    def _day(self, article: dict, delays: list[int]) -> datetime.date:
        known = own_date(article)
        if known:
            return known
        drawn = draw(article["url"])
        day = self.event_day(article["event"])
        if day:
            return day + datetime.timedelta(delays[int(drawn * len(delays))])
        first, last = min(self._event_days()), max(self._event_days())
        return first + datetime.timedelta(int(drawn * (last - first).days))

    def _event_days(self) -> list[datetime.date]:
        return [day for event in self.events if (day := self.event_day(event))]

    def _delays(self) -> list[int]:
        days = [
            (known - day).days
            for article in self.articles
            if (known := own_date(article)) and (day := self.event_day(article["event"]))
        ]
        return sorted(delay for delay in days if 0 <= delay <= LONGEST_DELAY)


def load() -> Stream:
    events = {event["id"]: event for event in _lines("events.jsonl")}
    return Stream(_lines("articles.jsonl"), events)


def thinned(news: Stream, share: float) -> Stream:
    """Always the same share of the events and of the articles without one."""
    kept = {name: event for name, event in news.events.items() if draw(f"thinned {name}") < share}
    articles = [
        article
        for article in news.articles
        if (article["event"] in kept if article["event"] else draw(f"thinned {article['url']}") < share)
    ]
    return Stream(articles, kept)


def own_date(article: dict) -> datetime.date | None:
    if article["date"] and len(article["date"]) == 10:
        return datetime.date.fromisoformat(article["date"])
    found = _DATE_IN_ADDRESS.search(article["url"])
    try:
        return datetime.date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def fold_of(name: str) -> int:
    return int(draw(name) * FOLDS)


def draw(text: str) -> float:
    """A number from 0 to 1 that hangs on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48


def _lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (SEEDS / name).read_text("utf-8").splitlines()]
