"""The labelled reports most like one that is asked about, with their codes; near misses among them.

They come from the record, the seeds and what people decided. Likeness is that of pieces of words, in any language.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from tracker import tagger_examples, text
from tracker.models import Event
from tracker.tagging.training import Example

ACTS, NEAR = 4, 2  # how many of each are shown
MOST_LOOKED_AT = 400  # of the most alike
KINDS = ("act", "near miss", "decision", "near decision")
_lock = threading.Lock()
_kept: dict[str, Any] = {"hour": None, "index": None}


class Precedents:
    """Labelled reports, ready to be compared with others."""

    def __init__(self, examples: Sequence[Example]):
        # Here and not above: scikit-learn takes seconds to import, and only who asks a model needs it.
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._examples = list({one.title: one for one in examples if _is_precedent(one)}.values())
        self._spelling = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        words = [_plain(one.title) for one in self._examples]
        self._rows = self._spelling.fit_transform(words) if len(words) > 1 else None

    def nearest(self, title: str, summary: str = "", without: Collection[str] = ()) -> list[dict[str, Any]]:
        """The most alike, the nearest first: some acts and some that are none. `without`: groups left out."""
        if self._rows is None:
            return []
        row = self._spelling.transform([_plain(f"{title} {summary[:300]}")])
        likeness = (self._rows @ row.T).toarray().ravel()
        chosen: list[int] = []
        for wanted, is_act in ((ACTS, True), (NEAR, False)):
            told: set[str] = set(without)  # of each act one report
            for at in np.argsort(-likeness)[:MOST_LOOKED_AT].tolist():
                one = self._examples[at]
                if len(told) - len(set(without)) == wanted or likeness[at] <= 0:
                    break
                if bool(one.labels) is is_act and one.group not in told:
                    told.add(one.group)
                    chosen.append(at)
        return [_told(self._examples[at]) for at in sorted(chosen, key=lambda at: -likeness[at])]


def known() -> Precedents:
    """Those of the record, of the seeds and of all decisions, gathered anew every hour."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with _lock:
        if _kept["hour"] != hour:
            decided = tagger_examples.decided()
            groups = {one.group for one in decided}
            seeded = tagger_examples.without(tagger_examples.seeded(), groups)
            _kept.update(hour=hour, index=Precedents([*seeded, *decided, *_on_record()]))
        index: Precedents = _kept["index"]
        return index


def _on_record() -> list[Example]:
    """The events on record by their titles, as they are coded now."""
    rows = Event.objects.accepted().prefetch_related("assessments").only("pk", "title", "title_zh")
    return [
        Example(
            event.title or event.title_zh,
            tuple((each.recommendation_id, each.direction) for each in event.assessments.all()),
            event.pk,
            strengths=tuple(each.strength for each in event.assessments.all()),
            asks=tuple(each.ask or None for each in event.assessments.all()),
        )
        for event in rows
    ]


def _is_precedent(one: Example) -> bool:
    return one.kind in KINDS and (bool(one.labels) or one.is_near)


def _told(one: Example) -> dict[str, Any]:
    """A precedent as the model is told it."""
    codes = []
    for at, (rec, direction) in enumerate(one.labels):
        code: dict[str, Any] = {"rec": rec, "direction": direction}
        if at < len(one.strengths):
            code["strength"] = one.strengths[at]
        if at < len(one.asks) and one.asks[at]:
            code["ask"] = one.asks[at]
        codes.append(code)
    return {"title": one.title[:200], "relevant": bool(codes), "codes": codes}


def _plain(words: str) -> str:
    return text.lower(text.fold(words, 600))
