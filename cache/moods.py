"""Whether a text asks, orders, states something, or only names it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cache.language.effects import EFFECT_OF, HARMLESS_EFFECTS, PHRASAL_VERBS
from cache.language.forms import words_of
from cache.language.grammar import ARTICLES, FUNCTION_WORDS, LIGHT_VERBS, NEGATIONS
from cache.language.verbs import VERBS
from cache.order import same_slot_roles
from cache.readings import Reading, is_past_form
from cache.words import QUESTION_STARTS, QUESTION_VERBS

ASKING, ORDERING, STATING, NAMING = "asks", "orders", "states", "names"

_BEFORE = words_of(
    "please kindly just also hey hi hello dear ok okay so well now , . ! : ; and pls plz then thanks"
)
_SPEAKERS = words_of("i we")
_WISHES = words_of("need want would wish require like")
_PRONOUNS = words_of("i we you he she it they there this that these those any anyone anything my our the")
_INFORMING = words_of(
    "show display list view see tell read check know learn find search look lookup explain define describe inform"
)
# To be shown a thing it must be there: "find a table" may be to book one, "show my tables" is not.
_SHOWING = words_of("show display list view check")
_BEING = words_of("is are was were am be will can could should would must may might has have had does do goes")
# What can only be told: to name it is to ask for it, and so is to want it or to have it given.
_FACTS = words_of(
    "forecast forecasts weather temperature humidity price prices cost costs balance status distance population "
    "definition meaning translation news headlines traffic eta itinerary"
)
_BEFORE_FACTS = ARTICLES | words_of("i we me us any some would")
_AFTER_FACTS = FUNCTION_WORDS | {"", ".", "?", "!", ","}
_OBTAINING = words_of("show get give need want bring fetch hand send provide wish require like")
_ALIKE = {
    word: words.split()[0]
    for words in ("is are am whether do does have has", "what which", "did was were", "show display list tell see")
    for word in words.split()
}
_WISHFUL = words_of("can could may might would")
_MODALS = words_of("can could should would will may might must")
_AFTER_VERBS = ARTICLES | words_of(
    "me us him her them all every it that these those some any for to on off up down in out back with from"
)
_MAY_IT = re.compile(r"\W*(?:can|could|may|might)\s+(?:i\b|we\b|(?!you\b).{1,200}?\sbe\s)", re.IGNORECASE)
# Asks for a thing, where "give me the news" asks to be told something.
_HANDING_OVER = re.compile(
    r"\b(?:get|give|bring|fetch|hand|send|provide)\s+(?:me|us)\s+"
    r"(?!the\b|my\b|our\b|all\b|info|detail|news|directions|updates)",
    re.IGNORECASE,
)


def mood_of(reading: Reading) -> str:
    """One of :data:`ASKING`, :data:`ORDERING`, :data:`STATING` and :data:`NAMING`. To be shown something is to
    ask."""
    words = _without_prelude(reading.plain)
    first, second = [*words[:2], ".", "."][:2]
    if tells_of_deed(reading):
        return STATING
    if _wants_fact(words):
        return ASKING
    if first in _SPEAKERS:
        wishes = second in _WISHES or (second == "do" and not NEGATIONS.isdisjoint(words[2:3]))
        return ORDERING if wishes and not _likes(words) else STATING
    if first == "":
        return STATING if not _BEING.isdisjoint(words[1:4]) else NAMING
    if first in QUESTION_STARTS:
        return ASKING
    if first in _WISHFUL and second in _SPEAKERS and words[2:3] in (["have"], ["get"], ["book"], ["order"]):
        return ORDERING
    if first in QUESTION_VERBS:
        orders = first in ("do", "have") and second not in _PRONOUNS and (first == "have" or second in NEGATIONS)
        return ORDERING if orders else ASKING
    if first in _INFORMING:
        return ORDERING if _HANDING_OVER.search(reading.template.action) else ASKING
    known = first in EFFECT_OF or first in PHRASAL_VERBS or first in VERBS or first in LIGHT_VERBS
    if first in NEGATIONS or known or second in _AFTER_VERBS or second == "":
        return ORDERING if first not in ARTICLES else _of_a_thing(words)
    return _of_a_thing(words)


def is_plain_question(reading: Reading) -> bool:
    """Whether the text asks how a thing is, or to be shown it. "Can I have …" may ask for it to be done."""
    words = _without_prelude(reading.plain)
    first = words[0] if words else ""
    shown = first in _SHOWING and first in reading.template.action.lower()
    if _MAY_IT.match(reading.template.action):
        # "Can I hear it" and "could it be played" ask for it; "can I delete it" and "can it be deleted" ask.
        return not reading.effects <= HARMLESS_EFFECTS
    return first == "whether" or shown or (reading.asks and first != "" and first not in _WISHFUL)


def tells_of_deed(reading: Reading) -> bool:
    """Whether the text tells that something was done: "I cancelled it", "booked {hotel}"; not "it would be kind
    if you booked {hotel}", which reads alike without its frame."""
    words = _without_prelude(reading.plain)
    speaks = bool(words) and words[0] in _SPEAKERS
    at = speaks + (words[speaks : speaks + 1] in (["already"], ["just"]))
    said, behind = [*words[at : at + 2], ".", "."][:2]
    begins = reading.template.action.lower().startswith(said) and (behind == "" or behind in ARTICLES)
    return (speaks or begins) and is_past_form(said)


def deed_of(reading: Reading) -> str:
    """The verb by which the text orders something to be done that is more than to be told or shown something, or
    nothing."""
    if reading.asks or reading.is_bare or is_plain_question(reading) or mood_of(reading) != ORDERING:
        return ""
    first = next((word for word in _without_prelude(reading.plain) if word not in _SPEAKERS | {"not"}), "")
    does = EFFECT_OF.get(first, "read") != "read" or (first in VERBS and first not in _INFORMING | _OBTAINING)
    return first if does else ""


def _wants_fact(words: Sequence[str]) -> bool:
    """Whether a text names a fact, or wants one: "weather in Oslo", "give me a forecast"; not "price alert"."""
    telling = [word for word in words if word not in _BEFORE_FACTS]
    if telling[:1] and telling[0] in _OBTAINING:
        del telling[0]
    named, following = [*telling[:2], ".", "."][:2]
    return named in _FACTS and following in _AFTER_FACTS and _BEING.isdisjoint(words)


def ask_alike(one: Reading, other: Reading) -> bool:
    """Whether two texts with no word of substance in common are the same question all the same."""
    return (
        mood_of(one) == mood_of(other) == ASKING
        and _opening(one) == _opening(other)
        and same_slot_roles(one, other)
    )


def _opening(reading: Reading) -> tuple[str, frozenset[str]]:
    """The word that a question begins with, with those that ask alike as one, and whether it asks for what can or
    will be."""
    words = _without_prelude(reading.plain)
    first = "whether" if "whether" in words[:3] else words[0] if words else ""
    return _ALIKE.get(first, first), _MODALS.intersection(words)


def _of_a_thing(words: Sequence[str]) -> str:
    """Of a text that begins with a thing: "the room is too dark", "a room in Oslo"."""
    return STATING if not _BEING.isdisjoint(words[1:]) else NAMING


def _likes(words: Sequence[str]) -> bool:
    return words[1:2] == ["like"] or (words[1] == "do" and words[3:4] == ["like"])


def _without_prelude(plain: Sequence[str]) -> list[str]:
    words = list(plain)
    while words:
        if words[0] in _BEFORE:
            del words[0]
        elif words[0] in ("can", "could", "will", "would") and words[1:2] == ["you"]:
            del words[:2]
        else:
            break
    return words
