from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0018_guarded_head")]
    operations = [
        migrations.AddField(
            model_name="preference",
            name="public_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Shown to readers beside what this analyst decides. Empty: initials.",
                max_length=150,
                verbose_name="public name",
            ),
        ),
    ]
