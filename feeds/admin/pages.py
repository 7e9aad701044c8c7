"""The feeds' own pages inside the admin: look and add, import, export, a feed's story, an item's way."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from feeds import adding, health, opml, tracing
from feeds.admin.forms import AddressForm, OpmlForm, TraceForm
from feeds.models import Delivery, Feed
from tracker.models import Article

OPML_HEADERS = {
    "Content-Type": "text/x-opml; charset=utf-8",
    "Content-Disposition": 'attachment; filename="feeds.opml"',
}
SHOWN = 25


def look(request, model_admin):
    """An address: what is there, and a button that adds it."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form = AddressForm(request.POST or request.GET or None)
    finding = None
    if form.is_valid():
        if request.method == "POST" and "add" in request.POST:
            return _add(request, form.cleaned_data["address"])
        finding = adding.look(form.cleaned_data["address"])
    folders = Feed.objects.exclude(folder="").order_by("folder").values_list("folder", flat=True).distinct()
    told = {"form": form, "finding": finding, "folders": folders[:100]}
    return _page(request, model_admin, "look", _("Add a feed"), told)


def _add(request, address):
    """The address was looked at and found good; nothing but its spelling is believed here."""
    title, folder = (request.POST.get(name, "")[:500] for name in ("title", "folder"))
    lines, refused = opml.checked([opml.Line(address, title=title.strip(), folder=folder.strip())])
    if refused:
        messages.error(request, refused[0])
        return redirect("admin:feeds_feed_add")
    opml.add(lines)
    feed = adding.known(lines[0].url)
    messages.success(request, _("%(feed)s is polled within a minute.") % {"feed": feed})
    return redirect("admin:feeds_feed_change", feed.pk)


def bring_in(request, model_admin):
    """An OPML file: what is missing is added, nothing is changed."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    form, refused = OpmlForm(request.POST or None, request.FILES or None), []
    if form.is_valid():
        try:
            good, refused = opml.checked(opml.read(form.cleaned_data["file"].read()))
        except opml.BadOpml as error:
            form.add_error("file", str(error))
        else:
            if not refused or form.cleaned_data["skip_bad"]:
                added, known = opml.add(good)
                said = ngettext("%(count)d feed added", "%(count)d feeds added", added) % {"count": added}
                messages.success(
                    request, _("%(added)s, %(known)d known already.") % {"added": said, "known": known}
                )
                return redirect("admin:feeds_feed_changelist")
            form.add_error("file", _("Nothing was added, because of the lines below."))
    return _page(request, model_admin, "import", _("Import feeds"), {"form": form, "refused": refused})


def write_out(request, model_admin):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    return HttpResponse(opml.write(Feed.objects.all()), headers=OPML_HEADERS)


def where(request, model_admin):
    """Where did this item go?"""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = TraceForm(request.GET or None)
    trace = tracing.trace(form.cleaned_data["url"]) if form.is_valid() else None
    title = _("Where did this item go?")
    return _page(request, model_admin, "where", title, {"form": form, "trace": trace, "now": timezone.now()})


def about(feed_id):
    """What a feed's page tells below its form: polls, deliveries and what became of them."""
    feed = Feed.objects.filter(pk=feed_id).first() if str(feed_id).isdecimal() else None
    if feed is None:
        return {}
    deliveries = Delivery.objects.filter(feed=feed).order_by("-id").select_related("article")
    deliveries = deliveries.prefetch_related("article__events")
    states = dict(Article.State.choices)
    became = Delivery.objects.filter(feed=feed).values_list("article__state").annotate(count=Count("pk"))
    return {
        "feed": feed,
        "light": light(feed),
        "rhythm": every(feed.interval),
        "usual_gap": every(feed.usual_gap) if feed.usual_gap else "",
        "polls": feed.polls.order_by("-id")[:SHOWN],
        "deliveries": deliveries[:SHOWN],
        "became": [(states[state], count) for state, count in sorted(became)],
    }


def light(feed):
    """The class and the word of a feed's condition."""
    if feed.paused:
        return "paused", _("paused")
    if feed.state == Feed.State.GREEN and health.is_quiet(feed, now=timezone.now()):
        return "quiet", _("quiet")
    return feed.state, feed.get_state_display()


def tally():
    """How many feeds are in which condition, for the head of the list."""
    counts = Feed.objects.aggregate(
        all=Count("pk"),
        asleep=Count("pk", filter=Feed.is_paused()),
        ailing=Count("pk", filter=Feed.is_ailing()),
        quiet=Count("pk", filter=Feed.is_quiet()),
    )
    return counts | {"well": counts["all"] - counts["asleep"] - counts["ailing"] - counts["quiet"]}


def every(seconds):
    """A rhythm in its one fitting unit."""
    if seconds < 5400:
        return ngettext("every %(n)d minute", "every %(n)d minutes", round(seconds / 60)) % {
            "n": round(seconds / 60)
        }
    if seconds < 2 * 86400:
        hours = round(seconds / 3600)
        return ngettext("every %(n)d hour", "every %(n)d hours", hours) % {"n": hours}
    days = round(seconds / 86400)
    return ngettext("every %(n)d day", "every %(n)d days", days) % {"n": days}


def _page(request, model_admin, name, title, told):
    context = {**model_admin.admin_site.each_context(request), "opts": Feed._meta, "title": title, **told}
    return render(request, f"admin/feeds/feed/{name}.html", context)
