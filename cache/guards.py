"""Reasons not to reuse a plan although its template looks alike.

A guard compares two templates' words and slots and says why they may want different plans, or nothing. Guards know
no more than :mod:`cache.lexicon`, so they fail closed where they can: what one text says and the other does not,
and what may matter, refuses. They are for hits by meaning; equal keys need none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cache.lexicon import (
    ANTONYM_PREFIXES,
    ARTICLES,
    ASKING_WORDS,
    CLAUSE_STARTS,
    CONFLICTING_DIRECTIONS,
    COORDINATORS,
    DIRECTIONS,
    EFFECT_OF,
    FUNCTION_WORDS,
    HARMLESS_EFFECTS,
    LIGHT_VERBS,
    NEGATIONS,
    OPPOSITES,
    PHRASAL_EFFECTS,
    PHRASAL_VERBS,
    SCOPE,
    SCOPE_PHRASES,
    UNITS,
    base_form,
    stems,
)
from cache.slots import Slot
from cache.templates import Template, texts_between
from cache.tokens import joined, name_words, tokenize

CLITICS = frozenset({"'s", "'re", "'ve", "'ll", "'d", "'m"})
SENTENCE_ENDS = frozenset(".?!:;")
# How many words may stand inside "turn … on".
PARTICLE_DISTANCE = 4


@dataclass(frozen=True)
class Refusal:
    """``guard`` is stable, ``reason`` is for people."""

    guard: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or sign of the text outside slots, or a slot."""

    text: str
    slot: Slot | None = None
    capital: bool = False


class _Reading:
    """What guards look at in a template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.words = tuple(_read(template))

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words outside slots; a slot is an empty word."""
        return tuple("" if word.slot else word.text for word in self.words)

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words outside slots and whatever they may be forms of."""
        return frozenset(stem for word in self.plain if word for stem in stems(word))

    @cached_property
    def negations(self) -> int:
        return sum(word in NEGATIONS for word in self.plain)

    @cached_property
    def effects(self) -> frozenset[str]:
        return frozenset(_effects(self.plain))

    @cached_property
    def scope(self) -> frozenset[str]:
        return frozenset(_scope(self.plain))

    @cached_property
    def units(self) -> Counter[str]:
        return Counter(_units(self.words))

    @cached_property
    def directions(self) -> dict[str, set[str]]:
        return _directions(self.words)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(_names(self.words))

    @cached_property
    def labels(self) -> frozenset[str]:
        """The words of the slots' names."""
        return frozenset(word for slot in self.template.slots for word in name_words(slot.name))

    @cached_property
    def clauses(self) -> tuple[tuple[str, ...], ...]:
        return tuple(_clauses(self.plain))


@dataclass(frozen=True)
class _Case:
    asked: _Reading
    cached: _Reading
    text_constants: Sequence[str]


def check_guards(asked: Template, cached: Template, *, text_constants: Sequence[str] = ()) -> Refusal | None:
    """The first guard's refusal to serve ``asked`` from the plan of ``cached``, or None when all let it pass.
    ``text_constants`` are those of the cached plan's recipe."""
    case = _Case(_Reading(asked), _Reading(cached), text_constants)
    for name, guard in GUARDS:
        reason = guard(case)
        if reason:
            return Refusal(name, reason)
    return None


def _same_fields(case: _Case) -> str:
    asked, cached = case.asked.template.fields, case.cached.template.fields
    if asked == cached:
        return ""
    return f"The params differ: {_fields(asked)} instead of {_fields(cached)}."


def _same_literals(case: _Case) -> str:
    """Literals are told apart by kind; of several of one kind, each must stand behind the same word."""
    asked, cached = (Counter(slot.name for slot in side.template.literals) for side in (case.asked, case.cached))
    if asked != cached:
        return f"The values in the text differ in kind: {_counted(asked)} instead of {_counted(cached)}."
    repeated = {name for name, count in asked.items() if count > 1}
    if repeated and _roles(case.asked.words, repeated) != _roles(case.cached.words, repeated):
        return f"Which {', '.join(sorted(repeated))} is which is not clear."
    return ""


