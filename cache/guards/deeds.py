"""Guards of what is to be done: whether at all, the opposite, something else, when, and whether it is asked or
ordered."""

from __future__ import annotations

from cache.guards.case import Case, listed, one_of
from cache.language.effects import EFFECT_OF, HARMLESS_EFFECTS
from cache.language.forms import stems
from cache.language.opposites import ANTONYM_PREFIXES, OPPOSITES
from cache.language.qualifiers import EMPTY_VERBS
from cache.language.spelling import is_slip
from cache.language.synonyms import is_known, say_the_same
from cache.moods import ASKING, ask_alike, deed_of, is_plain_question, tells_of_deed
from cache.order import other_time
from cache.readings import Reading
from cache.substance import BRINGING


def same_polarity(case: Case) -> str:
    asked, cached = case.asked.negations, case.cached.negations
    if asked == cached:
        return ""
    if bool(asked) != bool(cached):
        negated, other = ("This one", "the cached one") if asked else ("The cached one", "this one")
        return f"{negated} says not to, {other} does not."
    return f"They negate differently: {asked} times instead of {cached}."


def no_opposites(case: Case) -> str:
    """What only one text says must not be the opposite of what only the other says."""
    asked = case.asked.vocabulary - case.cached.vocabulary
    cached = case.cached.vocabulary - case.asked.vocabulary
    for one, other in OPPOSITES if asked and cached else ():
        for left, right in ((one, other), (other, one)):
            said, unsaid = asked & left, cached & right
            if (
                said
                and unsaid
                and case.cached.vocabulary.isdisjoint(left)
                and case.asked.vocabulary.isdisjoint(right)
            ):
                return f"{one_of(said)!r} is the opposite of {one_of(unsaid)!r}."
    for longer, shorter in ((asked, cached), (cached, asked)):
        for word in sorted(longer):
            for prefix in ANTONYM_PREFIXES:
                stem = word.removeprefix(prefix)
                if stem != word and len(stem) > 2 and stem in shorter:
                    return f"{word!r} is the opposite of {stem!r}."
    return ""


def same_effects(case: Case) -> str:
    """Asking how to do something does nothing, and its words are compared as others are."""
    if case.is_question:
        return ""
    asked, cached = case.asked.effects, case.cached.effects
    if asked == cached:
        return ""
    if asked ^ cached <= {"read"} and case.moods == (ASKING, ASKING):
        return ""
    only_asked, only_cached = (_other_commands(case.asked, case.cached), _other_commands(case.cached, case.asked))
    if not only_asked and not only_cached:
        return ""
    done = (asked | cached) - {"read"}
    if (
        not case.contested
        and done <= HARMLESS_EFFECTS
        and all(_says_effect(side, done) for side in (case.asked, case.cached))
    ):
        return ""
    return f"They do different things: {listed(asked)} instead of {listed(cached)}."


def _says_effect(reading: Reading, effects: frozenset[str]) -> bool:
    """Whether the text tells to do one of these, or has words that imply it, or tells nothing at all."""
    if effects & reading.effects or not effects:
        return True
    return bool(effects & reading.implied) or not (reading.effects or reading.asks or reading.implied)


def _other_commands(one: Reading, other: Reading) -> set[str]:
    """The verbs of command of ``one`` that no word of ``other`` stands for."""
    return {
        verb
        for verb, effect in one.commands.items()
        if effect not in other.effects and not any(say_the_same(verb, word) for word in other.command_words)
    }


def same_clauses(case: Case) -> str:
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        for clause in one.clauses:
            # "and a rating of {rating}" says what the slot is, and adds nothing.
            said = other.vocabulary | one.labels
            if not any(_is_said(word, said, other) for word in clause):
                return f"One text adds {' '.join(clause)!r}."
        for step in one.steps:
            done = EFFECT_OF.get(step) in other.effects
            if not done and not any(say_the_same(step, word) for word in other.plain):
                return f"One text adds the step to {step!r}."
    return ""


def _is_said(word: str, said: frozenset[str], reading: Reading) -> bool:
    return not said.isdisjoint(stems(word)) or any(is_slip(word, near, known=is_known) for near in reading.plain)


def same_tense(case: Case) -> str:
    """What was is not what is or will be. Where something else could be done with the params, what is is not what
    will be either."""
    asked, cached = case.asked.tense, case.cached.tense
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        if one.is_done and other.tense in ("future", "due") and one.tense not in ("future", "due"):
            return f"One text tells of what was done, the other of what is {other.tense}."
    if asked == cached or not (case.contested or (asked and cached and "past" in (asked, cached))):
        return ""
    if case.contested and "past" not in (asked, cached) and "future" not in (asked, cached):
        return ""
    return f"One text tells of the {asked or 'present'}, the other of the {cached or 'present'}."


def same_mood(case: Case) -> str:
    """To ask about a thing is not to order it done. Where something else could be done with the params, to name
    or to state it is neither."""
    if case.asked.plain == case.cached.plain:
        return ""
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        if (is_plain_question(one) or tells_of_deed(one)) and (deed := deed_of(other)):
            return f"One text asks or tells, the other says to {deed}."
    if not case.contested:
        return ""
    asked, cached = case.moods
    if asked != cached:
        return f"This text {asked}, the cached one {cached}."
    if asked == ASKING and (told := other_time(*case.items, case.pairing)):
        return f"{told[0]!r} and {told[1]!r} tell of different times."
    here, there = case.items
    said = ({here[a].text, there[c].text} for a, c in case.pairing.paired)
    if any(words.isdisjoint(EMPTY_VERBS | BRINGING) for words in said) or ask_alike(case.asked, case.cached):
        return ""
    return "Neither says what is to be done."
