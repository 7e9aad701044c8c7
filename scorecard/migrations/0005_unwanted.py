import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scorecard", "0003_letters")]
    operations = [
        migrations.CreateModel(
            name="Unwanted",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "digest",
                    models.CharField(
                        help_text="HMAC-SHA256 of the address.", max_length=64, unique=True, verbose_name="digest"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="since"
                    ),
                ),
            ],
            options={
                "verbose_name": "address that wants no mail",
                "verbose_name_plural": "addresses that want no mail",
                "ordering": ["-id"],
            },
        ),
    ]
