"""Reasons not to reuse a plan although its template looks alike.

A guard compares two templates' words and slots and says why they may want different plans, or nothing. Guards know
no more than :mod:`cache.language`, so they fail closed where they can: what one text says and the other does not,
and what may matter, refuses. They are for hits by meaning; equal keys need none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.contest import Contest
from cache.language.effects import EFFECT_OF, HARMLESS_EFFECTS, UNDOING_EFFECTS
from cache.language.forms import stems, words_of
from cache.language.grammar import CONFLICTING_DIRECTIONS
from cache.language.opposites import ANTONYM_PREFIXES, OPPOSITES
from cache.language.qualifiers import CLASSIFYING_NOUNS, EMPTY_VERBS, MANNER, may_qualify
from cache.language.spelling import is_slip
from cache.language.synonyms import is_known, say_the_same
from cache.moods import ASKING, ask_alike, deed_of, is_plain_question, mood_of, tells_of_deed
from cache.order import (
    moved_argument,
    moved_command,
    other_role,
    other_subject,
    other_time,
    out_of_order,
    owned_otherwise,
    swapped,
    swapped_slots,
    turned_slots,
)
from cache.readings import Reading
from cache.substance import BRINGING, QUESTIONS, Item, Pairing, items_of, pair_items, unframed, untold
from cache.templates import Template, texts_between
from cache.tokens import joined

# How many words may be added where so many params (which count twice) and words agree.
MOST_ADDED = 3
LEAST_IN_COMMON = 3
PARAMS_IN_FRAME = 2
# Words that are never mere wording: "keep {person} from working", "films similar to {film}".
TURNING = words_of("keep prevent hinder avoid elsewhere outside beyond similar unlike resembling")


@dataclass(frozen=True)
class Refusal:
    """``guard`` is stable, ``reason`` is for people."""

    guard: str
    reason: str


@dataclass(frozen=True)
class _Case:
    asked: Reading
    cached: Reading
    text_constants: Sequence[str]
    contest: Contest

    @property
    def contested(self) -> bool:
        return self.contest is Contest.CONTESTED

    @property
    def settled(self) -> bool:
        return self.contest is Contest.SETTLED

    @cached_property
    def items(self) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
        return items_of(self.asked, every=self.contested), items_of(self.cached, every=self.contested)

    @cached_property
    def pairing(self) -> Pairing:
        return pair_items(*self.items)

    @cached_property
    def moods(self) -> tuple[str, str]:
        return mood_of(self.asked), mood_of(self.cached)

    @cached_property
    def is_framed(self) -> bool:
        """Whether both texts hold the same params, so many that most other words only frame them, and little can
        be done wrong."""
        params = self.asked.params
        if self.contested:
            return False
        effects = self.asked.effects | self.cached.effects
        return params == self.cached.params and len(params) >= PARAMS_IN_FRAME and effects <= HARMLESS_EFFECTS

    @cached_property
    def is_question(self) -> bool:
        """Whether both texts ask about something, or one does and the other is but words to look for."""
        asked, cached = self.asked, self.cached
        if self.contested:
            return self.moods == (ASKING, ASKING)
        return (
            (asked.asks or asked.is_bare) and (cached.asks or cached.is_bare) and not asked.params | cached.params
        )


def check_guards(
    asked: Template,
    cached: Template,
    *,
    text_constants: Sequence[str] = (),
    contest: Contest = Contest.OPEN,
    leaving_out: Collection[str] = (),
) -> Refusal | None:
    """The first guard's refusal to serve ``asked`` from the plan of ``cached``, or None when all let it pass.
    ``text_constants`` are those of the cached plan's recipe. ``contest``: what else could be done with these
    params; where something could, every word counts, and where there is no other plan to be made of them, few do.
    Guards of the names in ``leaving_out`` are not asked."""
    case = _Case(Reading(asked), Reading(cached), text_constants, contest)
    for name, guard in GUARDS:
        if name in leaving_out:
            continue
        reason = guard(case)
        if reason:
            return Refusal(name, reason)
    return None


def _same_fields(case: _Case) -> str:
    asked, cached = case.asked.template.fields, case.cached.template.fields
    if asked == cached:
        return ""
    return f"The params differ: {_fields(asked)} instead of {_fields(cached)}."


def _same_choices(case: _Case) -> str:
    """A param's value that may decide what is done must be the same, whether or not the text says it."""
    asked, cached = dict(case.asked.template.choices), dict(case.cached.template.choices)
    for name in sorted(asked.keys() | cached.keys()):
        one, other = asked.get(name, "another"), cached.get(name, "another")
        if one != other:
            return f"The value of {name!r} may decide what is done: {one} instead of {other}."
    return ""


def _same_literals(case: _Case) -> str:
    """Literals are told apart by kind; of several of one kind, each must stand behind the same word."""
    asked, cached = (Counter(slot.name for slot in side.template.literals) for side in (case.asked, case.cached))
    if asked != cached:
        return f"The values in the text differ in kind: {_counted(asked)} instead of {_counted(cached)}."
    repeated = {name for name, count in asked.items() if count > 1}
    if repeated and case.asked.roles(repeated) != case.cached.roles(repeated):
        return f"Which {', '.join(sorted(repeated))} is which is not clear."
    return ""


