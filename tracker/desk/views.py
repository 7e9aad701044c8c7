"""The desk's pages and the small answers its script asks for."""

import json
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracker import record, search, text, triage, wording
from tracker.codebook import current
from tracker.desk import forms, history, item, people, queue, signing
from tracker.desk.forms import LONGEST, BadForm
from tracker.desk.people import desk_view, languages, refusal
from tracker.models import Event, SavedView
from tracker.triage import double_coding
from tracker.triage.steps import DECIDE, REVIEW

FOUND = 12


@dataclass(frozen=True)
class Place:
    """Where somebody is at the desk, as the address says it: which list, searched and ordered how."""

    tab: str = "queue"
    query: str = ""
    order: str = ""

    @classmethod
    def of(cls, request):
        tab, order = request.GET.get("tab", "queue"), request.GET.get("order", "")
        if tab not in queue.TABS:
            raise Http404
        return cls(tab, request.GET.get("q", ""), order if order in queue.ORDERS else "")

    @property
    def address(self):
        """The part of the address behind the question mark, with its own where the place is not the usual one."""
        asked = {"tab": self.tab if self.tab != "queue" else "", "q": self.query, "order": self.order}
        told = urlencode({name: value for name, value in asked.items() if value})
        return f"?{told}" if told else ""


@desk_view()
@require_GET
def desk(request):
    """The queue and the first item that nobody else works on, claimed for this analyst."""
    triage.wake()
    place, page = Place.of(request), str(uuid.uuid4())
    rows, found, trouble = _listed(place, request.user)
    return _page(
        request, _first(rows, request.user, page), place, page, rows=rows, trouble=trouble, found=found
    )


@desk_view()
@require_GET
def event(request, event_id):
    """The desk with one event at hand, decided or not, and the list that it was opened from."""
    row = get_object_or_404(Event, pk=event_id)
    if row.status == Event.Status.MERGED:
        row = get_object_or_404(Event, pk=row.merged_into_id)
    place, page, held = Place.of(request), str(uuid.uuid4()), ""
    if row.status in Event.OPEN and request.user.has_perm(DECIDE):
        try:
            triage.claim(row, request.user, page)
        except triage.Refused as error:
            held = str(error)
    rows, found, trouble = _listed(place, request.user, upto=row.pk if row.status in Event.OPEN else None)
    if row.status in Event.OPEN and request.user.has_perm(DECIDE) and not held:
        _keep_ahead(row.pk, rows, request.user, page)
    return _page(
        request, row, place, page,
        rows=rows, trouble=trouble, found=found, held=held, with_history=True,
    )  # fmt: skip


def _listed(place, user, upto=None):
    """The list of a place, how many a search found, and what is wrong with the search."""
    try:
        rows = queue.rows(place.tab, place.query, user, order=place.order, upto=upto)
        return rows, queue.counted(place.tab, place.query, user), ""
    except search.SearchError as error:
        return [], "", str(error)


@desk_view(answers=True)
@require_GET
def item_part(request, event_id):
    """One item, for the script to put in place."""
    row = get_object_or_404(Event, pk=event_id)
    return render(request, "desk/item.html", _item(request, row))


@desk_view(answers=True)
@require_http_methods(["GET", "POST"])
def rows_part(request):
    """More of the queue, without what the page holds already; or `only` one event's row."""
    if only := request.GET.get("only"):
        rows = queue.described(list(Event.objects.filter(pk=only)), request.user)
        return render(request, "desk/rows.html", {"rows": rows})
    without = []
    if request.method == "POST":  # a long list of ids does not fit into an address
        try:
            without = record.ids(sent_form(request).get("without") or [])
        except (BadForm, TypeError) as error:
            return refusal(str(error), "form", 400)
    place = Place.of(request)
    try:
        rows = queue.rows(place.tab, place.query, request.user, order=place.order, without=without)
    except search.SearchError as error:
        return refusal(str(error), "search", 400)
    return render(request, "desk/rows.html", {"rows": rows, "place": place.address})


@desk_view(answers=True)
@require_GET
def now(request):
    """What changes beside the item: who else works on what, and how many wait."""
    return JsonResponse(
        {
            **queue.held_by_others(request.user),
            "tabs": {each["name"]: each["number"] for each in queue.tabs(request.user)},
        }
    )


