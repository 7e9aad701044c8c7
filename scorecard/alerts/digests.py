"""The text of a digest: which events changed in meaning, why, and how the balances they touch stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from scorecard import sentences, standings, vocabulary
from scorecard.alerts.meaning import Changed
from scorecard.models import Subscription
from tracker import codebook

LISTED = 40


def written(subscription: Subscription, changes: Sequence[Changed], off: str) -> tuple[str, str]:
    """Subject and text in the subscriber's language; `off` is the address that ends the subscription."""
    with override(subscription.language):
        count = len(changes)
        subject = ngettext("Scorecard: %(count)d change", "Scorecard: %(count)d changes", count) % {
            "count": count
        }
        lines = [_lead(count), ""]
        for changed in changes[:LISTED]:
            lines += _entry(changed)
        if count > LISTED:
            lines += [
                _("And %(count)d more: %(address)s") % {"count": count - LISTED, "address": _changes()},
                "",
            ]
        lines += _standing(changes)
        lines += ["--", _("You asked for this mail. One click ends it: %(address)s") % {"address": off}]
        return subject, "\n".join(lines) + "\n"


def _lead(count: int) -> str:
    return ngettext(
        "%(count)d event on record changed in meaning since your last mail.",
        "%(count)d events on record changed in meaning since your last mail.",
        count,
    ) % {"count": count}


def _entry(changed: Changed) -> list[str]:
    line = changed.record
    words = {
        "added": _("New"),
        "retracted": _("Retracted"),
        "restored": _("Restored"),
        "recoded": _("Recoded"),
    }
    chinese = (get_language() or "").startswith("zh")
    title = (line["title_zh"] or line["title"]) if chinese else (line["title"] or line["title_zh"])
    found = [f"{words[changed.kind]}: {_one_line(title) or line['id']} ({line['date']})"]
    codes = "; ".join(_code(item) for item in line["assessments"])
    if codes:
        found.append(f"  {codes}")
    if changed.why and changed.before is not None:
        found.append(f"  {_one_line(changed.why)}")
    return [*found, f"  {_public(reverse('pages:event', args=[line['id']]))}", ""]


def _code(item: Mapping[str, Any]) -> str:
    return (
        f"{vocabulary.short_name(item['rec'])}: {vocabulary.DIRECTION_MARKS[item['direction']]} "
        f"{vocabulary.DIRECTIONS[item['direction']]}, {vocabulary.STRENGTHS[item['strength']]}"
    )


def _standing(changes: Sequence[Changed]) -> list[str]:
    """The balances that the changes touch, as they stand today."""
    touched = {item["rec"] for changed in changes for item in changed.record["assessments"]}
    if not touched:
        return []
    report = standings.report(timezone.now().date(), acts=False)["recommendations"]
    found = [_("How they stand now (balance, with its 80 %% band):") % {}]
    for slug in codebook.RECOMMENDATIONS:
        if slug in touched:
            balance = report[slug]["balance"]
            found.append(
                f"  {vocabulary.short_name(slug)}: {vocabulary.label(balance['label'])}, "
                f"{sentences.signed(balance['score'])} ({sentences.band(balance['low'], balance['high'])})"
            )
    return [*found, ""]


def _changes() -> str:
    return _public(reverse("pages:changes"))


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def _one_line(text: str) -> str:
    """No line of the record may start a header or a line of its own."""
    return " ".join(text.split())