def _same_slots(case: _Case) -> str:
    """A value that several params share must be as ambiguous in both texts, or stand for all of them in one and
    each stand in the other."""
    asked, cached = (_shared_slots(side) for side in (case.asked, case.cached))
    for one, other in ((asked, case.cached), (cached, case.asked)):
        for name in one.keys() - (cached if one is asked else asked).keys():
            if one[name] != name.count("|") + 1 or not other.tells_apart(name.split("|")):
                return "One text has a value that several params share, the other has not."
    return ""


def _shared_slots(reading: Reading) -> Counter[str]:
    return Counter(slot.name for slot in reading.template.slots if slot.kind == "param" and not slot.path)


def _same_polarity(case: _Case) -> str:
    asked, cached = case.asked.negations, case.cached.negations
    if asked == cached:
        return ""
    if bool(asked) != bool(cached):
        negated, other = ("This one", "the cached one") if asked else ("The cached one", "this one")
        return f"{negated} says not to, {other} does not."
    return f"They negate differently: {asked} times instead of {cached}."


def _no_opposites(case: _Case) -> str:
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
                return f"{_one_of(said)!r} is the opposite of {_one_of(unsaid)!r}."
    for longer, shorter in ((asked, cached), (cached, asked)):
        for word in sorted(longer):
            for prefix in ANTONYM_PREFIXES:
                stem = word.removeprefix(prefix)
                if stem != word and len(stem) > 2 and stem in shorter:
                    return f"{word!r} is the opposite of {stem!r}."
    return ""


def _same_effects(case: _Case) -> str:
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
    return f"They do different things: {_listed(asked)} instead of {_listed(cached)}."


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


def _same_scope(case: _Case) -> str:
    asked, cached = case.asked.scope, case.cached.scope
    if asked == cached:
        return ""
    return f"Scope or condition differs: {_listed(asked)} instead of {_listed(cached)}."


def _same_units(case: _Case) -> str:
    asked, cached = case.asked.units, case.cached.units
    if asked == cached:
        return ""
    return f"The units differ: {_counted(asked)} instead of {_counted(cached)}."


def _same_directions(case: _Case) -> str:
    """What stands behind "from" in one text must not stand behind "to" in the other."""
    asked, cached = case.asked.directions, case.cached.directions
    for target in asked.keys() & cached.keys():
        for pair in CONFLICTING_DIRECTIONS:
            one, other = asked[target] & pair, cached[target] & pair
            if one and other and one != other:
                return f"{target!r} stands behind {_one_of(one)!r} in one text, {_one_of(other)!r} in the other."
    return ""


def _same_clauses(case: _Case) -> str:
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


def _same_names(case: _Case) -> str:
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        missing = {
            name
            for name in one.names
            if not (case.is_question and name in CLASSIFYING_NOUNS)
            and other.vocabulary.isdisjoint(stems(name))
            and not any(say_the_same(name, word) for word in other.plain)
        }
        if missing:
            return f"The name {_one_of(missing)!r} is in one text only."
    return ""


def _same_words(case: _Case) -> str:
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


def _is_framing(word: str, case: _Case) -> bool:
    """Whether a question word or an -ing form ("when is it playing") only frames the params that the text is
    about."""
    return len(case.asked.params) >= PARAMS_IN_FRAME and word.endswith("ing")


def _same_tense(case: _Case) -> str:
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


def _same_mood(case: _Case) -> str:
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


def _same_roles(case: _Case) -> str:
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


def _agrees_widely(case: _Case) -> bool:
    """Whether so much is the same, and so little can be done wrong, that a noun or verb more is but wording."""
    effects = case.asked.effects | case.cached.effects
    if not effects <= HARMLESS_EFFECTS or not case.asked.params:
        return False
    added = len(case.pairing.only_asked) + len(case.pairing.only_cached)
    params = case.asked.params & case.cached.params
    if case.asked.params != case.cached.params:
        return False
    return added <= MOST_ADDED and 2 * len(params) + len(case.pairing.paired) >= LEAST_IN_COMMON


def _same_order(case: _Case) -> str:
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


def _has_text_constants(case: _Case) -> str:
    """Words of the cached action that its plan holds must be in this action too."""
    if not case.text_constants:
        return ""
    template = case.asked.template
    texts = [joined(text) for text in texts_between(template.action, template.slots)]
    for constant in case.text_constants:
        if not any(joined(constant) in text for text in texts):
            return f"The cached plan holds {constant!r} of its action's text, which this action lacks."
    return ""


# In the order in which they are asked: the cheap and the telling first.
GUARDS: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("fields", _same_fields),
    ("choices", _same_choices),
    ("literals", _same_literals),
    ("slots", _same_slots),
    ("text", _has_text_constants),
    ("polarity", _same_polarity),
    ("scope", _same_scope),
    ("antonym", _no_opposites),
    ("effect", _same_effects),
    ("unit", _same_units),
    ("direction", _same_directions),
    ("clause", _same_clauses),
    ("name", _same_names),
    ("tense", _same_tense),
    ("mood", _same_mood),
    ("role", _same_roles),
    ("words", _same_words),
    ("order", _same_order),
)

# The guards that are about wording alone. What they refuse may mean the same, and somebody who understands it may
# overrule them; the others tell of values, opposites, amounts and roles, and have the last word.
WORDING_GUARDS = frozenset({"effect", "clause", "name", "mood", "words"})


def _fields(fields: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{field} ({kind})" for field, kind in fields) or "none"


def _counted(found: Counter[str]) -> str:
    return (
        ", ".join(name if count == 1 else f"{count} × {name}" for name, count in sorted(found.items())) or "none"
    )


def _listed(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)) or "none known"


def _one_of(words: set[str] | frozenset[str]) -> str:
    return min(words)
