"""What all our admin lists share: no counting of large tables, and no changing of what triage or the log
owns."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts up to ten thousand rows and no further; deeper pages are reached by searching."""

    @cached_property
    def count(self):
        return len(self.object_list.order_by().values_list("pk", flat=True)[:MOST_COUNTED])


class LookOnly(admin.ModelAdmin):
    """Rows that people look at and never change here."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions = None

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class AddOnly(LookOnly):
    """Rows that are stated once and never changed."""

    def has_add_permission(self, request, obj=None):
        return admin.ModelAdmin.has_add_permission(self, request)
