"""A small shop that refunds, its grounding, and short ways to write plans for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.grounding.coverage import Nearness
from planengine.grounding.specs import Grounded, GroundingSpec, Mode, Rule, UseCase
from tests.planengine.shop import READS, TEXT, a_service

check = replace(
    a_service("check_terms", {"order_id": TEXT}, {"allowed": {"type": "boolean"}}, annotations=READS),
    capabilities=("verify refund eligibility",),
)
refund = replace(a_service("give_back", {"order_id": TEXT}, {"refund_id": TEXT}), capabilities=("refund order",))
tell = replace(a_service("write_mail", {"text": TEXT}, {"sent": TEXT}), capabilities=("notify customer",))
scrap = replace(a_service("scrap", {"order_id": TEXT}, {"gone": TEXT}), capabilities=("scrap goods",))
catalogue = Catalogue([check, refund, tell, scrap])

REFUND = UseCase(
    action="Refund order {order_id}",
    capabilities=("verify refund eligibility", "refund order"),
    order=("verify refund eligibility", "refund order"),
    intent="A customer wants the money back.",
)


def grounded(use_case: UseCase = REFUND, *rules: Rule, mode: Mode = Mode.STRICT, version: str = "1") -> Grounded:
    return Grounded(GroundingSpec("returns", "shop", version, mode, (use_case,), rules=rules), use_case)


def plan_of(*tasks: tuple[str, Mapping[str, Json]] | tuple[str, Mapping[str, Json], Sequence[str]]) -> Json:
    """``plan_of(("give_back", {…}), ("check_terms", {…}, ["task1"]))``: task1, task2, … with their ``after``."""
    return {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-1"}},
            *(
                {"id": f"task{number}", "service": service, "input": dict(inputs)}
                | ({"after": list(after[0])} if after else {})
                for number, (service, inputs, *after) in enumerate(tasks, start=1)
            ),
        ],
        "parallel_groups": [],
    }


def near(table: Mapping[str, Mapping[str, float]]) -> Nearness:
    """Similarities by text and service; what is not listed is 0."""

    def nearness(
        texts: Sequence[str], services: Sequence[ServiceSpec]
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.array(
            [[table.get(text, {}).get(spec.name, 0.0) for spec in services] for text in texts], dtype=np.float32
        )

    return nearness
