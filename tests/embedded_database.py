"""Gives the tests a Postgres of their own, in a temporary folder that goes away with it.

An early plugin (``-p tests.embedded_database``): pytest-django reads the settings, and they the environment,
before any conftest. ``TEST_DATABASE_URL`` names another server to use instead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import psutil

from orra.embedded.postgres import ensure_postgres, stop_postgres

PREFIX = "orra-tests-"


def start() -> None:
    remove_remains()
    data_dir = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    atexit.register(remove, data_dir, os.getpid())
    for name in [name for name in os.environ if name.startswith(("LLM_", "EMBEDDINGS_", "ORRA_", "ALERT_"))]:
        del os.environ[name]  # what the developer's shell configures must not decide how tests end
    url = os.environ.get("TEST_DATABASE_URL") or ensure_postgres(data_dir, throwaway=True)
    os.environ.update(
        DATABASE_URL=url,
        BROKER_URL="memory://",
        SLOW_STATEMENT_MS="0",  # whatever else the machine does
        SECRET_KEY="for tests only, and long enough for Django to be content with it",
        ORRA_DATA_DIR=str(data_dir),
    )


def remove(data_dir: Path, pid: int) -> None:
    if os.getpid() == pid:  # not in a fork of it
        stop_postgres(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def remove_remains() -> None:
    """Of runs that were killed; their servers ended with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


if "PYTEST_XDIST_WORKER" not in os.environ:  # workers inherit what the main process started
    start()