@desk_view(DECIDE, answers=True)
@require_POST
def claim(request, event_id):
    """Claim one item, keep the next free one of the rows that the page shows below it, and hear how all of them stand
    by now: so no two pages run into each other's items, one after another."""
    try:
        rows = record.ids(sent_form(request).get("rows") or [])[: queue.SHOWN]
    except (BadForm, TypeError) as error:
        return refusal(str(error), "form", 400)
    try:
        held = triage.claim(event_id, request.user, _page_of(request))
    except triage.Refused as error:
        return refusal(str(error), _kind(error), 409, **queue.standing(rows, request.user))
    triage.keep_ahead(rows, request.user, _page_of(request))
    return JsonResponse({"until": held.until, **queue.standing(rows, request.user)})


@desk_view(DECIDE, answers=True)
@require_POST
def release(request, event_id):
    """Give an item back; a page that goes for good (`?going`) gives back what it kept ahead of time too."""
    if "going" in request.GET:
        triage.leave(request.user, _page_of(request))
    return JsonResponse({"released": triage.release(event_id, request.user, _page_of(request))})


def _page_of(request):
    return request.headers.get("X-Desk-Page", "")


@desk_view(DECIDE, answers=True)
@require_POST
def deed(request):
    """One decision: 200 done, 409 refused with the reason, 400 not a form of ours."""
    return _answered(lambda: signing.decided(sent_form(request), request.user))


def _answered(work):
    try:
        return JsonResponse(work())
    except BadForm as error:
        return refusal(str(error), "form", 400)
    except triage.NotAllowed as error:
        return refusal(str(error), "not allowed", 403)
    except triage.Refused as error:
        return refusal(str(error), _kind(error), 409)


@desk_view(DECIDE, answers=True)
@require_POST
def preview(request):
    """What the deed on the form would do to the scores, or why it would be refused."""

    def effects():
        form = sent_form(request)
        earlier = form.get("earlier") if isinstance(form.get("earlier"), list) else []
        named = record.ids((form.get("event"), form.get("into"), *earlier))
        if double_coding.withheld(request.user).filter(event__in=named).exists():
            raise triage.NotAllowed(gettext("Its codes are not shown to you before its second coding."))
        try:
            return {"effects": forms.of_form(form, request.user)}
        except triage.NotAllowed:
            raise
        except triage.Refused as error:  # an answer, not a failure: nobody has asked for the deed yet
            return {"effects": [], "refused": str(error)}

    return _answered(effects)


@desk_view(answers=True)
@require_GET
def find(request):
    """Events to join to, as one types: every word in the title, in either script."""
    titled = search.titled(request.GET.get("q", ""))
    found = Event.objects.filter(queue.not_set_aside(request.user)).exclude(pk=request.GET.get("without", ""))
    if request.GET.get("on") == "record":
        on_record = Q(status__in=Event.ON_RECORD, retracted=False)
        found = found.filter(on_record | Q(pk__in=queue.secrets_of(request.user)))
    rows = list(found.filter(titled).order_by("-date", "-pk")[:FOUND]) if titled else []
    rows = sorted(queue.described(rows, request.user), key=lambda row: row.get("secret", False))
    return render(request, "desk/found.html", {"rows": rows, "terms": bool(titled)})


@desk_view(DECIDE, answers=True)
@require_GET
def last_part(request):
    """The analyst's last ten decisions that can be undone."""
    return render(request, "desk/last.html", {"last": triage.last_of(request.user)})


@desk_view(DECIDE, answers=True)
@require_POST
def choose_keys(request):
    try:
        form = sent_form(request)
        wanted = form.get("keys")
        if not isinstance(wanted, dict):
            raise BadForm(gettext("keys: a key for each deed"))
        chosen = people.keep_keys(request.user, wanted, bool(form.get("single_keys", True)))
    except (BadForm, people.KeyClash) as error:
        return refusal(str(error), "keys", 400)
    return JsonResponse({"keys": chosen})


