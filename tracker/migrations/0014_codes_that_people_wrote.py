"""Codes that a person wrote before there were confirmations are confirmed by that person on that day."""

import json

from django.db import migrations

from tracker.record import signature

FEW = 500


def confirm(apps, schema_editor):
    revision, decision = (apps.get_model("tracker", name) for name in ("Revision", "Decision"))
    confirmation = apps.get_model("tracker", "Confirmation")
    entered = set(decision.objects.filter(action="enter", by__isnull=False).values_list("event_id", "by_id"))
    people = set(revision.objects.filter(by__isnull=False).values_list("event_id", flat=True))
    seen, found = {}, []
    lines = revision.objects.order_by("sequence").values_list("event_id", "by_id", "body", "written_at")
    for event_id, by_id, body, written_at in lines.iterator(2000):
        if event_id not in people:
            continue
        record = json.loads(body)
        codes, before = signature(record), seen.setdefault(event_id, set())
        # Codes that stood before and stand again came by an undo, and a file that somebody sent was read by nobody.
        if by_id and codes not in before and not record["retracted"] and (event_id, by_id) not in entered:
            day = record["recorded_at"] or written_at.date()
            found.append(
                confirmation(event_id=event_id, signature=codes, how="written", by_id=by_id, day=day)
            )
        before.add(codes)
    confirmation.objects.bulk_create(found, batch_size=FEW, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0013_trust_in_codes")]
    operations = [migrations.RunPython(confirm, migrations.RunPython.noop)]
