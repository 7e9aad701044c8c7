"""The seven and their asks; asks set by hand are stated once and then stand."""

from django.contrib import admin
from django.utils import timezone

from tracker import record
from tracker.admin.lists import AddOnly, LookOnly
from tracker.models import Ask, AskSetting, Recommendation
from tracker.triage.steps import name_of


@admin.register(Recommendation)
class RecommendationAdmin(LookOnly):
    list_display = ("number", "name_en", "name_zh", "slug")
    list_display_links = ("name_en",)


@admin.register(Ask)
class AskAdmin(LookOnly):
    list_display = ("name_en", "recommendation", "mode", "slug")
    list_select_related = ("recommendation",)


@admin.register(AskSetting)
class AskSettingAdmin(AddOnly):
    list_display = ("ask", "rung", "start", "until", "recorded_at", "name")
    list_select_related = ("ask",)
    fields = ("ask", "rung", "reason", "start", "until")

    def save_model(self, request, setting, form, change):
        setting.recorded_at, setting.by = timezone.now().date(), request.user
        setting.name = name_of(request.user)
        super().save_model(request, setting, form, change)
        record.turn()
