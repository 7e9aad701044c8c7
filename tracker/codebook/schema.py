"""What a codebook holds, as values that nobody changes, and what a new version may change of the one before it. Pure.

`Codebook` is the only thing in the code that knows what exists: recommendations, asks, actors, words, versions. Lists
are in the file's order, which is also the order of the log and of every table; the place in the list is the number,
counted from 1. The law: the log is never rewritten. Its canonical order is the codebook's order and its columns are
the places in the lists, so what once had a place keeps it: new things go to the end, old ones are retired.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_lowercase
from typing import Protocol
from urllib.parse import urlsplit

THIRD, UNKNOWN = "third", "unknown"  # sides of a publisher that are no actor's
MODES = ("joint", "each", "any")


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in each language offered, the codebook's first language first."""

    words: Mapping[str, str]

    def in_(self, language: str | None) -> str:
        """The words in that language, else in the codebook's first."""
        if found := self.words.get((language or "").lower()):
            return found
        return next(iter(self.words.values()), "")

    def __str__(self) -> str:
        return self.in_(None)


@dataclass(frozen=True, slots=True)
class Term:
    """What one step of a scale is called, and what belongs there."""

    name: Text
    help: Text


@dataclass(frozen=True, slots=True)
class Source:
    """Where the recommendations were published."""

    title: str
    authors: tuple[str, ...]
    publisher: str
    date: datetime.date
    url: str


@dataclass(frozen=True, slots=True)
class Licence:
    """Under what the record is given away; `spdx` is its name for machines."""

    name: str
    spdx: str
    url: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose act an event can be; `key` is its letter at the desk, empty if the file names none."""

    slug: str
    number: int
    key: str
    name: Text
    short: Text
    retired: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a recommendation asks for. `actors` are those whose acts meet it, as `mode` joins them:
    joint the lowest of them, each their mean, any the highest."""

    recommendation: str
    slug: str
    number: int
    mode: str
    actors: tuple[str, ...]
    name: Text
    description: Text
    retired: str | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation with its asks and the rules by which hard cases are coded."""

    slug: str
    number: int
    short: Text
    name: Text
    summary: Text
    advances: Text
    undermines: Text
    rules: tuple[Text, ...]
    asks: tuple[Ask, ...]
    retired: str | None


@dataclass(frozen=True, slots=True)
class Outlets:
    """Publishers by side: a side's hosts, and the endings of addresses that are its own."""

    hosts: Mapping[str, tuple[str, ...]]
    endings: Mapping[str, tuple[str, ...]]

    def side_of(self, url: str) -> str:
        """The side that an address proves; a country's ending that is nobody's is a third country's."""
        try:
            host = (urlsplit(url).hostname or "").rstrip(".")
        except ValueError:
            return UNKNOWN
        for table in (self.hosts, self.endings):
            for side, names in table.items():
                if any(host == name or host.endswith(f".{name}") for name in names):
                    return side
        ending = host.rpartition(".")[2]
        return THIRD if len(ending) == 2 and ending.isalpha() else UNKNOWN


