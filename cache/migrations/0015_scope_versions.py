from django.db import migrations, models

# Every statement that changes an entry, a vector or an observed word of a scope puts its transaction's number there.
# Numbers of earlier transactions go, but for those that another transaction is just taking away: nobody waits here.
# So no two states of a scope have the same numbers. One transaction puts one number, however much it changes.
FUNCTIONS = """
CREATE FUNCTION cache_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH earlier AS (
        DELETE FROM cache_scopeversion WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM cache_scopeversion
            WHERE scope IN (SELECT scope FROM changed) AND transaction <> pg_current_xact_id()::text::bigint
            FOR UPDATE SKIP LOCKED
        ))
    )
    INSERT INTO cache_scopeversion (scope, transaction)
    SELECT DISTINCT scope, pg_current_xact_id()::text::bigint FROM changed
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- Of an UPDATE, for what moves from one scope to another.
CREATE FUNCTION cache_note_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (
        SELECT scope FROM before UNION SELECT scope FROM changed
    ), earlier AS (
        DELETE FROM cache_scopeversion WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM cache_scopeversion
            WHERE scope IN (SELECT scope FROM moved) AND transaction <> pg_current_xact_id()::text::bigint
            FOR UPDATE SKIP LOCKED
        ))
    )
    INSERT INTO cache_scopeversion (scope, transaction)
    SELECT scope, pg_current_xact_id()::text::bigint FROM moved
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""
NO_FUNCTIONS = "DROP FUNCTION cache_note_change(); DROP FUNCTION cache_note_changes();"

# A vector that goes along with its entry is told by that: else a thousand entries would tell it a thousand times.
TRIGGERS = """
CREATE TRIGGER note_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cache_note_change();
CREATE TRIGGER note_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION cache_note_changes();
CREATE TRIGGER note_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION cache_note_change();
"""
NO_TRIGGERS = """
DROP TRIGGER note_insert ON {table}; DROP TRIGGER note_update ON {table}; DROP TRIGGER note_delete ON {table};
"""
TABLES = ("cache_entry", "cache_entryvector", "cache_observedword")

# A scope without a number is one of which nothing is remembered. Before the triggers, which lock the tables until the
# end: nobody remembers anything yet.
FIRST = """
INSERT INTO cache_scopeversion (scope, transaction)
SELECT DISTINCT scope, pg_current_xact_id()::text::bigint FROM cache_entry
"""


class Migration(migrations.Migration):
    """What hits by meaning rest on has a version."""

    dependencies = [("cache", "0014_jobs")]
    release_before = "Its statements fire the triggers, which write a row that it does not know."

    operations = [
        migrations.CreateModel(
            name="ScopeVersion",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "scope", "transaction", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("scope", models.CharField(max_length=64)),
                ("transaction", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *(migrations.RunSQL(TRIGGERS.format(table=table), NO_TRIGGERS.format(table=table)) for table in TABLES),
    ]
