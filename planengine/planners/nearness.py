"""How near a service must be to a request to be what is asked for: the more else speaks for it, the less."""

from __future__ import annotations

from planengine.planners.case import Case, refers_back
from planengine.planners.clauses import Request
from planengine.planners.composer.bench import Candidate
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import READING, asks_a_question, stems_said
from planengine.planners.vocabulary import DESTRUCTIVE
from planengine.planners.wording import objects_of, suits, tells_what_is_asked, undoes, unsure

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

LOWEST_FLOOR = _FLOORS[-1]
# How much nearer a param that it takes makes a service count.
LEAD_PER_PARAM = 0.05


def may_suit(case: Case, request: Request, candidate: Candidate, similarity: float) -> bool:
    """As :func:`suits`. Also lets an unknown verb pass ("play a song") where nothing is changed and the params
    speak for it, or where they are just its inputs and the rest of the request is near to it."""
    if suits(request, candidate):
        return True
    evidence = len(case.bench.exact_params(candidate.spec.name))
    if request.act.verb and candidate.act.harmless and evidence >= 2:
        return True
    if not (request.act.verb or request.act.guessed) or undoes(candidate, request.act.verb):
        return False
    if candidate.act.only_changes and (evidence < 2 or not _only_change_with_key(case, candidate)):
        return False
    return case.is_key(candidate) and similarity >= _NEAR[min(evidence, 3) - 1] * case.scale


def near_enough(case: Case, request: Request, candidate: Candidate, similarity: float) -> bool:
    evidence = min(len(case.bench.exact_params(candidate.spec.name)), len(_FLOORS) - 1)
    floors = _FLOORS_WHEN_NAMED if _is_named(case, request, candidate) else _FLOORS
    floor = floors[evidence] + (_UNKNOWN_VERB if unsure(request, candidate) else 0.0)
    if _says_the_same(case, request, candidate) or _takes_the_words(case, request, candidate):
        floor = min(floor, _FLOOR_WHEN_SAID)
    if _fits_like_a_key(case, candidate) or (case.is_key(candidate) and tells_what_is_asked(request, candidate)):
        floor = min(floor, _FLOOR_WHEN_KEYED)
    return similarity >= floor * case.scale


def _is_named(case: Case, request: Request, candidate: Candidate) -> bool:
    """Whether the request says what the service is about, if only by its params ("show me ORD-17")."""
    about = objects_of(candidate)
    only_values = not case.own[request.text] and about and about <= case.fields
    return bool(about & content_stems(request.text) or only_values)


def _fits_like_a_key(case: Case, candidate: Candidate) -> bool:
    """Whether the params, two or more, are what a service that does no harm takes."""
    return candidate.act.harmless and len(case.bench.params) >= 2 and case.is_key(candidate)


def _only_change_with_key(case: Case, candidate: Candidate) -> bool:
    """Whether it takes nothing away and no other change could be made with the same params."""
    changing = [other for other in case.candidates.values() if other.act.only_changes and case.is_key(other)]
    return changing == [candidate] and not candidate.act.changes & DESTRUCTIVE


def _says_the_same(case: Case, request: Request, candidate: Candidate) -> bool:
    """Whether the request names the service's change and what is changed, or means it by "it" and no other
    service makes such a change."""
    if not request.act.changes & candidate.act.changes:
        return False
    if objects_of(candidate) & stems_said(request.text):
        return True
    rivals = [other for other in case.candidates.values() if request.act.changes & other.act.changes]
    return len(rivals) == 1 and refers_back(request.text)


def _takes_the_words(case: Case, request: Request, candidate: Candidate) -> bool:
    """Whether the service looks for what a param says in words, and those are the words of the request: what
    it looks for is then nothing that its description could resemble."""
    if not (candidate.act == READING and request.act.harmless) or asks_a_question(request.text):
        return False
    wanted = content_stems(request.text)
    for name in candidate.spec.required_inputs:
        value = case.bench.params.get(case.bench.namesake(name) or "")
        if isinstance(value, str) and len(value.split()) >= 3 and len(content_stems(value) & wanted) >= 2:
            return True
    return False
