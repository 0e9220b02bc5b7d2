"""A run of saved requests outlives its worker."""

from __future__ import annotations

import pytest

from tests.live.client import until
from tests.live.conftest import Shop, in_stack
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


def test_a_killed_workers_run_is_finished_by_the_next(shop: Shop) -> None:
    """Nobody is told of it in the beginning either: the sweep finds what waits."""
    shop.model.may_answer.clear()
    in_stack(shop.stack, BEGIN)
    until(lambda: shop.model.calls == 1, seconds=60)

    kill(shop.stack, "worker")
    until(lambda: shop.model.calls == 2, seconds=90)
    shop.model.may_answer.set()

    until(lambda: in_stack(shop.stack, LOOK)[0] == "finished", seconds=60)
    assert in_stack(shop.stack, LOOK) == ["finished", ["same"], 2]
