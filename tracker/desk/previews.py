"""What a decision would do to the scores, in words such as "trust −50 → −47", before it is taken.

The law: there is one way for all deeds. The deed is done and taken back in one transaction; what it wrote to the
log is what moves the scores, so that a preview can never say anything else than the deed does. Who works out
scores is named by a setting, as this app knows no scorecard.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from tracker.desk import words
from tracker.desk.decide import decide
from tracker.models import Revision

NO_REASON_YET = "–"  # a preview comes before the reason; the deed itself will ask for it


def of_form(form: Mapping[str, Any], by: Any) -> list[dict[str, Any]]:
    """What the deed that a form asks for would do. `Refused` or `BadForm` as the deed itself."""
    asked = {**form, "token": str(uuid.uuid4()), "why": form.get("why") or NO_REASON_YET}
    return of(lambda: decide(asked, by))


def of(deed: Callable[[], Any]) -> list[dict[str, Any]]:
    """The recommendations whose balance `deed` would move, ready to print. `Refused` as the deed would be."""
    return effects(written(deed))


def written(deed: Callable[[], Any]) -> list[dict[str, Any]]:
    """The versions that `deed` would append to the log; nothing of it stays."""
    with transaction.atomic():
        last = _newest()
        deed()
        # A version that somebody else wrote in between is in the log by now; said twice it changes nothing.
        new = Revision.objects.filter(sequence__gt=last).order_by("sequence")
        bodies = [revision.record for revision in new]
        transaction.set_rollback(True)
    return bodies


def effects(after: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What these versions at the end of the log would do; empty when no scorecard is set up."""
    if not after or not settings.SCORE_PREVIEW:
        return []
    return [
        {
            "rec": entry["rec"],
            "name": str(words.SHORT[entry["rec"]]),
            "before": signed(entry["before"]),
            "after": signed(entry["after"]),
            "class": "up" if entry["after"] > entry["before"] else "down",
            "label_before": entry["label_before"],
            "label_after": entry["label_after"],
        }
        for entry in import_string(settings.SCORE_PREVIEW)([], after)
    ]


def signed(value: float) -> str:
    """A score as readers see it, with a real minus sign and one decimal."""
    return f"{value:+.1f}".replace("-", "−").replace("+0.0", "0.0").replace("−0.0", "0.0")


def _newest() -> int:
    return Revision.objects.order_by("-sequence").values_list("sequence", flat=True).first() or 0
