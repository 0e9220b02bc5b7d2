"""The SQL that makes figures of finished Plans: the same for what is added to the table and for what is not yet.

``FACTS`` are a Plan's columns that count. Only Plans that were planned have their attempts looked up, by index.
"""

from __future__ import annotations

from datetime import timedelta

from planengine.accounting.figures.durations import LEAST, MOST, PER_DOUBLING

FINE, COARSE = 300, 3600  # seconds
KEPT = {FINE: timedelta(days=1), COARSE: timedelta(days=31)}

FACTS = """
    plan.project_id, plan.finished_at, plan.decision, plan.decision_reason, plan.guard, plan.tokens_saved,
    plan.cost_saved, plan.status,
    coalesce(plan.source, 'none') AS source, coalesce(plan.error->>'code', '') AS code,
    extract(epoch FROM plan.finished_at - plan.created_at)::float8 AS seconds,
    made.drafts, made.calls, made.tokens, made.cost
"""

MADE = """
    LEFT JOIN LATERAL (
        SELECT count(*) AS drafts, count(*) FILTER (WHERE starts_with(planner, 'model:')) AS calls,
            coalesce(sum(coalesce(prompt_tokens, 0)::bigint + coalesce(completion_tokens, 0)), 0) AS tokens,
            sum(attempt.cost) AS cost
        FROM planengine_attempt AS attempt
        WHERE attempt.plan_id = plan.id AND coalesce(plan.source, 'none') IN ('model', 'composer', 'none')
    ) AS made ON true
"""

# What one Plan of ``fresh`` adds to: kind, name, how many, tokens, money.
KINDS = f"""
    CROSS JOIN LATERAL (VALUES
        ('decision', fresh.decision || ':' || fresh.decision_reason, 1, fresh.tokens_saved, fresh.cost_saved),
        ('outcome', left(fresh.status || ':' || fresh.code, 120), 1, 0, NULL),
        ('duration', fresh.source || ':' || round(
            {PER_DOUBLING} * ln(least(greatest(fresh.seconds, {LEAST:f}), {MOST:f})) / ln(2::float8)
        )::integer, 1, 0, NULL),
        ('attempts', fresh.drafts::text, CASE WHEN fresh.status = 'ready' AND fresh.drafts > 0 THEN 1 ELSE 0 END,
            0, NULL),
        ('calls', '', fresh.calls, fresh.tokens, fresh.cost)
    ) AS what (kind, name, number, tokens, cost)
"""

SLOT = "date_bin(slot.seconds * interval '1 second', fresh.finished_at, '2000-01-01 00:00:00+00')"

# Adds ``fresh`` to the figures, of a project and of all. A fine slot that would be deleted at once is left out.
# Parameters: fine (from when on fine slots are kept).
ADDED = f"""
    INSERT INTO planengine_figure AS figure (project_id, seconds, begun, kind, name, number, tokens, cost)
    SELECT fresh.project_id, slot.seconds, {SLOT} AS begun, what.kind, what.name,
        sum(what.number), coalesce(sum(what.tokens), 0), sum(what.cost)
    FROM fresh {KINDS} CROSS JOIN (VALUES ({FINE}), ({COARSE})) AS slot (seconds)
    WHERE fresh.for_figures AND what.number > 0 AND (slot.seconds = {COARSE} OR fresh.finished_at >= %(fine)s)
    GROUP BY GROUPING SETS (
        (fresh.project_id, slot.seconds, begun, what.kind, what.name),
        (slot.seconds, begun, what.kind, what.name)
    )
    ON CONFLICT (project_id, seconds, begun, kind, name) DO UPDATE
        SET number = figure.number + excluded.number,
            tokens = figure.tokens + excluded.tokens,
            cost = coalesce(figure.cost + excluded.cost, figure.cost, excluded.cost)
"""

# The most Plans that are counted because nobody has added them yet. What comes after them is not told.
MOST_FRESH = 20_000

# The mark as it was a moment ago tells the planner how few Plans there are to read; the mark as it is, in the same
# snapshot as the figures, which of them are not in the figures. ``of_project`` and ``owned`` are SQL; parameters:
# since, mark, seconds and, where they say so, project. The row of the kind ``fresh`` tells how many Plans were
# counted from themselves, and when the last of them finished.
READ = """
    WITH fresh AS MATERIALIZED (
        SELECT {facts} FROM (
            SELECT * FROM planengine_plan
            WHERE finished_at >= greatest(%(since)s, %(mark)s) {owned} AND finished_at >= coalesce(
                (SELECT coalesce(figures_until, counted_until) FROM planengine_tallymark), '-infinity'
            )
            ORDER BY finished_at LIMIT {most}
        ) AS plan {made}
    )
    SELECT begun, kind, name, sum(number)::bigint, sum(tokens)::bigint, sum(cost) FROM (
        SELECT begun, kind, name, number, tokens, cost FROM planengine_figure
        WHERE {of_project} AND seconds = %(seconds)s AND begun >= %(since)s
        UNION ALL
        SELECT {slot}, what.kind, what.name, what.number, coalesce(what.tokens, 0), what.cost
        FROM fresh {kinds} CROSS JOIN (VALUES (%(seconds)s)) AS slot (seconds) WHERE what.number > 0
    ) AS counted GROUP BY 1, 2, 3
    UNION ALL
    SELECT max(finished_at), 'fresh', '', count(*), 0, NULL FROM fresh
"""


def read(*, of_one_project: bool) -> str:
    return READ.format(
        facts=FACTS,
        made=MADE,
        kinds=KINDS,
        slot=SLOT,
        most=MOST_FRESH,
        owned="AND project_id = %(project)s" if of_one_project else "",
        of_project="project_id = %(project)s" if of_one_project else "project_id IS NULL",
    )
