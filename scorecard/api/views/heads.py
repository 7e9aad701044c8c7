"""Heads of the log, and the countersignatures of those who mirror it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied

from scorecard import conditional, editions
from scorecard.api.problems import Branched, Invalid
from scorecard.api.serializers import record as shapes
from scorecard.api.serializers.writing import CountersignatureInput
from scorecard.api.views.about import DAYS
from scorecard.api.views.base import Reading, View, reads
from scorecard.api.views.disputes import checked, created
from scorecard.api.views.exports import AsAddressed
from tracker import log


@reads(operation_id="heads", responses=shapes.LogHeads, tags=["About"])
class Heads(Reading):
    """The head of the log at the end of each of the latest days on which it grew, with who countersigned it: keep one,
    and nobody can rewrite what came before it without your seeing it."""

    parameters = (DAYS,)

    def answer(self, asked, **place):
        heads = log.heads(asked["days"])
        signed = editions.countersignatures(sequence for _day, sequence, _digest in heads)
        found = [
            {
                "day": day.isoformat(),
                "sequence": sequence,
                "digest": digest,
                "countersignatures": signed[sequence],
            }
            for day, sequence, digest in heads
        ]
        return {"total": len(found), "results": found}

    @extend_schema(
        operation_id="countersign",
        summary="Countersign a head of the log",
        request=CountersignatureInput,
        responses={
            201: shapes.CountersignatureShape,
            200: OpenApiResponse(shapes.CountersignatureShape, description="It was here already."),
        },
        tags=["Mirror"],
    )
    def post(self, request):
        """For those who mirror the log: state that on a day you saw it end with this revision, signed with a key that
        the operator trusts. No other key is needed. `mirror.py` does it. A head that this log has not is a 409, and
        the operator is told."""
        self.asked_nothing()
        try:
            row, is_new = editions.take_countersignature(checked(CountersignatureInput, request))
        except editions.UnknownKey as wrong:
            raise PermissionDenied(str(wrong)) from None
        except editions.Unsigned as wrong:
            name, _colon, reason = str(wrong).partition(": ")
            raise Invalid([{"name": name, "reason": reason}]) from None
        except editions.Parted as wrong:
            raise Branched(str(wrong)) from None
        return created(editions.published(row), status=201 if is_new else 200)


class Mirror(View):
    """`mirror.py`: mirrors the log, checks it and countersigns its head, with Python and openssl."""

    content_negotiation_class = AsAddressed

    @extend_schema(
        operation_id="mirror",
        responses={(200, "text/x-python"): OpenApiResponse(OpenApiTypes.STR, description="The program.")},
        tags=["Mirror"],
    )
    def get(self, request: Any) -> HttpResponse:
        self.asked()
        return conditional.answer(
            request, "mirror", editions.mirror, media_type="text/x-python; charset=utf-8"
        )
