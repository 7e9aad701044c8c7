"""Record format 1.1: how far an act reaches, when it ends by its own terms, what it suspends, what comes next."""

import importlib

from django.conf import settings
from django.db import migrations, models

status_moves = importlib.import_module("tracker.migrations.0005_status_moves")


def guard_again(apps, schema_editor):
    """SQLite copies a table to add columns to it, and the copy has none of the triggers."""
    if schema_editor.connection.vendor == "sqlite":
        status_moves.release(apps, schema_editor)
        status_moves.guard(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('tracker', '0011_event_codes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='assessment',
            name='rationale_zh',
            field=models.TextField(blank=True, db_default='', default='', max_length=2000, verbose_name='rationale in Chinese'),
        ),
        migrations.AddField(
            model_name='event',
            name='due',
            field=models.CharField(blank=True, db_default='', default='', help_text='Day or month that its own text names for a next step.', max_length=10, verbose_name='due'),
        ),
        migrations.AddField(
            model_name='event',
            name='due_what',
            field=models.CharField(blank=True, db_default='', default='', max_length=500, verbose_name='what is due'),
        ),
        migrations.AddField(
            model_name='event',
            name='due_what_zh',
            field=models.CharField(blank=True, db_default='', default='', max_length=500, verbose_name='what is due, in Chinese'),
        ),
        migrations.AddField(
            model_name='event',
            name='reach',
            field=models.CharField(choices=[('wide', 'wide'), ('local', 'local')], db_default='wide', default='wide', help_text='National or international, or one state, city, site.', max_length=5, verbose_name='reach'),
        ),
        migrations.AddField(
            model_name='event',
            name='stage',
            field=models.CharField(blank=True, choices=[('bill', 'bill'), ('draft', 'draft'), ('probe', 'probe'), ('plan', 'plan')], db_default='', default='', help_text='What waits for a next step.', max_length=5, verbose_name='stage'),
        ),
        migrations.AddField(
            model_name='event',
            name='suspends',
            field=models.JSONField(blank=True, db_default=[], default=list, help_text='Ids of earlier events that sleep until its own last day.', verbose_name='suspends'),
        ),
        migrations.AddField(
            model_name='event',
            name='until',
            field=models.DateField(blank=True, help_text='First day on which it no longer counts, where the act itself names one.', null=True, verbose_name='until'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('reach__in', ('wide', 'local'))), name='event_reach_is_known'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ('', 'bill', 'draft', 'probe', 'plan'))), name='event_stage_is_known'),
        ),
        migrations.RunPython(guard_again, guard_again),
    ]