@dataclass(frozen=True, eq=False)
class Codebook:
    """One version of a codebook, with what its folder holds beside it and the versions before it.

    `body` is the file in its canonical form and `digest` its SHA-256, which changes with the content alone.
    `firms` holds the actor whose acts those of firms are; empty, a firm's act is its side's.
    """

    version: str
    start: datetime.date
    languages: tuple[str, ...]
    title: Text
    subject: Text
    source: Source
    licence: Licence
    actors: tuple[Actor, ...]
    compared: tuple[str, str] | None
    beside: tuple[str, ...]
    firms: tuple[str, ...]
    strengths: Mapping[int, Term]
    certainties: Mapping[str, Term]
    reach: Mapping[str, Term]
    source_kinds: Mapping[str, Term]
    recommendations: tuple[Recommendation, ...]
    body: str
    digest: str
    earlier: tuple[Codebook, ...] = ()
    outlets: Outlets | None = None
    prompt: str | None = None
    pages: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # Days → shares of words that had changed so long after: of the balances' alone, and of all on a page.
    replay: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def slugs(self) -> tuple[str, ...]:
        """The recommendations' slugs in order, retired ones among them."""
        return tuple(self._by_slug)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def __getitem__(self, slug: str) -> Recommendation:
        return self._by_slug[slug]

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.recommendations)

    def __len__(self) -> int:
        return len(self.recommendations)

    def numbered(self, number: int) -> Recommendation:
        """The recommendation at a place, counted from 1; `LookupError` for a place that there is not."""
        if not 1 <= number <= len(self):
            raise LookupError(f"{number} is not one of the places 1 to {len(self)}")
        return self.recommendations[number - 1]

    @cached_property
    def asks(self) -> tuple[tuple[str, str], ...]:
        """Every (recommendation, ask) in order: what the columns of the method count."""
        return tuple(self._asks)

    def ask(self, recommendation: str, ask: str) -> Ask:
        """One ask; `KeyError` when that recommendation has none of the name."""
        return self._asks[recommendation, ask]

    def has_ask(self, recommendation: str, ask: str) -> bool:
        return (recommendation, ask) in self._asks

    def ask_slugs(self, recommendation: str) -> tuple[str, ...]:
        return tuple(ask.slug for ask in self[recommendation].asks)

    @cached_property
    def actor_slugs(self) -> tuple[str, ...]:
        return tuple(self._actors)

    def actor(self, slug: str) -> Actor:
        """One actor; `KeyError` for a slug that is none's."""
        return self._actors[slug]

    def keys(self) -> dict[str, str]:
        """The desk's letter of each actor, in the actors' order; who has none in the file gets a free one."""
        own = {actor.slug: actor.key for actor in self.actors if actor.key}
        taken = set(own.values())
        found = {}
        for actor in self.actors:
            letters = [letter for letter in actor.slug + ascii_lowercase if letter in ascii_lowercase]
            key = own.get(actor.slug) or next((one for one in letters if one not in taken), "")
            taken.add(key)
            if key:  # the alphabet has 26, actors may be 32
                found[key] = actor.slug
        return found

    def offered(self) -> tuple[Recommendation, ...]:
        """The recommendations by which events are still coded."""
        return tuple(one for one in self.recommendations if not one.retired)

    def offered_asks(self, recommendation: str) -> tuple[Ask, ...]:
        return tuple(ask for ask in self[recommendation].asks if not ask.retired)

    def offered_actors(self) -> tuple[Actor, ...]:
        return tuple(actor for actor in self.actors if not actor.retired)

    def as_of(self, version: str | None) -> Codebook:
        """The codebook of that version; this one where no earlier file says what the version held."""
        return next((book for book in self.earlier if book.version == version), self)

    def side_of(self, url: str) -> str | None:
        """An actor's slug, `third` or `unknown` for a publisher's address; None where no outlets are listed."""
        return self.outlets.side_of(url) if self.outlets else None

    def changed_after(self, days: int) -> tuple[int, float, float] | None:
        """How often words had changed in a replay after so many days: the longest time that it knows up to that, and
        the shares, of balances and of all; None for a time too short to tell."""
        known = [length for length in self.replay if length <= days]
        return (max(known), *self.replay[max(known)]) if known else None

    def prose(self, name: str, language: str | None) -> str | None:
        """The instance's own words for a page as CommonMark, else those of the first language; None without."""
        wanted = self.pages.get(((language or "").lower(), name))
        return wanted if wanted is not None else self.pages.get((self.languages[0], name))

    @cached_property
    def _by_slug(self) -> dict[str, Recommendation]:
        return {one.slug: one for one in self.recommendations}

    @cached_property
    def _asks(self) -> dict[tuple[str, str], Ask]:
        return {(one.slug, ask.slug): ask for one in self.recommendations for ask in one.asks}

    @cached_property
    def _actors(self) -> dict[str, Actor]:
        return {actor.slug: actor for actor in self.actors}


class _Listed(Protocol):
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> Text: ...
    @property
    def retired(self) -> str | None: ...


def version_order(version: str) -> tuple[int, ...]:
    """Versions as they follow one another: 1.10 after 1.9."""
    return tuple(int(part) for part in version.split("."))


def faults(before: Codebook, after: Codebook, coded: Mapping[str, int] | None = None) -> list[str]:
    """Why `after` cannot follow `before`, one sentence each; none if it can.

    `coded` counts the events on record by `slug`, `slug/ask` and `actor:slug`, for the sentences alone.
    """
    coded = coded or {}
    found = []
    if version_order(after.version) <= version_order(before.version):
        found.append(
            f"version: {after.version} does not come after {before.version}; give it a later number."
        )
    if after.start != before.start:
        found.append(f"start: the record begins on {before.start}; another day is another scorecard.")
    if after.languages[:1] != before.languages[:1]:
        found.append(
            f"languages: the record's words are in {before.languages[0]} first; "
            "another first language is another scorecard."
        )
    found += _moved("recommendations", before.recommendations, after.recommendations, coded, "")
    for one in before.recommendations:
        if one.slug in after:
            place = f"recommendations[{after[one.slug].number - 1}].asks"
            found += _moved(place, one.asks, after[one.slug].asks, coded, f"{one.slug}/")
    return found + _moved("actors", before.actors, after.actors, coded, "actor:")


def _moved(
    path: str, old: Sequence[_Listed], new: Sequence[_Listed], coded: Mapping[str, int], prefix: str
) -> list[str]:
    places = {item.slug: number for number, item in enumerate(new, start=1)}
    found = []
    for number, item in enumerate(old, start=1):
        if item.slug not in places:
            count = coded.get(prefix + item.slug, 0)
            used = f", and {count} events are coded by it" if count > 1 else ""
            used = ", and one event is coded by it" if count == 1 else used
            found.append(f'{path}: {item.slug} is gone{used}; keep it with "retired".')
            continue
        if places[item.slug] != number:
            found.append(
                f"{path}: {item.slug} stood at place {number} and is now at {places[item.slug]}; "
                "new ones go to the end."
            )
        again = new[places[item.slug] - 1]
        if item.retired and not again.retired and str(item.name) != str(again.name):
            found.append(
                f"{path}: {item.slug} was retired as “{item.name}” and comes back as “{again.name}”; "
                "give the new one another slug."
            )
    return found
