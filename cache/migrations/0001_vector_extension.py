from django.db import migrations
from pgvector.django import VectorExtension


class Migration(migrations.Migration):
    """The database role must be allowed to create the extension, or an administrator must have created it."""

    dependencies = []

    operations = [VectorExtension()]
