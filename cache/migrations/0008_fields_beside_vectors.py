from django.db import migrations, models


class Migration(migrations.Migration):
    """The search by meaning prefers entries of the same fields. Vectors stored before have none: they come second
    until their entry is stored anew."""

    dependencies = [('cache', '0007_reembedding')]

    operations = [
        migrations.AddField(
            model_name="entryvector",
            name="fields",
            field=models.CharField(
                db_default="", default="", help_text="Digest of the params' names and types.", max_length=64
            ),
        ),
    ]
