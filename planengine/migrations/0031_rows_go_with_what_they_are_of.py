from django.db import migrations

from orra.base.database.migrating import CascadesInDatabase


class Migration(migrations.Migration):
    """A release that does not know these tables deletes projects and keys as before."""

    dependencies = [("planengine", "0030_failed_logins")]

    operations = [CascadesInDatabase("turn", "project"), CascadesInDatabase("keyuse", "key")]
