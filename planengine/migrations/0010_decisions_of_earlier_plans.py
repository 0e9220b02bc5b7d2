from django.db import migrations

FROM_JSON = """
    UPDATE planengine_plan AS plan
    SET decision = left(coalesce(plan.cache ->> 'decision', ''), 10),
        decision_reason = left(coalesce(plan.cache ->> 'reason', ''), 40),
        guard = left(coalesce(jsonb_path_query_first(plan.cache, '$.guards[0].guard') #>> '{}', ''), 40)
"""


class Migration(migrations.Migration):
    """What the cache decided on earlier plans, in columns. The tokens they saved are not known any more."""

    dependencies = [('planengine', '0009_decisions_and_tallies')]

    operations = [migrations.RunSQL(FROM_JSON, migrations.RunSQL.noop)]
