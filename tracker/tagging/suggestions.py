"""What the tagger answers: a suggestion, its labels, and the reasons for each. Pure data.

The law: whatever is suggested carries what led to it; `as_dict` and `from_dict` keep every field.

Why: the words, signs and past cases that led to a label; and who acts, how certainly. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from tracker.codebook import current
from tracker.tagging.features import Text
from tracker.tagging.model import PAIRS, Model
from tracker.tagging.rules import Pair


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: the words as published with their place, the title of a past case, or a model's sentence.

    The last two have no place; `by` names the model.
    """

    text: str
    kind: str
    field: str = "title"
    start: int | None = None
    end: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    rec: str
    direction: int
    probability: float
    strength: int
    ask: str | None
    because: tuple[Because, ...]
    ticked: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One report's, or one pooled act's, suggested coding.

    `relevance` and each label's probability are calibrated on the training mix. `labels` holds one direction per
    recommendation, best first; `ticked` ones pass the model's threshold. `silent` means: no suggestion.
    `evidence` is what pooling needs: the log-odds of every pair, and how many reports are in. `opinion` is what an
    outside model said of it, where one was asked: it is weighed in then.
    """

    relevance: float
    labels: tuple[Label, ...]
    actors: tuple[str, ...]
    certainty: str
    silent: bool
    model: str
    publisher: str = ""
    reports: int = 1
    evidence: tuple[float, ...] = ()
    opinion: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        # dataclasses.asdict looks into every value and copies it: a tenth of what filing an article costs.
        labels = tuple(
            {**_fields(label), "because": tuple(map(_fields, label.because))} for label in self.labels
        )
        return {**_fields(self), "labels": labels}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Suggestion:
        labels = tuple(
            Label(**{**label, "because": tuple(Because(**reason) for reason in label["because"])})
            for label in stored["labels"]
        )
        kept = {name: stored[name] for name in cls.__slots__ if name in stored}
        kept |= {"labels": labels, "actors": tuple(stored["actors"])}
        return cls(**{**kept, "evidence": tuple(stored.get("evidence") or ())})


def _fields(one: Because | Label | Suggestion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


Row = tuple[np.ndarray, np.ndarray]

MOST = 3  # reasons of a label
_MOST_WORDS = 2
_NEAREST, _ALIKE_AT_ALL = 0.45, 0.15  # cosine over words: worth naming beside words; worth naming without any
_SHORTEST = 4  # letters of a word that says something by itself; Han characters need two
_SAYS_NOTHING = frozenset(
    """all and any are but for had has her his how its may new nor not now off one our out own per the too two was who
    why yet you about after also among amid before being been between could does from have into just like made make many
    more most much must next only other over says said should some such than that their them then there these they
    this those through under until upon very what when where which while will with would year years your
    million billion trillion percent""".split()  # noqa: SIM905
)
_DEEDS = ("act", "object")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


class Reasons:
    """The reasons of one model."""

    def __init__(self, model: Model):
        self._model = model
        self._words = model.vocabulary.words
        self._cases = model.cases
        self._of_pair = {
            pair: np.flatnonzero([pair in map(tuple, labels) for labels in model.case_labels])
            for pair in PAIRS
        }

    def of(self, pair: Pair, text: Text, row: Row, report: Sequence[str]) -> tuple[Because, ...]:
        """Words of the rules that hold for the pair; without one, the words that weigh most in the model."""
        return tuple(_from_rules(pair, text, report) or self._from_model(pair, text, row, report))

    def _from_model(self, pair: Pair, text: Text, row: Row, report: Sequence[str]) -> list[Because]:
        at = PAIRS.index(pair) // 2
        places, values = row
        weights = values * self._model.touched[places, at]
        found: list[Because] = []
        title, best = text.title.lower(), np.argsort(-weights)[:40]
        for column, weight in zip(places[best].tolist(), weights[best].tolist(), strict=True):
            if weight <= 0 or len(found) == _MOST_WORDS:
                break
            if column >= len(self._words) or self._words[column][0] == "c":
                continue
            word = self._words[column][2:]
            start = title.find(word)
            end = start + len(word)
            if start >= 0 and says_something(word) and not any(_overlap(start, end, one) for one in found):
                found.append(Because(report[0][start:end], "model", "title", start, end))
        return found

    def precedent(self, pair: Pair, likeness: np.ndarray, *, alone: bool) -> tuple[Because, ...]:
        """The past case most like a text that was coded so, if it is like enough; `alone`: nothing else is said."""
        own = self._of_pair[pair]
        if not len(own):
            return ()
        best = own[likeness[own].argmax()]
        if likeness[best] < (_ALIKE_AT_ALL if alone else _NEAREST):
            return ()
        return (Because(self._model.case_titles[best], "case", ""),)

    def likeness(self, matrix: sparse.csr_matrix) -> np.ndarray:
        """How like each past case each text is: a row a text."""
        near: np.ndarray = (matrix[:, : self._cases.shape[1]] @ self._cases.T).toarray()
        return near


def says_something(words: str) -> bool:
    """Whether a reader could take these for a reason: never a number, a stop word or a scrap alone."""
    parts = [part for part in re.split(r"[^\w]+", words) if part]
    return any(
        len(_HAN.findall(part)) >= 2
        or (len(part) >= _SHORTEST and not any(map(str.isdigit, part)) and part not in _SAYS_NOTHING)
        for part in parts
    )


def _from_rules(pair: Pair, text: Text, report: Sequence[str]) -> list[Because]:
    """The words by which the rules read deed and object, then those of who acts; those of the title first."""
    found: dict[tuple[str, int], tuple[bool, Because]] = {}
    for place, finding in text.findings:
        if finding.pair != pair:
            continue
        whole = report[0] if place == "title" else report[1]
        for hit in finding.hits:
            said = Because(whole[hit.start : hit.end], "words", place, hit.start, hit.end)
            found.setdefault((place, hit.start), (hit.kind in _DEEDS, said))
    told = [(is_deed, one) for is_deed, one in found.values() if _names_something(one.text)]
    if not any(is_deed for is_deed, _ in told):
        return []  # who, but not what
    first = sorted(told, key=lambda each: (not each[0], each[1].field != "title", each[1].start or 0))[:MOST]
    return sorted((one for _, one in first), key=lambda one: (one.field != "title", one.start or 0))


def _names_something(words: str) -> bool:
    """Whether what a rule read is worth naming: a word (`ban`), a name (`AI`, `H20`) or `禁`, never `14` or `to`."""
    parts = [part for part in re.split(r"[^\w]+", words) if part]
    return any(
        bool(_HAN.search(part))
        or (part.upper() == part and len(part) > 1 and any(map(str.isalpha, part)))
        or (len(part) > 2 and not any(map(str.isdigit, part)) and part.lower() not in _SAYS_NOTHING)
        for part in parts
    )


def _overlap(start: int, end: int, one: Because) -> bool:
    return one.start is not None and one.end is not None and start < one.end and one.start < end


def actors(text: Text) -> tuple[str, ...]:
    """Whose act: the sides named before the first act; else the first side named."""
    sides = text.frame.of("side") or (text.summary_frame.of("side") if text.summary_frame else [])
    acts = [hit.start for hit in text.frame.of("act") if hit.effect != "say"]
    first = min(acts, default=10**9)
    subjects = [side for side in sides if side.start <= first] or sides[:1]
    found: list[str] = []
    firms = current().firms
    for side in subjects:
        actor = firms[0] if firms and side.name.endswith("-firm") else side.effect
        if actor not in found and len(found) < 3:
            found.append(actor)
    return tuple(found)


def certainty(text: Text, publisher: str) -> str:
    """Rumoured when the headline hedges, confirmed when an official source speaks, else reported."""
    shapes = {hit.effect for hit in text.frame.hits if hit.kind == "shape"}
    if "hedge" in shapes:
        return "rumoured"
    return "confirmed" if _is_official(publisher) else "reported"


def _is_official(publisher: str) -> bool:
    low = publisher.casefold()
    return any(mark in low for mark in (".gov", "white house", "federal register", "ministry", "department of",
                                        "外交部", "商务部", "国务院", "白宫"))  # fmt: skip
