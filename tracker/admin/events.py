"""Events in the admin: found with the desk's query language, opened at the desk, changed only there."""

from django.contrib import admin, messages
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from tracker import search
from tracker.admin.lists import Blinded
from tracker.desk import history, words
from tracker.models import Event


@admin.register(Event)
class EventAdmin(Blinded):
    event_field = "pk"
    list_display = ("titled", "date", "status", "codes", "certainty", "reports_count", "at_the_desk")
    list_display_links = ("titled",)
    list_filter = ("status", "certainty", "retracted", "date_precision")
    search_fields = ("folded",)
    exclude = ("articles", "folded", "folded_title", "suggestion", "sources")
    readonly_fields = ("coded", "reported")
    change_form_template = "admin/tracker/event/change_form.html"

    def get_queryset(self, request):
        found = super().get_queryset(request).prefetch_related("assessments")
        return found.select_related("merged_into", "decided_by").defer("suggestion", "sources", "folded")

    def get_search_results(self, request, queryset, search_term):
        try:
            return queryset.filter(search.condition(search_term)), False
        except search.SearchError as error:
            self.message_user(request, str(error), messages.ERROR)
            return queryset.none(), False

    def change_view(self, request, object_id, form_url="", extra_context=None):
        event = Event.objects.filter(pk=object_id).first()
        more = {"history": history.of(event) if event else [], "event": event}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    @admin.display(description=_("title"), ordering="title")
    def titled(self, event):
        return str(event)[:120]

    @admin.display(description=_("codes"))
    def codes(self, event):
        return " · ".join(
            f"{words.MARKS[row.direction]} {words.SHORT[row.recommendation_id]} {row.strength}"
            for row in event.assessments.all()
        )

    @admin.display(description=_("desk"))
    def at_the_desk(self, event):
        return format_html(
            '<a href="{}" aria-label="{}">{}</a>',
            reverse("desk:event", args=[event.pk]),
            f"{_('Open at the desk')}: {str(event)[:80]}",
            _("Open at the desk"),
        )

    @admin.display(description=_("codes"))
    def coded(self, event):
        rows = (
            (
                words.MARKS[row.direction],
                words.SHORT[row.recommendation_id],
                row.strength,
                row.ask,
                row.rationale,
            )
            for row in event.assessments.all()
        )
        return format_html('<ul class="coded">{}</ul>', format_html_join("", "<li>{} {} {} {} {}</li>", rows))

    @admin.display(description=_("reports"))
    def reported(self, event):
        reports = event.reports.select_related("article")[:50]
        rows = (
            (reverse("admin:tracker_article_change", args=[report.article_id]), str(report.article))
            for report in reports
        )
        return format_html(
            '<ul class="coded">{}</ul>', format_html_join("", '<li><a href="{}">{}</a></li>', rows)
        )
