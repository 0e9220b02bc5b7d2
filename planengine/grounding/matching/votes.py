"""What the wordings of use cases say of a request: which of these it is, and what speaks against it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cache.examples.accounting import Known, account
from cache.examples.judgement import Judgement, Seen, Terms, judge
from cache.examples.votes import NEAREST, Rivals, count_votes
from cache.examples.wording import content, is_slot
from cache.languages import list_for
from cache.templates.templates import Template
from planengine.catalogue.takers import plain_names
from planengine.grounding.matching.wordings import (
    Wording,
    around_slots,
    fields_in,
    in_their_case,
    named_in,
    said_in,
    wording_key,
)
from planengine.grounding.specs import Grounded

Vector = NDArray[np.float32]

# How a use case was found.
EXACT, SAME_WORDS, SAME_MEANING, NONE, UNKNOWN = "exact", "same_words", "same_meaning", "none", "unknown"

MOST_NEAR = 3
# So many of the nearest use cases are compared word by word.
MOST_COMPARED = 8


@dataclass(frozen=True)
class Near:
    """A use case that came close, and why it does not apply; ``risk`` is there for the one that was proposed."""

    grounded: Grounded
    wording: str
    similarity: float
    why_not: str
    risk: float | None = None


@dataclass(frozen=True)
class Match:
    """``grounded`` is what applies, found as ``how`` says by its ``wording``. ``near``: the closest of what does
    not, nearest first. ``votes``: how many of the nearest wordings are of the use case that was proposed, where it
    came to a vote. :data:`UNKNOWN`: nobody can tell now, for there is no embedding, and something strict might
    apply."""

    how: str = NONE
    grounded: Grounded | None = None
    wording: str = ""
    similarity: float | None = None
    risk: float | None = None
    near: tuple[Near, ...] = ()
    votes: int = 0

    @property
    def scope(self) -> str:
        """As plans are kept by it. Nothing is kept for one that is not known."""
        if self.how == UNKNOWN:
            return UNKNOWN
        return self.grounded.spec.scope if self.grounded else ""


@dataclass(frozen=True)
class Rules:
    """``floor``: less alike is not looked at. ``scale``: what a distance counts as one of the packaged embedding
    model. ``tolerance``: of the project."""

    floor: float
    scale: float
    tolerance: float


class Wordings:
    """The wordings of several groundings. Of two that say the same a strict one holds, and else the first."""

    def __init__(self, wordings: Sequence[Wording]) -> None:
        self.all = tuple(wordings)
        self._by_key: dict[str, Wording] = {}
        self._around_slots: dict[tuple[str, ...], list[Wording]] = {}
        for wording in self.all:
            self._by_key.setdefault(wording.key, wording)
            self._around_slots.setdefault(around_slots(wording.words), []).append(wording)

    @cached_property
    def _strict(self) -> tuple[Wording, ...]:
        return tuple(wording for wording in self.all if wording.grounded.strict)

    @property
    def any_strict(self) -> bool:
        return bool(self._strict)

    def exactly(self, template: Template) -> Match | None:
        """The use case that has a wording of these very words, whatever holds the values that stand in it."""
        found = self._by_key.get(wording_key(template)) or self._said_exactly(template)
        if found is None:
            return None
        return self._at_its_strictest(Match(EXACT, found.grounded, found.template.text, 1.0, 0.0), template)

    def by_meaning(self, template: Template, vector: Vector, vectors: Vector, rules: Rules) -> Match:
        """``vector`` is the template's, ``vectors`` has a row for each wording."""
        # Not `@`: for so few rows BLAS wakes all its threads.
        similarities = np.einsum("wd,d->w", vectors, vector)
        order = np.argsort(-similarities, kind="stable")[:NEAREST].tolist()
        nearest = [(self.all[place], float(similarities[place])) for place in order]
        words = in_their_case(said_in(template), (wording.words for wording, _ in nearest))
        found = self._same_words(words, nearest, rules) or self._same_meaning(template, words, nearest, rules)
        return self._at_its_strictest(found, template)

    def _said_exactly(self, template: Template) -> Wording | None:
        """Of several with these words around their variables the first of those that name most params as the
        request does; none where the request has the same ones at other places."""
        words, named = said_in(template), named_in(template)
        asked = [word for word in words if is_slot(word)]

        def fits(wording: Wording) -> bool:
            own = [word for word in wording.words if is_slot(word)]
            return all(one == other or one not in own for one, other in zip(asked, own, strict=True))

        fitting = filter(fits, self._around_slots.get(around_slots(words), ()))
        return max(fitting, key=lambda wording: len(wording.named & named), default=None)

    def _at_its_strictest(self, found: Match, template: Template) -> Match:
        """The strict use case that says the same as one that is not, if there is one: a wording that only adds
        "please" does not take away what a strict one asks for."""
        if found.grounded is None or found.grounded.strict or not self._strict:
            return found
        words, named = said_in(template), named_in(template)
        said = frozenset(map(str.casefold, content(words)))
        silent = list_for(content(words)).neutral
        for wording in self._strict:
            if not (named <= wording.named and wording.folded - said <= silent):
                continue
            if account(in_their_case(words, [wording.words]), Known((wording.words,))).settled:
                other = Near(found.grounded, found.wording, found.similarity or 0.0, "A strict one says the same.")
                near = (other, *found.near)[:MOST_NEAR]
                return Match(SAME_WORDS, wording.grounded, wording.template.text, found.similarity, 0.0, near)
        return found

    def _same_words(
        self, words: Sequence[str], nearest: Sequence[tuple[Wording, float]], rules: Rules
    ) -> Match | None:
        for wording, similarity in _each_use_case(nearest)[:MOST_COMPARED]:
            own = tuple(each.words for each, _ in nearest if each.identity == wording.identity)
            if similarity >= rules.floor and account(words, Known(own)).settled:
                others = _others(nearest, wording.identity)
                return Match(SAME_WORDS, wording.grounded, wording.template.text, similarity, near=others)
        return None

    def _same_meaning(
        self, template: Template, words: Sequence[str], nearest: Sequence[tuple[Wording, float]], rules: Rules
    ) -> Match:
        judgement = self._judged(template, words, nearest, rules)
        proposed, similarity = next(
            each for each in _each_use_case(nearest) if each[0].identity == judgement.vote.skeleton
        )
        others, votes = _others(nearest, proposed.identity), len(judgement.vote.examples)
        if similarity >= rules.floor and judgement.objection is None:
            text, risk = proposed.template.text, judgement.risk
            return Match(SAME_MEANING, proposed.grounded, text, similarity, risk, others, votes)
        why_not = _why_not(judgement) if similarity >= rules.floor else "It is not near enough to be looked at."
        refused = Near(proposed.grounded, proposed.template.text, similarity, why_not, judgement.risk)
        return Match(NONE, near=(refused, *others)[:MOST_NEAR], votes=votes)

    def _judged(
        self, template: Template, words: Sequence[str], nearest: Sequence[tuple[Wording, float]], rules: Rules
    ) -> Judgement:
        given = plain_names(name for name, _ in template.fields)
        able = frozenset(each.identity for each in self.all if each.variables <= given)
        vote = count_votes(
            [wording.as_example(similarity) for wording, similarity in nearest],
            fields=fields_in(template),
            words=content(words),
            rivals_of=lambda services: Rivals(able),
            # One whose values stand in the text and in no param is no other request: its plan tells what it lacks.
            takes=lambda services: True,
            scale=rules.scale,
        )
        assert vote is not None, "there are examples, and each leads to something"
        described = next(each.described for each, _ in nearest if each.identity == vote.skeleton)
        return judge(
            vote,
            words,
            terms=Terms(rules.tolerance),
            read_only=False,
            described=described,
            with_params=bool(given),
            look_up=lambda some, skeleton: Seen(),
        )


def _why_not(judgement: Judgement) -> str:
    """What a wording could put right first."""
    if judgement.account is not None and not judgement.account.settled:
        return f"Not accounted for: {', '.join(judgement.account.told)}."
    return judgement.objection[1] if judgement.objection else ""


def _each_use_case(nearest: Sequence[tuple[Wording, float]]) -> list[tuple[Wording, float]]:
    """The nearest wording of each."""
    found: dict[str, tuple[Wording, float]] = {}
    for wording, similarity in nearest:
        found.setdefault(wording.identity, (wording, similarity))
    return list(found.values())


def _others(nearest: Sequence[tuple[Wording, float]], but: str) -> tuple[Near, ...]:
    """The use cases that came closest beside one."""
    others = [each for each in _each_use_case(nearest) if each[0].identity != but]
    return tuple(
        Near(wording.grounded, wording.template.text, similarity, "Another one is more likely.")
        for wording, similarity in others[:MOST_NEAR]
    )
