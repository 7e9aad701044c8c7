"""To which day coding is complete, and how well we saw on each day."""

from django.contrib import admin
from django.utils import timezone

from tracker import record
from tracker.admin.lists import AddOnly, LookOnly
from tracker.models import Completeness, CoverageDay


@admin.register(Completeness)
class CompletenessAdmin(AddOnly):
    list_display = ("day", "recorded_at", "by", "note")
    list_select_related = ("by",)
    fields = ("day", "note")

    def save_model(self, request, statement, form, change):
        statement.recorded_at, statement.by = timezone.now().date(), request.user
        super().save_model(request, statement, form, change)
        record.turn()


@admin.register(CoverageDay)
class CoverageDayAdmin(LookOnly):
    list_display = ("day", "feeds_alive", "feeds_total", "articles", "waiting", "oldest_unreviewed")
