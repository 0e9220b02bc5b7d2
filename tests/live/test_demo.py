"""``manage.py demo`` as a newcomer runs it: its own data directory, nothing configured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.client import Client
from orra.embedded import BASE_DIR
from orra.runs import running, running_stack

pytestmark = pytest.mark.live

CONFIGURED = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "PORT", "LLM_", "EMBEDDINGS_", "ORRA_")
UNCONFIGURED = {name: None for name in os.environ if name.startswith(CONFIGURED)}


def run_demo(data_dir: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in UNCONFIGURED}
    return subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=BASE_DIR,
        env={**clean, "ORRA_DATA_DIR": str(data_dir), "COLUMNS": "90"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(data_dir: Path) -> subprocess.CompletedProcess[str]:
    return run_demo(data_dir)


def test_everything_comes_out_as_told(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "NOT AS TOLD" not in demo.stdout
    for line in (
        "the composer",
        "cache, same template",
        "cache, same meaning",
        "near miss:",
        "no plan: not actionable",
        "no plan: failed",
        "ORCHESTRATION ERROR",
        "HOW TO FIX",
        "2 of them served from the cache: 2 planner calls saved",
        "┌ task2 ",
        "make up",
    ):
        assert line in demo.stdout


def test_it_fits_a_terminal_and_needs_no_colours(demo: subprocess.CompletedProcess[str]) -> None:
    table = demo.stdout.partition("# What was asked")[2].partition("Where to look next")[0]
    assert table
    assert max(map(len, table.splitlines())) <= 90
    assert "\x1b" not in demo.stdout


def test_it_leaves_nothing_running(demo: subprocess.CompletedProcess[str], data_dir: Path) -> None:
    assert demo.returncode == 0
    assert running(data_dir) is None


def test_it_uses_a_stack_that_runs_and_leaves_it_running(
    demo: subprocess.CompletedProcess[str], data_dir: Path
) -> None:
    with running_stack(data_dir, UNCONFIGURED) as stack:
        again = run_demo(data_dir)
        assert again.returncode == 0, again.stdout + again.stderr
        assert f"Using the plan engine that runs at {stack.url}." in again.stdout
        assert running(data_dir) is not None


def test_the_command_that_it_shows_is_an_exact_hit_after_a_restart(
    demo: subprocess.CompletedProcess[str], data_dir: Path
) -> None:
    command = re.search(r"curl -s http://127.0.0.1:8005/v1/plans.*?-d '(.*?)'\n", demo.stdout, re.DOTALL)
    assert command
    key = re.search(r"Bearer (sk-orra-v1-\w+)", command[0])
    assert key
    with running_stack(data_dir, UNCONFIGURED) as stack:
        plan = Client(stack.url, bearer=key[1]).call("POST", "/v1/plans", json.loads(command[1]))
    assert (plan["status"], plan["source"]) == ("ready", "exact")
