"""What the words of a template say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from cache.language.effects import EFFECT_OF, IMPLYING, PHRASAL_EFFECTS
from cache.language.forms import base_form, stems, words_of
from cache.language.grammar import (
    ARTICLES,
    ASKING_WORDS,
    COORDINATORS,
    DIRECTIONS,
    FUNCTION_WORDS,
    LIGHT_VERBS,
    NEGATIONS,
    stands_as_command,
)
from cache.language.qualifiers import EXPLAINING, HARMLESS_WORDS, SHOWING_WORDS
from cache.language.quantities import SCOPE, SCOPE_PHRASES, UNITS
from cache.language.verbs import VERBS
from cache.templates.templates import Template
from cache.templates.tokens import name_words
from cache.words import QUESTION_STARTS, QUESTION_VERBS, SENTENCE_ENDS, Word, texts_of, words_of_template

_SCOPE_PHRASES: dict[str, list[tuple[str, ...]]] = {}
for _phrase in SCOPE_PHRASES:
    _SCOPE_PHRASES.setdefault(_phrase[0], []).append(_phrase)
PREPOSITIONS = words_of("in on off out")
# How many words may stand inside "turn … on".
PARTICLE_DISTANCE = 4
# How many words before a slot may name it.
WORDS_BEFORE = 4
# "fold maps" is an order, "capital of Peru" words to look for.
LEAST_OF_BARE = 3
# What may stand before a question.
BEFORE_QUESTIONS = HARMLESS_WORDS | words_of("you can could would will please i me us we and so , . ! : ;") | {""}
TENSE_OF = {
    word: tense
    for tense, words in {
        "past": "was were did had",
        "future": "will shall forecast",
        "due": "should must ought",
        "present": "is are am does do has have",
    }.items()
    for word in words.split()
}
# Who does something right before a verb says what.
DOERS = words_of("i we he she they who") | {""}
HAVING = words_of("has have")
GETTING = words_of("get want need")
OBJECTS = ARTICLES | {""} | words_of("it them all both every each him her his their its those these one")
# What params are called whose values stand behind these words.
ENDS_OF = {
    "from": words_of("source src origin start departure sender"),
    "to": words_of("target destination dest end arrival recipient receiver"),
}


class Reading:
    """A template's words, and what they say as far as :mod:`cache.language` knows."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.words = words_of_template(template)

    @cached_property
    def plain(self) -> tuple[str, ...]:
        """The words outside slots; a slot is an empty word."""
        return texts_of(self.words)

    @cached_property
    def asks(self) -> bool:
        """Whether the text asks a question about something, rather than for something to be done."""
        telling = [word for word in self.plain if word not in BEFORE_QUESTIONS]
        first = telling[0] if telling else ""
        return first in QUESTION_STARTS or (first in QUESTION_VERBS and telling[1:2] != ["you"])

    @cached_property
    def asks_to_explain(self) -> bool:
        return not EXPLAINING.isdisjoint(self.plain) or "difference" in self.plain

    @cached_property
    def is_bare(self) -> bool:
        """Whether the text is but words to look for ("python list reverse"): no question and no command."""
        words = [word for word in self.plain if word and word not in BEFORE_QUESTIONS]
        if self.asks or self.params or len(words) < LEAST_OF_BARE or _may_be_verb(words[0]):
            return False
        # A verb that is not known has an object: "Fold the map".
        return words[1] not in ARTICLES

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words outside slots and whatever they may be forms of."""
        return frozenset(stem for word in self.plain if word for stem in stems(word))

    @cached_property
    def negations(self) -> int:
        return sum(word in NEGATIONS for word in self.plain)

    @cached_property
    def commands(self) -> dict[str, str]:
        """The verbs that say what to do, and what they do."""
        return dict(_effects(self.plain))

    @cached_property
    def effects(self) -> frozenset[str]:
        return frozenset(self.commands.values())

    @cached_property
    def implied(self) -> frozenset[str]:
        """What words that are no verbs of command say is to be done."""
        return frozenset(IMPLYING[word] for word in self.plain if word in IMPLYING)

    @cached_property
    def command_words(self) -> frozenset[str]:
        """The words that may be verbs of command, known or not."""
        return frozenset(word for at, word in enumerate(self.plain) if word and stands_as_command(self.plain, at))

    @cached_property
    def params(self) -> frozenset[str]:
        """The params that stand in the text."""
        return frozenset(slot.name for slot in self.template.slots if slot.kind == "param")

    @cached_property
    def scope(self) -> frozenset[str]:
        return frozenset(_scope(self.plain))

    @cached_property
    def units(self) -> Counter[str]:
        return Counter(_units(self.words))

    @cached_property
    def directions(self) -> dict[str, set[str]]:
        return _directions(self.words)

    def roles(self, names: set[str]) -> dict[str, list[str]]:
        """The last word before each literal of these names, in order."""
        found: dict[str, list[str]] = {}
        before = ""
        for word in self.words:
            if word.slot is None:
                before = word.text
            elif word.text in names and word.slot.kind != "param":
                found.setdefault(word.text, []).append(before)
        return found

    def tells_apart(self, names: Sequence[str]) -> bool:
        """Whether each of these params stands in the text once, behind a word of its own name or one that stands
        for it ("from {source}")."""
        found: set[str] = set()
        before: list[str] = []
        for word in self.words:
            if word.slot is None:
                before = [*before[1 - WORDS_BEFORE :], word.text]
                continue
            if word.text in names:
                others = {other for name in names if name != word.text for other in name_words(name)}
                own = {part for part in name_words(word.text) - others if not part.isdigit()}
                if word.text in found or not any(_stands_for(said, part) for said in before for part in own):
                    return False
                found.add(word.text)
            before = []
        return found == set(names)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(_names(self.words))

    @cached_property
    def labels(self) -> frozenset[str]:
        """The words of the slots' names."""
        return frozenset(word for slot in self.template.slots for word in name_words(slot.name))

    @cached_property
    def tense(self) -> str:
        """``past``, ``future``, ``due``, ``present``, or nothing where no auxiliary verb tells."""
        found = {TENSE_OF[word] for word in self.plain if word in TENSE_OF}
        return next((tense for tense in ("past", "future", "due", "present") if tense in found), "")

    @cached_property
    def is_done(self) -> bool:
        """Whether a verb tells of what somebody did or has done: "{person} paid", "has {person} paid"."""
        plain = self.plain
        for at, word in enumerate(plain):
            before = plain[max(0, at - 3) : at]
            does = bool(before) and (before[-1] in DOERS or not HAVING.isdisjoint(before))
            if does and is_past_form(word):
                return True
        return False

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The verbs of a text that tells to do several things: each before what it is done to, the others behind
        "and", "then" or a comma."""
        plain = self.plain
        more = [
            word
            for at, (before, word, following) in enumerate(zip(plain, plain[1:], plain[2:], strict=False), 1)
            if (before == "," or before in COORDINATORS) and following in OBJECTS and _verb_ahead(plain, at)
        ]
        first = _verb_ahead(plain, 0)
        return (first, *more) if more and first else tuple(more)

    @cached_property
    def clauses(self) -> tuple[tuple[str, ...], ...]:
        return tuple(_clauses(self.plain))


def _may_be_verb(word: str) -> bool:
    return any(base_form(word, verbs) is not None for verbs in (EFFECT_OF, VERBS, SHOWING_WORDS, LIGHT_VERBS))


def is_past_form(word: str) -> bool:
    """Whether the word is a verb's form that tells what was done: "paid", "cancelled"."""
    base = base_form(word, EFFECT_OF) or base_form(word, VERBS)
    return base is not None and base != word and not word.endswith(("s", "ing"))


