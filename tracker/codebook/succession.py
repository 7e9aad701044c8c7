"""What a new version of a codebook may change of the one before it, in sentences. Pure.

The law: the log is never rewritten. Its canonical order is the codebook's order and its columns are the places
in the lists, so what once had a place keeps it: new things go to the end, old ones are retired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from tracker.codebook.schema import Codebook, Text


class _Listed(Protocol):
    @property
    def slug(self) -> str: ...
    @property
    def name(self) -> Text: ...
    @property
    def retired(self) -> str | None: ...


def order(version: str) -> tuple[int, ...]:
    """Versions as they follow one another: 1.10 after 1.9."""
    return tuple(int(part) for part in version.split("."))


def faults(before: Codebook, after: Codebook, coded: Mapping[str, int] | None = None) -> list[str]:
    """Why `after` cannot follow `before`, one sentence each; none if it can.

    `coded` counts the events on record by `slug`, `slug/ask` and `actor:slug`, for the sentences alone.
    """
    coded = coded or {}
    found = []
    if order(after.version) <= order(before.version):
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
