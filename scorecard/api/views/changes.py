"""The change feed: every revision in the order of the log, for exact mirrors."""

from __future__ import annotations

from scorecard import standings
from scorecard.api import parameters
from scorecard.api.serializers import record as shapes
from scorecard.api.views.base import Reading, public, reads
from scorecard.api.views.events import change
from tracker.models import Head, Revision

AFTER = parameters.number(
    "after", "The last sequence number you hold.", least=0, most=(1 << 53) - 1, default=0, example=0
)
LIMIT = parameters.number("limit", "How many.", least=1, most=1000, default=500, example=2)


@reads(operation_id="changes", responses=shapes.Changes, tags=["Mirror"])
class Changes(Reading):
    """Every revision after a sequence number: create, update, merge, split, supersede, retract, restore.

    Numbers are 1, 2, 3 … without gaps. Write each `record` as JSON without spaces, one a line, and your file
    equals `/api/v1/exports/record.jsonl` byte for byte, however long you were away. Each `digest` chains the
    revision to the one before it.
    """

    parameters = (AFTER, LIMIT)

    def version(self):
        # What stands beside the log moves no revision.
        return standings.head().rpartition("-")[0]

    def answer(self, asked, **place):
        head = Head.objects.filter(id=1).first() or Head()
        rows = Revision.objects.filter(sequence__gt=asked["after"], sequence__lte=head.sequence)
        found = list(rows.order_by("sequence")[: asked["limit"]])
        last = found[-1].sequence if found else min(asked["after"], head.sequence)
        return {
            "head": {"sequence": head.sequence, "digest": head.digest},
            "next": public(f"/api/v1/changes/?after={last}&limit={asked['limit']}"),
            "complete": last >= head.sequence,
            "results": [change(revision) for revision in found],
        }
