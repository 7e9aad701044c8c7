"""The feeds' own pages inside the admin: look and add, import, export, a feed's story, an item's way.

Forms of the feeds' pages.
"""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from feeds import adding, answers, health, opml, storing, websub
from feeds.http import guard
from feeds.models import Delivery, Feed, LastAnswer, Subscription
from tracker import wording
from tracker.models import Article


class AddressForm(forms.Form):
    """An address to look at: of a feed, or of a page that names one."""

    address = forms.CharField(
        label=_("Address"),
        max_length=1000,
        help_text=_("Of a feed, or of a site: its feed is found by itself."),
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True, "inputmode": "url"}),
    )


class TraceForm(forms.Form):
    """What to look for."""

    url = forms.CharField(
        label=_("Address of the item"),
        max_length=4000,
        help_text=_("In any spelling. Its exact title or the publisher's id will do as well."),
        widget=forms.TextInput(attrs={"size": 80, "autofocus": True}),
    )


class OpmlForm(forms.Form):
    file = forms.FileField(label=_("OPML file"), help_text=_("From any feed reader. Folders are kept."))
    skip_bad = forms.BooleanField(
        label=_("Leave out lines with errors"),
        required=False,
        help_text=_("Otherwise one error stops it all."),
    )


class FeedForm(forms.ModelForm):
    """A feed as an editor may change it."""

    site_url = forms.URLField(label=_("site"), required=False, max_length=1000, assume_scheme="https")
    url = forms.CharField(label=_("address"), max_length=1000, widget=forms.URLInput(attrs={"size": 80}))

    class Meta:
        model = Feed
        fields = (
            "url", "title", "folder", "site_url", "language", "time_zone", "category", "paused", "reference_only",
            "full_text",
        )  # fmt: skip

    def clean(self):
        super().clean()
        given = self.cleaned_data
        for name, longest in opml.LONGEST.items():
            if name in given:
                given[name] = wording.cleaned(given[name], name, longest)
        return given

    def clean_url(self):
        try:
            return opml.normal(self.cleaned_data["url"])
        except guard.GuardError as error:
            raise ValidationError(str(error)) from error


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
    return _page(request, model_admin, "look", gettext("Add a feed"), told)


def _add(request, address):
    """The address was looked at and found good; nothing but its spelling is believed here."""
    title, folder = (request.POST.get(name, "")[:500] for name in ("title", "folder"))
    lines, refused = opml.checked([opml.Line(address, title=title.strip(), folder=folder.strip())])
    if refused:
        messages.error(request, refused[0])
        return redirect("admin:feeds_feed_add")
    opml.add(lines)
    feed = adding.known(lines[0].url)
    messages.success(request, gettext("%(feed)s is polled within a minute.") % {"feed": feed})
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
                    request, gettext("%(added)s, %(known)d known already.") % {"added": said, "known": known}
                )
                return redirect("admin:feeds_feed_changelist")
            form.add_error("file", gettext("Nothing was added, because of the lines below."))
    return _page(request, model_admin, "import", gettext("Import feeds"), {"form": form, "refused": refused})


def write_out(request, model_admin):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    return HttpResponse(opml.write(Feed.objects.all()), headers=OPML_HEADERS)


def where(request, model_admin):
    """Where did this item go?"""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = TraceForm(request.GET or None)
    trace = answers.trace(form.cleaned_data["url"]) if form.is_valid() else None
    title = gettext("Where did this item go?")
    return _page(request, model_admin, "where", title, {"form": form, "trace": trace, "now": timezone.now()})


def answer(request, object_id, model_admin):
    """What the server last sent, and how each field of each item was found; `item` is the key of one of them."""
    kept = _kept_answer(request, object_id, model_admin)
    asked = request.GET.get("item", "")[:64]
    told = answers.tell(kept.feed, kept, item=asked)
    title = gettext("The last answer of %(feed)s") % {"feed": kept.feed}
    return _page(request, model_admin, "answer", title, {"answer": kept, "told": told, "asked": asked})


def download(request, object_id, model_admin):
    """The document as it came. As an attachment of no type: it is somebody else's markup on our own host."""
    kept = _kept_answer(request, object_id, model_admin)
    body = answers.body_of(kept)
    if body is None:
        raise Http404(gettext("The document is larger than the megabyte that is kept of each feed."))
    named = f'attachment; filename="feed-{kept.pk}-{kept.at:%Y%m%d-%H%M}.bin"'
    headers = {"Content-Disposition": named, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(body, content_type="application/octet-stream", headers=headers)


def _kept_answer(request, feed_id, model_admin):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    kept = LastAnswer.objects.select_related("feed").filter(pk=feed_id).first()
    if kept is None:
        raise Http404(gettext("No answer of this feed is kept. Poll it, then look again."))
    return kept


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
        "answer": LastAnswer.objects.defer("body").filter(pk=feed.pk).first(),
        "hub": _hub(feed),
        "parameters": storing.learnt(feed.host),
        "usual_gap": every(feed.usual_gap) if feed.usual_gap else "",
        "polls": feed.polls.order_by("-id")[:SHOWN],
        "deliveries": deliveries[:SHOWN],
        "became": [(states[state], count) for state, count in sorted(became)],
    }


def _hub(feed):
    subscription = Subscription.objects.filter(pk=feed.pk).first()
    return websub.sentence(subscription, timezone.now()) if subscription and websub.is_on() else ""


def light(feed):
    """The class and the word of a feed's condition."""
    if feed.paused:
        return "paused", gettext("paused")
    if feed.state == Feed.State.GREEN and health.is_doubtful(feed, now=timezone.now()):
        return "quiet", gettext("quiet")
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