def _same_slots(case: _Case) -> str:
    """A value that several params share must be as ambiguous in both texts."""
    asked, cached = (
        {slot.name for slot in side.template.slots if slot.kind == "param" and not slot.path}
        for side in (case.asked, case.cached)
    )
    return "" if asked == cached else "One text has a value that several params share, the other has not."


def _same_polarity(case: _Case) -> str:
    if case.asked.negations == case.cached.negations:
        return ""
    return f"One text negates {case.asked.negations} times, the other {case.cached.negations} times."


def _no_opposites(case: _Case) -> str:
    asked, cached = case.asked.vocabulary, case.cached.vocabulary
    for one, other in OPPOSITES:
        for left, right in ((one, other), (other, one)):
            if not asked.isdisjoint(left) and cached.isdisjoint(left):
                if asked.isdisjoint(right) and not cached.isdisjoint(right):
                    return f"{_one_of(asked & left)} is the opposite of {_one_of(cached & right)}."
    for left, right in ((asked - cached, cached - asked), (cached - asked, asked - cached)):
        for word in left:
            for prefix in ANTONYM_PREFIXES:
                if len(word) > len(prefix) + 2 and word.startswith(prefix) and word.removeprefix(prefix) in right:
                    return f"{word!r} is the opposite of {word.removeprefix(prefix)!r}."
    return ""


def _same_effects(case: _Case) -> str:
    asked, cached = case.asked.effects, case.cached.effects
    harmless = asked | cached <= HARMLESS_EFFECTS
    if asked == cached or (harmless and min(len(asked), len(cached)) == 0 and len(asked | cached) == 1):
        return ""
    return f"They do different things: {_listed(asked)} instead of {_listed(cached)}."


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
                return f"{target!r} stands behind {_one_of(one)!r} in one text and behind {_one_of(other)!r} in the other."
    return ""


def _same_clauses(case: _Case) -> str:
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        for clause in one.clauses:
            # "and a rating of {rating}" says what the slot is, and adds nothing.
            said = other.vocabulary | one.labels
            if all(said.isdisjoint(stems(word)) for word in clause):
                return f"One text adds {' '.join(clause)!r}."
    return ""


def _same_names(case: _Case) -> str:
    for one, other in ((case.asked, case.cached), (case.cached, case.asked)):
        missing = {name for name in one.names if other.vocabulary.isdisjoint(stems(name))}
        if missing:
            return f"The name {_one_of(missing)!r} is in one text only."
    return ""


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
    ("literals", _same_literals),
    ("slots", _same_slots),
    ("text", _has_text_constants),
    ("polarity", _same_polarity),
    ("antonym", _no_opposites),
    ("effect", _same_effects),
    ("scope", _same_scope),
    ("unit", _same_units),
    ("direction", _same_directions),
    ("clause", _same_clauses),
    ("name", _same_names),
)


def _read(template: Template) -> Iterator[_Word]:
    texts = texts_between(template.action, template.slots)
    for at, text in enumerate(texts):
        yield from _read_text(text)
        if at < len(template.slots):
            yield _Word(template.slots[at].name, template.slots[at])


def _read_text(text: str) -> Iterator[_Word]:
    """The words of ``text``, with "don't" read as "do not" and without the rest of "it's" and "Ann's"."""
    tokens = tokenize(text)
    skip = 0
    for at, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        tail = "".join(other.folded for other in tokens[at : at + 2]) if token.folded == "'" else ""
        if tail in CLITICS:
            skip = 1
            continue
        tail = "".join(other.folded for other in tokens[at + 1 : at + 3])
        capital = text[token.start].isupper()
        if tail == "'t" and token.folded.endswith("n"):
            skip = 2
            if token.folded[:-1] not in ("ca", "wo", "sha"):
                yield _Word(token.folded[:-1], capital=capital)
            yield _Word("not")
        elif token.folded == "cannot":
            yield from (_Word("can", capital=capital), _Word("not"))
        else:
            yield _Word(token.folded, capital=capital)


