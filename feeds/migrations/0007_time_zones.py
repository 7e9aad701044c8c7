"""In which time zone a publisher's day begins."""

import feeds.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("feeds", "0006_whole_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name='feed',
            name='time_zone',
            field=models.CharField(blank=True, db_default='', default='', help_text="Where its publisher's day begins, as Asia/Shanghai. For times without an offset, and for those in UTC.", max_length=60, validators=[feeds.models.a_time_zone], verbose_name='time zone'),
        ),
    ]
