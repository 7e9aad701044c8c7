"""The record coded again: an editor draws events by lot, sees how far that has come, and takes raw codings along."""

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from tracker import agreement, recoding, triage, wording
from tracker.desk.views import desk_view, languages
from tracker.models import MachineCoding
from tracker.triage.steps import DECIDE, REVIEW

USUAL = 60
FORMS = {
    "jsonl": (recoding.jsonl, "application/jsonl; charset=utf-8"),
    "csv": (recoding.csv_lines, "text/csv; charset=utf-8"),
}


@desk_view(REVIEW)
@require_http_methods(["GET", "POST"])
def draws(request):
    """Every draw with its progress and strata; POST draws anew."""
    if request.method == "POST":
        asked = request.POST.get("count", "")
        try:
            row = recoding.draw(int(asked) if asked.isascii() and asked.isdigit() else 0, request.user)
        except triage.Refused as error:
            messages.error(request, str(error))
        else:
            count = sum(row.strata.values())
            said = ngettext("%(count)d event was drawn.", "%(count)d events were drawn.", count)
            messages.success(request, said % {"count": count})
        return redirect("desk:draws")
    return render(
        request,
        "desk/draws.html",
        {
            "draws": [_described(row) for row in recoding.progress()],
            "usual": USUAL,
            "most": recoding.MOST,
            "kinds": agreement.by_kind(),
            "machines": MachineCoding.objects.count(),
            "forms": list(FORMS),
            "languages": languages(request),
            "title": _("The record coded again"),
        },
    )


@desk_view(DECIDE)
@require_GET
def codings(request, form):
    """Every coding of what was coded twice, people under numbers."""
    if form not in FORMS:
        raise Http404
    made, kind = FORMS[form]
    answer = StreamingHttpResponse(made(), content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="codings.{form}"'
    return answer


def _described(row):
    parts = {"talk": _("talk"), "commitment": _("commitments"), "deed": _("deeds")}
    strata = []
    for name, count in row.strata.items():
        slug, _space, part = name.partition(" ")
        strata.append((f"{wording.short(slug)}: {parts[part]}" if part else "–", count))
    return {"row": row, "strata": strata, "total": row.total, "done": row.done}
