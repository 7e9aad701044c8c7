"""What people do with lists: narrow them by the codebook's words, and take along what is shown."""

import json
from importlib import import_module

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker import vocabulary
from tracker.codebook import current
from tracker.models import Article, Assessment, Report
from tracker.rows import csv_lines
from tracker.wording import words_of

MOST_EXPORTED = 10_000
LOOKED_THROUGH = 5000  # of the newest articles, for the publishers to choose from


class Chosen(admin.SimpleListFilter):
    """A filter with a fixed list of choices, each a value and its words."""

    def queryset(self, request, queryset):
        known = {str(value) for value, _label in self.lookup_choices}
        return self.narrowed(queryset, self.value()) if self.value() in known else queryset


class ByRecommendation(Chosen):
    title, parameter_name = _("recommendation"), "rec"

    def lookups(self, request, model_admin):
        return [(one.slug, words_of(one.short)) for one in current()]

    def narrowed(self, queryset, value):
        coded = Assessment.objects.filter(event=OuterRef("pk"), recommendation=value)
        return queryset.filter(Exists(coded))


class ByDirection(Chosen):
    """Of the recommendation that is chosen beside it, where one is."""

    title, parameter_name = _("direction"), "direction"

    def lookups(self, request, model_admin):
        return [(str(value), label) for value, label in vocabulary.DIRECTIONS.items()]

    def narrowed(self, queryset, value):
        coded = Assessment.objects.filter(event=OuterRef("pk"), direction=int(value))
        return queryset.filter(Exists(coded))


class ByActor(Chosen):
    title, parameter_name = _("actor"), "actor"

    def lookups(self, request, model_admin):
        return [(one.slug, words_of(one.short)) for one in current().actors]

    def narrowed(self, queryset, value):
        return queryset.naming(value)


class ByAnalyst(Chosen):
    """Who decided it. `field` is the column of the model that names the person."""

    title, parameter_name, field = _("analyst"), "analyst", "decided_by"

    def lookups(self, request, model_admin):
        people = get_user_model().objects.filter(is_staff=True).order_by("username")[:100]
        return [(str(person.pk), person.get_full_name() or person.get_username()) for person in people]

    def narrowed(self, queryset, value):
        return queryset.filter(**{self.field: value})


class ByAuthor(ByAnalyst):
    field = "by"


class ByPublisher(Chosen):
    """The publishers that brought most lately."""

    title, parameter_name = _("publisher"), "publisher"

    def lookups(self, request, model_admin):
        newest = Article.objects.order_by("-pk").values_list("publisher", flat=True)[:LOOKED_THROUGH]
        counted = {}
        for name in newest:
            counted[name] = counted.get(name, 0) + 1
        names = sorted(filter(None, counted), key=lambda name: (-counted[name], name))[:40]
        return [(name, f"{name} ({counted[name]})") for name in names]

    def narrowed(self, queryset, value):
        return queryset.filter(publisher=value)


class ByFeed(Chosen):
    """What a feed brought. `field` leads from a row to its articles."""

    title, parameter_name, field = _("feed"), "feed", "pk"

    def lookups(self, request, model_admin):
        return import_module(settings.BROUGHT_BY).feeds()

    def narrowed(self, queryset, value):
        return queryset.filter(**{f"{self.field}__in": import_module(settings.BROUGHT_BY).articles(value)})


class ToldByFeed(ByFeed):
    def narrowed(self, queryset, value):
        brought = Report.objects.filter(article__in=import_module(settings.BROUGHT_BY).articles(value))
        return queryset.filter(Exists(brought.filter(event=OuterRef("pk"))))


class TakenAlong(admin.ModelAdmin):
    """Lists whose ticked rows, or all that a filter and a search found, go out as CSV or JSON, as they are shown."""

    actions = ["as_csv", "as_json"]

    @admin.action(description=_("Take along as CSV"))
    def as_csv(self, request, queryset):
        header, rows = self._told(request, queryset)
        return self._answer("csv", "text/csv; charset=utf-8", csv_lines(header, rows))

    @admin.action(description=_("Take along as JSON"))
    def as_json(self, request, queryset):
        header, rows = self._told(request, queryset)
        lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
        return self._answer("jsonl", "application/jsonl; charset=utf-8", lines)

    def _told(self, request, queryset):
        """The list's own columns, by name, with what each row says in them."""
        names = [name for name in self.get_list_display(request) if name not in self.not_taken]
        columns = ["id", *names] if "id" not in names else names
        found = queryset[:MOST_EXPORTED]
        if len(queryset[: MOST_EXPORTED + 1]) > MOST_EXPORTED:
            messages.warning(request, _("Only the first %(most)d rows were taken.") % {"most": MOST_EXPORTED})
        return columns, ([self._said(row, name) for name in columns] for row in found)

    not_taken = ("at_the_desk",)

    def _said(self, row, name):
        own = getattr(self, name, None)
        value = own(row) if callable(own) else getattr(row, "pk" if name == "id" else name)
        value = value() if callable(value) else value
        display = getattr(row, f"get_{name}_display", None)
        value = display() if display else value
        if value is None or isinstance(value, bool | int | float):
            return value
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    def _answer(self, ending, kind, lines):
        answer = StreamingHttpResponse(lines, content_type=kind)
        name = f"{self.model._meta.model_name}s-{timezone.localdate():%Y-%m-%d}.{ending}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
