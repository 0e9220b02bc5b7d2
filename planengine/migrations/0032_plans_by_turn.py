from django.db import migrations, models

from orra.base.database.migrating import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("planengine", "0031_rows_go_with_what_they_are_of")]

    operations = [
        AddIndexOnline(
            model_name="plan",
            index=models.Index(
                condition=models.Q(("status__in", ("pending", "planning"))),
                fields=["status", "project", "created_at", "id"],
                name="plan_by_turn",
            ),
        ),
    ]
