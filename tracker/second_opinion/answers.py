"""What a model answers, in the codebook's terms or not at all.

The law: an answer counts only if what it says of relevance and of recommendations is something the codebook allows.
What it says beside that (ask, actors, certainty, day, same act, words) is left out where the codebook or the question
does not know it, and the answer says what was left out.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tracker import record, text
from tracker.codebook import current

MOST = 3  # assessments of one event, as the codebook says
LONGEST = 500  # characters of a title or a sentence
YES, NO = 0.9, 0.1  # what a plain true or false counts as
MOST_BRACES = 60  # places at which an object is looked for among words


class NoOpinion(RuntimeError):
    """There is no second opinion; the message says why, for the person at the desk."""


@dataclass(frozen=True, slots=True)
class Assessed:
    rec: str
    direction: int
    strength: int
    ask: str | None
    p: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer that was checked. `relevant` and each `p` are probabilities; empty: nothing was said of it.

    `same` is the id of the offered event that the model takes for the same act; `title` and `rationale` are in the
    codebook's languages, by code; `left_out` says what of the answer the codebook does not know.
    """

    model: str
    relevant: float
    assessments: tuple[Assessed, ...] = ()
    actors: tuple[str, ...] = ()
    certainty: str = ""
    date: str = ""
    same: str = ""
    title: dict[str, str] = field(default_factory=dict)
    rationale: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def schema() -> dict[str, Any]:
    """The form of an answer as JSON Schema, from the codebook."""
    book = current()
    asks = sorted({ask.slug for one in book.offered() for ask in book.offered_asks(one.slug)})
    share = {"type": "number", "minimum": 0, "maximum": 1}
    words = _object({language: {"type": "string"} for language in book.languages})
    assessment = {
        "rec": {"enum": [one.slug for one in book.offered()]},
        "direction": {"enum": list(record.DIRECTIONS)},
        "strength": {"enum": list(record.STRENGTHS)},
        "ask": {"enum": [*asks, None]},
        "p": share,
    }
    return _object(
        {
            "relevant": share,
            "assessments": {"type": "array", "maxItems": MOST, "items": _object(assessment)},
            "actors": {"type": "array", "items": {"enum": [one.slug for one in book.offered_actors()]}},
            "certainty": {"enum": [*record.CERTAINTIES, None]},
            "date": {"type": ["string", "null"]},
            "same": {"type": ["string", "null"]},
            "title": words,
            "rationale": words,
        }
    )


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def found_in(said: str) -> Any:
    """The JSON object in what a model said, bare, fenced or with words around; `NoOpinion` where there is none."""
    plain = re.sub(r"<think>.*?</think>", " ", said, flags=re.DOTALL).strip()
    whole = _parsed(plain)
    if isinstance(whole, dict):
        return whole
    decoder, objects = json.JSONDecoder(), []
    for brace in [found.start() for found in re.finditer(r"\{", plain)][:MOST_BRACES]:
        try:
            one, _end = decoder.raw_decode(plain, brace)
        except (ValueError, RecursionError):
            continue
        if "relevant" in one:
            return one
        objects.append(one)
    if not objects:
        raise NoOpinion("The endpoint's answer is not the JSON that was asked for.")
    return objects[0]


def _parsed(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def check(raw: Any, model: str, offered: Collection[str] = ()) -> Opinion:
    """An answer in the codebook's terms, or `NoOpinion` with what is wrong with it. `offered`: ids of known events."""
    relevant = _share(raw.get("relevant")) if isinstance(raw, Mapping) else None
    if relevant is None:
        raise NoOpinion("The answer does not say how likely the report is relevant, from 0 to 1.")
    left_out: list[str] = []
    assessed = _assessments(raw.get("assessments"), relevant, left_out)
    return Opinion(
        model,
        relevant,
        assessed,
        _actors(raw.get("actors"), left_out),
        _one_of(raw.get("certainty"), record.CERTAINTIES, "certainty", left_out),
        _day(raw.get("date"), left_out),
        _one_of(raw.get("same"), offered, "same", left_out),
        _words(raw.get("title"), "title", left_out),
        _words(raw.get("rationale"), "rationale", left_out),
        tuple(left_out),
    )


def _assessments(raw: Any, relevant: float, left_out: list[str]) -> tuple[Assessed, ...]:
    """The likeliest few, one a recommendation."""
    if not isinstance(raw, list):
        raise NoOpinion("The answer holds no list of assessments.")
    found: dict[str, Assessed] = {}
    for one in sorted((_assessed(each, relevant, left_out) for each in raw), key=lambda one: -one.p):
        if one.rec in found or len(found) == MOST:
            left_out.append(f"assessment {one.rec} {one.direction:+d}")
        else:
            found[one.rec] = one
    return tuple(found.values())


def _assessed(raw: Any, relevant: float, left_out: list[str]) -> Assessed:
    if not isinstance(raw, Mapping):
        raise NoOpinion("An assessment of the answer is not an object.")
    allowed = {
        "rec": tuple(one.slug for one in current().offered()),
        "direction": record.DIRECTIONS,
        "strength": tuple(record.STRENGTHS),
    }
    for name, choices in allowed.items():
        if isinstance(raw.get(name), bool) or raw.get(name) not in choices:
            raise NoOpinion(
                f"The answer's {name} is {raw.get(name)!r:.40}, which the codebook does not know."
            )
    chance = _share(raw.get("p"))
    if chance is None:
        raise NoOpinion(f"The answer's p is {raw.get('p')!r:.40}, not a probability from 0 to 1.")
    asks = [ask.slug for ask in current().offered_asks(raw["rec"])]
    ask = _one_of(raw.get("ask"), asks, "ask", left_out) or None
    # What touches nothing advances nothing.
    return Assessed(raw["rec"], int(raw["direction"]), int(raw["strength"]), ask, min(chance, relevant))


def _share(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return YES if raw else NO
    return float(raw) if isinstance(raw, int | float) and 0 <= raw <= 1 else None


def _one_of(raw: Any, allowed: Collection[str], name: str, left_out: list[str]) -> str:
    if isinstance(raw, str) and raw in allowed:
        return raw
    if raw not in (None, ""):
        left_out.append(f"{name} {raw!r:.60}")
    return ""


def _actors(raw: Any, left_out: list[str]) -> tuple[str, ...]:
    allowed = [one.slug for one in current().offered_actors()]
    listed = raw if isinstance(raw, list) else [raw]
    named = [_one_of(one, allowed, "actor", left_out) for one in listed[: len(allowed)]]
    return tuple(slug for slug in allowed if slug in named)


def _day(raw: Any, left_out: list[str]) -> str:
    if raw in (None, ""):
        return ""
    try:
        return datetime.date.fromisoformat(raw).isoformat()
    except (TypeError, ValueError):
        left_out.append(f"date {raw!r:.60}")
        return ""


def _words(raw: Any, name: str, left_out: list[str]) -> dict[str, str]:
    """One line a language; what is plain text is taken for the first language."""
    languages = current().languages
    listed = raw if isinstance(raw, Mapping) else {languages[0]: raw}
    found = {}
    for language in languages:
        said = listed.get(language)
        if isinstance(said, str) and (line := text.lenient(" ".join(said.split()), LONGEST)):
            found[language] = line
        elif said not in (None, ""):
            left_out.append(f"{name} {said!r:.60}")
    return found
