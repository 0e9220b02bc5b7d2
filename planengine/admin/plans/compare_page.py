"""Two plans beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from orra.base.strictjson import Json
from planengine.admin.parts.drawing import Drawing
from planengine.admin.parts.schemas import draw_with_schemas
from planengine.admin.plans.differences import differences
from planengine.admin.plans.outcomes import state_of
from planengine.models import Plan


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
        "differences": differences(sides[0].drawing, sides[1].drawing) if len(sides) == 2 else [],
    }


def _side(plan: Plan, name: str, contents: bool) -> Side:
    drawing = draw_with_schemas(plan.project, plan.plan, contents=contents, name=name)
    return Side(plan, state_of(plan), drawing)
