"""English words that stand for one another."""

from __future__ import annotations

from collections import defaultdict

from cache.language.actions import ACTIONS
from cache.language.common import COMMON_WORDS
from cache.language.derivations import DERIVATIONS
from cache.language.effects import EFFECT_OF
from cache.language.forms import LONGEST_WORD, stems, words_of
from cache.language.grammar import FUNCTION_WORDS, NEGATIONS
from cache.language.lookalikes import LOOKALIKES
from cache.language.opposites import OPPOSITES
from cache.language.qualifiers import CLASSIFYING_NOUNS, HARMLESS_WORDS, PLAIN_QUALIFIERS, PLAIN_THINGS
from cache.language.qualities import QUALITIES
from cache.language.quantities import SCOPE, UNITS
from cache.language.spelling import is_slip, standard_spelling
from cache.language.things import THINGS
from orra.base.remembering import remembered

# Forms of one word that mean another thing.
_APART = frozenset(
    tuple(pair.split("/"))
    for pair in words_of(
        "damage/damages good/goods custom/customs manner/manners arm/arms content/contents saving/savings "
        "earning/earnings regard/regards spectacle/spectacles glass/glasses wood/woods water/waters "
        "ground/grounds work/works compass/compasses premise/premises proceed/proceeds pant/pants "
        "short/shorts minute/minutes people/peoples "
        "new/news security/securities future/futures communication/communications honour/honours "
        "honor/honors tax/taxes wine/wines cheese/cheeses panda/pandas general/generally hard/hardly "
        "late/lately near/nearly short/shortly high/highly universe/university organ/organization "
        "organ/organize apart/apartment depart/department compart/compartment state/statement "
        "comply/compliment wed/wedding bed/bedding evening/even invest/investment caps/cap specie/species "
        "serie/series duration/time"
    )
)


def _synonyms() -> dict[str, frozenset[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for number, group in enumerate(f"{ACTIONS}\n{THINGS}\n{QUALITIES}\n{DERIVATIONS}".splitlines()):
        for word in group.split():
            found[word].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_SYNONYMS = _synonyms()


@remembered(32768, longest=LONGEST_WORD)
def say_the_same(one: str, other: str) -> bool:
    """Whether two words are forms, spellings or slips of one word, or of one meaning."""
    if one == other or not _meanings(one).isdisjoint(_meanings(other)):
        return (one, other) not in _APART and (other, one) not in _APART
    return is_slip(one, other, known=is_known)


@remembered(16384, longest=LONGEST_WORD)
def _meanings(word: str) -> frozenset[str | int]:
    """What the word may be a form of, in its standard spelling, and the groups it is in. Two endings deep:
    "reservations" of "reserve"."""
    forms = {form for stem in stems(word) for form in stems(stem)}
    forms |= {standard_spelling(form) for form in forms}
    groups = {group for form in forms for group in _SYNONYMS.get(form, ())}
    unit = UNITS.get(word)
    return frozenset(forms) | groups | ({f"unit:{unit}"} if unit else set())


@remembered(16384, longest=LONGEST_WORD)
def is_known(word: str) -> bool:
    """Whether the word, or what it is a form of, is in one of the lists: then it is hardly a slip of another."""
    return any(stem in KNOWN or stem in LOOKALIKES for stem in stems(word))


# The words that another may be a slip of, as they stand in the lists.
KNOWN = frozenset(
    _SYNONYMS.keys()
    | EFFECT_OF.keys()
    | UNITS.keys()
    | SCOPE.keys()
    | FUNCTION_WORDS
    | NEGATIONS
    | HARMLESS_WORDS
    | PLAIN_QUALIFIERS
    | PLAIN_THINGS
    | CLASSIFYING_NOUNS
    | COMMON_WORDS
    | {word for sides in OPPOSITES for side in sides for word in side}
)
