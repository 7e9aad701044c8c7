"""The codebook's versions, append-only like the log. The function of PostgreSQL is the one of 0002."""

from django.db import migrations, models

TABLE = "tracker_codebookversion"
SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: rows are never changed or deleted'); END;
"""
POSTGRES = (
    """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION tracker_append_only();
""",
    """
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION tracker_append_only();
""",
)


def guard(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in POSTGRES:
            schema_editor.execute(statement.format(table=TABLE), params=None)
        return
    for verb in ("UPDATE", "DELETE"):
        schema_editor.execute(SQLITE.format(table=TABLE, verb=verb))


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("append_only", "no_truncate"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_{name} ON {TABLE}", params=None)
        return
    for verb in ("UPDATE", "DELETE"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}")


class Migration(migrations.Migration):

    dependencies = [
        ('tracker', '0009_no_truncate'),
    ]

    operations = [
        migrations.CreateModel(
            name='CodebookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.CharField(max_length=20, unique=True, verbose_name='version')),
                ('in_force', models.DateField(help_text='Empty: from the beginning of the record.', null=True, verbose_name='in force from')),
                ('body', models.TextField(help_text="The codebook's content, one line of JSON.", verbose_name='codebook')),
                ('content', models.CharField(max_length=64, verbose_name='digest of the content')),
                ('previous', models.CharField(max_length=64, unique=True, verbose_name='digest before')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='digest')),
            ],
            options={
                'verbose_name': 'version of the codebook',
                'verbose_name_plural': 'versions of the codebook',
                'ordering': ['id'],
            },
        ),
        migrations.AlterField(
            model_name='recommendation',
            name='number',
            field=models.PositiveSmallIntegerField(help_text='Place in the codebook, counted from 1.', unique=True, verbose_name='number'),
        ),
        migrations.RunPython(guard, release),
    ]
