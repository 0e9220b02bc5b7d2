"""Many plans at a time by a slow model: a worker holds a connection for each of its threads, and one more."""

from __future__ import annotations

from pathlib import Path

import pytest

from planengine.api.hits.storing import MOST_CONNECTIONS
from tests.live.slow_model import slow_run

pytestmark = pytest.mark.live

AT_ONCE = 20
WEB_PROCESSES = 1
WEB_THREADS = 4
# Longer than a lease goes without being renewed.
SECONDS = 2.0


def test_what_a_stack_holds_is_bounded_however_many_plans_are_made(data_dir: Path) -> None:
    web = {"WEB_CONCURRENCY": str(WEB_PROCESSES), "WEB_THREADS": str(WEB_THREADS)}
    with slow_run(data_dir, at_once=AT_ONCE, seconds=SECONDS, **web) as run:
        idle, *stages = run.stages(3 * AT_ONCE, every=AT_ONCE)

    assert run.server.peak == AT_ONCE
    for stage in stages:
        assert stage.peak.model <= AT_ONCE
        # The worker's threads and the one that renews leases; the web's threads, the one that sees who is finished
        # and the connections that store hits; every process's sign of life (worker, beat, web); and whoever of the
        # stack looks in for a moment.
        of_web = WEB_THREADS + 1 + MOST_CONNECTIONS
        assert stage.peak.database <= AT_ONCE + 1 + WEB_PROCESSES * of_web + 2 + WEB_PROCESSES + 3
        assert stage.peak.threads <= idle.peak.threads + AT_ONCE + 10
    first, *_, last = (stage.peak for stage in stages)
    assert last.threads <= first.threads + 3
    assert last.files <= first.files + 10
