"""Codings that are compared, on the desk's own item and panel: blind second ones, drawn and adjudicated, and practice.

An editor draws events to be coded again, sees how far that has come, and takes raw codings along.

Practice is invented reports that teach the keys, with the editor's answer after each. The law: nothing of it touches
the record. There is no row, no claim and no decision behind a practice report; what is sent is compared and forgotten.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracker import agreement, triage, wording
from tracker.codebook import current
from tracker.desk import item, people
from tracker.desk.forms import BadForm
from tracker.desk.people import desk_view, languages, refusal
from tracker.desk.views import config_of, sent_form
from tracker.models import Coding, Event, MachineCoding
from tracker.triage import double_coding
from tracker.triage.steps import DECIDE, REVIEW, name_of
from tracker.wording import words_of

SHOWN = 50
TAKEN_BACK = datetime.timedelta(minutes=10)  # how long the list offers to take back what was just settled
PRACTICE_FILE = settings.INSTANCE_FOLDER / "practice.json"
USUAL_DRAW = 60
RAW_FORMS = {
    "jsonl": (agreement.raw_jsonl, "application/jsonl; charset=utf-8"),
    "csv": (agreement.raw_csv, "text/csv; charset=utf-8"),
}


@desk_view(DECIDE)
@require_GET
def waiting(request):
    """What waits to be coded a second time, and what coders disagree about."""
    may_review = request.user.has_perm(REVIEW)
    return render(
        request,
        "desk/codings.html",
        {
            "seconds": list(double_coding.second_codings_for(request.user)[:SHOWN]),
            "disagreements": list(agreement.to_adjudicate(request.user)[:SHOWN]) if may_review else [],
            "may_review": may_review,
            "settled": _settled_last(request.user) if may_review else None,
            "languages": languages(request),
            "title": _("Double coding"),
        },
    )


def _settled_last(user):
    """The decision by which the user has just settled a disagreement, to be taken back."""
    since = timezone.now() - TAKEN_BACK
    rows = Coding.objects.filter(part=Coding.Part.ADJUDICATION, coder=user, done_at__gte=since)
    event = rows.order_by("-done_at").values_list("event_id", flat=True).first()
    return next((each for each in triage.last_of(user) if each.event_id == event), None) if event else None


@desk_view(DECIDE)
@require_GET
def coding(request, coding_id):
    row = get_object_or_404(Coding.objects.select_related("event"), pk=coding_id)
    if row.part == Coding.Part.SECOND and not row.done_at:
        if not double_coding.second_codings_for(request.user).filter(pk=row.pk).exists():
            raise PermissionDenied(_("You know the first coding; somebody else codes this event blind."))
    elif row.part != Coding.Part.ADJUDICATION or not request.user.has_perm(REVIEW):
        raise Http404
    elif not row.done_at and not agreement.to_adjudicate(request.user).filter(pk=row.pk).exists():
        raise PermissionDenied(_("You gave one of the two codings; somebody else settles it."))
    chosen, single = people.keys_of(request.user)
    described = item.described(row.event, request.user, blindly=True)
    both = None
    if row.part == Coding.Part.ADJUDICATION:
        both = _both(row)
    return render(
        request,
        "desk/coding.html",
        {
            "coding": row,
            "item": described,
            "both": both,
            "chinese": "zh-hans" in current().languages,
            "may_decide": True,
            "may_review": request.user.has_perm(REVIEW),
            "config": config_of(chosen, single),
            "keys": chosen,
            "legend": people.key_legend(chosen),
            "languages": languages(request),
            "title": row.get_part_display(),
        },
    )


@desk_view(REVIEW)
@require_POST
def unblind(request, coding_id):
    """A reviewer sees the first coding, and leaves the second one to somebody else."""
    row = get_object_or_404(Coding.objects.select_related("event"), pk=coding_id, part=Coding.Part.SECOND)
    double_coding.unblind(row.event, request.user)
    return redirect("desk:event", row.event_id)


def _both(row):
    """Both codings, and where they differ."""
    codings = {each.part: each for each in Coding.objects.filter(event=row.event).select_related("coder")}
    first, second = codings[Coding.Part.FIRST], codings[Coding.Part.SECOND]
    differing = agreement.differences(first.body, second.body)
    return {
        "differing": differing,
        "codings": [
            {
                "label": each.get_part_display(),
                "coder": each.reader or name_of(each.coder),
                "relevant": each.body["relevant"],
                "actors": [words_of(current().actor(actor).short) for actor in each.body["actors"]],
                "actors_differ": "actors" in differing,
                "certainty": _certainty(each.body["certainty"]),
                "certainty_differs": "certainty" in differing,
                "codes": [
                    wording.chip(line) | {"rationale": line["rationale"], "differs": line["rec"] in differing}
                    for line in each.body["assessments"]
                ],
                "json": json.dumps(each.body),
            }
            for each in (first, second)
        ],
    }


def _certainty(slug):
    term = current().certainties.get(slug)
    return words_of(term.name) if term else ""


@functools.cache
def practice_items() -> list[dict[str, Any]]:
    """The instance's practice reports that its codebook can still code; none where it brings no file."""
    if not PRACTICE_FILE.exists():
        return []
    slugs = {one.slug for one in current().offered()}
    found = json.loads(PRACTICE_FILE.read_text(encoding="utf-8"))["items"]
    return [each for each in found if {code["rec"] for code in _coded(each)} <= slugs]


