"""Two plans beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.utils.safestring import SafeString

from orra.base.strictjson import Json
from orra.base.text import show
from planengine.admin.parts.drawing import Drawing, Input, kind_of
from planengine.admin.parts.schemas import draw_with_schemas
from planengine.admin.plans.outcomes import state_of
from planengine.models import Plan
from planengine.validation.comparison import Call, differences

SIDES = ("in the first plan", "in the second")


@dataclass(frozen=True)
class Side:
    plan: Plan
    state: SafeString
    drawing: Drawing

    @property
    def error(self) -> Json:
        return self.plan.error


def compared(first: Plan, second: Plan | None, *, contents: bool) -> dict[str, Any]:
    """What the page shows of them; of the first alone where there is no second."""
    sides = [_side(first, "first", contents)] + ([] if second is None else [_side(second, "second", contents)])
    return {
        "sides": sides,
        "same_request": second is not None and (first.action, first.params) == (second.action, second.params),
        "both_planned": all(side.plan.plan is not None for side in sides),
        "differences": otherwise(sides[0].drawing, sides[1].drawing) if len(sides) == 2 else [],
    }


def _side(plan: Plan, name: str, contents: bool) -> Side:
    drawing = draw_with_schemas(plan.project, plan.plan, contents=contents, name=name)
    return Side(plan, state_of(plan), drawing)


def otherwise(one: Drawing, other: Drawing) -> list[str]:
    """What the second does otherwise, in words. Values are told only where both drawings show them."""
    hidden = one.hidden or other.hidden
    told = (lambda value: f"a value ({kind_of(value)})") if hidden else show
    return differences(list(_calls(one)), list(_calls(other)), SIDES, told)


def _calls(drawing: Drawing) -> Iterator[Call]:
    services = {card.id: card.service for card in chain(*drawing.steps)}

    def source(given: Input) -> Json:
        if given.source is None or given.known:
            return ["value", given.value]
        return ["output", services.get(given.source.task, given.source.task), given.source.field]

    for card in chain(*drawing.steps):
        inputs = {given.name: source(given) for given in card.inputs}
        yield Call(card.service, inputs, [services.get(task, task) for task in card.after])
