"""Feeds in the admin: a queue with the worst on top, and what each one brought.

The list of feeds, a feed's own page, and the ways to add feeds.

Filters of the list of feeds.

Deliveries and polls, to look into.
"""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.utils.translation import gettext_lazy as _

from feeds import admin_views, health, opml, tasks
from feeds.admin_views import FeedForm
from feeds.models import Delivery, Feed, Poll
from tracker.admin.lists import CappedPaginator, LookOnly, ShownOnly, queued


class HealthFilter(admin.SimpleListFilter):
    title = _("health")
    parameter_name = "health"

    def lookups(self, request, model_admin):
        return [
            ("ailing", _("In trouble")),
            ("quiet", _("Strangely quiet")),
            ("well", _("Well")),
            ("new", _("Not polled yet")),
            ("paused", _("Paused")),
        ]

    def queryset(self, request, queryset):
        kept = {
            "ailing": queryset.ailing,
            "quiet": queryset.quiet,
            "well": lambda: queryset.filter(paused=False, state="green"),
            "new": lambda: queryset.filter(paused=False, state="new"),
            "paused": lambda: queryset.filter(paused=True),
        }
        return kept[self.value()]() if self.value() in kept else queryset


class FolderFilter(admin.SimpleListFilter):
    title = _("folder")
    parameter_name = "folder"

    def lookups(self, request, model_admin):
        folders = model_admin.model.objects.exclude(folder="").order_by("folder")
        return [(folder, folder) for folder in folders.values_list("folder", flat=True).distinct()[:50]]

    def queryset(self, request, queryset):
        return queryset.filter(folder=self.value()) if self.value() else queryset


ARCHIVES = 20  # read at a time