def _coded(each: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*each["suggested"], *each["answer"].get("codes", ())]


@desk_view()
@require_GET
def practice(request):
    """One practice report at the desk's own panel."""
    place = request.GET.get("n", "1")
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    if practice_items() and not 1 <= number <= len(practice_items()):
        raise Http404
    chosen, single = people.keys_of(request.user)
    return render(
        request,
        "desk/practice.html",
        {
            "item": practice_item(practice_items()[number - 1]) if practice_items() else None,
            "number": number,
            "count": len(practice_items()),
            "next": number + 1 if number < len(practice_items()) else None,
            "chinese": "zh-hans" in current().languages,
            "may_decide": True,
            "practice": True,
            "config": config_of(chosen, single, practice=reverse("desk:practised", args=[number or 1])),
            "keys": chosen,
            "legend": people.key_legend(chosen),
            "dismissals": list(enumerate(Event.Dismissal.choices, 1)),
            "languages": languages(request),
            "title": _("Practice"),
        },
    )


@desk_view(answers=True)
@require_POST
def practised(request, number):
    """What the reader decided beside what the editor would have."""
    if not 1 <= number <= len(practice_items()):
        raise Http404
    try:
        form = sent_form(request)
    except BadForm as error:
        return refusal(str(error), "form", 400)
    one = practice_items()[number - 1]
    mine, theirs = _practised_codes(form.get("assessments")), _practised_codes(one["answer"].get("codes"))
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
            "next": number + 1 if number < len(practice_items()) else None,
        },
    )


def _in_words(said: Mapping[str, str]) -> str:
    """The file's words in the reader's language, or else in English."""
    return said.get(get_language() or "en") or said["en"]


def _alike(answer: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    named = {name: answer[name] for name in ("into", "reason") if name in answer}
    return all(form.get(name) == value for name, value in named.items())


def _practised_codes(given: Any) -> set[tuple[str, int, int]]:
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


def practice_item(one: Mapping[str, Any]) -> dict[str, Any]:
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


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def draws(request):
    """Every draw with its progress and strata; POST draws anew."""
    if request.method == "POST":
        asked = request.POST.get("count", "")
        try:
            row = double_coding.draw(int(asked) if asked.isascii() and asked.isdigit() else 0, request.user)
        except triage.Refused as error:
            messages.error(request, str(error))
        else:
            count = sum(row.strata.values())
            said = ngettext("%(count)d event was drawn.", "%(count)d events were drawn.", count)
            messages.success(request, said % {"count": count})
        return redirect("desk:draws")
    return render(
        request,
        "desk/draws.html",
        {
            "draws": [_draw_row(row) for row in double_coding.draws()],
            "usual": USUAL_DRAW,
            "most": double_coding.MOST_DRAWN,
            "kinds": agreement.by_kind(),
            "machines": MachineCoding.objects.count(),
            "forms": list(RAW_FORMS),
            "languages": languages(request),
            "title": _("The record coded again"),
        },
    )


@desk_view(DECIDE)
@require_GET
def raw_codings(request, form):
    """Every coding of what was coded twice, people under numbers."""
    if form not in RAW_FORMS:
        raise Http404
    made, kind = RAW_FORMS[form]
    answer = StreamingHttpResponse(made(), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="codings.{form}"'
    return answer


def _draw_row(row):
    parts = {"talk": _("talk"), "commitment": _("commitments"), "deed": _("deeds")}
    strata = []
    for name, count in row.strata.items():
        slug, _space, part = name.partition(" ")
        strata.append((f"{wording.short(slug)}: {parts[part]}" if part else "–", count))
    return {"row": row, "strata": strata, "total": row.total, "done": row.done}
