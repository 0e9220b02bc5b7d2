from django.db import migrations

INDEX = '"planengine_plan_id_9d28e2e7_like"'


class Migration(migrations.Migration):
    """Django makes an index for searches by the beginning of an id. Nothing searches plans so, and every request
    would pay for it."""

    dependencies = [("planengine", "0004_flights")]

    operations = [
        migrations.RunSQL(
            f"DROP INDEX IF EXISTS {INDEX}",
            f'CREATE INDEX {INDEX} ON "planengine_plan" ("id" varchar_pattern_ops)',
        )
    ]
