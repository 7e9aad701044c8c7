"""The desk asks about every act whose own last day is near or past: one key, a source, and it is on record."""

import datetime

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tracker import record, textfields, triage, wording
from tracker.codebook import current
from tracker.desk import forms, plain, second
from tracker.desk.views import desk_view, languages
from tracker.models import Event
from tracker.triage import blind, lasting
from tracker.triage.steps import DECIDE
from tracker.wording import words_of

SHOWN = 50
CHOICES = (
    ("p", lasting.PROLONGED, gettext_lazy("Prolonged")),
    ("m", lasting.PERMANENT, gettext_lazy("Made permanent")),
    ("l", lasting.LAPSED, gettext_lazy("Lapsed")),
    ("e", lasting.ENDED, gettext_lazy("Ended early")),
)
FIELDS = ("said", "url", "title", "publisher", "date", "kind", "lang", "on", "until")


@desk_view(DECIDE)
@require_http_methods(["GET", "POST"])
def asked(request):
    """The act that has waited longest, or the one asked for, with the four answers; POST takes one."""
    trouble, given = "", {name: request.POST.get(name, "").strip() for name in FIELDS}
    if request.method == "POST":
        if plain.foretelling(request):
            return plain.foretold(lambda: forms.of(lambda: _answered(request, given)))
        try:
            if why := second.weight_of(
                lambda: _answered(request, given), request.user, _asleep(request, given)
            ):
                # What would be signed is a form of one deed; this is several.
                by_hand = _("That needs a second person: enter the act that followed by hand.")
                raise triage.Refused(" ".join([*why, by_hand]))
            new = _answered(request, given)
        except (triage.Refused, record.RecordError) as error:
            trouble = str(error) if isinstance(error, triage.Refused) else textfields.sentence(error)
        else:
            plain.done(request, _("On record: “%(title)s”") % {"title": str(new)[:80]}, new.pk)
            return redirect("desk:lasting")
    hidden = set(blind.withheld(request.user).order_by().values_list("event_id", flat=True))
    waiting = [event for event in lasting.asked() if event.pk not in hidden]
    wanted = (request.POST if trouble else request.GET).get("event", "")
    at_hand = next((event for event in waiting if event.pk == wanted), waiting[0] if waiting else None)
    return render(
        request,
        "desk/lasting.html",
        {
            "event": at_hand,
            "codes": [wording.chip(row.line()) for row in at_hand.assessments.all()] if at_hand else [],
            "suspended": list(Event.objects.filter(pk__in=at_hand.suspends)) if at_hand else [],
            "waiting": [_row(event) for event in waiting[:SHOWN]],
            "count": len(waiting),
            "choices": CHOICES,
            "given": given,
            "trouble": trouble,
            "kinds": [(kind, words_of(current().source_kinds[kind].name)) for kind in record.SOURCE_KINDS],
            "languages": languages(request),
            "title": _("Own terms"),
        },
        status=409 if trouble else 200,
    )


def _asleep(request, given):
    """What the act put to sleep already: where it is prolonged, that sleeps on."""
    if given["said"] != lasting.PROLONGED:
        return ()
    row = Event.objects.filter(pk__in=record.ids([request.POST.get("event", "")])).first()
    return row.suspends if row else ()


def _answered(request, given):
    """The act that stands for the answer."""
    version = request.POST.get("version", "")
    event = "".join(record.ids([request.POST.get("event", "")]))
    if blind.withheld(request.user).filter(event=event).exists():
        raise triage.NotAllowed(_("Its codes are not shown to you before its second coding."))
    return lasting.answer(
        event,
        request.user,
        given["said"],
        {name: given[name] for name in ("url", "title", "publisher", "date", "kind", "lang")},
        on=record.day(given["on"], "on") if given["on"] else None,
        until=record.day(given["until"], "until") if given["until"] else None,
        version=int(version) if version.isascii() and version.isdigit() else None,
    )


def _row(event):
    days = (event.until - timezone.now().date()) // datetime.timedelta(1)
    return {
        "event": event,
        "past": days <= 0,
        "days": abs(days),
        "href": reverse("desk:lasting") + f"?event={event.pk}",
    }
