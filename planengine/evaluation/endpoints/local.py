"""The composer, which plans where no model is configured."""

from __future__ import annotations

import time

from planengine.drafting.generation import generate
from planengine.evaluation.endpoints.findings import Checked, Finding, State
from planengine.evaluation.endpoints.sample import sample_job
from planengine.planners.protocol import Planner


def check_composer(composer: Planner, *, seconds: float) -> Checked:
    started = time.monotonic()
    outcome = generate(composer, sample_job(), attempts=1, deadline=started + seconds)
    took = time.monotonic() - started
    if outcome.status == "ready":
        finding = Finding("sample plan", State.OK, f"valid, in {took * 1000:.0f} ms")
    else:
        told = outcome.failure.message if outcome.failure else outcome.status
        finding = Finding("sample plan", State.FAILS, told)
    valid = 1 if outcome.status == "ready" else None
    facts = {"valid_at_attempt": valid, "plan_seconds": round(took, 3)}
    return Checked("planner", "the composer (LLM_MODEL is not set)", (finding,), dict(facts))
