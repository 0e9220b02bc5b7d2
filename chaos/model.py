"""A model's server with moods: what it does to an answer changes while it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.servers.emulated import EmulatedServer, Says
from tests.servers.profiles import VLLM_NEW
from tests.servers.scripted import Reply, Request, oblige

SLOW_SECONDS = 4.0
# A value that belongs to nobody's request.
STOLEN = "T-stolen"


class MoodyModel(EmulatedServer):
    """Answers well, after up to ``seconds``, unless ``mood`` names one of :data:`MOODS`."""

    def __init__(self, *, seed: int, seconds: float = 0.4, host: str = "127.0.0.1") -> None:
        super().__init__(VLLM_NEW, host=host)
        self.mood = ""
        self._seconds = seconds
        self._draw = random.Random(seed)

    @property
    def at_work(self) -> int:
        """How many answers it is about to give."""
        return self._busy

    def render(self, scripted: Any, request: Request) -> Reply:
        reply = MOODS[self.mood](self, request) if self.mood else super().render(scripted, request)
        return replace(reply, delay=reply.delay + self._draw.uniform(0.02, self._seconds))

    def well(self, request: Request) -> Reply:
        return super().render(oblige, request)

    def say(self, content: Any, request: Request) -> Reply:
        return super().render(Says(content), request)


def _cut(model: MoodyModel, request: Request) -> Reply:
    return replace(model.well(request), then="cut")


def _drop(model: MoodyModel, request: Request) -> Reply:
    return replace(model.well(request), then="drop")


def _slow(model: MoodyModel, request: Request) -> Reply:
    return replace(model.well(request), delay=SLOW_SECONDS)


def _bytes(model: MoodyModel, request: Request) -> Reply:
    garbage = bytes(range(256)) * 8
    return Reply(pieces=(garbage, b"data: \xff\xfe\n\n", garbage), headers={"Content-Type": "text/event-stream"})


def _half(model: MoodyModel, request: Request) -> Reply:
    return model.say('{"tasks": [{"id": "task0", "input": {"order_id": ', request)


def _shapeless(model: MoodyModel, request: Request) -> Reply:
    return model.say('[1, {"tasks": {"task0": null}}, "parallel_groups"]', request)


def _others_values(model: MoodyModel, request: Request) -> Reply:
    """A plan that is right but for its values, as of another request."""
    plan = oblige(request)
    for task in plan["tasks"]:
        task["input"] = dict.fromkeys(task.get("input") or {}, STOLEN)
    return model.say(plan, request)


def _overloaded(model: MoodyModel, request: Request) -> Reply:
    return model.error(503, "overloaded")


MOODS: Mapping[str, Callable[[MoodyModel, Request], Reply]] = {
    "cut": _cut,
    "drop": _drop,
    "slow": _slow,
    "bytes": _bytes,
    "half": _half,
    "shapeless": _shapeless,
    "others_values": _others_values,
    "overloaded": _overloaded,
}
