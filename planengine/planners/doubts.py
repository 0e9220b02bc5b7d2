"""What makes the composer refuse although services were found: another reading would be as good, or what was found
is not all that is asked for. Each check raises :class:`NotActionable`."""

from __future__ import annotations

from collections.abc import Sequence

from planengine.planners.case import Case, refers_back
from planengine.planners.composer.chaining import Assembly, assemble
from planengine.planners.composer.naming import stem, words_of
from planengine.planners.nearness import LEAD_PER_PARAM
from planengine.planners.refusals import NotActionable, not_supplied, shown
from planengine.planners.relevance import content_stems
from planengine.planners.verbs import act_of_word, is_verb
from planengine.planners.vocabulary import NOUNS, NOUNS_TOO
from planengine.planners.wishes import Wish
from planengine.planners.wording import fields_said

# How much nearer a service may be that lacks an input, before taking another instead would be guessing.
_LEAD = 0.10
_EQUAL = 0.01

_noun_stems = frozenset(map(stem, NOUNS | NOUNS_TOO))


def check_repetition(case: Case, wishes: Sequence[Wish], chosen: Sequence[str]) -> None:
    """One change of two things would need the service twice, with inputs that the params give only once."""
    seen: dict[str, frozenset[str]] = {}
    for wish, service in zip(wishes, chosen, strict=True):
        candidate = case.candidates[service]
        things = _things_in(case, wish.request.text) - candidate.said
        repeated = service in seen and candidate.act.only_changes
        if repeated and things - seen[service] and not refers_back(wish.request.text):
            raise NotActionable(
                f"The action asks for '{service}' twice, the second time with '{shown(wish.request.text)}',"
                " but the params give its inputs only once. Send one request for each."
            )
        seen.setdefault(service, things)


def check_second_choice(case: Case, wish: Wish, service: str, chosen: Sequence[str], assembly: Assembly) -> None:
    """A nearer service that lacks an input is only passed over for one that the params clearly speak for."""
    for nearer in wish.shortlist[: wish.shortlist.index(service)]:
        alternative = assemble(case.bench, [nearer if name == service else name for name in chosen])
        if not alternative.missing:
            continue
        evidence = len(case.bench.exact_params(service))
        lead = _LEAD
        if assembly.consumed >= case.bench.params.keys():
            lead += LEAD_PER_PARAM * min(evidence, 3)
        gap = wish.similarity[nearer] - wish.similarity[service]
        if gap > lead * case.scale or (evidence < 2 and _lacks_words(case, wish, nearer, service)):
            raise not_supplied(case.bench, alternative.missing[0])


def check_condition(case: Case, wish: Wish, service: str) -> None:
    if wish.request.conditional and case.candidates[service].act.only_changes:
        raise NotActionable(
            f"'{shown(wish.request.text)}' holds only under a condition, and a plan cannot decide."
            " Check the condition first and ask again without it."
        )


def check_equals(case: Case, wish: Wish, service: str, goals: Sequence[str], assembly: Assembly) -> None:
    """Between two that are equally near and take the same, nothing but a guess could choose."""
    for other in wish.shortlist:
        gap = abs(wish.similarity[other] - wish.similarity[service])
        if other in assembly.services or gap >= _EQUAL * case.scale:
            continue
        alternative = assemble(case.bench, [other if name == service else name for name in goals])
        knows_less = case.known(wish.request, other) < case.known(wish.request, service)
        if not alternative.missing and alternative.consumed == assembly.consumed and not knows_less:
            raise NotActionable(
                f"Both '{service}' and '{other}' could be meant by '{shown(wish.request.text)}', and nothing"
                " tells which. Say it in the words of the one that you mean."
            )


def check_changes(case: Case, wish: Wish, assembly: Assembly) -> None:
    """Where what is no clear order ("customer wants refund, pls inform") changes something, all its words of
    change must be done or known by a service of the plan."""
    services = [case.candidates[name] for name in assembly.services]
    if not wish.request.act.guessed or not any(each.act.only_changes for each in services):
        return
    for word in sorted(case.own[wish.request.text]):
        act = act_of_word(word)
        if not act.only_changes or word in _noun_stems:
            continue
        if not any(act.changes & each.act.changes or word in each.said for each in services):
            raise NotActionable(
                f"'{shown(wish.request.text)}' speaks of more than the services for it do."
                " Say each thing that is to be done as an order of its own."
            )


def _things_in(case: Case, text: str) -> frozenset[str]:
    """What a request is about: its words but verbs and the params' names, and all that has a digit in it."""
    verbs = {stem(word) for word in words_of(text) if is_verb(word)}
    numbered = {word.strip(".,;:!?") for word in text.split() if any(map(str.isdigit, word))}
    return content_stems(text) - verbs - case.fields | numbered


def _lacks_words(case: Case, wish: Wish, nearer: str, service: str) -> bool:
    """Whether the request says something that is a word of ``nearer`` and not of ``service``."""
    one, other = case.candidates[nearer], case.candidates[service]
    return bool(content_stems(wish.request.text) & one.said - other.said - fields_said(other))
