"""The requests of an action and, for each, the services that may fulfil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planengine.planners.case import Case, refers_back
from planengine.planners.clauses import Request
from planengine.planners.composer.naming import stem, stems_of, words_of
from planengine.planners.nearness import LOWEST_FLOOR, may_suit, near_enough
from planengine.planners.refusals import no_service
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import asks_a_question, exact_verb, is_verb, unknown_head
from planengine.planners.wording import alike, fields_said, tells_what_is_asked

_LEAD_WHEN_ASKED = 0.02
_SHORTLIST = 0.25
_LONGEST_SHORTLIST = 6

_vague_stems = stems_of("use one detail information thing option available")


@dataclass(frozen=True)
class Wish:
    """One request and the services that may fulfil it, nearest first."""

    request: Request
    similarity: Mapping[str, float]
    shortlist: tuple[str, ...]

    @property
    def nearest(self) -> str:
        """The service that is nearest to it, whether or not it may fulfil it."""
        return max(self.similarity, key=lambda name: (self.similarity[name], name))


def wishes_of(case: Case, requests: Sequence[Request], rows: Sequence[Mapping[str, float]]) -> list[Wish]:
    """``rows``: by request, how near each service is. Raises :class:`NotActionable` for a request that no service
    can fulfil, unless it only says more about another."""
    wishes = [_wish(case, request, row) for request, row in zip(requests, rows, strict=True)]
    fulfillable = [wish for wish in wishes if wish.shortlist]
    for wish in wishes:
        if not wish.shortlist and not (fulfillable and _elaborates(case, wish, fulfillable)):
            nearest = wish.nearest
            raise no_service(wish.request.text, nearest=nearest, similarity=wish.similarity[nearest])
    return fulfillable


def _wish(case: Case, request: Request, row: Mapping[str, float]) -> Wish:
    candidates = case.candidates
    # Between two that are about equally near the question tells.
    row = {
        name: near + (_LEAD_WHEN_ASKED * case.scale if tells_what_is_asked(request, candidates[name]) else 0.0)
        for name, near in row.items()
    }
    suiting = [name for name in candidates if may_suit(case, request, candidates[name], row[name])]
    verb = exact_verb(request.text)
    head = unknown_head(request.text) if request.act.guessed else ""
    suiting = [name for name in suiting if verb in candidates[name].said] or suiting
    suiting = [name for name in suiting if head in candidates[name].ends] or suiting
    enough = (name for name in suiting if near_enough(case, request, candidates[name], row[name]))
    ranked = sorted(enough, key=lambda name: (-row[name], name))
    near = [name for name in ranked if row[name] >= row[ranked[0]] - _SHORTLIST]
    return Wish(request, row, tuple(near[:_LONGEST_SHORTLIST]))


def _elaborates(case: Case, wish: Wish, others: Sequence[Wish]) -> bool:
    """Whether the request only says more about another one: the same change of "it" once more, a question that
    resembles the other one's service most, or words that are new and yet words of that service or of the
    params ("please sort by popularity")."""
    text, act = wish.request.text, wish.request.act
    if refers_back(text) and any(act.changes & other.request.act.changes for other in others):
        return True
    own = content_stems(text) - _vague_stems - {stem(word) for word in words_of(text) if is_verb(word)}
    if not own:
        return not act.only_changes
    main = case.candidates[others[0].shortlist[0]]
    known = main.said | fields_said(main) | case.fields
    if act.harmless and not act.changes:
        nearest = wish.nearest
        if nearest == main.spec.name and wish.similarity[nearest] >= LOWEST_FLOOR * case.scale:
            told = own - case.values if asks_a_question(text) else own
            return any(alike(word, other) for word in told for other in known | case.values)
    if asks_a_question(text) or not act.changes <= {"create"}:
        return False
    new = own.difference(*(stems_of(other.request.text) for other in others))
    return any(alike(word, other) for word in new for other in known)
