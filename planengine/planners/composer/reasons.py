"""Why the composer chose a set of services, for whoever looks at the plan later."""

from __future__ import annotations

from collections.abc import Iterator

from orra.base.text import shorten
from planengine.planners.composer.choosing import MARGIN, Ranking, Wired
from planengine.planners.composer.decision import Request

MAX_SHOWN = 200


def reasons_for(chosen: Wired, request: Request, ranking: Ranking) -> str:
    """One sentence a line: what each service is there for, and how far the next best set was."""
    return "\n".join([*_services(chosen, request, ranking), _next_best(chosen, ranking)])


def _services(chosen: Wired, request: Request, ranking: Ranking) -> Iterator[str]:
    best = ranking.wired[0].services
    for name in sorted(chosen.services):
        if name in chosen.goals and name in best:
            part = shorten(request.part_of(name).text, MAX_SHOWN)
            yield f"{name}: nearest to '{part}' (similarity {request.fits.similarity(name):.2f})."
        elif name in best:
            yield f"{name}: gives what an input of another service needs."
        else:
            yield f"{name}: the request's grounding demands it."


def _next_best(chosen: Wired, ranking: Ranking) -> str:
    others = ranking.wired[1:]
    if not others:
        return "No other set of services takes all params and has all its inputs."
    names = ", ".join(sorted(others[0].services))
    distance = ranking.wired[0].worth - others[0].worth
    return f"Next best: {names}, worth {distance:.2f} less; less than {MARGIN} would leave both possible."
