"""The seven recommendations and their asks."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound

from scorecard.api.serializers import record as shapes
from scorecard.api.views.base import Reading, public, reads
from scorecard.api.views.scores import SLUG, known
from tracker.models import Recommendation


@reads(operation_id="recommendations", responses=shapes.Recommendations, tags=["Record"])
class Recommendations(Reading):
    """The seven recommendations, what advances and undermines each, and what each asks for."""

    def answer(self, asked, **place):
        rows = Recommendation.objects.prefetch_related("asks")
        found = [_recommendation(row) for row in rows]
        return {"total": len(found), "results": found}


@reads(
    operation_id="recommendation", parameters=[SLUG], responses=shapes.RecommendationShape, tags=["Record"]
)
class OneRecommendation(Reading):
    """One recommendation."""

    def answer(self, asked, slug):
        row = Recommendation.objects.prefetch_related("asks").filter(slug=known(slug)).first()
        if row is None:
            raise NotFound("The recommendations have not been seeded.")
        return _recommendation(row)


def _recommendation(row: Recommendation) -> dict[str, Any]:
    words = [
        f"{part}_{tongue}"
        for part in ("name", "summary", "advances", "undermines")
        for tongue in ("en", "zh")
    ]
    ask_words = ("slug", "name_en", "name_zh", "description_en", "description_zh", "mode", "actors")
    return {
        "slug": row.slug,
        "number": row.number,
        **{name: getattr(row, name) for name in words},
        "asks": [{name: getattr(ask, name) for name in ask_words} for ask in row.asks.all()],
        "page": public(f"/recommendations/{row.slug}/"),
    }
