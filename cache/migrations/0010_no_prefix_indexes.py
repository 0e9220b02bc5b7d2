from django.db import migrations

INDEXES = {
    "cache_entry_id_e3b2c068_like": ("cache_entry", "id"),
    "cache_entry_project_id_a79ea350_like": ("cache_entry", "project_id"),
    "cache_entryuse_entry_id_f4f8ae21_like": ("cache_entryuse", "entry_id"),
    "cache_entryvector_entry_id_4ee10e3a_like": ("cache_entryvector", "entry_id"),
    "cache_entryvector_scope_8203fd73_like": ("cache_entryvector", "scope"),
}


class Migration(migrations.Migration):
    """Django makes an index for searches by the beginning of a text beside each of these. Nothing searches so, and
    every entry stored or deleted would pay for five."""

    dependencies = [('cache', '0009_pins_never_expire')]

    operations = [
        migrations.RunSQL(
            f'DROP INDEX IF EXISTS "{name}"',
            f'CREATE INDEX "{name}" ON "{table}" ("{column}" varchar_pattern_ops)',
        )
        for name, (table, column) in INDEXES.items()
    ]
