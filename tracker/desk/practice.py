"""The practice queue: invented reports that teach the keys, with the editor's answer after each.

The law: nothing of it touches the record. There is no row, no claim and no decision behind a practice report; what is
sent is compared and forgotten.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from tracker import wording
from tracker.codebook import current
from tracker.desk import item, keys
from tracker.desk.forms import BadForm
from tracker.desk.views import config_of, desk_view, languages, refusal, sent_form
from tracker.models import Event

FILE = settings.INSTANCE_FOLDER / "practice.json"


@functools.cache
def items() -> list[dict[str, Any]]:
    """The instance's practice reports that its codebook can still code; none where it brings no file."""
    if not FILE.exists():
        return []
    slugs = {one.slug for one in current().offered()}
    found = json.loads(FILE.read_text(encoding="utf-8"))["items"]
    return [each for each in found if {code["rec"] for code in _coded(each)} <= slugs]


def _coded(each: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*each["suggested"], *each["answer"].get("codes", ())]


@desk_view()
@require_GET
def practice(request):
    """One practice report at the desk's own panel."""
    place = request.GET.get("n", "1")
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    if items() and not 1 <= number <= len(items()):
        raise Http404
    chosen, single = keys.of(request.user)
    return render(
        request,
        "desk/practice.html",
        {
            "item": described(items()[number - 1]) if items() else None,
            "number": number,
            "count": len(items()),
            "next": number + 1 if number < len(items()) else None,
            "chinese": "zh-hans" in current().languages,
            "may_decide": True,
            "practice": True,
            "config": config_of(chosen, single, practice=reverse("desk:practised", args=[number or 1])),
            "keys": chosen,
            "legend": keys.legend(chosen),
            "dismissals": list(enumerate(Event.Dismissal.choices, 1)),
            "languages": languages(request),
            "title": _("Practice"),
        },
    )


@desk_view(answers=True)
@require_POST
def practised(request, number):
    """What the reader decided beside what the editor would have."""
    if not 1 <= number <= len(items()):
        raise Http404
    try:
        form = sent_form(request)
    except BadForm as error:
        return refusal(str(error), "form", 400)
    one = items()[number - 1]
    mine, theirs = _codes(form.get("assessments")), _codes(one["answer"].get("codes"))
    deed = str(form.get("action"))
    same = deed == one["answer"]["deed"] and _alike(one["answer"], form) and mine == theirs
    return render(
        request,
        "desk/practised.html",
        {
            "same": same,
            "nearly": not same and deed == one["answer"]["deed"],
            "mine": {"deed": _deed(deed), "codes": _chips(mine)},
            "editor": {"deed": _deed(one["answer"]["deed"]), "codes": _chips(theirs)},
            "reason": dict(Event.Dismissal.choices).get(one["answer"].get("reason"), ""),
            "why": _in_words(one["why"]),
            "next": number + 1 if number < len(items()) else None,
        },
    )


def _in_words(said: Mapping[str, str]) -> str:
    """The file's words in the reader's language, or else in English."""
    return said.get(get_language() or "en") or said["en"]


def _alike(answer: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    named = {name: answer[name] for name in ("into", "reason") if name in answer}
    return all(form.get(name) == value for name, value in named.items())


def _codes(given: Any) -> set[tuple[str, int, int]]:
    lines = given if isinstance(given, list) else []
    return {
        (line["rec"], line["direction"], line["strength"])
        for line in lines
        if isinstance(line, Mapping) and line.get("rec") in current().slugs and line.get("direction") in (1, 0, -1)
        and line.get("strength") in current().strengths
    }  # fmt: skip


def _chips(codes: set[tuple[str, int, int]]) -> list[dict[str, Any]]:
    order = current().slugs
    lines = sorted(codes, key=lambda code: order.index(code[0]))
    return [wording.chip(dict(zip(("rec", "direction", "strength"), line, strict=True))) for line in lines]


def _deed(name: str) -> str:
    said = {
        "accept": _("accept"),
        "dismiss": _("reject"),
        "merge": _("join"),
        "split": _("split"),
        "snooze": _("snooze"),
        "review": _("ask a reviewer"),
    }
    return said.get(name, name)


def described(one: Mapping[str, Any]) -> dict[str, Any]:
    """A practice report as the item's template takes it, without a row behind it."""
    day = datetime.date.fromisoformat(one["date"])
    title = _in_words(one["title"])
    suggestion = {
        "labels": [
            {**label, "ticked": True, "probability": 0.8, "because": _because(label)}
            for label in one["suggested"]
        ]
    }
    event = Event(pk=one["id"], date=day, title=title, suggestion=suggestion, actors=one["actors"])
    told: dict[str, Any] = {
        "summary": _in_words(one["summary"]),
        "reports": [
            {
                "id": 0,
                "publisher": one["publisher"],
                "title": title,
                "same": True,
                "at": day,
                "dated": True,
                "clock": one["date"],
                "lang": "",
            }
        ],
        "report_count": 1,
        "twins": [
            {
                "id": twin["id"],
                "title": _in_words(twin["title"]),
                "date": twin["date"],
                "probability": 80,
                "status": Event.Status.ACCEPTED.label,
            }
            for twin in one["twins"]
        ],
        "hidden": not one["suggested"],
    }
    return item.unsaved(event) | told


def _because(label: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"text": word, "start": 0} for word in label.get("words", ())]
