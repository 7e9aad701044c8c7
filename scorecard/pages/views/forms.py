"""What readers send by a form: ask for mails or for a key, confirm, end them; challenge a code, and the list that shows
that nothing vanishes. No cookie, and nothing happens on GET, for mail scanners follow links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from scorecard import acts, conditional, disputes, keys, limits, querystring, sentences, vocabulary
from scorecard.alerts import subscribing
from scorecard.models import Dispute, Subscription
from scorecard.pages import frame, reading
from tracker import record
from tracker.codebook import current
from tracker.models import Event, Revision
from tracker.search import LONGEST

ALLOWED = require_http_methods(["GET", "HEAD", "POST"])


def around(request: HttpRequest, key: str, title: str, description: str) -> dict[str, Any]:
    """What stands around a page that is not about a day."""
    read = reading.Reading(querystring.clock_of({}, reading.timezone.now().date()))
    page = frame.Page(
        key=key,
        title=title,
        description=description,
        card=reverse("pages:card", args=["overview"]),
        noindex=True,
    )
    found = frame.around(request, page, read.clock, read.coverage())
    return {"page": found | {"clock": None}, "headline": title}


Turned = limits.Turned | limits.Fault


def faults(turned: Turned | None) -> dict[str, Any]:
    """What the template says of a form that was not taken: of every field, or of the form as a whole; the first field
    that is wrong has the focus."""
    wrong = turned.by_field() if isinstance(turned, limits.Fault) else {}
    told = list(wrong.values()) if wrong else [str(turned)] if turned else []
    return {"told": told, "wrong": wrong, "first": next(iter(wrong), "")}


# The token in the address, or the signed time in the form, stands for what a session's token would.
@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def subscribe(request: HttpRequest) -> HttpResponse:
    turned: Turned | None = None
    if request.method == "POST":
        try:
            limits.check(request, request.POST)
            wish = _wish(request.POST)
            limits.spend(request, "alerts", subscribing.lately())
            subscribing.ask(wish)
        except (limits.Turned, subscribing.BadWish) as problem:
            turned = problem
        else:
            return said(
                request,
                gettext("Please look at your mail"),
                gettext("If the address is yours, a mail asks you to confirm. Nothing comes before that."),
            )
    given = _given(request.POST if request.method == "POST" else request.GET)
    acts_ = {each["id"]: acts.title(each) for each in _offered(given["acts"])}
    context = around(
        request, "alerts", gettext("Follow by e-mail"), gettext("Mails when an event changes in meaning.")
    ) | {
        "action": request.path,
        **faults(turned),
        "given": given,
        "acts": list(acts_.items()),
        "longest": LONGEST,
        "rhythms": Subscription.Rhythm.choices,
        "recommendations": [(slug, vocabulary.short_name(slug)) for slug in current().slugs],
        "actors": [(actor, vocabulary.actor(actor)) for actor in current().actor_slugs],
        "stamp": limits.stamp(),
    }
    return render(request, "alerts/subscribe.html", context, status=400 if turned else 200)


def _wish(form: Any) -> dict[str, Any]:
    return subscribing.checked(
        form.get("email", ""),
        form.get("rhythm", ""),
        get_language() or "en",
        {name: form.getlist(name) for name in LISTS}
        | {name: name in form for name in ("changes", "calendar")},
    )


LISTS = ("recommendations", "actors", "acts", "searches")


def _given(form: Any) -> dict[str, Any]:
    """What the form shows: what was sent, or what the page that one comes from asks for."""
    lists = {name: form.getlist(name) for name in LISTS}
    lists["acts"] = [each[:200] for each in lists["acts"]][: subscribing.MOST_ACTS]
    one_search = " ".join(lists["searches"])[: 2 * LONGEST]
    others = bool(lists["acts"] or one_search or "calendar" in form)
    narrowed = bool(lists["recommendations"] or lists["actors"])
    return {
        "email": form.get("email", "")[:254],
        "rhythm": form.get("rhythm", Subscription.Rhythm.WEEKLY),
        **lists,
        "search": one_search,
        "calendar": "calendar" in form,
        "changes": "changes" in form or narrowed or not (others or "stamp" in form),
    }


def _offered(given: list[str]) -> list[dict[str, str]]:
    """The acts on record that the form offers to follow."""
    return list(Event.objects.accepted().filter(pk__in=record.ids(given)).values("id", "title", "title_zh"))


@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    row = subscribing.behind(token, "confirm")
    if row is None:
        return _unknown(request)
    if request.method == "POST":
        if not subscribing.confirm(row):
            return _unknown(request)
        words = gettext("From now on you get a mail when something changes. Each has a link that ends it.")
        return said(request, gettext("Confirmed"), words)
    words = gettext("Mails to %(email)s begin when you press the button.") % {"email": row.email}
    wish = row.wanted or subscribing.wish_of(row)
    listed = [{"words": line} for _key, line in subscribing.told_wish(wish)]
    return said(request, gettext("Confirm the mails"), words, gettext("Confirm"), listed=listed)


@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def off(request: HttpRequest, token: str) -> HttpResponse:
    """The button, or the mail program's own one click (RFC 8058)."""
    row = subscribing.behind(token, "off")
    if row is None and subscribing.speaks_of(token, "off") is None:
        return _unknown(request)
    if row is not None and (key := request.POST.get("stop")):
        subscribing.stop(row, key)
        row = Subscription.objects.filter(pk=row.pk).first()
    elif row is not None and request.method == "POST":
        subscribing.end(row)
        row = None
    if row is None:
        words = gettext("No further mail will come. Your address and the mails to it are deleted.")
        return said(request, gettext("Ended"), words)
    words = gettext("Mails to %(email)s end when you press the button.") % {"email": row.email}
    told = subscribing.told_wish(subscribing.wish_of(row)) if row.active else []
    # The last one is no other than the mails themselves.
    listed = [{"words": line, "key": key if len(told) > 1 else ""} for key, line in told]
    return said(request, gettext("End the mails"), words, gettext("End them"), listed=listed)


