"""How a plan and its attempts ended, in a word and a colour."""

from __future__ import annotations

from django.utils.safestring import SafeString

from orra.operators.display import brief
from orra.operators.pages import badge
from planengine.models import Attempt, Plan
from planengine.models.states import FINISHED, PlanStatus

TONES: dict[str, str] = {PlanStatus.READY: "good", PlanStatus.NOT_ACTIONABLE: "warning", PlanStatus.FAILED: "bad"}


def state_of(plan: Plan) -> SafeString:
    return badge(TONES.get(plan.status, "neutral"), plan.get_status_display())


def outcome_of(attempt: Attempt, *, status: str, superseded: bool = False) -> SafeString:
    """``status`` is its plan's, ``superseded`` says that a later draft was found without problems, too: a draft
    without problems that did not become the plan was a refusal, or was not believed."""
    return badge(*_outcome(attempt, status, superseded))


def is_without_problems(attempt: Attempt) -> bool:
    return attempt.seconds is not None and not attempt.error_code and not attempt.problems


def _outcome(attempt: Attempt, status: str, superseded: bool) -> tuple[str, str]:
    if attempt.seconds is None:
        return "neutral", "not ended: it is under way, or its worker was lost"
    if attempt.error_code:
        return "bad", brief(attempt.error_code)
    found = len(attempt.problems) if isinstance(attempt.problems, list) else 0
    if found:
        return "warning", "1 problem" if found == 1 else f"{found} problems"
    if status == PlanStatus.READY and not superseded:
        return "good", "accepted"
    return ("warning", "refused") if status in FINISHED else ("neutral", "no problems found")
