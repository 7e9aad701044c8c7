"""Filters of the list of feeds."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


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
