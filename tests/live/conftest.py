"""Data directories for real servers: with short paths, and cleared of processes before they are removed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from orra.postgres import stop_postgres
from orra.runs import StartedStack, running_stack

# What the test run set for itself; a stack under test has its own services.
OWN: dict[str, str | None] = dict.fromkeys(
    (
        "DATABASE_URL",
        "BROKER_URL",
        "SECRET_KEY",
        "ORRA_DATA_DIR",
        "DJANGO_SETTINGS_MODULE",
        "PROMETHEUS_MULTIPROC_DIR",
    )
)

StartStack = Callable[..., AbstractContextManager[StartedStack]]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not tmp_path: pytest closes its folder to other users whenever a second run begins.
    folder = Path(tempfile.mkdtemp(prefix="orra-live-"))
    yield folder
    stop_postgres(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start_stack(data_dir: Path) -> StartStack:
    """``start_stack(environment)``: a context manager that gives a ready stack with one web process."""

    def start(**environment: str | None) -> AbstractContextManager[StartedStack]:
        variables = {**OWN, "WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "2", **environment}
        return running_stack(data_dir, variables)

    return start
