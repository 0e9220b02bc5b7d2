"""Reading the entries that may serve: those of a template, and those of examples. A mark tells in one text what
the first are: it differs when any of them does, so whoever remembers them can find out whether they hold."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Q

from cache.examples.votes import COUNTER
from cache.models import Entry
from cache.requests import Request
from orra.base.database.rows import Rows
from orra.base.strictjson import Json

VARIANTS = 32

# The usable entries of exactly a template, and of these ids. Written out because every lookup asks them, and
# composing them anew each time costs more than their answers. What is not selected is fetched when it is looked
# at.
SERVING = Rows(
    Entry,
    *("id", "kind", "identity", "template_key", "template", "plan", "skeleton", "contested"),
    *("recipe", "services", "dependencies", "replan_reason", "cost", "expires_at"),
    also=("row_version",),
)


def _usable(columns: str) -> str:
    return f"SELECT {columns} FROM cache_entry WHERE expires_at > now() AND quarantined_at IS NULL"


def _of_template(columns: str) -> str:
    return f"""
        ({_usable(columns)} AND scope = %s AND template_key = %s AND identity IN ('', %s) AND kind = 'plan'
            ORDER BY created_at DESC LIMIT %s)
        UNION ALL ({_usable(columns)} AND project_id = %s AND template_key = %s AND kind = '{COUNTER}' LIMIT %s)
    """


# A row has another version after every change, which is what remembered rows are compared by.
WHOLE = f"{SERVING.columns}, cache_entry.xmin::text"
SAME_TEMPLATE = _of_template(WHOLE)
OF_IDS = f"{_usable(WHOLE)} AND id = ANY(%s)"
# One text that differs when any of the rows of :data:`SAME_TEMPLATE` does, or there is another.
MARK_OF_TEMPLATE = f"""
    SELECT coalesce(string_agg(id || ' ' || version, ',' ORDER BY id COLLATE "C"), '')
    FROM ({_of_template("id, xmin::text AS version")}) AS row
"""


def same_template(request: Request) -> tuple[Entry, ...]:
    """The usable entries of exactly the request's template, newest first, and its counter-examples."""
    return tuple(SERVING.fetch(SAME_TEMPLATE, values_of_template(request)))


def values_of_template(request: Request) -> list[Json]:
    """What :data:`SAME_TEMPLATE` and :data:`MARK_OF_TEMPLATE` take."""
    key = request.template.key
    return [request.scope.digest, key, request.identity, VARIANTS, request.scope.project_id, key, VARIANTS]


def mark_of(entries: Sequence[Entry]) -> str:
    """What :data:`MARK_OF_TEMPLATE` gives while these are the entries of the template."""
    versions: dict[str, str] = {entry.id: vars(entry)["row_version"] for entry in entries}
    return ",".join(f"{entry_id} {versions[entry_id]}" for entry_id in sorted(versions))


def of_ids(ids: Sequence[str]) -> list[Entry]:
    """Those of the entries that are usable."""
    return SERVING.fetch(OF_IDS, [list(ids)])


def serves_identical_only(request: Request) -> bool:
    """Whether there are plans for the request's template, and each is good for one identical request only: what is
    planned next will hardly serve others either."""
    same = Entry.objects.usable().plans().filter(scope=request.scope.digest, template_key=request.template.key)
    found = same.aggregate(any=Count("id"), reusable=Count("id", filter=Q(identity="")))
    return bool(found["any"]) and not found["reusable"]
