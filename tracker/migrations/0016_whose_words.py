"""Rationales that were made of the suggestion's words, and that nobody wrote, are said to be the machine's."""

from django.db import migrations

# As `triage.coding.reason_in_words` of the releases up to here wrote them.
BEGINS = "Reported in the words “"


def mark(apps, schema_editor):
    apps.get_model("tracker", "Assessment").objects.filter(rationale__startswith=BEGINS, words="").update(
        words="machine"
    )


class Migration(migrations.Migration):
    dependencies = [("tracker", "0015_several_at_the_desk")]
    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
