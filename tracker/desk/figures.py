"""The editor's page: the queue, the work, the machine, the coders' agreement, what we saw."""

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from tracker import agreement, measures
from tracker.desk import words
from tracker.desk.views import desk_view, languages


@desk_view("tracker.view_decision")
@require_GET
def figures(request):
    acceptance = [row | {"name": words.SHORT[row["rec"]]} for row in measures.acceptance()]
    return render(
        request,
        "desk/figures.html",
        {
            "queue": measures.queue_now(),
            "days": measures.days(),
            "seconds": measures.seconds_each(),
            "acceptance": acceptance,
            "pull": measures.pull(),
            "agreement": [_named(row) for row in agreement.figures()],
            "coverage": measures.coverage(),
            "sources": measures.sources(),
            "languages": languages(request),
            "title": _("Figures"),
        },
    )


def _named(row):
    fields = {
        "relevant": _("relevant or not"),
        "actors": _("actors"),
        "certainty": _("certainty"),
        "direction": _("direction"),
        "strength": _("strength"),
    }
    return row | {
        "field": fields[row["field"]],
        "recommendation": words.SHORT.get(row["recommendation"], _("all")),
    }
