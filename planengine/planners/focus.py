"""A large catalogue in a small prompt: a request's planner sees the services that it may need, and no others.

Those are the nearest in meaning to each thing that the action asks for, each followed by the services that could
give what it requires and no param gives, and so on backwards. Small models choose better among few services, and
hundreds do not fit their context. Only the prompt is smaller: validation knows them all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cache.templates.templates import make_template
from planengine.catalogue.field_names import Likeness, compare, is_identifier, key_of, stems_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.composer.parts import parts_of
from planengine.planners.domain import demanded_services
from planengine.planners.producers import Candidate, Facts, Output, facts_of
from planengine.planners.prompts.full import request_size, service_size
from planengine.planners.protocol import Draft, Feedback, Job, Planner
from planengine.planners.relevance import Relevance, TextEmbedder, relevance_by

MAX_SHOWN = 64
# English and JSON come to about four characters a token; the other half is for thinking and answering.
CHARACTERS_PER_TOKEN = 4
PROMPT_SHARE = 0.5
_MAX_TEXTS = 8
_PER_INPUT = 2
_DEEPEST = 4
_PER_NAMED_PARAM = 0.04
_WHEN_SUPPLIED = 0.10
_SMALLEST = 200


class Focused:
    """A planner that is shown the services that a request may need. Implements
    :class:`planengine.planners.protocol.Planner` by way of another; safe to share between threads.

    ``context_tokens``: what the model takes in at once, prompt and answer together.
    """

    def __init__(self, planner: Planner, embedder: TextEmbedder, *, context_tokens: int) -> None:
        self.planner = planner
        self.source, self.name = planner.source, planner.name
        self.model, self.address = planner.model, planner.address
        self._relevance = relevance_by(embedder)
        self._characters = int(context_tokens * PROMPT_SHARE * CHARACTERS_PER_TOKEN)

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        shown = self.shown(job, feedback=feedback)
        draft = self.planner.draft(replace(job, catalogue=shown), feedback=feedback, deadline=deadline)
        return replace(draft, services_shown=len(shown))

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return self.planner.prompt(replace(job, catalogue=self.shown(job, feedback=feedback)), feedback=feedback)

    def asks_again(self, feedback: Feedback) -> bool:
        return self.planner.asks_again(feedback)

    def shown(self, job: Job, *, feedback: Feedback | None = None) -> Catalogue:
        """The services that the prompt for this job holds."""
        left = self._characters - request_size(job, feedback=feedback)
        if len(job.catalogue) <= MAX_SHOWN and sum(map(service_size, job.catalogue)) <= max(0, left):
            return job.catalogue
        first = [*_named(job.catalogue, feedback), *demanded_services(job)]
        return Catalogue(choose(job, self._relevance, first=first, characters=left))


def choose(
    job: Job, relevance: Relevance, *, first: Sequence[ServiceSpec] = (), characters: int
) -> list[ServiceSpec]:
    """The services that the job may need, most needed first: as many as may be shown and take no more than
    ``characters``, none without what could give its inputs. If none fits, the most needed one: that it is too
    long, the model's server says better."""
    facts = facts_of(job.catalogue)
    parts = parts_of(make_template(job.action, job.params), job.params)[:_MAX_TEXTS]
    texts = list(dict.fromkeys([*(part.text for part in parts), job.action]))
    keys = frozenset(map(key_of, job.params))
    found = relevance.similarities_to(texts, facts.described)
    scores = found.values / found.scale + [evidence_of(each, keys) for each in facts.candidates.values()]
    nearness = dict(zip(facts.candidates, scores.max(axis=0).tolist(), strict=True))
    services = facts.services
    by_text = [[services[place] for place in row.argsort(kind="stable")[::-1].tolist()] for row in scores]
    by_param = [
        sorted(facts.takers.get(key, ()), key=lambda spec: (-nearness[spec.name], spec.name))
        for key in sorted(keys)
    ]
    goals = itertools.chain(first, _in_turns([*by_text, *by_param]))
    return _fitting(goals, _Needs(job, facts, nearness), characters)


