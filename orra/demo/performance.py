"""The demo from the first request to the last, on a plan engine that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from orra.base.strictjson import Json
from orra.demo import report
from orra.demo.client import Client, DemoStopped
from orra.demo.drawing import draw
from orra.demo.report import Told
from orra.demo.shop import GROUNDING, SERVICES
from orra.demo.story import STORY, Step, explanation_of, faults

PLANNERS = ("composer", "model")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Shop:
    """The shop as a project of the plan engine."""

    name: str
    api_key: str
    client: Client


def open_shop(url: str, *, operator_token: str, tell: Tell) -> Shop:
    """Makes a project, registers the shop's services and applies its grounding."""
    name = f"demo shop, {datetime.now():%Y-%m-%d %H:%M:%S}"
    project_id, key = Client(url, bearer=operator_token).create_project(name)
    shop = Shop(name, key, Client(url, bearer=key))
    for service, facts in SERVICES.items():
        shop.client.put_service(service, facts)
    shop.client.put_grounding("returns", GROUNDING)
    tell(f"Project “{name}” ({project_id}), {len(SERVICES)} services registered, and a grounding for returns.\n")
    return shop


def perform(shop: Client, *, planner: str | None, patience: float, width: int, tell: Tell) -> list[Told]:
    """Asks for everything in the story and tells each outcome as it comes. ``planner`` is ``composer`` or
    ``model``, ``None`` when it is not known what the engine plans with; ``patience``: seconds for one plan."""
    tell(report.header(width))
    told: list[Told] = []
    for number, step in enumerate(STORY, start=1):
        answer = shop.ask(step.action, step.params, patience=patience)
        _stop_without_planner(answer.plan)
        planner = planner or (answer.plan["source"] if answer.plan["source"] in PLANNERS else None)
        found = faults(step, answer.plan, planner=planner or "composer")
        told.append(Told(number, step, answer.plan, answer.milliseconds, tuple(found)))
        tell(report.row(told[-1], width))
        if step.confirm and answer.plan["status"] == "ready":
            shop.confirm(answer.plan["id"])
    hits = sum(each.is_hit for each in told)
    if (counted := shop.calls_saved()) != hits:
        raise DemoStopped(f"The plan engine counts {counted} calls saved, but {hits} plans came from its cache.")
    tell(report.summary(told, width=width))
    return told


def explain(told: list[Told], *, width: int, tell: Tell) -> None:
    """What deserves a closer look: a plan with tasks that run at the same time, and the diagnosis."""
    served = _first(told, lambda each: each.is_hit and each.plan["status"] == "ready") or _first(
        told, lambda each: each.plan["status"] == "ready"
    )
    if served:
        origin = "served from the cache with its own values" if served.is_hit else "as it was planned"
        tell(report.title(f"The plan of request {served.number}, {origin}", width))
        tell(draw(served.plan["plan"], width=width))
    diagnosed = _first(told, lambda each: each.is_diagnosed)
    if diagnosed:
        tell(report.title(f"The diagnosis of request {diagnosed.number}", width))
        tell(report.indented(explanation_of(diagnosed.plan), width=width))


def repeatable(told: list[Told]) -> Step:
    """A request that the cache answers whenever it is asked again."""
    cached = _first(told, lambda each: each.is_hit) or _first(told, lambda each: each.plan["status"] == "ready")
    return cached.step if cached else STORY[0]


def _stop_without_planner(plan: Mapping[str, Json]) -> None:
    """A model that cannot be reached fails at every request in the same way: once is enough."""
    if plan["status"] == "failed" and any(attempt["error_code"] for attempt in plan["attempts"]):
        raise DemoStopped(f"The planner gave no answer. {explanation_of(plan)}")


def _first(told: list[Told], suits: Callable[[Told], bool]) -> Told | None:
    return next((each for each in told if suits(each)), None)
