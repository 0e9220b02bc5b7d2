"""Why a valid plan was not accepted: it does not keep to what the request's grounding asks."""

from __future__ import annotations

from planengine.feedback.cases import Case, Cause
from planengine.grounding.checks import CODES, is_mendable

_MAX_FIXES = 5


def domain_not_kept(case: Case) -> Cause | None:
    found = case.of(*CODES)
    if not found:
        return None
    unmet = [problem for problem in found if not is_mendable(problem)]
    fixes = [problem.hint for problem in (unmet or found) if problem.hint]
    return Cause(
        "The plan doesn't keep to the rules of its domain.",
        "A grounding of this project is strict for such requests, and "
        + (
            "what it asks cannot be done with the request's parameters and the registered services."
            if unmet
            else "the generated plan doesn't do what it asks."
        ),
        [problem.message for problem in found],
        (*dict.fromkeys(fixes[:_MAX_FIXES]), "OR apply another version of the grounding, or make it advisory"),
    )
