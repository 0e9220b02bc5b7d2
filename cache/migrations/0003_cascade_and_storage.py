from django.db import migrations

CASCADES = """
ALTER TABLE cache_entryvector ADD CONSTRAINT entryvector_entry
    FOREIGN KEY (entry_id) REFERENCES cache_entry (id) ON DELETE CASCADE;
ALTER TABLE cache_entryuse ADD CONSTRAINT entryuse_entry
    FOREIGN KEY (entry_id) REFERENCES cache_entry (id) ON DELETE CASCADE;
"""
NO_CASCADES = """
ALTER TABLE cache_entryvector DROP CONSTRAINT entryvector_entry;
ALTER TABLE cache_entryuse DROP CONSTRAINT entryuse_entry;
"""

# MAIN keeps vectors in the row, where a scan finds them (4 times as fast as out of line), and moves one out
# only when it would not fit a page at all. Room in the pages of cache_entryuse makes its updates stay there.
STORAGE = """
ALTER TABLE cache_entryvector ALTER COLUMN embedding SET STORAGE MAIN;
ALTER TABLE cache_entryuse SET (fillfactor = 50);
"""
DEFAULT_STORAGE = """
ALTER TABLE cache_entryvector ALTER COLUMN embedding SET STORAGE EXTERNAL;
ALTER TABLE cache_entryuse RESET (fillfactor);
"""


class Migration(migrations.Migration):
    """Deleting an entry in SQL takes its vector and its counter along."""

    dependencies = [("cache", "0002_entries")]

    operations = [
        migrations.RunSQL(CASCADES, NO_CASCADES),
        migrations.RunSQL(STORAGE, DEFAULT_STORAGE),
    ]
