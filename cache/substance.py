"""The words of a text that carry its meaning, each with its role, and what remains of two texts when the words
that say the same are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cache.language.effects import EFFECT_OF, IMPLYING, PHRASAL_EFFECTS
from cache.language.forms import LONGEST_WORD, base_form, words_of
from cache.language.grammar import (
    ARTICLES,
    COORDINATORS,
    FUNCTION_WORDS,
    NEGATIONS,
    stands_as_command,
)
from cache.language.qualifiers import EXPLAINING, FRAMING_WORDS, HARMLESS_WORDS, MANNER, SHOWING_WORDS
from cache.language.quantities import SCOPE, UNITS
from cache.language.synonyms import is_known, say_the_same
from cache.language.verbs import VERBS
from cache.readings import Reading, does_noun, particle_of
from cache.templates.tokens import name_words
from cache.words import SENTENCE_ENDS
from orra.base.remembering import remembered

# Function words that ask for something of their own.
QUESTIONS = words_of("when where why who whom whose how up")
_PLAIN_ROLES = words_of("into onto toward towards using than as about around whether")
# Before a slot they say that a name follows.
NAMING_WORDS = words_of("called titled named entitled labelled labeled")
# Words that other guards judge, and words that carry nothing.
PASSED_OVER = (
    _PLAIN_ROLES | FUNCTION_WORDS | HARMLESS_WORDS | NEGATIONS | SCOPE.keys() | COORDINATORS
) - QUESTIONS
ROLE_WORDS = {
    word: role
    for role, words in {
        "of": "of",
        "from": "from",
        "to": "to into onto toward towards",
        "in": "in on at inside within around",
        "with": "with using",
        "by": "by",
        "for": "for",
        "than": "than",
        "over": "over above",
        "under": "under below",
        "before": "before until till",
        "after": "after since",
        "about": "about",
        "as": "as",
        "instead": "instead",
        "against": "against",
    }.items()
    for word in words.split()
}
# Beyond so many words without a partner two texts are not alike, and pairing them would take long.
MOST_UNPAIRED = 12
LEAST_OF_ACRONYM = 3
PARTICLES = words_of("on in over through")
SPEAKERS = words_of("i we you they")
WISHES = words_of("need want")
BRINGING = words_of("bring pull give get present provide")
_COORDINATING = words_of("and or vs &")
_COORDINATION_BOUNDS = words_of(
    "between than is are was were do does did better worse difference who that which how"
)
# These with a letter left out inside.
_SHORTENED = frozenset(
    word[:at] + word[at + 1 :] for word in PASSED_OVER if len(word) > 5 for at in range(1, len(word) - 1)
)
_ANAGRAMS: dict[str, list[str]] = {}
for _word in sorted(PASSED_OVER | SHOWING_WORDS):
    _ANAGRAMS.setdefault("".join(sorted(_word)), []).append(_word)
CLAUSE_BORDERS = SENTENCE_ENDS | {","}


@dataclass(frozen=True, slots=True)
class Item:
    """A word of substance; ``role`` is the preposition it stands under, and whether what it names has another.
    ``command``: it stands where a verb says what to do. ``group``: the number of the "A and B" or "A or B" that it
    is of, 0 for none."""

    text: str
    role: tuple[str, bool]
    command: bool = False
    group: int = 0


@dataclass(frozen=True)
class Pairing:
    """Words of two texts: those that say the same, with their positions among each text's items, and the rest."""

    paired: tuple[tuple[int, int], ...]
    only_asked: tuple[str, ...]
    only_cached: tuple[str, ...]


