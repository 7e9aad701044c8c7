"""What all our admin lists share: no counting of large tables, and no changing of what triage or the log
owns; nothing of an event that the reader may still code blind, and nothing told by a column that is not shown."""

import logging

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tracker.triage import blind

MOST_COUNTED = 10_000
log = logging.getLogger(__name__)
AWAY = _(
    "The queue of tasks does not answer, so nothing was begun. “Operations” says what to do; then try again."
)


def queued(request, task, *args, queue=None):
    """Put a task into the broker; whether it is there. The reader is told in a sentence when it is not: the broker is
    away, or takes nothing more."""
    try:
        task.apply_async(args, queue=queue, retry=False)
    except (OperationalError, RedisError) as error:
        log.warning("No task could be put into the broker: %s", error)
        messages.error(request, AWAY)
        return False
    return True


class CappedPaginator(Paginator):
    """Counts up to ten thousand rows and no further; deeper pages are reached by searching."""

    @cached_property
    def count(self):
        return len(self.object_list.order_by().values_list("pk", flat=True)[:MOST_COUNTED])


class ShownOnly(admin.ModelAdmin):
    """A list is narrowed by what its rows show and by nothing else. Django takes any column of the table into the
    address (`?secret__startswith=a`), so that whoever sees whether a row is left reads what is hidden, letter by
    letter."""

    hidden: tuple[str, ...] = ()  # columns that a form of this admin holds and that some rows do not show

    def lookup_allowed(self, lookup, value, request):
        shown = {*flatten_fieldsets(self.get_fieldsets(request)), *self.get_list_display(request)}
        shown |= {_asked_by(each) for each in self.get_list_filter(request)}
        shown |= {"pk", self.opts.pk.name, self.date_hierarchy or "pk"}
        name = lookup.partition("__")[0]
        told = name not in self.hidden and not {name, f"{name}_id"}.isdisjoint(shown)
        return told and super().lookup_allowed(lookup, value, request)


def _asked_by(choice):
    """The name by which an address asks for a filter: that of its column, or its own."""
    if isinstance(choice, str | tuple | list):
        return choice if isinstance(choice, str) else choice[0]
    return choice.parameter_name


class LookOnly(ShownOnly):
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


class Blinded(LookOnly):
    """Rows that say what was decided of an event. Those of events that the reader may still code blind are
    left out, and the list says so; their pages lead to the desk, which knows what to show."""

    event_field = "event"

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return found.exclude(**{f"{self.event_field}__in": self._withheld(request)})

    def changelist_view(self, request, extra_context=None):
        if blind.withheld(request.user).exists():
            messages.info(
                request,
                _("Events that you may still code blind are left out here; they wait under “Double coding”."),
            )
        return super().changelist_view(request, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if event := self._withheld_event(request, object_id):
            return redirect("desk:event", event)
        return super().change_view(request, object_id, form_url, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        if event := self._withheld_event(request, object_id):
            return redirect("desk:event", event)
        return super().history_view(request, object_id, extra_context)

    def _withheld(self, request):
        return blind.withheld(request.user).order_by().values("event_id")

    def _withheld_event(self, request, object_id):
        """The event of a row, when the reader must not see it yet and may look at such rows at all."""
        if not self.has_view_permission(request):
            return None
        try:
            key = self.model._meta.pk.to_python(object_id)
        except ValidationError:
            return None
        named = self.model.objects.filter(pk=key, **{f"{self.event_field}__in": self._withheld(request)})
        return named.values_list(self.event_field, flat=True).first()
