"""The built-in planner: no model, no guessing, the same answer every time.

It reads the request (:mod:`.reading`), finds the best set of services for its parts (:mod:`.choosing`), wires it
by the names and types of fields and puts it in order (:mod:`planengine.planners.wiring`). It refuses where another
set is as likely, and, before a side effect, where a word is not accounted for (:mod:`.decision`). Told that its
plan lacks what the request's domain demands, it adds that (:mod:`.mending`).
"""

from __future__ import annotations

from planengine.grounding.checks import is_mendable
from planengine.planners.composer.choosing import Wired, rank
from planengine.planners.composer.decision import Request, decide
from planengine.planners.composer.mending import with_demanded
from planengine.planners.composer.reading import read_request
from planengine.planners.composer.reasons import reasons_for
from planengine.planners.composer.refusals import NotActionable, no_order
from planengine.planners.domain import order_among
from planengine.planners.protocol import Draft, Feedback, Job, refusal
from planengine.planners.relevance import TextEmbedder, relevance_by
from planengine.planners.wiring.assembly import plan_of
from planengine.planners.wiring.ordering import Unordered, order_of

# Rises whenever the same request may be planned otherwise: cached plans of an older composer are not served.
VERSION = 7


def composer_name(embedding_model: str) -> str:
    """What the composer that chooses services with an embedding model's vectors is known by."""
    return f"composer:{VERSION}:{embedding_model}"


class Composer:
    """Implements :class:`planengine.planners.protocol.Planner`. Safe to share between threads."""

    source = "composer"
    model = address = ""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._relevance = relevance_by(embedder)
        self.name = composer_name(embedder.name)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        """The plan, or a ``final`` task with the reason why there is none."""
        try:
            return self._planned(job, mended=feedback is not None)
        except NotActionable as reason:
            return Draft(plan=refusal(str(reason)))

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        """Once, where the domain demands what a service does."""
        return not feedback.repeated and any(map(is_mendable, feedback.problems))

    def _planned(self, job: Job, *, mended: bool) -> Draft:
        request = read_request(job, self._relevance)
        ranking = rank(request.bench, request.fits)
        best = decide(request, ranking)
        if mended:
            best = with_demanded(best, request.bench, job)
        plan = plan_of(best.assembly, job.params, after=_order(best, request, job))
        return Draft(plan=plan, reasons=reasons_for(best, request, ranking))


def _order(best: Wired, request: Request, job: Job) -> dict[str, tuple[str, ...]]:
    place = {name: request.fits.part_of(name) for name in best.goals}

    def then(one: str, other: str) -> bool:
        return any(part.ordered for part in request.parts[place[one] + 1 : place[other] + 1])

    try:
        before = order_among(best.assembly.services, job)
        return order_of(best.assembly, request.bench, place, then=then, before=before)
    except Unordered as error:
        raise no_order(error.one, error.other) from None
