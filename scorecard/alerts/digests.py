"""The text of a digest: which events changed in meaning, why, and how the balances they touch stand now."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from scorecard import acts, reliability, sentences, standings, vocabulary
from scorecard.alerts import following
from scorecard.alerts.calendar import REMINDED_BEFORE, Entry, News
from scorecard.alerts.differences import Changed
from scorecard.models import Subscription

LISTED = 40


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to be told of the calendar: what came on it and left it, and which days are near."""

    news: News = field(default_factory=News)
    near: Sequence[Entry] = ()

    def __bool__(self) -> bool:
        return bool(self.news or self.near)


def written(
    subscription: Subscription, changes: Sequence[Changed], off: str, coming: Coming | None = None
) -> tuple[str, str]:
    """Subject and text in the subscriber's language; `off` is the address that changes or ends the subscription."""
    with override(subscription.language):
        count = len(changes)
        subject = _("Scorecard: what comes next")
        if changes:
            subject = ngettext("Scorecard: %(count)d change", "Scorecard: %(count)d changes", count) % {
                "count": count
            }
        lines = [_lead(count), ""] if changes else []
        asks = acts.ask_names()
        for changed in changes[:LISTED]:
            lines += _entry(changed, asks)
        if count > LISTED:
            lines += [
                _("And %(count)d more: %(address)s") % {"count": count - LISTED, "address": _changes()},
                "",
            ]
        lines += _coming(coming) if coming else []
        lines += _standing(changes)
        lines += ["--", _("You asked for this mail. One click ends it: %(address)s") % {"address": off}]
        lines += [f"* {words}" for _key, words in following.told(following.of(subscription))]
        return subject, "\n".join(lines) + "\n"


def _coming(coming: Coming) -> list[str]:
    """What is told of the calendar, each entry with the page of its act."""
    found = []
    for heading, listed in (
        (_("New on the calendar of what comes next:"), [(entry, None) for entry in coming.news.added]),
        (_("No longer on it:"), coming.news.removed),
        (
            _("Within the next %(days)d days:") % {"days": REMINDED_BEFORE.days},
            [(entry, None) for entry in coming.near],
        ),
    ):
        if listed:
            found += [heading, ""]
        for entry, answer in listed[:LISTED]:
            found.append(acts.one_line(entry.headline))
            if answer is not None:
                words = {"act": acts.title(answer), "day": acts.when(answer)}
                found.append("  " + _("Answered by: %(act)s (%(day)s)") % words)
            found += [f"  {_public(acts.address((answer or entry.record)['id']))}", ""]
        if len(listed) > LISTED:
            more = {"count": len(listed) - LISTED, "address": _public(reverse("pages:next"))}
            found += [_("And %(count)d more: %(address)s") % more, ""]
    return found


def _lead(count: int) -> str:
    return ngettext(
        "%(count)d event on record changed in meaning since your last mail.",
        "%(count)d events on record changed in meaning since your last mail.",
        count,
    ) % {"count": count}


def _entry(changed: Changed, asks: Mapping[tuple[str, str], str]) -> list[str]:
    act = acts.described(changed.record, acts.Beside(asks))
    why = [acts.one_line(changed.why)] if changed.why and changed.before is not None else []
    return [act.news(changed.kind), *(f"  {line}" for line in (*act.lines(), *why, _public(act.address))), ""]


def _standing(changes: Sequence[Changed]) -> list[str]:
    """The balances that the changes touch, as they stand today or stood on the last coded day."""
    touched = {item["rec"] for changed in changes for item in changed.record["assessments"]}
    if not touched:
        return []
    today = timezone.now().date()
    report = standings.report(today, acts=False, sensitivity=True)
    found = [_heading(today, standings.read_on(today))]
    for slug, readings in report["recommendations"].items():
        if slug in touched:
            balance = readings["balance"]
            found.append(
                f"  {vocabulary.short_name(slug)}: {vocabulary.label(balance['label'])}, "
                f"{sentences.signed(balance['score'])} ({sentences.band(balance['low'], balance['high'])})"
            )
            if doubt := reliability.doubt(balance):
                found.append(f"    {doubt}")
    return [*found, ""]


def _heading(today: datetime.date, read_on: datetime.date) -> str:
    """Of which day the balances are."""
    if read_on >= today:
        return _("How they stand now (balance, with its 80 %% band):") % {}
    behind = (today - read_on).days
    words = {"day": sentences.day(read_on), "behind": behind}
    return (
        ngettext(
            "How they stood on %(day)s, the last coded day, %(behind)d day ago (balance, with its 80 %% band):",
            "How they stood on %(day)s, the last coded day, %(behind)d days ago (balance, with its 80 %% band):",
            behind,
        )
        % words
    )


def _changes() -> str:
    return _public(reverse("pages:changes"))


def _public(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path
