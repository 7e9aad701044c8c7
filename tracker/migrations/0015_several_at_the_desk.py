"""Claims of pages, saved views, whose words a rationale is, and the publisher's own clock."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tracker", "0014_codes_that_people_wrote"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='article',
            name='published_offset',
            field=models.SmallIntegerField(blank=True, help_text="Minutes by which the publisher's clock is ahead of UTC, as it stated them.", null=True, verbose_name='offset'),
        ),
        migrations.AddField(
            model_name='assessment',
            name='words',
            field=models.CharField(blank=True, choices=[('', 'not noted'), ('own', "the analyst's own"), ('taken', "the machine's draft, taken over by the analyst"), ('machine', "the machine's, which nobody has read over")], db_default='', default='', max_length=8, verbose_name='whose words'),
        ),
        migrations.AddField(
            model_name='claim',
            name='pages',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text="Which of the analyst's open pages hold it, each until when: only that page gives it back.", verbose_name='pages'),
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('tab', models.CharField(default='queue', max_length=20, verbose_name='tab')),
                ('query', models.CharField(blank=True, max_length=300, verbose_name='search')),
                ('order', models.CharField(blank=True, max_length=20, verbose_name='order')),
                ('shared', models.BooleanField(default=False, help_text='Everybody at the desk sees it.', verbose_name='shared')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'ordering': ['name', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('by', 'name'), name='one_saved_view_per_analyst_and_name')],
            },
        ),
    ]
