"""A run of saved requests outlives its worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from orra.base.strictjson import Json
from orra.embedded.defaults import BASE_DIR
from tests.live.client import until
from tests.live.conftest import OWN, Shop
from tests.live.test_faults import kill

pytestmark = pytest.mark.live

BEGIN = """
import json
from planengine.evaluation.regression import runs
from planengine.models import Project, SavedRequest
project = Project.objects.latest("created_at")
expected = [{"service": "refund_payment", "input": {"order_id": "$task0.order_id"}}]
params = [{"field": "order_id", "value": "A-1"}]
SavedRequest.objects.create(
    project=project, name="refund", action="Refund order A-1", params=params, expected=expected
)
print(json.dumps(runs.start(project, by="test").pk))
"""
LOOK = """
import json
from planengine.models import RegressionRun
run = RegressionRun.objects.latest("pk")
print(json.dumps([run.status, [result.verdict for result in run.results.all()], run.lease_token]))
"""


def ask(shop: Shop, statements: str) -> Json:
    """What the statements print last, run beside the stack."""
    kept = {name: value for name, value in os.environ.items() if name not in OWN}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", statements],
        cwd=BASE_DIR,
        env={**kept, "ORRA_DATA_DIR": str(shop.stack.data_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_a_killed_workers_run_is_finished_by_the_next(shop: Shop) -> None:
    """Nobody is told of it in the beginning either: the sweep finds what waits."""
    shop.model.may_answer.clear()
    ask(shop, BEGIN)
    until(lambda: shop.model.calls == 1, seconds=60)

    kill(shop.stack, "worker")
    until(lambda: shop.model.calls == 2, seconds=90)
    shop.model.may_answer.set()

    until(lambda: ask(shop, LOOK)[0] == "finished", seconds=60)
    assert ask(shop, LOOK) == ["finished", ["same"], 2]
