"""A row of asks set by hand and of statements of completeness may take an earlier one back.

SQLite makes such a table anew, and its triggers go with the old one: they are put back behind it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = ("tracker_asksetting", "tracker_completeness")
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: rows are never changed or deleted'); END;
"""


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(SQLITE.format(table=table, verb=verb))


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in TABLES:
            for verb in ("UPDATE", "DELETE"):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


class Migration(migrations.Migration):

    dependencies = [
        ('tracker', '0024_confirmations_taken_back'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(release, guard),
        migrations.AddField(
            model_name='asksetting',
            name='withdraws',
            field=models.OneToOneField(blank=True, editable=False, help_text='The earlier row that does not hold from the day of this one on.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='tracker.asksetting', verbose_name='takes back'),
        ),
        migrations.AddField(
            model_name='completeness',
            name='withdraws',
            field=models.OneToOneField(blank=True, editable=False, help_text='The earlier row that does not hold from the day of this one on.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='tracker.completeness', verbose_name='takes back'),
        ),
        migrations.AlterField(
            model_name='asksetting',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AlterField(
            model_name='asksetting',
            name='rung',
            field=models.PositiveSmallIntegerField(help_text='0 (nothing), or a strength from 1 (words) to 5 (operating).', null=True, verbose_name='rung'),
        ),
        migrations.AlterField(
            model_name='asksetting',
            name='start',
            field=models.DateField(help_text='First day it holds.', null=True, verbose_name='from'),
        ),
        migrations.AlterField(
            model_name='completeness',
            name='day',
            field=models.DateField(null=True, verbose_name='complete to'),
        ),
        migrations.AddConstraint(
            model_name='asksetting',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdraws', None), ('rung__isnull', False), ('start__isnull', False)), models.Q(('withdraws__isnull', False), ('rung', None), ('start', None)), _connector='OR'), name='setting_states_or_takes_back'),
        ),
        migrations.AddConstraint(
            model_name='completeness',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdraws', None), ('day__isnull', False)), models.Q(('withdraws__isnull', False), ('day', None)), _connector='OR'), name='completeness_states_or_takes_back'),
        ),
        migrations.RunPython(guard, release),
    ]
