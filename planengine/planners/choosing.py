"""Which services a request asks for: by what they mean, by what they do, and by whether they can be supplied.

Similarity proposes (:mod:`planengine.planners.wishes`, by :mod:`planengine.planners.nearness`); the verbs
(:mod:`planengine.planners.verbs`) and the wiring (:mod:`planengine.planners.composer.chaining`) decide. What
remains doubtful is refused with a reason, never guessed (:mod:`planengine.planners.doubts`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from orra.base.strictjson import Json
from planengine.catalogue.specs import ServiceSpec
from planengine.planners.additions import listed, with_the_rest
from planengine.planners.case import Case
from planengine.planners.clauses import Reading, Request
from planengine.planners.composer.bench import Candidate, Workbench
from planengine.planners.composer.chaining import Assembly, assemble
from planengine.planners.composer.naming import stems_of, words_of
from planengine.planners.doubts import (
    check_changes,
    check_condition,
    check_equals,
    check_repetition,
    check_second_choice,
)
from planengine.planners.nearness import LEAD_PER_PARAM
from planengine.planners.refusals import NotActionable, not_supplied
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import READING, act_of_word
from planengine.planners.wishes import Wish, wishes_of
from planengine.planners.wording import objects_of, shared_parts, suits

_PER_TASK = 0.08
_PER_HELPER = 0.02
_ALL_PARAMS = 0.10
_FORBIDDEN = 0.35
_FORBIDDEN_MARGIN = 0.05
_MAX_COMBINATIONS = 96


def choose(
    reading: Reading,
    services: Sequence[ServiceSpec],
    *,
    action: str,
    params: Mapping[str, Json],
    named: Sequence[str],
    rows: Mapping[str, Mapping[str, float]],
    scale: float,
) -> Assembly:
    """The wired services for one reading of an action. ``rows``: by text, how near each service is to it, for the
    action, its requests and its prohibitions, and for ``named``, which are the requests with the params' fields
    in their values' places. Raises :class:`NotActionable`."""
    allowed = _allowed(reading, services, rows, scale)
    if not allowed:
        raise NotActionable("The action forbids what every service does. Register one for what it asks.")
    bench = _bench(reading, allowed, action=action, params=params, nearness=rows[action])
    own = _own_words(reading.requests, named, fields=stems_of(" ".join(params)))
    case = Case(bench, own, belonging=shared_parts(services), scale=scale)
    near = [
        _nearness(case, request, rows[request.text], rows[text])
        for request, text in zip(reading.requests, named, strict=True)
    ]
    return _assembly(case, reading.requests, wishes_of(case, reading.requests, near))


def _assembly(case: Case, requests: Sequence[Request], wishes: Sequence[Wish]) -> Assembly:
    chosen = _best(case, wishes)
    chosen = tuple(_gone_on(case, wish, name, chosen) for wish, name in zip(wishes, chosen, strict=True))
    assembly = assemble(case.bench, chosen)
    check_repetition(case, wishes, chosen)
    for wish, service in zip(wishes, chosen, strict=True):
        check_second_choice(case, wish, service, chosen, assembly)
        check_condition(case, wish, service)
    goals = [*chosen, *(name for wish in wishes for name in listed(case, wish, chosen))]
    assembly = with_the_rest(case, requests, goals, assemble(case.bench, goals))
    for wish, service in zip(wishes, chosen, strict=True):
        check_equals(case, wish, service, goals, assembly)
        check_changes(case, wish, assembly)
    return assembly


def _allowed(
    reading: Reading, services: Sequence[ServiceSpec], rows: Mapping[str, Mapping[str, float]], scale: float
) -> list[ServiceSpec]:
    """The services but those that would do what must not be done."""
    candidates = [Candidate(spec) for spec in services]
    forbidden = {
        name
        for request in reading.forbidden
        for name in _doing(request, candidates, rows[request.text], _FORBIDDEN * scale)
    }
    return [spec for spec in services if spec.name not in forbidden]


def _doing(
    request: Request, candidates: Sequence[Candidate], row: Mapping[str, float], lowest: float
) -> Iterator[str]:
    suiting = {each.spec.name: row[each.spec.name] for each in candidates if suits(request, each)}
    floor = max(max(suiting.values(), default=0.0) - _FORBIDDEN_MARGIN, lowest)
    return (name for name, similarity in suiting.items() if similarity >= floor)


