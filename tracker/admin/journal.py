"""The log, the journal of decisions and the codings: to look into, never to change."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tracker.admin.lists import Blinded, LookOnly
from tracker.models import Claim, Coding, Decision, PairJudgement, Revision


@admin.register(Revision)
class RevisionAdmin(Blinded):
    list_display = ("sequence", "event_id", "kind", "who", "written_at", "why")
    list_filter = ("kind",)
    search_fields = ("event__pk", "why", "who")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")


@admin.register(Decision)
class DecisionAdmin(Blinded):
    list_display = ("at", "event_id", "action", "status_before", "status_after", "by", "seconds", "reason")
    list_filter = ("action", "status_after", "suggestion_shown")
    search_fields = ("event__pk", "reason")
    list_select_related = ("by",)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("before", "after")


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
class PairJudgementAdmin(LookOnly):
    list_display = ("said", "same", "by", "at")
    list_select_related = ("by", "article")

    @admin.display(description=_("pair"))
    def said(self, pair):
        return f"{pair.article.title[:80]} / {pair.event_id}"
