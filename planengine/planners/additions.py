"""Services beyond one for each request: further things of a list, and what takes the params that are left over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from planengine.planners.case import Case
from planengine.planners.clauses import Request
from planengine.planners.composer.bench import Candidate
from planengine.planners.composer.chaining import Assembly, assemble
from planengine.planners.refusals import not_supplied
from planengine.planners.relevance import content_stems
from planengine.planners.wishes import Wish
from planengine.planners.wording import (
    listed_stems,
    objects_of,
    pieces_of,
    suits,
    told_by,
)

_REST = 0.25


def listed(case: Case, wish: Wish, chosen: Sequence[str]) -> list[str]:
    """Further things of a list ("the weather, flights and hotels"): a service whose name is about a word of
    the request that no chosen service knows, and that does the same kind of thing. Raises
    :class:`NotActionable` for one that lacks an input."""
    candidates = case.candidates
    wanted = listed_stems(wish.request.text, case.bench.params.values())
    if not wanted:
        return []
    words = content_stems(wish.request.text)
    covered = frozenset().union(*(candidates[name].said | told_by(candidates[name]) for name in chosen))
    found: list[str] = []
    for name in sorted(candidates, key=lambda name: (-wish.similarity[name], name)):
        about = objects_of(candidates[name])
        new = about - covered
        if (
            not new & wanted
            or not about - case.belonging <= words
            or not _same_kind(wish.request, candidates[name])
        ):
            continue
        assembly = assemble(case.bench, [*chosen, *found, name])
        if assembly.missing:
            raise not_supplied(case.bench, assembly.missing[0])
        found.append(name)
        covered |= new
    return [*found, *_spelt_out(case, wish, {*chosen, *found})]


def with_the_rest(case: Case, requests: Sequence[Request], goals: list[str], assembly: Assembly) -> Assembly:
    """Params that no service takes would fail the plan: more services that take them by name, if they are near
    to the action, do what is asked for, and are the only ones."""
    bench = case.bench
    while rest := bench.params.keys() - assembly.consumed:
        askable = [name for name in _askable(case, requests) if name not in goals]
        taken = {name: len(bench.exact_params(name) & rest) for name in askable}
        most = max(taken.values(), default=0)
        best = [name for name, count in taken.items() if count == most]
        extended = assemble(bench, [*goals, *best])
        if not most or len(best) > 1 or extended.missing:
            break
        goals, assembly = [*goals, *best], extended
    return assembly


def _same_kind(request: Request, candidate: Candidate) -> bool:
    return candidate.act.only_changes == request.act.only_changes and suits(request, candidate)


def _spelt_out(case: Case, wish: Wish, goals: Collection[str]) -> Iterator[str]:
    """What a list names in words that only one service has all of ("… and the least common multiple")."""
    for piece in pieces_of(wish.request.text)[1:]:
        words = frozenset(filter(str.isalpha, content_stems(piece) - case.values))
        knowing = [name for name, candidate in case.candidates.items() if words <= candidate.said]
        if len(words) < 2 or len(knowing) != 1 or knowing[0] in goals:
            continue
        fits = suits(wish.request, case.candidates[knowing[0]])
        if fits and not assemble(case.bench, [*goals, *knowing]).missing:
            yield knowing[0]


def _askable(case: Case, requests: Sequence[Request]) -> list[str]:
    """The services that are near to the action and change nothing that is not clearly asked for."""
    asked = {kind for request in requests if not request.act.guessed for kind in request.act.changes}
    return [
        name
        for name, candidate in case.candidates.items()
        if case.bench.nearness(name) >= _REST * case.scale
        and (not candidate.act.only_changes or candidate.act.changes & asked)
    ]
