"""How much the database holds, told in the same time however much it is."""

from __future__ import annotations

from dataclasses import dataclass

from cache.models import Entry
from orra.base.database.replica import read_connection

MOST_COUNTED = 10_000


@dataclass(frozen=True)
class Held:
    """A number of rows; ``exact`` is false for one that is estimated or only a lower bound."""

    number: int
    exact: bool


def database_bytes() -> int:
    with read_connection().cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def entries(project_id: str = "") -> Held:
    """Cache entries of one project, counted up to ``MOST_COUNTED``, or of all: beyond that, as the database's own
    statistics have it."""
    rows = Entry.objects.filter(project=project_id) if project_id else Entry.objects.all()
    number = rows.order_by()[:MOST_COUNTED].count()
    if number < MOST_COUNTED:
        return Held(number, exact=True)
    if project_id:
        return Held(number, exact=False)
    with read_connection().cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [Entry._meta.db_table])
        return Held(max(number, int(cursor.fetchone()[0])), exact=False)
