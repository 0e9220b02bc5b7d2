"""The signs of life of a stack's processes."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from orra.embedded.postgres import ensure_postgres
from tests.live.client import until
from tests.live.conftest import StartStack

pytestmark = pytest.mark.live

KINDS = {"web", "worker", "beat", "ticks"}


def kinds(data_dir: Path) -> set[str]:
    with psycopg.connect(ensure_postgres(data_dir)) as database:
        return {kind for (kind,) in database.execute("SELECT kind FROM planengine_heartbeat")}


def test_processes_tell_that_they_are_alive_until_they_end(start_stack: StartStack, data_dir: Path) -> None:
    with start_stack():
        until(lambda: kinds(data_dir) == KINDS)

    assert kinds(data_dir) == {"ticks"}  # nobody's own
