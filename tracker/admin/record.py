"""The record in the admin: articles, days of coverage, events, the log, decisions and codings, the codebook.

Of an article the admin says what was delivered, what became of it, and its earlier versions; of a day how well we saw.
Events are found with the desk's query language, opened at the desk, changed only there. The log, the journal of
decisions and the codings are to look into, never to change; so are the codebook's versions, recommendations and asks.
"""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker import filing, log, search, wording
from tracker.admin.lists import (
    Blinded,
    ByActor,
    ByAnalyst,
    ByAuthor,
    ByDirection,
    ByFeed,
    ByPublisher,
    ByRecommendation,
    LookOnly,
    ShownOnly,
    TakenAlong,
    ToldByFeed,
)
from tracker.desk import history
from tracker.models import (
    ArchivedCopy,
    Article,
    Ask,
    Claim,
    CodebookVersion,
    Coding,
    CoverageDay,
    Decision,
    Event,
    PairJudgement,
    Recommendation,
    Revision,
)
from tracker.triage import coding, double_coding
from tracker.triage.steps import DECIDE

MOST_PROPOSED = 50  # at a time


class Languages(admin.AllValuesFieldListFilter):
    """Texts whose language nobody could say stand under words: a link without any cannot be read out."""

    def choices(self, changelist):
        for choice in super().choices(changelist):
            yield choice if choice["display"] != "" else choice | {"display": _("unknown")}


@admin.register(ArchivedCopy)
class ArchivedCopyAdmin(ShownOnly):
    """Copies of sources: found by the archiver, or entered by hand where somebody knows one. None is taken back, as
    addresses of the record give the same for ever."""

    list_display = ("url", "copy", "made_on", "found_at", "attempts", "next_at", "trouble")
    search_fields = ("url", "copy")
    fields = ("url", "copy", "made_on", "found_at", "attempts", "next_at", "trouble")
    readonly_fields = ("found_at", "attempts", "next_at", "trouble")

    def get_readonly_fields(self, request, obj=None):
        found = super().get_readonly_fields(request, obj)
        if obj is None:
            return found
        return (*found, "url", "copy", "made_on") if obj.copy else (*found, "url")

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        log.turn()


@admin.register(Article)
class ArticleAdmin(TakenAlong, LookOnly):
    list_display = (
        *("shown", "publisher", "language", "state", "chance", "published_at", "first_seen_at", "trouble"),
    )
    actions = ["propose", "as_csv", "as_json"]
    list_filter = ("state", ("language", Languages), ByPublisher, ByFeed)
    search_help_text = _("Words of title, publisher or address")
    search_fields = ("title", "publisher", "url")
    exclude = ("html", "title_key", "leased_until")
    hidden = ("suggestion",)
    readonly_fields = ("earlier",)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("html", "text", "suggestion")

    def get_exclude(self, request, obj=None):
        """What the machine says of an article is not for somebody who is to code its event without that."""
        found = super().get_exclude(request, obj)
        if obj is None:
            return found
        events = Event.objects.filter(reports__article=obj)
        coding_blind = double_coding.withheld(request.user).filter(event__in=events).exists()
        if coding_blind or any(coding.suggestion_hidden(event) for event in events.open()):
            return (*found, "suggestion")
        return found

    def has_triage_permission(self, request):
        return request.user.has_perm("tracker.triage_event")

    @admin.action(description=_("Propose an event of each that was passed over"), permissions=["triage"])
    def propose(self, request, queryset):
        chosen = Article.objects.filter(pk__in=queryset.values("pk"))[:MOST_PROPOSED]
        proposed = filing.propose_passed_over(chosen, request.user)
        self.message_user(
            request,
            ngettext("%(count)d event was proposed.", "%(count)d events were proposed.", len(proposed))
            % {"count": len(proposed)},
        )

    @admin.display(description=_("relevance"), ordering="relevance")
    def chance(self, article):
        """Of what was passed over alone: in the queue it might be coded without the machine's words."""
        if article.state != Article.State.BACKGROUND or article.relevance is None:
            return ""
        return f"{100 * article.relevance:.1f} %"

    @admin.display(description=_("title"), ordering="title")
    def shown(self, article):
        return article.title[:120]

    @admin.display(description=_("versions of an article"))
    def earlier(self, article):
        rows = (
            (version.seen_at.date(), version.title, version.summary)
            for version in article.versions.all()[:20]
        )
        return format_html('<ul class="coded">{}</ul>', format_html_join("", "<li>{}: {} – {}</li>", rows))


@admin.register(CoverageDay)
class CoverageDayAdmin(LookOnly):
    list_display = ("day", "feeds_alive", "feeds_total", "articles", "waiting", "oldest_unreviewed")