@admin.register(Feed)
class FeedAdmin(ShownOnly):
    form = FeedForm
    list_display = ("name", "said", "newest", "rhythm")
    list_filter = (HealthFilter, FolderFilter)
    list_per_page = 100
    paginator = CappedPaginator
    show_full_result_count = False
    search_fields = ("title", "url", "folder")
    search_help_text = gettext_lazy("Title, address or folder")
    actions = ("poll_now", "read_archive", "pause", "resume", "export")
    change_form_template = "admin/feeds/feed/page.html"

    class Media:
        css = {"all": ["feeds/feeds.css"]}

    def get_queryset(self, request):
        return Feed.objects.with_neighbours().worst_first()

    def get_ordering(self, request):
        """Its own list alone counts ranks; forms of other rows ask here too, for the feeds to choose from."""
        at = request.resolver_match
        return (
            ("rank", "folder", "title", "pk")
            if at and at.url_name == "feeds_feed_changelist"
            else ("title", "pk")
        )

    def get_urls(self):
        named = {
            "look/": (admin_views.look, "feeds_look"),
            "import/": (admin_views.bring_in, "feeds_import"),
            "export.opml": (admin_views.write_out, "feeds_export"),
            "where/": (admin_views.where, "feeds_where"),
            "<int:object_id>/answer/": (admin_views.answer, "feeds_answer"),
            "<int:object_id>/answer/download/": (admin_views.download, "feeds_answer_download"),
        }
        own = [
            path(route, self.admin_site.admin_view(view), {"model_admin": self}, name=name)
            for route, (view, name) in named.items()
        ]
        return own + super().get_urls()

    def add_view(self, request, form_url="", extra_context=None):
        return admin_views.look(request, model_admin=self)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {**(extra_context or {}), **admin_views.about(object_id)}
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request, obj, form, change):
        """Another address means another document; pausing and resuming go by their own ways."""
        if "url" in form.changed_data:
            obj.etag = obj.last_modified = obj.body_digest = obj.lease_token = ""
            obj.leased_until, obj.next_poll_at = None, None if obj.paused else timezone.now()
        if obj.paused:
            obj.lease_token, obj.leased_until, obj.next_poll_at = "", None, None
        super().save_model(request, obj, form, change)
        if "paused" in form.changed_data and not obj.paused:
            Feed.objects.filter(pk=obj.pk).poll_soon()

    @admin.display(description=gettext_lazy("feed"), ordering="title")
    def name(self, feed):
        place = f"{feed.host} · {feed.folder}" if feed.folder else feed.host
        return format_html("{}<br><small>{}</small>", feed.title or feed.url, place)

    @admin.display(description=gettext_lazy("health"))
    def said(self, feed):
        """A word in a colour, never the colour alone, and a sentence."""
        kind, word = admin_views.light(feed)
        return format_html('<span class="light {}">{}</span> {}', kind, word, feed.health())

    @admin.display(description=gettext_lazy("rhythm"), ordering="interval")
    def rhythm(self, feed):
        return admin_views.every(feed.interval)

    @admin.display(description=gettext_lazy("newest item"), ordering="newest_at")
    def newest(self, feed):
        return health.ago(feed.newest_at, timezone.now()) if feed.newest_at else "–"

    @admin.action(description=gettext_lazy("Poll now"), permissions=["change"])
    def poll_now(self, request, queryset):
        count = Feed.objects.filter(pk__in=queryset.values("pk")).poll_soon()
        said = ngettext("%d feed is polled within a minute.", "%d feeds are polled within a minute.", count)
        self.message_user(request, said % count, messages.SUCCESS)

    @admin.action(description=gettext_lazy("Read the archive"), permissions=["change"])
    def read_archive(self, request, queryset):
        feeds = list(queryset.filter(paused=False)[:ARCHIVES])
        if not all(queued(request, tasks.backfill, feed.pk) for feed in feeds):
            return
        said = ngettext(
            "The archive of %d feed is read page by page; its progress shows among the feed's polls.",
            "The archives of %d feeds are read page by page; their progress shows among the feeds' polls.",
            len(feeds),
        )
        self.message_user(request, said % len(feeds), messages.SUCCESS)

    @admin.action(description=gettext_lazy("Pause"), permissions=["change"])
    def pause(self, request, queryset):
        count = Feed.objects.filter(pk__in=queryset.values("pk")).pause()
        self.message_user(request, ngettext("%d feed paused.", "%d feeds paused.", count) % count)

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request, queryset):
        count = Feed.objects.filter(pk__in=queryset.values("pk")).resume()
        self.message_user(request, ngettext("%d feed resumed.", "%d feeds resumed.", count) % count)

    @admin.action(description=gettext_lazy("Export as OPML"), permissions=["view"])
    def export(self, request, queryset):
        feeds = Feed.objects.filter(pk__in=queryset.values("pk"))
        return HttpResponse(opml.write(feeds), headers=admin_views.OPML_HEADERS)

    def changelist_view(self, request, extra_context=None):
        doors = [
            (reverse("admin:feeds_feed_add"), gettext("Add by address")),
            (reverse("admin:feeds_import"), gettext("Import OPML")),
            (reverse("admin:feeds_export"), gettext("Export OPML")),
            (reverse("admin:feeds_where"), gettext("Where did this item go?")),
        ]
        told = {"title": gettext("Feeds"), "doors": doors, "tally": admin_views.tally()}
        return super().changelist_view(request, {**(extra_context or {}), **told})


@admin.register(Delivery)
class DeliveryAdmin(LookOnly):
    list_display = ("article", "feed", "leads", "first_seen_at")
    list_select_related = ("article", "feed")
    list_filter = ("leads",)
    search_fields = ("=guid", "feed__title", "feed__url")
    search_help_text = _("The publisher's id in full, or a part of the feed's title or address")
    exclude = ("guid_key", "digest")


@admin.register(Poll)
class PollAdmin(LookOnly):
    list_display = ("at", "feed", "outcome", "trouble", "entries", "new", "edited", "seconds")
    list_select_related = ("feed",)
    list_filter = ("outcome", "trouble")
    search_fields = ("feed__title", "feed__url")
