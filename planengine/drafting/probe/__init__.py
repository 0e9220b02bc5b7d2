"""Twenty short requests over six services of a shop, none of which may be carried out: what a model is asked
before it is believed about side effects. They were written apart from all rules.

``requests.jsonl`` has a few plain requests as well, for ``check_models`` to see that the model plans at all.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from orra.base.strictjson import Json
from planengine.catalogue.specs import catalogue_from
from planengine.planners.protocol import Job

_FOLDER = Path(__file__).parent
_DEFAULTS: Json = {"type": "service", "revertible": False, "examples": []}


@cache
def traps() -> tuple[Job, ...]:
    """The requests that must be refused, in an order in which kinds alternate."""
    return tuple(job for job, refused in _jobs() if refused)


@cache
def _jobs() -> tuple[tuple[Job, bool], ...]:
    catalogue = catalogue_from(_DEFAULTS | facts for facts in _lines("services.jsonl"))
    rows = _lines("requests.jsonl")
    return tuple(
        (
            Job(row["action"], {each["field"]: each["value"] for each in row["params"]}, catalogue),
            not row["expected"],
        )
        for row in rows
    )


def _lines(name: str) -> list[Json]:
    return [json.loads(line) for line in (_FOLDER / name).read_text(encoding="utf-8").splitlines()]
