"""Which services a request asks for: by what they mean, by what they do, and by whether they can be supplied.

Similarity proposes; the verbs (:mod:`planengine.planners.verbs`) and the wiring
(:mod:`planengine.planners.chaining`) decide. What remains doubtful is refused with a reason, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from orra.strictjson import Json
from planengine.catalogue import ServiceSpec
from planengine.planners.bench import Candidate, Workbench
from planengine.planners.chaining import Assembly, Missing, assemble, types_text
from planengine.planners.clauses import Reading, Request
from planengine.planners.naming import stem, stems_of, words_of
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import (
    READING,
    act_of_word,
    asks_a_question,
    exact_verb,
    is_verb,
    stems_said,
    unknown_head,
)
from planengine.planners.vocabulary import DESTRUCTIVE, NOUNS, NOUNS_TOO
from planengine.planners.wording import (
    alike,
    fields_said,
    listed_stems,
    objects_of,
    pieces_of,
    shared_parts,
    suits,
    tells_what_is_asked,
    texts_in,
    told_by,
    undoes,
    unsure,
)

# The lowest similarity at which a service is what is asked for, by how many params are its inputs by name: names
# that fit are evidence of their own, and so is a word of the request in the service's name. Measured: of 200 right
# services one lies below these, and requests from other fields that have one fitting name reach 0.34.
_FLOORS = (0.40, 0.35, 0.20)
_FLOORS_WHEN_NAMED = (0.32, 0.26, 0.20)
_FLOOR_WHEN_SAID = 0.08
_FLOOR_WHEN_KEYED = 0.12
_UNKNOWN_VERB = 0.10
# How near a service must be whose verb nobody knows, when the params are just its inputs: one, two, or more.
_NEAR = (0.60, 0.50, 0.35)
# How much nearer a service may be that lacks an input, before taking another instead would be guessing.
_LEAD = 0.10
_LEAD_PER_PARAM = 0.05
_LEAD_WHEN_ASKED = 0.02
_SHORTLIST = 0.25
_REST = 0.25
_EQUAL = 0.01
_PER_TASK = 0.08
_PER_HELPER = 0.02
_ALL_PARAMS = 0.10
_FORBIDDEN = 0.35
_FORBIDDEN_MARGIN = 0.05
_MAX_COMBINATIONS = 96

_refers_back = re.compile(
    r"\b(?:it|its|them|their|they|this|these|those|that|he|him|his|she|her)\b", re.IGNORECASE
)
_noun_stems = frozenset(map(stem, NOUNS | NOUNS_TOO))
_vague_stems = stems_of("use one detail information thing option available")


class NotActionable(Exception):
    """Why there is no plan, for whoever asked."""


@dataclass(frozen=True)
class _Wish:
    """One request and the services that may fulfil it, nearest first."""

    request: Request
    similarity: Mapping[str, float]
    shortlist: tuple[str, ...]


class Choice:
    """The services for one reading of an action. ``rows``: by text, how near each service is to it, for the
    action, its requests and its prohibitions, and for ``named``, which are the requests with the params' fields
    in their values' places."""

    def __init__(
        self,
        reading: Reading,
        services: Sequence[ServiceSpec],
        *,
        action: str,
        params: Mapping[str, Json],
        named: Sequence[str],
        rows: Mapping[str, Mapping[str, float]],
        scale: float,
    ) -> None:
        self._scale = scale
        self._candidates = {spec.name: Candidate(spec) for spec in services}
        forbidden = set(self._forbidden(reading.forbidden, rows))
        self._reading = reading
        self._said = stems_of(action)
        self._asked = frozenset(kind for request in reading.requests for kind in request.act.changes)
        self._bench = Workbench(
            (spec for spec in services if spec.name not in forbidden),
            params=params,
            said=self._said,
            may_help=self._may_help,
            nearness=rows[action].__getitem__,
        )
        self._values_said = content_stems(" ".join(texts_in(params.values())))
        self._fields = stems_of(" ".join(params))
        self._shared_parts = shared_parts(services)
        self._own = {
            request.text: frozenset(
                word for word in content_stems(text) - self._fields if act_of_word(word) != READING
            )
            for request, text in zip(reading.requests, named, strict=True)
        }
        self._rows = [
            {
                name: self._nearness(request, name, rows[request.text][name], rows[text][name])
                for name in self._bench.candidates
            }
            for request, text in zip(reading.requests, named, strict=True)
        ]

    def assembly(self) -> Assembly:
        """The wired services. Raises :class:`NotActionable`."""
        wishes = self._wishes()
        chosen = self._best(wishes)
        chosen = tuple(self._gone_on(wish, name, chosen) for wish, name in zip(wishes, chosen, strict=True))
        assembly = assemble(self._bench, chosen)
        self._check_repetition(wishes, chosen)
        for wish, service in zip(wishes, chosen, strict=True):
            self._check_second_choice(wish, service, chosen, assembly)
            if wish.request.conditional and self._bench.candidates[service].act.only_changes:
                raise NotActionable(
                    f"'{_shown(wish.request.text)}' holds only under a condition, and a plan cannot decide."
                    " Check the condition first and ask again without it."
                )
        goals = [*chosen, *(name for wish in wishes for name in self._listed(wish, chosen))]
        assembly = self._with_the_rest(goals, assemble(self._bench, goals))
        for wish, service in zip(wishes, chosen, strict=True):
            self._check_equals(wish, service, goals, assembly)
            self._check_changes(wish, assembly)
        return assembly

    def _nearness(self, request: Request, name: str, said: float, named: float) -> float:
        """By the request as it stands and, where that is nearer, with its values' fields named. The fields alone
        would be near to all that takes them, so other words of the request must be the service's too, or several
        params be its inputs."""
        if named > said and (self._explains(request, name) or len(self._bench.exact_params(name)) >= 2):
            return (said + named) / 2
        return said

    def _explains(self, request: Request, name: str) -> bool:
        """Whether the service knows a word of the request that is no field and no value, if there is any."""
        return not self._own[request.text] or bool(self._known(request, name))

    def _known(self, request: Request, name: str) -> frozenset[str]:
        """The words of the request, but for fields and values, that the service knows."""
        candidate = self._candidates[name]
        known = candidate.said | fields_said(candidate)
        return frozenset(word for word in self._own[request.text] if any(alike(word, other) for other in known))

    def _forbidden(self, requests: Sequence[Request], rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
        """The services that would do what must not be done."""
        for request in requests:
            row = rows[request.text]
            suiting = {name: row[name] for name in row if suits(request, self._candidates[name])}
            nearest = max(suiting.values(), default=0.0)
            floor = max(nearest - _FORBIDDEN_MARGIN, _FORBIDDEN * self._scale)
            yield from (name for name, similarity in suiting.items() if similarity >= floor)

    def _may_help(self, candidate: Candidate) -> bool:
        """Reading and computing do no harm; a change must have been asked for, by its verb and by its object."""
        if not candidate.act.changes:
            return candidate.act.harmless or not any(
                act_of_word(word).changes for word in words_of(candidate.spec.name)
            )
        objects = objects_of(candidate)
        return bool(candidate.act.changes & self._asked) and bool(objects) and objects <= self._said

    def _wishes(self) -> list[_Wish]:
        wishes = [self._wish(*pair) for pair in zip(self._reading.requests, self._rows, strict=True)]
        fulfillable = [wish for wish in wishes if wish.shortlist]
        for wish in wishes:
            if not wish.shortlist and not (fulfillable and self._elaborates(wish, fulfillable)):
                raise NotActionable(self._no_service(wish))
        return fulfillable

    def _wish(self, request: Request, row: Mapping[str, float]) -> _Wish:
        candidates = self._bench.candidates
        # Between two that are about equally near the question tells.
        row = {
            name: near
            + (_LEAD_WHEN_ASKED * self._scale if tells_what_is_asked(request, candidates[name]) else 0.0)
            for name, near in row.items()
        }
        suiting = [name for name in candidates if self._may_suit(request, candidates[name], row)]
        verb = exact_verb(request.text)
        head = unknown_head(request.text) if request.act.guessed else ""
        suiting = [name for name in suiting if verb in candidates[name].said] or suiting
        suiting = [name for name in suiting if head in candidates[name].ends] or suiting
        near_enough = (name for name in suiting if self._near_enough(name, request, row))
        ranked = sorted(near_enough, key=lambda name: (-row[name], name))
        near = [name for name in ranked if row[name] >= row[ranked[0]] - _SHORTLIST]
        return _Wish(request, row, tuple(near[:6]))

    def _may_suit(self, request: Request, candidate: Candidate, row: Mapping[str, float]) -> bool:
        """Also lets an unknown verb pass ("play a song") where nothing is changed and the params speak for it, or
        where they are just its inputs and the rest of the request is near to it."""
        if suits(request, candidate):
            return True
        name = candidate.spec.name
        evidence = len(self._bench.exact_params(name))
        if request.act.verb and candidate.act.harmless and evidence >= 2:
            return True
        if not (request.act.verb or request.act.guessed) or undoes(candidate, request.act.verb):
            return False
        if candidate.act.only_changes and (evidence < 2 or not self._only_change_with_key(candidate)):
            return False
        return self._is_key(candidate) and row[name] >= _NEAR[min(evidence, 3) - 1] * self._scale

    def _near_enough(self, name: str, request: Request, row: Mapping[str, float]) -> bool:
        candidate = self._bench.candidates[name]
        evidence = min(len(self._bench.exact_params(name)), len(_FLOORS) - 1)
        floors = _FLOORS_WHEN_NAMED if self._is_named(request, candidate) else _FLOORS
        floor = floors[evidence] + (_UNKNOWN_VERB if unsure(request, candidate) else 0.0)
        if self._says_the_same(request, candidate) or self._takes_the_words(request, candidate):
            floor = min(floor, _FLOOR_WHEN_SAID)
        if self._fits_like_a_key(candidate) or (
            self._is_key(candidate) and tells_what_is_asked(request, candidate)
        ):
            floor = min(floor, _FLOOR_WHEN_KEYED)
        return row[name] >= floor * self._scale

    def _is_named(self, request: Request, candidate: Candidate) -> bool:
        """Whether the request says what the service is about, if only by its params ("show me ORD-17")."""
        about = objects_of(candidate)
        only_values = not self._own[request.text] and about and about <= self._fields
        return bool(about & content_stems(request.text) or only_values)

    def _fits_like_a_key(self, candidate: Candidate) -> bool:
        """Whether the params, two or more, are what a service that does no harm takes."""
        return candidate.act.harmless and len(self._bench.params) >= 2 and self._is_key(candidate)

    def _only_change_with_key(self, candidate: Candidate) -> bool:
        """Whether it takes nothing away and no other change could be made with the same params."""
        changing = [
            other for other in self._bench.candidates.values() if other.act.only_changes and self._is_key(other)
        ]
        return changing == [candidate] and not candidate.act.changes & DESTRUCTIVE

    def _is_key(self, candidate: Candidate) -> bool:
        """Whether the params are the service's inputs by name, none too many and none missing."""
        names = self._bench.exact_params(candidate.spec.name)
        return 0 < len(names) == len(self._bench.params) and all(
            self._bench.namesake(name) for name in candidate.spec.required_inputs
        )

    def _says_the_same(self, request: Request, candidate: Candidate) -> bool:
        """Whether the request names the service's change and what is changed, or means it by "it" and no other
        service makes such a change."""
        if not request.act.changes & candidate.act.changes:
            return False
        if objects_of(candidate) & stems_said(request.text):
            return True
        rivals = [other for other in self._bench.candidates.values() if request.act.changes & other.act.changes]
        return len(rivals) == 1 and _refers_back.search(request.text) is not None

    def _takes_the_words(self, request: Request, candidate: Candidate) -> bool:
        """Whether the service looks for what a param says in words, and those are the words of the request: what
        it looks for is then nothing that its description could resemble."""
        if not (candidate.act == READING and request.act.harmless) or asks_a_question(request.text):
            return False
        wanted = content_stems(request.text)
        for name in candidate.spec.required_inputs:
            value = self._bench.params.get(self._bench.namesake(name) or "")
            if isinstance(value, str) and len(value.split()) >= 3 and len(content_stems(value) & wanted) >= 2:
                return True
        return False

    def _elaborates(self, wish: _Wish, others: Sequence[_Wish]) -> bool:
        """Whether the request only says more about another one: the same change of "it" once more, a question that
        resembles the other one's service most, or words that are new and yet words of that service or of the
        params ("please sort by popularity")."""
        text, act = wish.request.text, wish.request.act
        if _refers_back.search(text) and any(act.changes & other.request.act.changes for other in others):
            return True
        own = content_stems(text) - _vague_stems - {stem(word) for word in words_of(text) if is_verb(word)}
        if not own:
            return not act.only_changes
        main = self._bench.candidates[others[0].shortlist[0]]
        known = main.said | fields_said(main) | stems_of(" ".join(self._bench.params))
        if act.harmless and not act.changes:
            nearest = self._nearest(wish)
            if nearest == main.spec.name and wish.similarity[nearest] >= _FLOORS[-1] * self._scale:
                told = own - self._values_said if asks_a_question(text) else own
                return any(alike(word, other) for word in told for other in known | self._values_said)
        if asks_a_question(text) or not act.changes <= {"create"}:
            return False
        new = own.difference(*(stems_of(other.request.text) for other in others))
        return any(alike(word, other) for word in new for other in known)

    def _nearest(self, wish: _Wish) -> str:
        return max(wish.similarity, key=lambda name: (wish.similarity[name], name))

    def _no_service(self, wish: _Wish) -> str:
        nearest = self._nearest(wish)
        return (
            f"No registered service can '{_shown(wish.request.text)}'. The nearest, '{nearest}', is for something"
            f" else (similarity {wish.similarity[nearest]:.2f}). Register a service for it or change the action."
        )

    def _best(self, wishes: Sequence[_Wish]) -> tuple[str, ...]:
        """The combination of services that can be supplied and fits the requests and the params best."""
        best: tuple[float, tuple[str, ...]] | None = None
        first: Assembly | None = None
        for chosen in _combinations(wishes):
            assembly = assemble(self._bench, chosen)
            first = first or assembly
            if not assembly.missing:
                value = self._value(wishes, chosen, assembly)
                if best is None or value > best[0]:
                    best = value, chosen
        if best is None:
            assert first is not None
            raise NotActionable(self._not_supplied(first.missing[0]))
        return best[1]

    def _value(self, wishes: Sequence[_Wish], chosen: Sequence[str], assembly: Assembly) -> float:
        goals = set(chosen)
        similarity = sum(wish.similarity[name] for wish, name in zip(wishes, chosen, strict=True))
        consumed = min(len(assembly.consumed & self._bench.params.keys()), 3 * len(wishes))
        tasks = _PER_TASK * len(goals) + _PER_HELPER * (len(assembly.services) - len(goals))
        # A plan that leaves a param unused is going to be rejected.
        complete = _ALL_PARAMS if assembly.consumed >= self._bench.params.keys() else 0.0
        return similarity + _LEAD_PER_PARAM * consumed + complete - tasks

    def _check_second_choice(self, wish: _Wish, service: str, chosen: Sequence[str], assembly: Assembly) -> None:
        """A nearer service that lacks an input is only passed over for one that the params clearly speak for."""
        for nearer in wish.shortlist[: wish.shortlist.index(service)]:
            alternative = assemble(self._bench, [nearer if name == service else name for name in chosen])
            if not alternative.missing:
                continue
            evidence = len(self._bench.exact_params(service))
            lead = _LEAD
            if assembly.consumed >= self._bench.params.keys():
                lead += _LEAD_PER_PARAM * min(evidence, 3)
            gap = wish.similarity[nearer] - wish.similarity[service]
            if gap > lead * self._scale or (evidence < 2 and self._lacks_words(wish, nearer, service)):
                raise NotActionable(self._not_supplied(alternative.missing[0]))

    def _check_changes(self, wish: _Wish, assembly: Assembly) -> None:
        """Where what is no clear order ("customer wants refund, pls inform") changes something, all its words of
        change must be done or known by a service of the plan."""
        services = [self._candidates[name] for name in assembly.services]
        if not wish.request.act.guessed or not any(each.act.only_changes for each in services):
            return
        for word in sorted(self._own[wish.request.text]):
            act = act_of_word(word)
            if not act.only_changes or word in _noun_stems:
                continue
            if not any(act.changes & each.act.changes or word in each.said for each in services):
                raise NotActionable(
                    f"'{_shown(wish.request.text)}' speaks of more than the services for it do."
                    " Say each thing that is to be done as an order of its own."
                )

    def _check_equals(self, wish: _Wish, service: str, goals: Sequence[str], assembly: Assembly) -> None:
        """Between two that are equally near and take the same, nothing but a guess could choose."""
        for other in wish.shortlist:
            if (
                other in assembly.services
                or abs(wish.similarity[other] - wish.similarity[service]) >= _EQUAL * self._scale
            ):
                continue
            alternative = assemble(self._bench, [other if name == service else name for name in goals])
            knows_less = self._known(wish.request, other) < self._known(wish.request, service)
            if not alternative.missing and alternative.consumed == assembly.consumed and not knows_less:
                raise NotActionable(
                    f"Both '{service}' and '{other}' could be meant by '{_shown(wish.request.text)}', and nothing"
                    " tells which. Say it in the words of the one that you mean."
                )

    def _check_repetition(self, wishes: Sequence[_Wish], chosen: Sequence[str]) -> None:
        """One change of two things would need the service twice, with inputs that the params give only once."""
        seen: dict[str, frozenset[str]] = {}
        for wish, service in zip(wishes, chosen, strict=True):
            candidate = self._bench.candidates[service]
            things = self._things_in(wish.request.text) - candidate.said
            repeated = service in seen and candidate.act.only_changes
            if repeated and things - seen[service] and not _refers_back.search(wish.request.text):
                raise NotActionable(
                    f"The action asks for '{service}' twice, the second time with '{_shown(wish.request.text)}',"
                    " but the params give its inputs only once. Send one request for each."
                )
            seen.setdefault(service, things)

    def _things_in(self, text: str) -> frozenset[str]:
        """What a request is about: its words but verbs and the params' names, and all that has a digit in it."""
        verbs = {stem(word) for word in words_of(text) if is_verb(word)}
        numbered = {word.strip(".,;:!?") for word in text.split() if any(map(str.isdigit, word))}
        return content_stems(text) - verbs - stems_of(" ".join(self._bench.params)) | numbered

    def _lacks_words(self, wish: _Wish, nearer: str, service: str) -> bool:
        """Whether the request says something that is a word of ``nearer`` and not of ``service``."""
        one, other = self._bench.candidates[nearer], self._bench.candidates[service]
        return bool(content_stems(wish.request.text) & one.said - other.said - fields_said(other))

    def _listed(self, wish: _Wish, chosen: Sequence[str]) -> Iterator[str]:
        """Further things of a list ("the weather, flights and hotels"): a service whose name is about a word of
        the request that no chosen service knows, and that does the same kind of thing."""
        candidates = self._bench.candidates
        wanted = listed_stems(wish.request.text, self._bench.params.values())
        if not wanted:
            return
        words = content_stems(wish.request.text)
        covered = frozenset().union(*(candidates[name].said | told_by(candidates[name]) for name in chosen))
        found: list[str] = []
        for name in sorted(candidates, key=lambda name: (-wish.similarity[name], name)):
            candidate = candidates[name]
            about = objects_of(candidate)
            new = about - covered
            told = not new & wanted or not about - self._shared_parts <= words
            if (
                told
                or candidate.act.only_changes != wish.request.act.only_changes
                or not suits(wish.request, candidate)
            ):
                continue
            assembly = assemble(self._bench, [*chosen, *found, name])
            if assembly.missing:
                raise NotActionable(self._not_supplied(assembly.missing[0]))
            found.append(name)
            covered |= new
        yield from found
        yield from self._spelt_out(wish, {*chosen, *found})

    def _spelt_out(self, wish: _Wish, goals: Collection[str]) -> Iterator[str]:
        """What a list names in words that only one service has all of ("… and the least common multiple")."""
        for piece in pieces_of(wish.request.text)[1:]:
            words = frozenset(filter(str.isalpha, content_stems(piece) - self._values_said))
            knowing = [name for name, candidate in self._bench.candidates.items() if words <= candidate.said]
            if len(words) < 2 or len(knowing) != 1 or knowing[0] in goals:
                continue
            fits = suits(wish.request, self._bench.candidates[knowing[0]])
            if fits and not assemble(self._bench, [*goals, *knowing]).missing:
                yield knowing[0]

    def _gone_on(self, wish: _Wish, service: str, chosen: Sequence[str]) -> str:
        """A service that only looks up what another needs is not what is asked for, where that other one knows
        more of the request's words: the balance of an account, not the account."""
        if wish.request.act.only_changes:
            return service
        known = self._known(wish.request, service)
        best = service
        for name in wish.shortlist:
            if len(self._known(wish.request, name) - known) > len(self._known(wish.request, best) - known):
                assembly = assemble(self._bench, [name if each == service else each for each in chosen])
                if service in assembly.services:
                    best = name
        return best

    def _with_the_rest(self, goals: list[str], assembly: Assembly) -> Assembly:
        """Params that no service takes would fail the plan: more services that take them by name, if they are near
        to the action, do what is asked for, and are the only ones."""
        while rest := self._bench.params.keys() - assembly.consumed:
            taken = {
                name: len(self._bench.exact_params(name) & rest) for name in self._askable if name not in goals
            }
            most = max(taken.values(), default=0)
            best = [name for name, count in taken.items() if count == most]
            extended = assemble(self._bench, [*goals, *best])
            if not most or len(best) > 1 or extended.missing:
                break
            goals, assembly = [*goals, *best], extended
        return assembly

    @cached_property
    def _askable(self) -> list[str]:
        """The services that are near to the action and change nothing that is not clearly asked for."""
        asked = {
            kind for request in self._reading.requests if not request.act.guessed for kind in request.act.changes
        }
        return [
            name
            for name, candidate in self._bench.candidates.items()
            if self._bench.nearness(name) >= _REST * self._scale
            and (not candidate.act.only_changes or candidate.act.changes & asked)
        ]

    def _not_supplied(self, missing: Missing) -> str:
        kind = types_text(self._bench.field_of(missing.service, missing.field))
        needs = f"Service '{missing.service}' needs '{missing.field}' ({kind}): {missing.reason}."
        unfit = self._bench.unfitting(missing.service, missing.field)
        return f"{needs} " + (
            "Send a value that fits." if unfit else f"Send it as a param named '{missing.field}'."
        )


def _combinations(wishes: Sequence[_Wish]) -> list[tuple[str, ...]]:
    """Some of the ways to fulfil every wish, nearest first."""
    width = {1: 6, 2: 6, 3: 4, 4: 3, 5: 2, 6: 2}.get(len(wishes), 1)
    shortlists = [wish.shortlist[:width] for wish in wishes]
    every = islice(product(*shortlists), _MAX_COMBINATIONS)
    return sorted(
        every,
        key=lambda chosen: -sum(wish.similarity[name] for wish, name in zip(wishes, chosen, strict=True)),
    )


def _shown(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
