"""``manage.py demo`` as a newcomer runs it: a data directory of its own, nothing configured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orra.demo.client import Client
from orra.embedded.defaults import BASE_DIR
from orra.embedded.runs import running, running_stack
from tests.live.client import WHOLE_PLANS
from tests.live.conftest import new_data_dir
from tests.servers.scripted import Request, Scripted, ScriptedServer, failure, final

pytestmark = pytest.mark.live

CONFIGURED = (
    "DATABASE_URL",
    "BROKER_URL",
    "SECRET_KEY",
    "PORT",
    "DJANGO_SETTINGS_MODULE",
    "LLM_",
    "EMBEDDINGS_",
    "ORRA_",
)
UNCONFIGURED: dict[str, str | None] = {name: None for name in os.environ if name.startswith(CONFIGURED)}

Finished = subprocess.CompletedProcess[str]


def run_demo(data_dir: Path, **environment: str) -> Finished:
    variables = {name: value for name, value in os.environ.items() if name not in UNCONFIGURED}
    return subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=BASE_DIR,
        env={**variables, "ORRA_DATA_DIR": str(data_dir), "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def shop_dir() -> Iterator[Path]:
    with new_data_dir() as folder:
        yield folder


@pytest.fixture(scope="module")
def demo(shop_dir: Path) -> Finished:
    return run_demo(shop_dir)


def test_everything_comes_out_as_told(demo: Finished) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "NOT AS TOLD" not in demo.stdout
    for line in (
        "the composer",
        "4 tasks, 2 at the same time",
        "cache, same template",
        "cache, same meaning",
        "near miss:",
        "no plan: not actionable",
        "no plan: failed",
        "Memory of the plan engine",
        "2 of them served from the cache: 2 planner calls saved",
        "┌ task2 ",
        "ORCHESTRATION ERROR",
        "HOW TO FIX",
        "make up",
    ):
        assert line in demo.stdout


def test_it_fits_a_terminal_and_needs_no_colours(demo: Finished) -> None:
    table = demo.stdout.partition("# What was asked")[2].partition("Where to look next")[0]
    assert table
    assert max(map(len, table.splitlines())) <= 80
    assert "\x1b" not in demo.stdout


def test_it_leaves_nothing_running(demo: Finished, shop_dir: Path) -> None:
    assert demo.returncode == 0
    assert running(shop_dir) is None


def test_a_stack_that_runs_is_used_and_left_alone(demo: Finished, shop_dir: Path) -> None:
    """And the command that the first demo showed is an exact hit in it."""
    shown = re.search(r"curl -s http://127.0.0.1:8005/v1/plans.*?-d '(.*?)'\n", demo.stdout, re.DOTALL)
    key = re.search(r"Bearer (sk-orra-v1-\w+)", demo.stdout)
    assert shown and key
    with running_stack(shop_dir, UNCONFIGURED) as stack:
        plan = Client(stack.url, bearer=key[1]).call("POST", "/v1/plans", json.loads(shown[1]))
        again = run_demo(shop_dir)
        still_running = running(shop_dir)
    assert (plan["status"], plan["source"]) == ("ready", "exact")
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"Using the plan engine that runs at {stack.url}." in again.stdout
    assert still_running is not None


def plan_as_a_model(request: Request) -> Any:
    """Plans the shop's requests as a decent model does, and the developer's error as a small one does."""
    asked, params = request.sections["request"], request.sections["params"]
    tasks: list[dict[str, Any]] = [{"id": "task0", "input": params}]

    def call(service: str, **inputs: str) -> None:
        tasks.append({"id": f"task{len(tasks)}", "service": service, "input": inputs})

    if "returned" in asked:
        call("find_order", order_id="$task0.order_id")
        call("check_refund_eligibility", payment_id="$task1.payment_id")
        call("issue_refund", payment_id="$task1.payment_id")
        tasks[-1]["after"] = ["task2"]
    elif "order" in asked:
        call("find_order", order_id="$task0.order_id")
        call("find_customer", customer_id="$task1.customer_id")
        call("notify_customer", email="$task2.email", message="$task0.message")
        if "not" not in asked.split():
            call("issue_refund", payment_id="$task1.payment_id")
    elif "stock" in asked:
        call("check_inventory", sku="$task0.sku")
        call("estimate_delivery", postal_code="$task0.postal_code")
    elif "laptop" in asked:
        call("search_products", query=" ".join(f"$task0.{field}" for field in params))
    else:
        return final("No service does that.")
    return {"tasks": tasks, "parallel_groups": []}


class Mind:
    """Of the model that the stack on ``data_dir`` plans with: what it answers now."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.says: Scripted = {}


@pytest.fixture(scope="module")
def mind() -> Iterator[Mind]:
    with new_data_dir() as data_dir:
        mind = Mind(data_dir)
        with ScriptedServer(default=lambda request: mind.says) as server:
            configured = {"LLM_MODEL": server.model, "LLM_API_BASE_URL": server.url, **WHOLE_PLANS}
            with running_stack(data_dir, UNCONFIGURED | configured):
                yield mind


def test_a_decent_model_tells_the_same_story(mind: Mind) -> None:
    mind.says = plan_as_a_model
    told = run_demo(mind.data_dir)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "the model" in told.stdout
    assert "the composer" not in told.stdout


def test_what_is_not_as_told_is_said(mind: Mind) -> None:
    mind.says = final("I would rather not.")
    told = run_demo(mind.data_dir)
    assert told.returncode == 1
    assert "did not come out as told" in told.stderr
    said = " ".join(told.stdout.split())
    assert "NOT AS TOLD: its status is not_actionable, not ready: I would rather not." in said


def test_a_model_that_does_not_answer_ends_it(mind: Mind) -> None:
    mind.says = failure(401, "No.")
    told = run_demo(mind.data_dir)
    assert told.returncode == 1
    assert "The planner gave no answer." in told.stderr
