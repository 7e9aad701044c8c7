"""What a model has learnt, in words: which words speak for an act and which against one, which for which
recommendation, and whose items are acts more often. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from tracker.codebook import current
from tracker.tagging.model import Model, leanings

SHOWN = 12
FEWEST_SEEN = 5  # items of a publisher, below which its leaning says nothing
_SIDE = re.compile(r"\bxx[ab]")  # stands for whichever of the two compared is named


@dataclass(frozen=True, slots=True)
class Learnt:
    """`kinds`: texts by where they came from. Words are those that weigh most, the heaviest first. `publishers` holds
    (name, acts, other items), those first whose items are acts most often for what they publish."""

    name: str
    kinds: dict[str, int]
    speaks_for: list[str]
    speaks_against: list[str]
    by_recommendation: dict[str, list[str]]
    publishers: list[tuple[str, int, int]]


def learnt(model: Model) -> Learnt:
    """Whole words and phrases alone: pieces of words, meanings and signs weigh too, and say nothing to a reader."""
    known = [(at, name[2:]) for at, name in enumerate(model.vocabulary.words) if _readable(name)]
    places = np.array([at for at, _name in known], dtype=int)

    def heaviest(weights: np.ndarray) -> list[str]:
        order = np.argsort(-weights[places], kind="stable")[: SHOWN * 3]
        return _distinct([known[at][1] for at in order if weights[places[at]] > 0])

    relevance = np.asarray(model.relevant).reshape(len(model.relevant), -1)[:, 0]
    moved = leanings(model.facts.get("publishers") or {})
    seen = {
        name: (round(acts), round(others))
        for name, (acts, others) in (model.facts.get("publishers") or {}).items()
        if acts + others >= FEWEST_SEEN
    }
    return Learnt(
        name=model.name,
        kinds=dict(model.facts.get("kinds") or {}),
        speaks_for=heaviest(relevance) if known else [],
        speaks_against=heaviest(-relevance) if known else [],
        by_recommendation={
            slug: heaviest(model.touched[:, place]) if known else []
            for place, slug in enumerate(current().slugs[: model.touched.shape[1]])
        },
        publishers=[
            (name, *seen[name])
            for name in sorted(seen, key=lambda name: (-moved.get(name, 0.0), name))[:SHOWN]
        ],
    )


def _readable(name: str) -> bool:
    word = name[2:]
    return (name.startswith("w:") and len(word) > 2 and not _SIDE.search(word)) or (
        name.startswith("h:") and len(word) > 1
    )


def _distinct(words: list[str]) -> list[str]:
    """Without what only repeats a part of a word before it."""
    found: list[str] = []
    for word in words:
        if not any(word in other or other in word for other in found):
            found.append(word)
    return found[:SHOWN]