def _bench(
    reading: Reading,
    services: Sequence[ServiceSpec],
    *,
    action: str,
    params: Mapping[str, Json],
    nearness: Mapping[str, float],
) -> Workbench:
    said = stems_of(action)
    asked = frozenset(kind for request in reading.requests for kind in request.act.changes)

    def may_help(candidate: Candidate) -> bool:
        """Reading and computing do no harm; a change must have been asked for, by its verb and by its object."""
        if not candidate.act.changes:
            return candidate.act.harmless or not any(
                act_of_word(word).changes for word in words_of(candidate.spec.name)
            )
        objects = objects_of(candidate)
        return bool(candidate.act.changes & asked) and bool(objects) and objects <= said

    return Workbench(services, params=params, said=said, may_help=may_help, nearness=nearness.__getitem__)


def _own_words(
    requests: Sequence[Request], named: Sequence[str], *, fields: frozenset[str]
) -> dict[str, frozenset[str]]:
    return {
        request.text: frozenset(word for word in content_stems(text) - fields if act_of_word(word) != READING)
        for request, text in zip(requests, named, strict=True)
    }


def _nearness(
    case: Case, request: Request, said: Mapping[str, float], named: Mapping[str, float]
) -> dict[str, float]:
    """By the request as it stands and, where that is nearer, with its values' fields named. The fields alone
    would be near to all that takes them, so other words of the request, if it has any, must be the service's too,
    or several params be its inputs."""

    def explained(name: str) -> bool:
        told = not case.own[request.text] or bool(case.known(request, name))
        return told or len(case.bench.exact_params(name)) >= 2

    return {
        name: (said[name] + named[name]) / 2 if named[name] > said[name] and explained(name) else said[name]
        for name in case.candidates
    }


def _best(case: Case, wishes: Sequence[Wish]) -> tuple[str, ...]:
    """The combination of services that can be supplied and fits the requests and the params best."""
    best: tuple[float, tuple[str, ...]] | None = None
    first: Assembly | None = None
    for chosen in _combinations(wishes):
        assembly = assemble(case.bench, chosen)
        first = first or assembly
        if not assembly.missing:
            value = _value(case, wishes, chosen, assembly)
            if best is None or value > best[0]:
                best = value, chosen
    if best is None:
        assert first is not None
        raise not_supplied(case.bench, first.missing[0])
    return best[1]


def _combinations(wishes: Sequence[Wish]) -> list[tuple[str, ...]]:
    """Some of the ways to fulfil every wish, nearest first."""
    width = {1: 6, 2: 6, 3: 4, 4: 3, 5: 2, 6: 2}.get(len(wishes), 1)
    shortlists = [wish.shortlist[:width] for wish in wishes]
    every = islice(product(*shortlists), _MAX_COMBINATIONS)
    return sorted(every, key=lambda chosen: -_similarity(wishes, chosen))


def _value(case: Case, wishes: Sequence[Wish], chosen: Sequence[str], assembly: Assembly) -> float:
    params = case.bench.params.keys()
    goals = set(chosen)
    consumed = min(len(assembly.consumed & params), 3 * len(wishes))
    tasks = _PER_TASK * len(goals) + _PER_HELPER * (len(assembly.services) - len(goals))
    # A plan that leaves a param unused is going to be rejected.
    complete = _ALL_PARAMS if assembly.consumed >= params else 0.0
    return _similarity(wishes, chosen) + LEAD_PER_PARAM * consumed + complete - tasks


def _similarity(wishes: Sequence[Wish], chosen: Sequence[str]) -> float:
    return sum(wish.similarity[name] for wish, name in zip(wishes, chosen, strict=True))


def _gone_on(case: Case, wish: Wish, service: str, chosen: Sequence[str]) -> str:
    """A service that only looks up what another needs is not what is asked for, where that other one knows
    more of the request's words: the balance of an account, not the account."""
    if wish.request.act.only_changes:
        return service
    known = case.known(wish.request, service)
    best = service
    for name in wish.shortlist:
        if len(case.known(wish.request, name) - known) > len(case.known(wish.request, best) - known):
            assembly = assemble(case.bench, [name if each == service else each for each in chosen])
            if service in assembly.services:
                best = name
    return best