@admin.register(Event)
class EventAdmin(TakenAlong, Blinded):
    event_field = "pk"
    list_display = ("titled", "day", "status", "codes_in_words", "certainty", "told_by", "at_the_desk")
    list_display_links = ("titled",)
    list_filter = (
        *("status", ByRecommendation, ByDirection, ByActor, ByAnalyst, ToldByFeed),
        *("certainty", "retracted", "date_precision"),
    )
    actions = ["as_csv", "as_json"]
    date_hierarchy = "date"
    search_fields = ("folded",)
    search_help_text = _(
        "Words, or title: rec: actor: direction: date: status: and the like, as at the desk. The best match first."
    )
    exclude = ("articles", *coding.SEARCHABLE, "suggestion", "sources")
    readonly_fields = ("coded", "reported")
    change_form_template = "admin/tracker/event/change_form.html"

    def get_queryset(self, request):
        found = super().get_queryset(request).prefetch_related("assessments")
        return found.select_related("merged_into", "decided_by").defer("suggestion", "folded")

    def has_add_permission(self, request, obj=None):
        """By hand at the desk, where its sources are read and its codes previewed."""
        return request.user.has_perm(DECIDE)

    def add_view(self, request, form_url="", extra_context=None):
        return redirect("desk:new")

    def get_search_results(self, request, queryset, search_term):
        try:
            found = queryset.filter(search.EventQuery.read(search_term, desk=True).condition())
            return (found if ORDER_VAR in request.GET else search.best_first(found, search_term)), False
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

    @admin.display(description=_("reports"), ordering="reports_count")
    def told_by(self, event):
        """Its reports, or the sources that came with it where it came from a file."""
        return event.reports_count or len(event.sources)

    @admin.display(description=_("date"), ordering="date")
    def day(self, event):
        return event.date.isoformat()

    @admin.display(description=_("codes"))
    def codes_in_words(self, event):
        """Of what people coded alone: `codes`, the column that searches read, holds the machine's of a proposal too."""
        return " · ".join(
            f"{wording.MARKS[row.direction]} {wording.short(row.recommendation_id)} {row.strength}"
            for row in event.assessments.all()
        )

    @admin.display(description=_("desk"))
    def at_the_desk(self, event):
        return format_html(
            '<a href="{}" aria-label="{}">{}</a>',
            reverse("desk:event", args=[event.pk]),
            f"{_('Open at the desk')}: {str(event)[:80]}",
            _("Open"),
        )

    @admin.display(description=_("codes"))
    def coded(self, event):
        rows = (
            (
                wording.MARKS[row.direction],
                wording.short(row.recommendation_id),
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


@admin.register(Revision)
class RevisionAdmin(TakenAlong, Blinded):
    list_display = ("sequence", "event_id", "kind", "who", "written_at", "why")
    list_filter = ("kind",)
    date_hierarchy = "written_at"
    search_fields = ("event__pk", "why", "who")
    search_help_text = _("The event's id, the reason or the name")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")


class ByDeed(admin.SimpleListFilter):
    title, parameter_name = _("deed"), "action"

    def lookups(self, request, model_admin):
        return list(history.DEEDS.items())

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(Decision)
class DecisionAdmin(TakenAlong, Blinded):
    list_display = ("at", "titled", "deed", "became", "by", "seconds", "reason")
    list_filter = (ByDeed, "status_after", ByAuthor, "suggestion_shown")
    date_hierarchy = "at"
    search_fields = ("event__pk", "reason")
    search_help_text = _("The event's id, or the reason")
    list_select_related = ("by", "event")
    fields = (
        *("event", "deed", "became", "by", "at", "reason", "changed"),
        *("undoes", "batch", "seconds", "model_version", "suggestion_shown"),
    )
    readonly_fields = ("deed", "became", "changed")

    @admin.display(description=_("event"), ordering="event")
    def titled(self, decision):
        return str(decision.event)[:100]

    @admin.display(description=_("deed"), ordering="action")
    def deed(self, decision):
        return history.DEEDS.get(decision.action, decision.action)

    @admin.display(description=_("became"), ordering="status_after")
    def became(self, decision):
        said = dict(Event.Status.choices)
        before, after = (said.get(each, each) for each in (decision.status_before, decision.status_after))
        return str(after) if before in ("", after) else f"{before} → {after}"

    @admin.display(description=_("what it changed"))
    def changed(self, decision):
        lines = ((line["name"], line["before"], line["after"]) for line in history.rows_of(decision))
        return format_html('<ul class="coded">{}</ul>', format_html_join("", "<li>{}: {} → {}</li>", lines))

    def get_queryset(self, request):
        found = super().get_queryset(request)
        return (
            found if request.resolver_match.url_name.endswith("_change") else found.defer("before", "after")
        )


@admin.register(Coding)
class CodingAdmin(Blinded):
    list_display = ("event_id", "part", "coder", "asked_at", "done_at")
    list_filter = ("part",)
    list_select_related = ("coder",)


@admin.register(Claim)
class ClaimAdmin(LookOnly):
    list_display = ("event_id", "by", "until")
    list_select_related = ("by",)


@admin.register(PairJudgement)
class PairJudgementAdmin(TakenAlong, LookOnly):
    list_display = ("said", "same", "by", "at")
    list_filter = ("same", ByAuthor)
    list_select_related = ("by", "article")

    @admin.display(description=_("pair"))
    def said(self, pair):
        return f"{pair.article.title[:80]} / {pair.event_id}"


@admin.register(CodebookVersion)
class CodebookVersionAdmin(LookOnly):
    list_display = ("version", "in_force", "digest")


@admin.register(Recommendation)
class RecommendationAdmin(LookOnly):
    list_display = ("number", "name_en", "name_zh", "slug")
    list_display_links = ("name_en",)


@admin.register(Ask)
class AskAdmin(LookOnly):
    list_display = ("name_en", "recommendation", "mode", "slug")
    search_fields = ("name_en", "name_zh", "slug", "recommendation__name_en")
    list_select_related = ("recommendation",)
