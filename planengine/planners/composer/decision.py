"""Whether the best set of services is what the request is after: near enough, no other set as near, and, before a
side effect, every word accounted for. Raises :class:`.refusals.NotActionable` with what would make it work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cache.templates.templates import Template
from planengine.planners.composer import refusals
from planengine.planners.composer.accounts import Account, MeansField, says_what, unaccounted
from planengine.planners.composer.choosing import MARGIN, Fits, Ranking, Short, Wired, wire
from planengine.planners.composer.parts import Part
from planengine.planners.composer.refusals import NotActionable
from planengine.planners.wiring.workbench import Workbench

# All fitted on the even rows, like those of choosing.
# A service less similar is not what is asked for; one of which no word speaks must be more similar; where every
# word is accounted for, little will do.
_FLOOR, _FLOOR_UNSAID, _FLOOR_ACCOUNTED = 0.25, 0.40, 0.10
# A part this near to a service, and nearly as near as to the one it is for, is as well for the other.
_NEAR, _NEARLY = 0.40, 0.05


@dataclass(frozen=True)
class Request:
    """What is known of a request when its sets of services are ranked."""

    bench: Workbench
    fits: Fits
    parts: tuple[Part, ...]
    template: Template
    means_field: MeansField

    def part_of(self, service: str) -> Part:
        return self.parts[self.fits.part_of(service)]

    def says(self, service: str) -> bool:
        """Whether it is said that the service, and not most others, is to do something."""
        facts = self.bench.facts
        return says_what(self.part_of(service), self.bench.candidates[service], facts.entities | facts.shared)


def decide(request: Request, ranking: Ranking) -> Wired:
    """The best set, if nothing speaks against it."""
    if not ranking.wired:
        raise _short(request, ranking.short)
    best = ranking.wired[0]
    reads = all(request.bench.candidates[name].spec.read_only for name in best.services)
    for goal in best.goals:
        if request.fits.similarity(goal) < _floor(request, goal, accounted=not reads):
            raise _no_service(request, goal)
    if reads and (meant := _meant_instead(request, ranking)) is not None:
        # To look something up is no answer to who wants something done.
        raise refusals.not_supplied(request.bench, meant.missing[0])
    doubt = None if reads else doubt_about(request, best)
    for other in _rivals(request, ranking, accounted=not reads and doubt is None):
        raise refusals.either(request.template.action, best.services - other, other - best.services)
    if doubt:
        raise doubt
    return best


def _meant_instead(request: Request, ranking: Ranking) -> Short | None:
    """A set that changes something, is clearly better than the best, and lacks only inputs."""
    clearer = (each for each in ranking.short if each.worth - ranking.wired[0].worth >= MARGIN)
    return next((each for each in clearer if each.missing and _changes(request, each.goals)), None)


def _changes(request: Request, goals: Sequence[str]) -> bool:
    """Whether all that it is after is said, and some of it changes something."""
    return all(map(request.says, goals)) and not all(
        request.bench.candidates[each].spec.read_only for each in goals
    )


def _floor(request: Request, goal: str, *, accounted: bool) -> float:
    if not says_what(request.part_of(goal), request.bench.candidates[goal], request.bench.facts.entities):
        return _FLOOR_UNSAID
    return _FLOOR_ACCOUNTED if accounted else _FLOOR


def _rivals(request: Request, ranking: Ranking, *, accounted: bool) -> Iterator[frozenset[str]]:
    """The sets that could as well be meant. Where the best accounts for every word, only those that do so too."""
    best = ranking.wired[0]
    near = [other for other in ranking.wired[1:] if best.worth - other.worth < MARGIN]
    more = (
        wire(request.bench, (*best.goals, name), best.assembly.consumed) for name in _as_near(request.fits, best)
    )
    for other in (*near, *more):
        if isinstance(other, Wired) and not (accounted and doubt_about(request, other)):
            yield other.services


def _as_near(fits: Fits, best: Wired) -> Iterator[str]:
    """Other services that further parts of those of the plan may be for."""
    for place, row in enumerate(fits.values[:-1].tolist()):
        near = dict(zip(fits.names, row, strict=True))
        owner = max(best.goals, key=near.__getitem__)
        if place != fits.part_of(owner):
            lowest = max(_NEAR, near[owner] - _NEARLY)
            yield from (name for name in fits.names if near[name] >= lowest and name not in best.services)


def doubt_about(request: Request, found: Wired) -> NotActionable | None:
    """What this set does not account for, or does without being told to."""
    services = [request.bench.candidates[name] for name in found.assembly.services]
    goals = tuple(each for each in services if each.spec.name in found.goals)
    lookups = tuple(each for each in services if each.spec.name not in found.goals)
    for place, part in enumerate(request.parts):
        here = tuple(each for each in goals if request.fits.part_of(each.spec.name) == place)
        near = here or tuple(each for each in lookups if request.fits.part_of(each.spec.name) == place) or goals
        entry = Account(found.assembly, near, lookups, request.bench.params, request.bench.facts.entities)
        if unknown := unaccounted(part, entry, request.means_field):
            changing = next((each for each in (*near, *goals) if not each.spec.read_only), near[0])
            return refusals.not_accounted(request.template, unknown, changing.spec.name)
        for each in here:
            if not request.says(each.spec.name):
                return refusals.not_said(part.text, each.spec.name)
    return None


def _short(request: Request, short: Sequence[Short]) -> NotActionable:
    """Why the best set cannot be carried out."""
    best = next((each for each in short if each.missing), short[0])
    goal = max(best.goals, key=request.fits.similarity)
    if request.fits.similarity(goal) < _floor(request, goal, accounted=False):
        return _no_service(request, goal)
    if best.missing:
        return refusals.not_supplied(request.bench, best.missing[0])
    return refusals.not_taken(best.left, goal)


def _no_service(request: Request, nearest: str) -> NotActionable:
    text = request.part_of(nearest).text
    return refusals.no_service(text, nearest=nearest, similarity=request.fits.similarity(nearest))
