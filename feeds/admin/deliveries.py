"""Deliveries and polls, to look into."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from feeds.models import Delivery, Poll
from tracker.admin.lists import LookOnly


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
