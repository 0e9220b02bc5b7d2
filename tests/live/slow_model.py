"""Many plans made at once by a model that takes its time, and what the stack holds meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orra.embedded.runs import StartedStack, running_stack
from tests.live.client import WHOLE_PLANS, Client
from tests.live.footprint import Footprint, watched
from tests.servers.emulated import EmulatedServer
from tests.servers.profiles import VLLM_NEW
from tests.servers.scripted import Reply, Request

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprtv" for vowel in "aeiou"]
SERVICES: dict[str, Any] = {
    "parcel_tracking": {
        "type": "service",
        "description": "Track a parcel and tell where it is.",
        "input_schema": {
            "type": "object",
            "properties": {"parcel_id": {"type": "string"}},
            "required": ["parcel_id"],
        },
        "output_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
        "revertible": False,
    }
}
# Whoever starts this may have set them for itself; the stack has its own.
NOT_OURS = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "PROMETHEUS_MULTIPROC_DIR")


class SlowServer(EmulatedServer):
    """Begins each answer after ``seconds``, and streams it."""

    def __init__(self, *, seconds: float) -> None:
        super().__init__(VLLM_NEW)
        self.seconds = seconds

    def render(self, scripted: Any, request: Request) -> Reply:
        return replace(super().render(scripted, request), delay=self.seconds)


@dataclass(frozen=True)
class Stage:
    """After so many plans: the most that was held since the stage before."""

    plans: int
    peak: Footprint


@dataclass(frozen=True)
class SlowRun:
    stack: StartedStack
    server: SlowServer
    client: Client
    at_once: int

    def stages(self, count: int, *, every: int) -> Iterator[Stage]:
        """Asks for ``count`` plans, ``at_once`` at a time, each a generation of its own. Raises AssertionError
        where one was not."""
        with watched(self.stack, model_port=self.server.port) as watch, ThreadPoolExecutor(self.at_once) as pool:
            yield Stage(0, watch.peak())
            asking = [pool.submit(self._ask, number) for number in range(count)]
            for done, each in enumerate(as_completed(asking), start=1):
                each.result()
                if done % every == 0:
                    yield Stage(done, watch.peak())
        assert self.server.calls == count, f"{count} plans took {self.server.calls} calls"

    def _ask(self, number: int) -> None:
        action = f"Track parcel P-{number} for {made_up(number)}"
        _, plan = self.client.ask(action, wait=60, parcel_id=f"P-{number}")
        plan = plan if plan["finished_at"] else self.client.until_finished(plan)
        assert (plan["status"], plan["source"]) == ("ready", "model"), plan


def made_up(number: int) -> str:
    """Words that mean nothing, others for each number: no other request's plan can do. There are few of them,
    so that what a process remembers of words is soon all it will remember."""
    first, second = divmod(number, len(SYLLABLES))
    more = "" if first < len(SYLLABLES) else f"{made_up(first // len(SYLLABLES) - 1)} "
    return f"{more}{SYLLABLES[first % len(SYLLABLES)]}rin {SYLLABLES[second]}lox"


@contextmanager
def slow_run(data_dir: Path, *, at_once: int, seconds: float, **environment: str) -> Iterator[SlowRun]:
    """A stack with that much concurrency and these variables, and such a model."""
    server = SlowServer(seconds=seconds)
    with server:
        variables = {
            **dict.fromkeys(NOT_OURS),
            "LLM_MODEL": VLLM_NEW.model,
            "LLM_API_BASE_URL": server.url,
            **WHOLE_PLANS,
            "WORKER_CONCURRENCY": str(at_once),
            **environment,
        }
        with running_stack(data_dir, variables) as stack:
            client = Client(stack.url, stack.api_key)
            client.register(SERVICES)
            yield SlowRun(stack, server, client, at_once)
