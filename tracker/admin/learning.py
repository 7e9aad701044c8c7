"""What the machine has learnt, in the admin: versions of the tagger with their figures, the voices and how they are
weighed, and what an outside model answered."""

from celery import current_app
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tracker import second_opinion, tagger_versions, tagging, vocabulary
from tracker.admin.base import LookOnly, ShownOnly, queued
from tracker.models import AnswerForm, SecondOpinion, TaggerVersion
from tracker.second_opinion import weighing
from tracker.tagging.learnt import learnt

KINDS = {
    "act": _("reports of acts on record"),
    "near miss": _("reports that are nearly acts"),
    "background": _("items of feeds that are no acts"),
    "record": _("acts of the record"),
    "written": _("reports of acts written for it"),
    "written near": _("near misses written for it"),
    "written ordinary": _("ordinary items written for it"),
    "decision": _("decided reports"),
    "near decision": _("rejected reports"),
    "unrelated": _("rejected as off the subject"),
}


@admin.register(TaggerVersion)
class TaggerVersionAdmin(ShownOnly):
    list_display = ["name", "trained_at", "serving_since", "micro_f1", "order", "taught_by", "why"]
    fields = readonly_fields = ("name", "trained_at", "serving_since", "measures")
    actions = ["let_serve"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")

    def get_urls(self):
        own = [
            path(f"{deed}/", self.admin_site.admin_view(require_POST(view)), name=f"tagger_{deed}")
            for deed, view in (("retrain", self.retrain), ("back", self.back))
        ]
        return own + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        serving = tagger_versions.current()
        told = {
            "serving": serving.name if serving else "",
            "may_change": self.has_change_permission(request),
            "weights": weighing.learnt() if second_opinion.is_on() else None,
            "learnt": _learnt(),
        }
        return super().changelist_view(request, {**(extra_context or {}), **told})

    @admin.display(description=_("micro-F1"))
    def micro_f1(self, version):
        return version.measures.get("micro_f1")

    @admin.display(description=_("order of the queue"))
    def order(self, version):
        """Average precision over items as feeds deliver them, acts it never saw among them."""
        return version.measures.get("delivered_ap")

    @admin.display(description=_("learnt from"))
    def taught_by(self, version):
        kinds = version.measures.get("kinds") or {}
        decided = kinds.get("decision", 0) + kinds.get("near decision", 0)
        return _("%(decided)s decided reports of %(all)s texts") % {
            "decided": decided,
            "all": sum(kinds.values()),
        }

    @admin.display(description=_("why"))
    def why(self, version):
        return version.measures.get("why", "")

    @admin.action(description=_("Let this version serve"), permissions=["change"])
    def let_serve(self, request, queryset):
        version = queryset.first()
        if version is None:  # it went meanwhile
            return
        try:
            tagger_versions.serve(version)
        except tagging.model.ModelError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("%(name)s serves now.") % {"name": version.name})

    def retrain(self, request):
        """Train anew in the background: it takes a minute or two, longer than a page may."""
        self._may_change(request)
        if queued(request, current_app.signature("tracker.tasks.retrain"), queue="judging"):
            words = _(
                "Training has begun. The new version stands here when it is done; it serves if it is not worse."
            )
            self.message_user(request, words)
        return redirect(reverse("admin:tracker_taggerversion_changelist"))

    def back(self, request):
        self._may_change(request)
        version = tagger_versions.back()
        name = version.name if version else _("The version of the seeds")
        self.message_user(request, _("%(name)s serves now.") % {"name": name})
        return redirect(reverse("admin:tracker_taggerversion_changelist"))

    def _may_change(self, request):
        if not self.has_change_permission(request):
            raise PermissionDenied

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


def _learnt():
    """What the version that serves has learnt, ready to print."""
    told = learnt(tagger_versions.serving().model)
    return {
        "kinds": [(KINDS.get(kind, kind), number) for kind, number in told.kinds.items()],
        "speaks_for": told.speaks_for,
        "speaks_against": told.speaks_against,
        "recommendations": [
            (vocabulary.short(slug), words) for slug, words in told.by_recommendation.items() if words
        ],
        "publishers": told.publishers,
    }


@admin.register(SecondOpinion)
class SecondOpinionAdmin(LookOnly):
    list_display = ["digest", "model", "asked_at", "tries", "tokens_in", "tokens_out", "trouble"]
    list_filter = ["model"]
    fields = ("digest", "model", "asked_at", "tries", "tokens_in", "tokens_out", "answer", "trouble")


@admin.register(AnswerForm)
class AnswerFormAdmin(LookOnly):
    list_display = ["model", "address", "form", "without", "found_at"]

    def has_delete_permission(self, request, obj=None):
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
