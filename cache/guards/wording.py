"""Guards of the words: names, conditions, what only one text says, and what stands where."""

from __future__ import annotations

from collections.abc import Sequence

from cache.guards.case import PARAMS_IN_FRAME, Case, listed, one_of
from cache.language.effects import EFFECT_OF, HARMLESS_EFFECTS, UNDOING_EFFECTS
from cache.language.forms import stems, words_of
from cache.language.grammar import CONFLICTING_DIRECTIONS
from cache.language.qualifiers import CLASSIFYING_NOUNS, EMPTY_VERBS, MANNER, may_qualify
from cache.language.synonyms import say_the_same
from cache.order import (
    moved_argument,
    moved_command,
    other_role,
    other_subject,
    out_of_order,
    owned_otherwise,
    swapped,
    swapped_slots,
    turned_slots,
)
from cache.substance import QUESTIONS, unframed, untold

# How many words may be added where so many params (which count twice) and words agree.
MOST_ADDED = 3
LEAST_IN_COMMON = 3
# Words that are never mere wording: "keep {person} from working", "films similar to {film}".
TURNING = words_of("keep prevent hinder avoid elsewhere outside beyond similar unlike resembling")


def same_scope(case: Case) -> str:
    asked, cached = case.asked.scope, case.cached.scope
    if asked == cached:
        return ""
    return f"Scope or condition differs: {listed(asked)} instead of {listed(cached)}."


def same_names(case: Case) -> str:
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        missing = {
            name
            for name in one.names
            if not (case.is_question and name in CLASSIFYING_NOUNS)
            and other.vocabulary.isdisjoint(stems(name))
            and not any(say_the_same(name, word) for word in other.plain)
        }
        if missing:
            return f"The name {one_of(missing)!r} is in one text only."
    return ""


def same_words(case: Case) -> str:
    """Each word of substance must be said by the other text too, if in another form or by a synonym: what is said
    in its stead names another thing, and what is added narrows or widens what is asked."""
    asked, cached = case.pairing.only_asked, case.pairing.only_cached
    if case.settled:
        # When, where or how: there is one answer that the plan can give.
        asked, cached = (tuple(word for word in words if word not in QUESTIONS) for words in (asked, cached))
    if undoing := next((word for word in asked + cached if _undoes(word)), ""):
        return f"Only one text says {undoing!r}."
    if case.is_framed:
        asked, cached = unframed(asked, case.cached), unframed(cached, case.asked)
    if case.contested:
        asked, cached = (tuple(word for word in words if word not in MANNER) for words in (asked, cached))
        only = asked or cached
        return f"Only one text says {only[0]!r}." if only else ""
    if case.is_question:
        asked, cached = untold(asked, case.asked, case.cached), untold(cached, case.cached, case.asked)
    if asked and cached:
        return f"One text says {asked[0]!r} where the other says {cached[0]!r}."
    if case.is_question and all(word in CLASSIFYING_NOUNS or word in EMPTY_VERBS for word in asked + cached):
        return ""
    # "rate it {rating}" says what the param is.
    labels = (case.asked.labels | case.cached.labels) if case.asked.params == case.cached.params else frozenset()
    added = tuple(word for word in asked or cached if not any(say_the_same(word, label) for label in labels))
    telling: Sequence[str] = added
    if _agrees_widely(case) and len(added) <= max(1, len(case.pairing.paired)):
        narrowing = [word for word in added if may_qualify(word) and not _is_framing(word, case)]
        # Where no other plan can be made, there is none for what is narrowed either.
        telling = [] if case.settled else narrowing
    return f"One text adds {telling[0]!r}." if telling else ""


def _undoes(word: str) -> bool:
    """Whether the word never narrows or frames: it says to do, or not to do, what the rest names."""
    return word in TURNING or EFFECT_OF.get(word) in UNDOING_EFFECTS


def _is_framing(word: str, case: Case) -> bool:
    """Whether a question word or an -ing form ("when is it playing") only frames the params that the text is
    about."""
    return len(case.asked.params) >= PARAMS_IN_FRAME and word.endswith("ing")


def _agrees_widely(case: Case) -> bool:
    """Whether so much is the same, and so little can be done wrong, that a noun or verb more is but wording."""
    effects = case.asked.effects | case.cached.effects
    if not effects <= HARMLESS_EFFECTS or not case.asked.params:
        return False
    added = len(case.pairing.only_asked) + len(case.pairing.only_cached)
    params = case.asked.params & case.cached.params
    if case.asked.params != case.cached.params:
        return False
    return added <= MOST_ADDED and 2 * len(params) + len(case.pairing.paired) >= LEAST_IN_COMMON


def same_directions(case: Case) -> str:
    """What stands behind "from" in one text must not stand behind "to" in the other."""
    asked, cached = case.asked.directions, case.cached.directions
    for target in asked.keys() & cached.keys():
        for pair in CONFLICTING_DIRECTIONS:
            one, other = asked[target] & pair, cached[target] & pair
            if one and other and one != other:
                return f"{target!r} stands behind {one_of(one)!r} in one text, {one_of(other)!r} in the other."
    return ""


def same_roles(case: Case) -> str:
    """Where something else could be done with the params, each must be in both texts what it is in one."""
    if not case.contested:
        return ""
    if other_subject(case.asked, case.cached):
        return "They ask about what different people do."
    name = other_role(case.asked, case.cached)
    if name is not None:
        return f"{name!r} has another role."
    turned = turned_slots(case.asked, case.cached)
    return f"{turned[0]!r} and {turned[1]!r} change places." if turned else ""


def same_order(case: Case) -> str:
    if case.is_question:
        bare = case.asked.is_bare != case.cached.is_bare
        found = swapped(*case.items, case.pairing) or (None if bare else moved_argument(*case.items, case.pairing))
    else:
        found = (
            swapped(*case.items, case.pairing)
            or out_of_order(*case.items, case.pairing)
            or moved_command(*case.items, case.pairing)
        )
    found = found or owned_otherwise(case.asked, case.cached)
    if not found and len(case.asked.params) > 1:
        found = swapped_slots(case.asked, case.cached, settled=case.settled)
    return f"{found[0]!r} and {found[1]!r} change places." if found else ""