@desk_view()
@require_POST
def views(request):
    """Keep the list as it is under a name, or forget a view of one's own."""
    if "forget" in request.POST:
        SavedView.objects.filter(pk=_number(request.POST["forget"]), by=request.user).delete()
        return redirect("desk:desk")
    try:
        name = text.strict(" ".join(request.POST.get("name", "").split()), "name", 80)
        query = text.strict(request.POST.get("q", ""), "q", 300)
    except text.BadText as error:
        messages.error(request, wording.refusal(error))
        return redirect("desk:desk")
    place = Place(
        request.POST.get("tab", "queue") if request.POST.get("tab") in queue.TABS else "queue",
        query,
        request.POST.get("order", "") if request.POST.get("order") in queue.ORDERS else "",
    )
    if name:
        kept = {"tab": place.tab, "query": place.query, "order": place.order}
        shared = "shared" in request.POST
        SavedView.objects.update_or_create(by=request.user, name=name, defaults=kept | {"shared": shared})
    return redirect(reverse("desk:desk") + place.address)


def _number(value):
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _page(request, row, place, page, *, with_history=False, **more):
    chosen, single = people.keys_of(request.user)
    context = _item(request, row) if row else {"item": None, "may_decide": request.user.has_perm(DECIDE)}
    if with_history and not context["second"]:
        more["history"] = history.of(row)
    return render(
        request,
        "desk/desk.html",
        context
        | more
        | {
            "page": page,
            "tab": place.tab,
            "query": place.query,
            "order": place.order,
            "orders": queue.ORDERS,
            "place": place.address,
            "views": queue.views_of(request.user),
            "tabs": queue.tabs(request.user),
            "explained": search.explained(),
            "median_age": queue.median_age(),
            "keys": chosen,
            "single_keys": single,
            "legend": people.key_legend(chosen),
            "config": config_of(chosen, single),
            "last": triage.last_of(request.user) if request.user.has_perm(DECIDE) else [],
            "dismissals": list(enumerate(Event.Dismissal.choices, 1)),
            "languages": languages(request),
            "chinese": "zh-hans" in current().languages,
        },
    )


def config_of(chosen, single, **more):
    """What the script needs to know, as data on the page."""
    return json.dumps(
        {
            "keys": chosen,
            "single": single,
            "csrf": settings.CSRF_COOKIE_NAME,
            "login": reverse("admin:login"),
            **more,
            "actors": current().keys(),
            "digits": people.number_width(),
            "urls": {
                name: reverse(f"desk:{name}")
                for name in ("deed", "rows", "preview", "find", "last", "keys", "desk", "now", "articles")
            }
            | {
                name: reverse(f"desk:{name}", args=["EVENT"])
                for name in ("item", "claim", "release", "event", "reports")
            },
        }
    )


def _item(request, row):
    """One event for the page; `second` is the blind coding for whose sake its codes are not shown."""
    decided = row.status not in Event.OPEN
    second = double_coding.withheld(request.user).filter(event=row).first() if decided else None
    return {
        "item": item.described(row, request.user, blindly=second is not None),
        "second": second,
        "may_decide": request.user.has_perm(DECIDE),
        "may_review": request.user.has_perm(REVIEW),
    }


def _first(rows, user, page):
    """The first row that can be claimed, as an event; what is decided needs no claim. Where others keep all that is
    left ahead of time, one of those: nobody waits beside work."""
    free = [row for row in rows if not row["held"]]
    for row in [*free[:5], *(row for row in rows if row["ahead"])]:
        if row["status"] in Event.OPEN and user.has_perm(DECIDE):
            try:
                triage.claim(row["id"], user, page)
            except triage.Refused:
                continue
            _keep_ahead(row["id"], rows, user, page)
        return Event.objects.filter(pk=row["id"]).first()
    return None


def _keep_ahead(at, rows, user, page):
    """Keep what follows the item at hand, as its page will go there next."""
    open_ = [row["id"] for row in rows if row["status"] in Event.OPEN]
    triage.keep_ahead(open_[open_.index(at) + 1 :] if at in open_ else open_, user, page)


def sent_form(request):
    """The form that a script of ours sent; `BadForm` for anything else."""
    if len(request.body) > LONGEST:
        raise BadForm(gettext("The form is too long; at most 100 KB are taken."))
    try:
        form = json.loads(request.body)
        json.dumps(form, ensure_ascii=False).encode()  # half of a surrogate pair is in no text
    except (ValueError, RecursionError):
        raise BadForm(gettext("The form is not JSON.")) from None
    if not isinstance(form, dict):
        raise BadForm(gettext("The form is not a JSON object."))
    return form


def _kind(error):
    return {triage.Stale: "stale", triage.Claimed: "claimed"}.get(type(error), "refused")