def _stands_for(said: str, part: str) -> bool:
    """Whether a word of the text names the param that has ``part`` in its name: "minimum" names ``min_stock``."""
    return said == part or (len(part) >= 3 and said.startswith(part)) or part in ENDS_OF.get(said, ())


def _effects(plain: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Verbs, and what they ask to be done: verbs where a command stands, and nouns behind
    "issue a" and the like."""
    for at, word in enumerate(plain):
        before = plain[at - 1] if at else ""
        if stands_as_command(plain, at):
            ahead = plain[at + 1 : at + 1 + PARTICLE_DISTANCE]
            particle = particle_of(plain, at)
            if particle is not None:
                effect = PHRASAL_EFFECTS[word, plain[particle]]
                yield effect, effect
            elif word == "tell" and ahead[:1] in (("me",), ("us",)):
                yield word, "read"
            elif word in EFFECT_OF and not does_noun(plain, at):
                yield word, EFFECT_OF[word]
        elif word and at:
            verb = at - 2 if before in ARTICLES and at > 1 else at - 1
            if does_noun(plain, verb) and (base := base_form(word, EFFECT_OF)) is not None:
                yield base, EFFECT_OF[base]


def particle_of(plain: Sequence[str], at: int) -> int | None:
    """Where the particle stands that makes the verb at ``at`` another: "turn … off". "Check … in git" has none:
    what stands before a noun is a preposition, unless the verb is right before it."""
    for near in range(at + 1, min(at + 1 + PARTICLE_DISTANCE, len(plain))):
        if (plain[at], plain[near]) in PHRASAL_EFFECTS:
            after = plain[near + 1] if near + 1 < len(plain) else "."
            if near == at + 1 or plain[near] not in PREPOSITIONS or after in FUNCTION_WORDS or not after.isalpha():
                return near if after not in ARTICLES or near == at + 1 or plain[near] not in PREPOSITIONS else None
    return None


def does_noun(plain: Sequence[str], at: int) -> bool:
    """Whether the word at ``at`` is a verb that does what the noun behind it names: "issue a refund". Not "get the
    refund", which is there already, nor "want the cancelled order"."""
    ahead = [word for word in plain[at + 1 : at + 3] if word not in ARTICLES]
    if plain[at] not in LIGHT_VERBS or not ahead:
        return False
    is_there = plain[at] in GETTING and plain[at + 1] in ARTICLES and plain[at + 1] not in ("a", "an")
    told = ahead[0].endswith("ed") and ahead[0] not in EFFECT_OF
    return not is_there and not told and base_form(ahead[0], EFFECT_OF) is not None


def _scope(plain: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(plain):
        phrase = next((key for key in _SCOPE_PHRASES.get(plain[at], ()) if plain[at : at + len(key)] == key), None)
        if phrase:
            yield SCOPE_PHRASES[phrase]
            at += len(phrase)
            continue
        word = plain[at]
        asks = word == "if" and at > 0 and base_form(plain[at - 1], ASKING_WORDS) is not None
        if word in SCOPE and not asks:
            yield SCOPE[word]
        at += 1


def _units(words: Sequence[Word]) -> Iterator[str]:
    """The units and currencies beside slots."""
    for at, word in enumerate(words):
        if word.slot is None and word.text in UNITS:
            beside = [words[near].slot for near in (at - 1, at + 1) if 0 <= near < len(words)]
            # "in the year {year}" says what the slot is.
            if any(slot and word.text not in name_words(slot.name) for slot in beside):
                yield UNITS[word.text]


def _directions(words: Sequence[Word]) -> dict[str, set[str]]:
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


def _names(words: Sequence[Word]) -> Iterator[str]:
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


def _verb_ahead(plain: Sequence[str], at: int) -> str:
    """The verb that stands at ``at``, or behind what is said before verbs, if it does more than show or ask."""
    while at < len(plain) and plain[at] and (plain[at] in HARMLESS_WORDS or plain[at] in BEFORE_QUESTIONS):
        at += 1
    word = plain[at] if at < len(plain) else ""
    return word if (word in EFFECT_OF or word in VERBS) and word not in SHOWING_WORDS else ""