def _effects(plain: Sequence[str]) -> Iterator[str]:
    """What is to be done: verbs where a command stands, and nouns behind "issue a" and the like."""
    for at, word in enumerate(plain):
        before = plain[at - 1] if at else ""
        if at == 0 or before in CLAUSE_STARTS:
            ahead = plain[at + 1 : at + 1 + PARTICLE_DISTANCE]
            phrase = next((particle for particle in ahead if (word, particle) in PHRASAL_EFFECTS), None)
            if phrase is not None and word in PHRASAL_VERBS:
                yield PHRASAL_EFFECTS[word, phrase]
            elif word == "tell" and ahead[:1] in (("me",), ("us",)):
                yield "read"
            elif word in EFFECT_OF and not (word in LIGHT_VERBS and _noun_effect(plain, at + 1)):
                yield EFFECT_OF[word]
        elif word:
            light = before if before not in ARTICLES or at < 2 else plain[at - 2]
            if light in LIGHT_VERBS and (base := base_form(word, EFFECT_OF)) is not None:
                yield EFFECT_OF[base]


def _noun_effect(plain: Sequence[str], at: int) -> bool:
    ahead = [word for word in plain[at : at + 2] if word not in ARTICLES]
    return bool(ahead) and base_form(ahead[0], EFFECT_OF) is not None


def _scope(plain: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(plain):
        phrase = next((key for key in SCOPE_PHRASES if plain[at : at + len(key)] == key), None)
        if phrase:
            yield SCOPE_PHRASES[phrase]
            at += len(phrase)
            continue
        word = plain[at]
        asks = word == "if" and at > 0 and base_form(plain[at - 1], ASKING_WORDS) is not None
        if word in SCOPE and not asks:
            yield SCOPE[word]
        at += 1


def _units(words: Sequence[_Word]) -> Iterator[str]:
    """The units and currencies beside slots."""
    for at, word in enumerate(words):
        if word.slot is None and word.text in UNITS:
            beside = [words[near].slot for near in (at - 1, at + 1) if 0 <= near < len(words)]
            # "in the year {year}" says what the slot is.
            if any(slot and word.text not in name_words(slot.name) for slot in beside):
                yield UNITS[word.text]


def _directions(words: Sequence[_Word]) -> dict[str, set[str]]:
    """By slot, or by word of substance: the words of direction that it stands right behind."""
    found: dict[str, set[str]] = {}
    direction = ""
    for word in words:
        if word.slot is None and word.text in DIRECTIONS:
            direction = DIRECTIONS[word.text]
        elif direction and (word.slot is not None or word.text not in FUNCTION_WORDS):
            found.setdefault(f"{{{word.text}}}" if word.slot else word.text, set()).add(direction)
            direction = ""
    return found


def _roles(words: Sequence[_Word], names: set[str]) -> dict[str, list[str]]:
    """The last word before each slot of these names, in order."""
    found: dict[str, list[str]] = {}
    before = ""
    for word in words:
        if word.slot is None:
            before = word.text
        elif word.text in names and word.slot.kind != "param":
            found.setdefault(word.text, []).append(before)
    return found


def _names(words: Sequence[_Word]) -> Iterator[str]:
    """Capitalised words within a sentence. Where most words are, capitals tell nothing."""
    plain = [word for word in words if word.slot is None and word.text.isalpha()]
    if sum(word.capital for word in plain) * 2 > len(plain) > 2:
        return
    before = "."
    for word in words:
        if word.slot is None and word.capital and before not in SENTENCE_ENDS and word.text not in FUNCTION_WORDS:
            yield word.text
        before = word.text


def _clauses(plain: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The words of substance of each part that "and", "then" and the like begin."""
    starts = [at for at, word in enumerate(plain) if word in COORDINATORS]
    for start, end in pairwise([*starts, len(plain)]):
        words = tuple(word for word in plain[start + 1 : end] if word.isalpha() and word not in FUNCTION_WORDS)
        if words:
            yield words


def _fields(fields: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{field} ({kind})" for field, kind in fields) or "none"


def _counted(found: Counter[str]) -> str:
    return ", ".join(name if count == 1 else f"{count} × {name}" for name, count in sorted(found.items())) or "none"


def _listed(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)) or "none known"


def _one_of(words: set[str] | frozenset[str]) -> str:
    return min(words)
