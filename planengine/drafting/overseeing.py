"""Whether a model's valid plan may be believed: it accounts for each word of the request, or the model is
trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orra.base.strictjson import Json
from orra.base.text import shorten
from planengine.drafting.generation import Oversight
from planengine.drafting.probing import Trust
from planengine.planners.composer.oversight import has_side_effects, unaccounted_for
from planengine.planners.protocol import Job, Planner
from planengine.planners.relevance import Relevance

PROBE, TRUSTED, STRICT = "probe", "trusted", "strict"


@dataclass(frozen=True)
class Overseer:
    """Says of one planner's plans for one job whether they may be believed. ``trust`` is asked for only when that
    depends on it, and tells what is known of the model, after a probe where need be. ``policy`` is ``LLM_TRUST``.
    """

    planner: Planner
    job: Job
    relevance: Relevance
    trust: Callable[[], Trust]
    policy: str = PROBE

    def __call__(self, plan: Json) -> Oversight:
        if not self.planner.model or self.policy == TRUSTED:
            return Oversight()
        reason = unaccounted_for(plan, self.job, self.relevance)
        if not reason:
            return Oversight()
        if self.policy == STRICT:
            why = "LLM_TRUST=strict holds every model to this."
        else:
            known = self.trust()
            if known.trusted:
                return Oversight()
            why = _why(self.planner.model, known)
        return Oversight(f"{reason} {why}", blocks=has_side_effects(plan, self.job))


def _why(model: str, trust: Trust) -> str:
    if trust.known:
        return (
            f"The model {shorten(model)!r} is held to this because it planned {trust.wrong} of {trust.asked} "
            "requests that must not be carried out."
        )
    return f"The model {shorten(model)!r} is held to this until it has been probed."