def items_of(reading: Reading, *, every: bool = False) -> tuple[Item, ...]:
    """The words of substance in order, phrasal verbs as one. ``every``: also those that say little, where much
    may hang on them."""
    words, plain = reading.words, reading.plain
    groups = _coordinated(plain)
    found: list[Item] = []
    under, owned = "", False
    particles: set[int] = set()
    for at, word in enumerate(words):
        if word.slot is not None:
            owned = False
            continue
        text = word.text
        if text in CLAUSE_BORDERS:
            under, owned = "", False
        if text in ROLE_WORDS and not (text == "to" and _is_infinitive(plain, at)):
            if text == "of":
                owned = True
            else:
                under, owned = ROLE_WORDS[text], False
        if not text.isalnum() or text.isdecimal() or at in particles:
            continue
        role = (under, owned or word.owner)
        owned = owned and not word.owner
        phrasal = particle_of(plain, at) if stands_as_command(plain, at) else None
        if phrasal is not None:
            particles.add(phrasal)
            found.append(Item(PHRASAL_EFFECTS[text, plain[phrasal]], role, command=True, group=groups[at]))
        elif (every and _says_little(reading, at)) or not (
            _says_nothing(reading, at) or (every and _only_asks(plain, at))
        ):
            found.append(Item(text, role, stands_as_command(plain, at), groups[at]))
    return tuple(found)


def _coordinated(plain: Sequence[str]) -> list[int]:
    """For each word the number of the coordination that it is part of: the words around "and", "or" or "vs" as far
    as the next preposition, verb or border of a clause."""
    groups = [0] * len(plain)
    for number, at in enumerate((at for at, word in enumerate(plain) if word in _COORDINATING), 1):
        groups[at] = number
        for step in (-1, 1):
            near = at + step
            while 0 <= near < len(plain) and not _bounds_coordination(plain[near]):
                groups[near] = groups[near] or number
                near += step
    return groups


def _bounds_coordination(word: str) -> bool:
    return word in CLAUSE_BORDERS or word in ROLE_WORDS or word in _COORDINATION_BOUNDS or word in EFFECT_OF


def _is_infinitive(plain: Sequence[str], at: int) -> bool:
    """Whether the "to" at ``at`` stands before a verb."""
    following = plain[at + 1] if at + 1 < len(plain) else ""
    return following in VERBS or following in EFFECT_OF


def _says_nothing(reading: Reading, at: int) -> bool:
    plain, text = reading.plain, reading.plain[at]
    out_of = text == "out" and plain[at + 1 : at + 2] == ("of",)
    if text in PASSED_OVER or out_of or _beside_slot(reading, at):
        return True
    if not stands_as_command(plain, at):
        return False
    if base_form(text, SHOWING_WORDS) is not None:
        return True
    return does_noun(plain, at)


def _says_little(reading: Reading, at: int) -> bool:
    """Whether the word is one that mostly says nothing, and says something here: "I like {song}", "do I need …",
    "put the heating on", and a verb of showing that brings about something."""
    plain, text = reading.plain, reading.plain[at]
    before = plain[at - 1] if at else "."
    if text in PARTICLES:
        return plain[at + 1 : at + 2] in ((), (".",), ("?",), ("!",), (",",))
    if text == "like":
        return before in SPEAKERS or before in ARTICLES or before == "not"
    if text in WISHES:
        return before in SPEAKERS and reading.asks and not reading.negations
    return text in BRINGING and stands_as_command(plain, at) and plain[at + 1 : at + 2] not in (("me",), ("us",))


def _only_asks(plain: Sequence[str], at: int) -> bool:
    """ "how is the weather" and "tell me about the weather" ask what "what is the weather" asks."""
    if plain[at] not in EXPLAINING and plain[at] != "how":
        return False
    following = at + 1 + (plain[at] == "how" and plain[at + 1 : at + 2] in (("is",), ("are",), ("will",)))
    return plain[following : following + 1] in (("the",), ("my",), ("our",))


def _beside_slot(reading: Reading, at: int) -> bool:
    """Whether the word says what the slot beside it is ("order {order_id}", "city of {city}"), or is its unit,
    which is judged by itself."""
    word = reading.words[at].text
    for near in (at - 1, at + 2 if reading.plain[at + 1 : at + 2] == ("of",) else at + 1):
        slot = reading.words[near].slot if 0 <= near < len(reading.words) else None
        if slot is not None and (word in UNITS or word in name_words(slot.name) or word in NAMING_WORDS):
            return True
    return False