def _unknown(request: HttpRequest) -> HttpResponse:
    words = gettext("This link is not complete, or too old. Please ask for the mails once more.")
    return said(request, gettext("This link does not work"), words, status=404)


def said(
    request: HttpRequest,
    title: str,
    words: str,
    button: str = "",
    status: int = 200,
    listed: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """A page of one sentence, what it is about where there is a list of it, and a button if something is still to be
    done; each of the list may have a button of its own, where it has a key."""
    context = around(request, "alerts", title, words) | {
        "words": words,
        "listed": listed,
        "button": button,
        "action": request.path,
    }
    return render(request, "alerts/step.html", context, status=status)


SHOWN = 200


# No session stands behind the form: its signed time does what a session's token would.
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@conditional.unkept
def challenge(request: HttpRequest, event_id: str) -> HttpResponse:
    revision = Revision.objects.filter(event=event_id).order_by("-sequence").select_related("event").first()
    if revision is None or not revision.event.on_record:
        raise Http404
    turned: Turned | None = None
    if request.method == "POST":
        try:
            limits.check(request, request.POST)
            kept = disputes.lately()
            with transaction.atomic():  # what is turned away afterwards is not kept
                row = disputes.file(_claim(event_id, request.POST))
                limits.spend(request, "disputes", kept)
            return HttpResponseRedirect(reverse("disputes:one", args=[row.reference]))
        except (limits.Turned, disputes.BadDispute) as problem:
            turned = problem
    act = acts.described(revision.record, acts.Beside(acts.ask_names()))
    context = around(
        request, "challenge", gettext("Challenge this code"), gettext("Dispute how an event was coded.")
    ) | {
        "action": request.path,
        **faults(turned),
        "days": disputes.ANSWER_WITHIN_DAYS,
        "act": act,
        "recommendations": [(slug, vocabulary.short_name(slug)) for slug in current().slugs],
        "directions": [(str(value), word) for value, word in vocabulary.DIRECTIONS.items()],
        "strengths": [(str(value), word) for value, word in vocabulary.STRENGTHS.items()],
        "given": {name: request.POST.get(name, request.GET.get(name, ""))[:4000] for name in FIELDS},
        "stamp": limits.stamp(),
    }
    return render(request, "disputes/challenge.html", context, status=400 if turned else 200)


FIELDS = ("recommendation", "claim", "source", "direction", "strength", "name", "email")


def _claim(event_id: str, form: Any) -> disputes.Claim:
    return disputes.Claim(
        event=event_id,
        claim=form.get("claim", ""),
        source=form.get("source", ""),
        recommendation=form.get("recommendation", ""),
        direction=_number(form, "direction"),
        strength=_number(form, "strength"),
        name=form.get("name", ""),
        email=form.get("email", ""),
        language=get_language() or "en",
    )


def _number(form: Any, name: str) -> int | None:
    text = form.get(name, "")
    if not text:
        return None
    return int(text) if text in ("-1", "0", "1", "2", "3", "4", "5") else 99


@require_safe
@conditional.unkept
def listed(request: HttpRequest) -> HttpResponse:
    counts = disputes.counts()
    words = gettext(
        "%(received)d wait, %(in_review)d are being looked into, %(accepted)d led to a change of the record, "
        "%(rejected)d did not."
    )
    context = around(
        request, "disputes", gettext("Disputed codes"), gettext("What readers disputed, and why.")
    ) | {
        "counted": words % counts,
        "disputes": [_line(row) for row in Dispute.objects.public().select_related("event")[:SHOWN]],
    }
    return render(request, "disputes/list.html", context)


def _line(row: Dispute) -> dict[str, str]:
    return {
        "reference": row.reference,
        "href": reverse("disputes:one", args=[row.reference]),
        "received": sentences.day(row.received_at.date()),
        "state": row.get_state_display(),
        "event": _title(row.event),
        "event_href": acts.address(row.event_id),
    }


def _title(event: Event) -> str:
    return acts.title({"id": event.id, "title": event.title, "title_zh": event.title_zh})


@require_safe
@conditional.unkept
def one(request: HttpRequest, reference: str) -> HttpResponse:
    row = Dispute.objects.public().select_related("event").filter(reference=reference).first()
    if row is None:
        raise Http404
    title = gettext("Dispute %(reference)s") % {"reference": row.reference}
    shown = row.state != Dispute.State.RECEIVED
    context = around(request, "dispute", title, gettext("A disputed code and its answer.")) | {
        "state": row.get_state_display(),
        "facts": _facts(row, shown),
        "claim": row.claim if shown else "",
        "answer": row.answer,
        "all": reverse("disputes:all"),
    }
    return render(request, "disputes/one.html", context)


def _facts(row: Dispute, shown: bool) -> list[tuple[str, str, str]]:
    """Name, value and address of what is known about a dispute."""
    found = [(gettext("Event"), _title(row.event), acts.address(row.event_id))]
    if row.recommendation:
        found.append((gettext("Code"), vocabulary.short_name(row.recommendation), ""))
    if shown:
        found.append((gettext("Source"), row.source, row.source))
        if row.name:
            found.append((pgettext("dispute", "By"), row.name, ""))
    found.append((gettext("Received"), sentences.day(row.received_at.date()), ""))
    if row.answered_at:
        found.append((gettext("Answered"), sentences.day(row.answered_at.date()), ""))
    else:
        found.append((gettext("Answer due"), sentences.day(disputes.due(row)), ""))
    return found


# The token in the address, or the signed time in the form, stands for what a session's token would.
@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def ask_key(request: HttpRequest) -> HttpResponse:
    turned: Turned | None = None
    if request.method == "POST":
        try:
            limits.check(request, request.POST)
            email = subscribing.address(request.POST.get("email", ""))
            limits.spend(request, "keys", keys.lately())
            keys.ask(email, get_language() or "en")
        except (limits.Turned, subscribing.BadWish) as problem:
            turned = problem
        else:
            return said(
                request,
                gettext("Please look at your mail"),
                gettext("If the address is yours, a mail asks you to confirm. Nothing comes before that."),
            )
    context = around(
        request,
        "keys",
        gettext("A key to the API"),
        gettext("More requests a minute for programs that read."),
    ) | {
        "action": request.path,
        **faults(turned),
        "email": request.POST.get("email", "")[:254],
        "days": keys.UNUSED.days,
        "stamp": limits.stamp(),
    }
    return render(request, "keys/ask.html", context, status=400 if turned else 200)


@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def confirm_key(request: HttpRequest, token: str) -> HttpResponse:
    row = keys.holder_behind(token, "confirm")
    if row is None:
        return _unknown_key(request)
    if request.method == "POST":
        text = keys.give(row)
        if not text:
            return _unknown_key(request)
        words = gettext("It is shown this once. Keep it where your program finds it and nobody else.")
        context = around(request, "keys", gettext("Your key"), words) | {
            "words": words,
            "text": text,
            "end": keys.end_address(row),
        }
        return render(request, "keys/given.html", context)
    words = gettext("A key for %(email)s is made when you press the button. One that it had before ends.")
    return said(
        request, gettext("Confirm, and see the key"), words % {"email": row.email}, gettext("Make the key")
    )


@never_cache
@csrf_exempt
@ALLOWED
@conditional.unkept
def end_key(request: HttpRequest, token: str) -> HttpResponse:
    row = keys.holder_behind(token, "end")
    if row is None:
        return _unknown_key(request)
    if request.method == "POST":
        keys.end(row)
        return said(request, gettext("The key has ended"), gettext("The key and your address are deleted."))
    words = gettext("The key of %(email)s ends, and the address is deleted, when you press the button.")
    return said(request, gettext("End the key"), words % {"email": row.email}, gettext("End it"))


def _unknown_key(request: HttpRequest) -> HttpResponse:
    words = gettext("This link is not complete, too old, or used up. Please ask for a key once more.")
    return said(request, gettext("This link does not work"), words, status=404)
