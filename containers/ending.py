"""Containers that are added, stopped, killed, moved and started again, while plans are being made."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from typing import Any

from containers.engine import Failed
from containers.serving import begun_slowly, expect, plan_of, slow, total, until_ready
from containers.site import SERVICES, Site, until

HEALTH_PORT = 8006


def more_workers(site: Site) -> str:
    """Four slow plans at once are two for each of two workers."""
    site.compose("up", "--detach", "--no-build", "--scale", "worker=2", "worker")
    site.until_healthy("worker")
    workers = site.containers("worker")
    if len(workers) != 2:
        raise Failed(f"There are {len(workers)} workers, not two.")
    before = [_drafts(site, worker) for worker in workers]
    began = time.monotonic()
    for plan_id in [begun_slowly(site, f"W-{number}") for number in range(4)]:
        until_ready(site, plan_id)
    made = [_drafts(site, worker) - earlier for worker, earlier in zip(workers, before, strict=True)]
    if made != [2, 2]:
        raise Failed(f"The two workers made {made} plans.")
    return f"four slow plans at once, two by each of two workers, in {time.monotonic() - began:.0f} s"


def _drafts(site: Site, worker: str) -> int:
    return int(total(site.fetched(worker, HEALTH_PORT, "/metrics"), "orra_planning_attempts_total{"))


def drained(site: Site) -> str:
    """Workers are stopped while they make a plan; a client waits at the web processes, which are stopped, too."""
    plan_id = begun_slowly(site, "D-1")
    began = time.monotonic()
    workers = site.containers("worker")
    site.compose("stop", "worker")
    took = time.monotonic() - began
    if (status := plan_of(site, plan_id)["status"]) != "ready":
        raise Failed(f"The workers stopped after {took:.0f} s, and the plan was {status}.")
    _all_ended_well(site, workers)
    waited: list[tuple[int, Any]] = []
    asked = slow("D-2", wait_seconds=60)
    waiting = threading.Thread(target=lambda: waited.append(site.client().request("POST", "/v1/plans", asked)))
    waiting.start()
    until(lambda: _count(site, "D-2"), "the second plan is accepted")
    webs = [site.container(name) for name in ("web-1", "web-2")]
    site.compose("stop", "web-1", "web-2")
    waiting.join(30)
    if [status for status, _ in waited] != [202]:
        raise Failed("A client that waited was not told where its plan will be.")
    _all_ended_well(site, webs, signal.SIGTERM)
    site.compose("start", "web-1", "web-2", "worker")
    site.until_healthy("web-1", "web-2", "worker")
    until(lambda: _answers(site), "the proxy has found the web processes again")
    until_ready(site, waited[0][1]["id"])
    return f"the plan was finished, the workers ended with 0 after {took:.0f} s; who waited was told where it is"


def _count(site: Site, name: str) -> int:
    plans = site.client().request("GET", "/v1/plans")[1]["results"]
    return sum(name in plan["action"] for plan in plans)


def _all_ended_well(site: Site, containers: list[str], number: int = 0) -> None:
    """With 0, or by the signal that they were stopped with."""
    codes = [site.state(container)["ExitCode"] for container in containers]
    if not set(codes) <= {0, 128 + number if number else 0}:
        raise Failed(f"What was stopped ended with {codes}.")


def crashed(site: Site) -> str:
    """Both workers are killed in the middle of a plan, and come back by themselves."""
    plan_id = begun_slowly(site, "C-1")
    began = time.monotonic()
    _kill(site, "worker")
    until_ready(site, plan_id)
    took = time.monotonic() - began
    site.until_healthy("worker")
    return f"workers killed while they planned: back by themselves, and the plan ready after {took:.0f} s"


def web_crashed(site: Site) -> str:
    """Hits go on through the other."""
    _kill(site, "web-1")
    for number in range(20):
        expect(site, f"Refund order K-{number}", "exact", order_id=f"K-{number}")
    site.until_healthy("web-1")
    return "a web process killed: twenty hits by the other meanwhile, none refused; back by itself"


def _kill(site: Site, service: str) -> None:
    """As a crash: what an engine is told to kill, it does not start again."""
    pids = {container: int(site.state(container)["Pid"]) for container in site.containers(service)}
    for container, pid in pids.items():
        try:
            os.kill(pid, signal.SIGKILL)
        except (PermissionError, ProcessLookupError):  # of another user, or in a machine of the engine's own
            site.engine.run("kill", container)
            site.engine.run("start", container)
    until(
        lambda: all(_pid(site, each) not in (0, pid) for each, pid in pids.items()), f"{service} is started again"
    )


def _pid(site: Site, container: str) -> int:
    """0 while it does not run."""
    return int(site.state(container)["Pid"])


def moved(site: Site) -> str:
    """A web process comes back under another address, and is all that is left."""
    before = site.addresses("web-1")
    site.compose("stop", "web-1")
    # Takes the address that has become free.
    site.compose("up", "--detach", "--no-build", "--scale", "worker=3", "worker")
    site.compose("start", "web-1")
    site.until_healthy("web-1")
    after = site.addresses("web-1")
    site.compose("stop", "web-2")
    until(lambda: _answers(site), "the proxy finds web-1", seconds=15)
    expect(site, "Refund order M-1", "exact", order_id="M-1")
    site.compose("start", "web-2")
    site.until_healthy("web-2")
    site.compose("up", "--detach", "--no-build", "--scale", "worker=1", "worker")
    how = "under another address" if set(before) != set(after) else "under the same address"
    return f"a web process that came back {how} is found by the proxy, and serves alone"


def _answers(site: Site) -> bool:
    with suppress(OSError):
        return bool(site.client().request("GET", "/v1/plans"))
    return False


def broker_lost(site: Site) -> str:
    """With all its messages; the plans stand in the database."""
    site.compose("stop", "broker")
    _, accepted = site.client().request("POST", "/v1/plans", slow("B-1"))
    expect(site, "Refund order B-2", "exact", order_id="B-2")
    site.compose("start", "broker")
    site.until_healthy("broker")
    until_ready(site, accepted["id"])
    return "the broker stopped: hits go on, a miss is accepted, and ready after the broker is back"


def again(site: Site) -> str:
    """All containers are removed and made anew; what Postgres holds stays."""
    site.compose("down")
    if left := site.containers():
        raise Failed(f"`compose down` left {len(left)} containers.")
    start(site)
    expect(site, "Refund order Z-1", "exact", order_id="Z-1")
    return "containers removed and made anew: the data are kept, and the first request is a hit"


def start(site: Site) -> str:
    """Everything healthy, and migrations once."""
    began = time.monotonic()
    site.compose("up", "--detach", "--build")
    site.until_healthy(*SERVICES)
    migrated = [site.state(container) for container in site.containers("migrate")]
    if [(state["Running"], state["ExitCode"]) for state in migrated] != [(False, 0)]:
        raise Failed(f"Migrations: {migrated}")
    until(lambda: _answers_at_all(site), "the proxy answers")
    return f"{', '.join(SERVICES)} healthy after {time.monotonic() - began:.0f} s; migrations ran once"


def _answers_at_all(site: Site) -> bool:
    with suppress(OSError):
        return bool(site.operator().request("GET", "/livez"))
    return False