def pair_items(asked: Sequence[Item], cached: Sequence[Item]) -> Pairing:
    """Pairs each word with one of the other text that says the same."""
    first_asked, first_cached = _first_places(asked), _first_places(cached)
    paired = {at: first_cached[text] for text, at in first_asked.items() if text in first_cached}
    left_asked = {text: at for text, at in first_asked.items() if text not in first_cached}
    left_cached = {text: at for text, at in first_cached.items() if text not in first_asked}
    if max(len(left_asked), len(left_cached)) <= MOST_UNPAIRED:
        for text, at in list(left_asked.items()):
            partner = next((other for other in left_cached if say_the_same(text, other)), None)
            if partner is None:
                # It may repeat in other words what is paired already.
                partner_is_paired = any(say_the_same(text, other) for other in first_cached)
                if partner_is_paired:
                    del left_asked[text]
                continue
            paired[at] = left_cached.pop(partner)
            del left_asked[text]
        for text in list(left_cached):
            if any(say_the_same(text, other) for other in first_asked):
                del left_cached[text]
        _drop_compounds(left_asked, left_cached)
        _drop_compounds(left_cached, left_asked)
        _drop_acronyms(left_asked, left_cached)
        _drop_acronyms(left_cached, left_asked)
    return Pairing(
        tuple(sorted(paired.items())),
        tuple(text for text in left_asked if not _slip_of_nothing(text)),
        tuple(text for text in left_cached if not _slip_of_nothing(text)),
    )


def _first_places(items: Sequence[Item]) -> dict[str, int]:
    places: dict[str, int] = {}
    for at, item in enumerate(items):
        places.setdefault(item.text, at)
    return places


def _drop_compounds(parts: dict[str, int], wholes: dict[str, int]) -> None:
    """ "dash board" says what "dashboard" says."""
    for (one, at), (other, then) in list(pairwise(sorted(parts.items(), key=lambda part: part[1]))):
        if then == at + 1 and one + other in wholes:
            del wholes[one + other]
            parts.pop(one, None)
            parts.pop(other, None)


def _drop_acronyms(shorts: dict[str, int], words: dict[str, int]) -> None:
    """ "CORS" says what "cross origin resource sharing" says; "bar" is a word of its own."""
    for short in [text for text in shorts if len(text) >= LEAST_OF_ACRONYM and not is_known(text)]:
        ordered = sorted(words, key=words.__getitem__)
        for start in range(len(ordered) - len(short) + 1):
            spelt = ordered[start : start + len(short)]
            in_a_row = words[spelt[-1]] - words[spelt[0]] == len(short) - 1
            if in_a_row and "".join(word[0] for word in spelt) == short:
                del shorts[short]
                for word in spelt:
                    del words[word]
                break


@remembered(8192, longest=LONGEST_WORD)
def _slip_of_nothing(text: str) -> bool:
    if len(text) < 4 or is_known(text):
        return False
    if text in _SHORTENED:
        return True
    alike = _ANAGRAMS.get("".join(sorted(text)), ())
    return any(sum(a != b for a, b in zip(text, word, strict=True)) == 2 for word in alike)


def untold(words: Sequence[str], told: Reading, other: Reading) -> tuple[str, ...]:
    """The words of one of two questions that the other does not say, without those that it need not say: how one
    asks, and how well something is to be done."""
    passed = MANNER
    if (
        "difference" in told.plain
        or told.asks_to_explain
        or other.asks_to_explain
        or other.is_bare
        or told.is_bare
    ):
        passed |= EXPLAINING | {"how"}
    return tuple(word for word in words if word not in passed)


def unframed(words: Sequence[str], other: Reading) -> tuple[str, ...]:
    """The words of a text that holds several params, without those that only lead to them, or that say what the
    other text says is to be done."""
    said = (other.effects | other.implied) - {"read"}
    return tuple(
        word for word in words if word not in FRAMING_WORDS and IMPLYING.get(word, EFFECT_OF.get(word)) not in said
    )
