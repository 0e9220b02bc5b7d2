"""A template as guards read it: words and slots in order, and what the words say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from cache.language.effects import EFFECT_OF, PHRASAL_EFFECTS, PHRASAL_VERBS
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
from cache.language.phrases import rewrite
from cache.language.quantities import SCOPE, SCOPE_PHRASES, UNITS
from cache.slots import Slot
from cache.templates import Template, texts_between
from cache.tokens import name_words, tokenize

CLITICS = frozenset({"'s", "'re", "'ve", "'ll", "'d", "'m"})
SENTENCE_ENDS = frozenset(".?!:;")
# How many words may stand inside "turn … on".
PARTICLE_DISTANCE = 4
# How many words before a slot may name it.
WORDS_BEFORE = 4
# What params are called whose values stand behind these words.
ENDS_OF = {
    "from": words_of("source src origin start departure sender"),
    "to": words_of("target destination dest end arrival recipient receiver"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """A word or sign of the text outside slots, or a slot. ``owner``: "'s" stands behind it."""

    text: str
    slot: Slot | None = None
    capital: bool = False
    owner: bool = False


class Reading:
    """A template's words, and what they say as far as :mod:`cache.language` knows."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.words = tuple(_reworded(list(_read(template))))

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
    def commands(self) -> dict[str, str]:
        """The verbs that say what to do, and what they do."""
        return dict(_effects(self.plain))

    @cached_property
    def effects(self) -> frozenset[str]:
        return frozenset(self.commands.values())

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
    def clauses(self) -> tuple[tuple[str, ...], ...]:
        return tuple(_clauses(self.plain))


def _stands_for(said: str, part: str) -> bool:
    """Whether a word of the text names the param that has ``part`` in its name: "minimum" names ``min_stock``."""
    return said == part or (len(part) >= 3 and said.startswith(part)) or part in ENDS_OF.get(said, ())


def _reworded(words: list[Word]) -> Iterator[Word]:
    """The words with each phrase that says the same as others in their stead."""
    at = 0
    for start, end, means in rewrite([word.text if word.slot is None else "" for word in words]):
        yield from words[at:start]
        yield from (Word(text) for text in means)
        at = end
    yield from words[at:]


def _read(template: Template) -> Iterator[Word]:
    texts = texts_between(template.action, template.slots)
    for at, text in enumerate(texts):
        yield from _read_text(text)
        if at < len(template.slots):
            yield Word(template.slots[at].name, template.slots[at])


def _read_text(text: str) -> Iterator[Word]:
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
                yield Word(token.folded[:-1], capital=capital)
            yield Word("not")
        elif token.folded == "cannot":
            yield from (Word("can", capital=capital), Word("not"))
        else:
            yield Word(token.folded, capital=capital, owner=tail == "'s" and token.folded not in FUNCTION_WORDS)


def _effects(plain: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Verbs, and what they ask to be done: verbs where a command stands, and nouns behind
    "issue a" and the like."""
    for at, word in enumerate(plain):
        before = plain[at - 1] if at else ""
        if stands_as_command(plain, at):
            ahead = plain[at + 1 : at + 1 + PARTICLE_DISTANCE]
            phrase = next((particle for particle in ahead if (word, particle) in PHRASAL_EFFECTS), None)
            if phrase is not None and word in PHRASAL_VERBS:
                effect = PHRASAL_EFFECTS[word, phrase]
                yield effect, effect
            elif word == "tell" and ahead[:1] in (("me",), ("us",)):
                yield word, "read"
            elif word in EFFECT_OF and not (word in LIGHT_VERBS and _noun_effect(plain, at + 1)):
                yield word, EFFECT_OF[word]
        elif word:
            light = before if before not in ARTICLES or at < 2 else plain[at - 2]
            if light in LIGHT_VERBS and (base := base_form(word, EFFECT_OF)) is not None:
                yield base, EFFECT_OF[base]


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
