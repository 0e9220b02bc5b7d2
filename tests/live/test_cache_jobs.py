"""An eviction by a filter, begun and watched in the admin of a running stack, outlives its worker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from orra.embedded.postgres import ensure_postgres
from tests.live.client import Operator, asked, until
from tests.live.conftest import Shop, in_stack
from tests.live.test_faults import kill

pytestmark = pytest.mark.live

MORE = 2_100  # with the one that was planned two whole batches, and a third
FILL = f"""
from benchmarks.many_rows import bulk
from cache.models import Entry
entry = Entry.objects.latest("created_at")
bulk.load(like=entry, vectors=bulk.Directions().draw({MORE}))
print('"' + entry.project_id + '"')
"""
HOLD = """
    SELECT id FROM cache_entry
    WHERE id = (SELECT id FROM cache_entry WHERE project_id = %s ORDER BY created_at, id OFFSET %s LIMIT 1)
    FOR UPDATE
"""


@contextmanager
def held(shop: Shop, project: str, place: int) -> Iterator[None]:
    """No batch with the entry at this place, from the oldest, can be worked off meanwhile."""
    with psycopg.connect(ensure_postgres(shop.stack.data_dir)) as connection:
        assert connection.execute(HOLD, [project, place]).fetchone()
        yield


def test_a_killed_workers_job_goes_on_behind_its_last_batch(shop: Shop) -> None:
    assert shop.client.ask("Refund order A-1", order_id="A-1", wait=60)[1]["status"] == "ready"
    project = in_stack(shop.stack, FILL)
    assert shop.stack.credentials is not None
    operator = Operator(shop.stack.url, shop.stack.credentials.operator, shop.stack.credentials.password)
    chosen = {"do": "evict", "project": project, "service": "refund_payment"}

    def shown() -> int:
        [percent] = re.findall(r'<progress [^>]*value="(\d+)"', operator.get(job))
        return int(percent)

    with held(shop, project, 2_050):
        with held(shop, project, 1_500):
            page = operator.post("/admin/cache/cachejob/start/", **chosen)
            assert "evict 2,101 entries" in page
            [token] = re.findall(r'name="confirmed" value="(\w+)"', page)
            operator.post("/admin/cache/cachejob/start/", confirmed=token, **chosen)
            job = operator.at
            until(lambda: shown() == 47)
            kill(shop.stack, "worker")
        assert shown() == 47
        until(lambda: shown() == 95, seconds=120)
    until(lambda: shown() == 100)

    page = operator.get(job)
    assert "2,101 evicted, of about 2,101" in page
    assert asked(shop.stack.data_dir, f"SELECT count(*) FROM cache_entry WHERE project_id = '{project}'") == 0
    assert "Done: 2,101 entries evicted." in operator.get("/admin/admin/logentry/")
    taken_up = f"SELECT lease_token FROM cache_cachejob WHERE project_id = '{project}'"
    assert asked(shop.stack.data_dir, taken_up) >= 2
