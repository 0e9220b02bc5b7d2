"""A hundred requests that one plan can serve reach a model once, whatever happens to the worker that asks it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from orra.embedded import BASE_DIR
from orra.processes import die_with_parent
from orra.runs import StartedStack
from orra.supervision import python
from tests.conftest import SHOP
from tests.live.client import Client, asked, until
from tests.live.conftest import OWN, StartStack
from tests.servers.scripted import Reply, Request, Scripted, ScriptedServer, completion, delayed, failure, oblige

pytestmark = pytest.mark.live

CROWD = 100
MODEL_SECONDS = 2.0


def slowly(answer: Scripted) -> Callable[[Request], Reply]:
    def reply(request: Request) -> Reply:
        made = answer(request) if callable(answer) else answer
        return delayed(made if isinstance(made, Reply) else completion(made), MODEL_SECONDS)

    return reply


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
    client: Client
    model: ScriptedServer
    workers: Workers

    def crowd(self, pool: ThreadPoolExecutor) -> list[Future[tuple[int, Any]]]:
        return [pool.submit(self.client.ask, f"Refund order A-{n}", order_id=f"A-{n}", wait=60) for n in numbers()]

    def following(self) -> int:
        data_dir = self.workers.stack.data_dir
        return asked(data_dir, "SELECT count(*) FROM planengine_follower WHERE flight_id IS NOT NULL")


def numbers() -> range:
    return range(1000, 1000 + CROWD)


@pytest.fixture
def start_scene(start_stack: StartStack) -> Callable[..., Any]:
    @contextmanager
    def start(answer: Scripted) -> Iterator[Scene]:
        with (
            ScriptedServer(default=slowly(answer)) as model,
            start_stack(
                LLM_MODEL="slow-1", LLM_API_BASE_URL=model.url, WEB_CONCURRENCY="4", WORKER_CONCURRENCY="8"
            ) as stack,
            second_worker(stack, model) as second,
        ):
            client = Client(stack.url, stack.api_key)
            for name, facts in SHOP.items():
                client.request("PUT", f"/v1/services/{name}", facts)
            yield Scene(client, model, Workers(stack, second))

    return start


@contextmanager
def second_worker(stack: StartedStack, model: ScriptedServer) -> Iterator[subprocess.Popen[bytes]]:
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


def of_the_crowd(outcomes: list[tuple[int, Any]]) -> set[str]:
    """Whose values the plans hold; each must hold its own."""
    for _, plan in outcomes:
        own = re.findall(r"A-\d+", plan["action"])
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": own[0]}
    return {plan["plan"]["tasks"][0]["input"]["order_id"] for _, plan in outcomes}


def everybody() -> set[str]:
    return {f"A-{number}" for number in numbers()}


def test_a_hundred_at_once_are_one_call(start_scene: Callable[..., Any]) -> None:
    with start_scene(oblige) as scene, ThreadPoolExecutor(CROWD) as pool:
        outcomes = [future.result() for future in scene.crowd(pool)]

        assert scene.model.calls == 1
    assert {(status, plan["status"]) for status, plan in outcomes} == {(201, "ready")}
    assert of_the_crowd(outcomes) == everybody()
    assert sum(bool(plan["attempts"]) for _, plan in outcomes) == 1
    assert sorted({str(plan["source"]) for _, plan in outcomes}) == ["exact", "model"]


def test_a_leader_that_is_killed_costs_one_more(start_scene: Callable[..., Any]) -> None:
    with start_scene(oblige) as scene, ThreadPoolExecutor(CROWD) as pool:
        waiting = scene.crowd(pool)
        until(lambda: scene.model.calls == 1)
        until(lambda: scene.following() > CROWD // 2)

        scene.workers.kill_who_sent(scene.model.requests[0])
        outcomes = [future.result() for future in waiting]

        assert scene.model.calls == 2
    assert {(status, plan["status"]) for status, plan in outcomes} == {(201, "ready")}
    assert of_the_crowd(outcomes) == everybody()


def test_a_failure_is_shared_and_not_kept(start_scene: Callable[..., Any]) -> None:
    with start_scene(failure(401, "Unauthorized")) as scene, ThreadPoolExecutor(CROWD) as pool:
        outcomes = [future.result() for future in scene.crowd(pool)]
        assert scene.model.calls == 1

        _, later = scene.client.ask("Refund order B-1", order_id="B-1")
        assert scene.model.calls == 2
    assert {(plan["status"], plan["error"]["code"]) for _, plan in [*outcomes, (201, later)]} == {
        ("failed", "model_auth")
    }
    assert sum(bool(plan["attempts"]) for _, plan in outcomes) == 1
