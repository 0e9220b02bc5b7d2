from django.db import migrations, models


class Migration(migrations.Migration):
    """An entry tells whether somebody said that its plan is right."""

    dependencies = [("cache", "0015_scope_versions")]

    operations = [
        migrations.AddField(
            "entry",
            "confirmed_at",
            models.DateTimeField(
                blank=True, help_text="When somebody said that its plan is right for its template.", null=True
            ),
        ),
    ]
