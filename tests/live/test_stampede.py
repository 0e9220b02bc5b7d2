"""A hundred requests that one plan can serve reach a model once, whatever happens to the worker that asks it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from orra.embedded.defaults import BASE_DIR
from orra.embedded.processes import die_with_parent
from orra.embedded.runs import StartedStack
from orra.embedded.supervision import python
from tests.live.client import asked, until
from tests.live.conftest import OWN, Shop
from tests.servers.scripted import Request, failure

pytestmark = pytest.mark.live

CROWD = 100


@dataclass(frozen=True)
class Workers:
    """The stack's own worker, and a second one."""

    stack: StartedStack
    second: subprocess.Popen[bytes]

    def kill_who_sent(self, request: Request) -> None:
        """The other one stays; the stack starts its own again."""
        own = self.stack.processes["worker"]
        assert own is not None
        [sender] = [pid for pid in (own, self.second.pid) if has_port(pid, request.client[1])]
        os.kill(sender, signal.SIGKILL)


def has_port(pid: int, port: int) -> bool:
    return any(each.laddr and each.laddr.port == port for each in psutil.Process(pid).net_connections("tcp"))


@dataclass(frozen=True)
class Scene:
    """A shop with two workers."""

    shop: Shop
    workers: Workers

    def crowd(self, pool: ThreadPoolExecutor) -> list[Future[tuple[int, Any]]]:
        """A hundred who ask at once. Returns when one of them leads and all others follow."""
        self.shop.model.may_answer.clear()
        ask = self.shop.client.ask
        asking = [pool.submit(ask, f"Refund order A-{n}", order_id=f"A-{n}", wait=60) for n in numbers()]
        until(lambda: self.following() == CROWD - 1)
        until(lambda: self.shop.model.calls == 1)
        return asking

    def following(self) -> int:
        query = "SELECT count(*) FROM planengine_follower WHERE flight_id IS NOT NULL"
        return asked(self.shop.stack.data_dir, query)

    def answer(self) -> None:
        self.shop.model.may_answer.set()

    def finished(self, asking: list[Future[tuple[int, Any]]]) -> list[Any]:
        return [self.shop.client.until_finished(future.result()[1]) for future in asking]


def numbers() -> range:
    return range(1000, 1000 + CROWD)


@pytest.fixture
def scene(shop: Shop) -> Iterator[Scene]:
    # Of a hundred hits, one would be planned again to see whether it was right: a call that is not counted here.
    shop.client.request("PATCH", "/v1/project", {"recheck_share": 0})
    with second_worker(shop.stack) as second:
        yield Scene(shop, Workers(shop.stack, second))


@contextmanager
def second_worker(stack: StartedStack) -> Iterator[subprocess.Popen[bytes]]:
    """A worker beside the stack's, with the settings that the stack gave its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    log = stack.data_dir / "second-worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            python("-m", "celery", "--app", "orra", "--quiet", "worker", "--pool", "threads", "--concurrency", "8")
            + ["--hostname", "second@orra", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"],
            cwd=BASE_DIR,
            env={**inherited, **worker_variables(stack)},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def worker_variables(stack: StartedStack) -> dict[str, str]:
    pid = stack.processes["worker"]
    assert pid is not None
    return psutil.Process(pid).environ()


def of_the_crowd(plans: list[Any]) -> set[str]:
    """Whose values the plans hold; each must hold its own."""
    for plan in plans:
        own = re.findall(r"A-\d+", plan["action"])
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": own[0]}
    return {plan["plan"]["tasks"][0]["input"]["order_id"] for plan in plans}


def everybody() -> set[str]:
    return {f"A-{number}" for number in numbers()}


def test_a_hundred_at_once_are_one_call(scene: Scene) -> None:
    with ThreadPoolExecutor(CROWD) as pool:
        asking = scene.crowd(pool)
        scene.answer()
        plans = scene.finished(asking)

    assert scene.shop.model.calls == 1
    assert {plan["status"] for plan in plans} == {"ready"}
    assert of_the_crowd(plans) == everybody()
    assert sorted({str(plan["source"]) for plan in plans}) == ["exact", "model"]


def test_a_leader_that_is_killed_costs_one_more(scene: Scene) -> None:
    with ThreadPoolExecutor(CROWD) as pool:
        asking = scene.crowd(pool)
        scene.workers.kill_who_sent(scene.shop.model.requests[0])
        until(lambda: scene.shop.model.calls == 2, seconds=60)
        scene.answer()
        plans = scene.finished(asking)

    assert scene.shop.model.calls == 2
    assert {plan["status"] for plan in plans} == {"ready"}
    assert of_the_crowd(plans) == everybody()


def test_a_failure_is_shared_and_not_kept(scene: Scene) -> None:
    scene.shop.model.says = failure(401, "Unauthorized")
    with ThreadPoolExecutor(CROWD) as pool:
        asking = scene.crowd(pool)
        scene.answer()
        plans = scene.finished(asking)
    assert scene.shop.model.calls == 1

    _, later = scene.shop.client.ask("Refund order B-1", order_id="B-1", wait=60)
    assert scene.shop.model.calls == 2
    assert {(plan["status"], plan["error"]["code"]) for plan in [*plans, later]} == {("failed", "model_auth")}
    assert sum(bool(plan["attempts"]) for plan in plans) == 1
