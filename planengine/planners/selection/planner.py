"""The planner that has a model choose services and wires them itself; a whole plan is asked for where that is not
enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.llm.client import Endpoint
from planengine.planners.model import prompt_of, raised_budget
from planengine.planners.prompts import PROMPT_VERSION
from planengine.planners.prompts.selection import selection_messages
from planengine.planners.protocol import SELECT, Draft, Feedback, Job, Planner
from planengine.planners.relevance import TextEmbedder, relevance_by
from planengine.planners.selection.conversation import Conversation
from planengine.planners.selection.offers import Offer, chooses_again, offer_for
from planengine.planners.selection.shortlist import likeliest, shortlist
from planengine.validation.problems import Problem


class Selecting:
    """Implements :class:`planengine.planners.protocol.Planner`. ``full`` is the planner that asks the same model
    for whole plans, ``None`` where it is never to be asked for one. Safe to share between threads."""

    source = "model"

    def __init__(self, endpoint: Endpoint, embedder: TextEmbedder, *, full: Planner | None) -> None:
        self.endpoint = endpoint
        self.model, self.address = endpoint.model, endpoint.base_url
        self.name = f"model:{endpoint.model}:{PROMPT_VERSION}" + ("" if full else ":select")
        self._full = full
        self._relevance = relevance_by(embedder)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        able = shortlist(job, self._relevance)
        offer = offer_for(job, able, feedback)
        if self._full is not None and _needs_whole_plan(offer, feedback):
            return self._full.draft(self._over(able, job), feedback=_of_whole_plan(feedback), deadline=deadline)
        if offer.services:
            budget = raised_budget(self.endpoint, feedback)
            return Conversation(self.endpoint, job, deadline, self._relevance, budget).draft(offer)
        message = "No service can be called with the params of the request"
        return Draft(plan=None, problems=(Problem("nothing_to_choose", message),), way=SELECT)

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        able = shortlist(job, self._relevance)
        offer = offer_for(job, able, feedback)
        if self._full is not None and _needs_whole_plan(offer, feedback):
            return self._full.prompt(self._over(able, job), feedback=_of_whole_plan(feedback))
        return prompt_of(selection_messages(job, offer.services, hint=offer.hint))

    def asks_again(self, feedback: Feedback) -> bool:
        if chooses_again(feedback):
            return True
        if self._full is None:
            return False
        return feedback.way == SELECT or self._full.asks_again(feedback)

    def _over(self, able: Sequence[ServiceSpec], job: Job) -> Job:
        """With the services only that can be called, else the likeliest: a whole catalogue takes a small model
        minutes to read."""
        return replace(job, catalogue=Catalogue(able or likeliest(job, self._relevance)))


def _needs_whole_plan(offer: Offer, feedback: Feedback | None) -> bool:
    """Whether names cannot say it, or there are none to choose from."""
    return not offer.services or (feedback is not None and not chooses_again(feedback))


def _of_whole_plan(feedback: Feedback | None) -> Feedback | None:
    """What is told of a whole plan; of names that were chosen nothing would be understood."""
    return feedback if feedback is not None and feedback.way != SELECT else None