def _fitting(goals: Iterable[ServiceSpec], needs: _Needs, characters: int) -> list[ServiceSpec]:
    shown: dict[str, ServiceSpec] = {}
    first: ServiceSpec | None = None
    for goal in goals:
        first = first or goal
        if len(shown) == MAX_SHOWN or characters < _SMALLEST:
            break
        if goal.name in shown or service_size(goal) > characters:
            continue
        group = [spec for spec in needs.of(goal) if spec.name not in shown]
        if not shown:
            group = _beginning(group, characters)
        size = sum(map(service_size, group))
        if size <= characters and len(shown) + len(group) <= MAX_SHOWN:
            characters -= size
            shown |= {spec.name: spec for spec in group}
    return list(shown.values()) or [spec for spec in (first,) if spec is not None]


def _beginning(group: Sequence[ServiceSpec], characters: int) -> list[ServiceSpec]:
    """As much of it as fits, nearest first, where all of it may be too much."""
    sizes = itertools.accumulate(map(service_size, group))
    return [spec for spec, size in zip(group, sizes, strict=True) if size <= characters]


def evidence_of(candidate: Candidate, keys: frozenset[str]) -> float:
    """What names that fit add to nearness: that params are its inputs, and that it lacks none."""
    named = len(candidate.input_keys & keys)
    if not named:
        return 0.0
    return _PER_NAMED_PARAM * min(named, 3) + (_WHEN_SUPPLIED if candidate.required_keys <= keys else 0.0)


def _in_turns(orders: Sequence[Sequence[ServiceSpec]]) -> Iterator[ServiceSpec]:
    """The first of each, the second of each, …: one half of an action must not crowd out the other."""
    for rank in range(max(map(len, orders))):
        yield from (order[rank] for order in orders if rank < len(order))


class _Needs:
    """What the services of one job need that its params do not give."""

    def __init__(self, job: Job, facts: Facts, nearness: Mapping[str, float]) -> None:
        self._params = tuple(job.params)
        self._keys = frozenset(map(key_of, job.params))
        self._said = stems_of(job.action)
        self._nearness = nearness
        self._facts = facts

    def of(self, goal: ServiceSpec) -> list[ServiceSpec]:
        """``goal`` and, nearest to it first, what could give the inputs it requires, then theirs, and so on."""
        found: dict[str, ServiceSpec] = {}
        wave = [goal]
        for _ in range(_DEEPEST):
            new = {spec.name: spec for spec in wave if spec.name not in found}
            found |= new
            wave = [
                producer
                for spec in new.values()
                for name in spec.required_inputs
                if not self._is_given(name, spec)
                for producer in self._likeliest(name, spec)
            ]
        return list(found.values())

    def _is_given(self, name: str, spec: ServiceSpec) -> bool:
        if key_of(name) in self._keys:
            return True
        wanted = stems_of(f"{spec.name} {spec.description}")
        return is_identifier(name) and any(
            compare(param, name, given_context=self._said, wanted_context=wanted) is Likeness.IDENTIFIER
            for param in self._params
            if is_identifier(param)
        )

    def _likeliest(self, name: str, spec: ServiceSpec) -> list[ServiceSpec]:
        """Of those whose output is as likely to be meant, the ones that lack least themselves."""

        def rank(found: Output) -> tuple[int, int, float, str]:
            producer = found.producer
            lacking = len(self._facts.candidates[producer].required_keys - self._keys)
            return found.unlikeness, lacking, -self._nearness[producer], producer

        found = sorted(self._facts.producers.of(spec.name, name), key=rank)
        return [output.spec for output in found[:_PER_INPUT]]


def _named(catalogue: Catalogue, feedback: Feedback | None) -> list[ServiceSpec]:
    """The services that the last draft calls or that the planner is told of: it must see them again."""
    if feedback is None:
        return []
    return [spec for spec in catalogue if spec.name in feedback.answer or spec.name in feedback.text]
