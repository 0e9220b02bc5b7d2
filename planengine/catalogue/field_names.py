"""When two field names mean the same thing: ``orderId`` is ``order_id``, and ``id`` of "order" may be.

Conservative on purpose. A pairing that is not listed here is no pairing, because a wrong one ends as a refund to
somebody else's card.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import IntEnum
from functools import lru_cache

# Of names, and of most descriptions: what is longer is mostly somebody's request, which does not come twice.
_LONGEST_NAME, _LONGEST_TEXT = 200, 500
_words = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_identifiers = frozenset({"id", "identifier", "number", "no", "num", "ref", "reference", "uuid"})

# One of a pair: "from_city" is no more "the city" than "to_city" is.
_directions = frozenset(
    """
    from to old new start end min max source destination origin target sender recipient previous next before after
    first last not no other in out
    """.split()  # noqa: SIM905
)
# Too common to say what they are about: "status" of one service is not "status" of another.
_states = frozenset("status state success succeeded ok error errors created_at updated_at timestamp".split())  # noqa: SIM905
_vague = frozenset(
    """
    id name type kind value values data result results output response text message content body title description
    summary note notes details info date time count total code items url key options number query input
    """.split()  # noqa: SIM905
)
_messages = frozenset(("text", "message", "body", "content", "subject"))


class Likeness(IntEnum):
    """How sure it is that two names mean one thing; the smaller, the surer."""

    EXACT = 0
    IDENTIFIER = 1
    NARROWER = 2
    WIDER = 3


def words_of(text: str) -> tuple[str, ...]:
    """``customerEmail2`` → ``("customer", "email", "2")``; anything without letters or digits has no words."""
    return _words_of_name(text) if len(text) <= _LONGEST_NAME else _split(text)


@lru_cache(maxsize=8192)
def _words_of_name(name: str) -> tuple[str, ...]:
    return _split(name)


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _words.findall(text))


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Enough of English morphology to see that "refunded", "refunds" and "refund" are one word."""
    word = word.lower()
    for ending, replacement in (
        ("ies", "y"),
        ("ied", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("ed", ""),
        ("es", "e"),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + replacement
            break
    if len(word) > 4 and word[-1] == word[-2] and (word[-1] not in "lsz" or len(word) > 6):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def stems_of(text: str) -> frozenset[str]:
    return _stems_of(text) if len(text) <= _LONGEST_TEXT else _stems_of_long(text)


@lru_cache(maxsize=8192)
def _stems_of(text: str) -> frozenset[str]:
    return frozenset(stem(word[:_LONGEST_NAME]) for word in _split(text))


@lru_cache(maxsize=512)  # they take up to 100 KB each
def _stems_of_long(text: str) -> frozenset[str]:
    return frozenset(stem(word[:_LONGEST_NAME]) for word in _split(text))


@lru_cache(maxsize=8192)
def key_of(name: str) -> str:
    """Names with one key are spelled alike but for case and separators; names without letters keep theirs."""
    return "".join(character for character in name.casefold() if character.isalnum()) or name


def compare(
    given: str, wanted: str, *, given_context: Collection[str], wanted_context: Collection[str]
) -> Likeness | None:
    """How a value called ``given`` may serve where ``wanted`` is asked for.

    A word that only one of the names has must be said by the other side's context (stems of the words around it):
    ``customer_email`` is the ``email`` of a service that is about customers, and ``id`` is the ``order_id`` of an
    action that is about an order.
    """
    if given == wanted or key_of(given) == key_of(wanted):
        return Likeness.EXACT
    have, want = _words_of_name(given), _words_of_name(wanted)
    if not have or not want:
        return None
    if _entity(have) == _entity(want) and _entity(have):
        return Likeness.IDENTIFIER
    if len(have) > len(want) and have[-len(want) :] == want:
        return Likeness.NARROWER if _said(have[: -len(want)], wanted_context) else None
    if len(want) > len(have) and want[-len(have) :] == have:
        return Likeness.WIDER if _said(want[: -len(have)], given_context) else None
    return None


def is_state(name: str) -> bool:
    """Whether the field reports how a service fared, which is nothing to hand on to another one."""
    return "_".join(_words_of_name(name)) in _states


def is_vague(name: str) -> bool:
    """Whether the name alone does not say what the value is about."""
    words = _words_of_name(name)
    return len(words) <= 1 and (not words or words[0] in _vague)


def is_message(name: str) -> bool:
    """Whether the field holds what somebody is told."""
    return bool(_messages & set(_words_of_name(name)[-1:]))


def identify_differently(one: str, other: str) -> bool:
    """Whether two names identify things of different kinds, as ``order_id`` and ``shipment_id`` do."""
    if not (is_identifier(one) and is_identifier(other)):
        return False
    first, second = _words_of_name(one)[:-1], _words_of_name(other)[:-1]
    return bool(first and second and first != second)


def is_identifier(name: str) -> bool:
    return bool(_identifiers & set(_words_of_name(name)[-1:]))


def _entity(words: tuple[str, ...]) -> tuple[str, ...]:
    """What an identifier identifies: of ``order_number`` and of ``order`` it is the order."""
    return words[:-1] if len(words) > 1 and words[-1] in _identifiers else words


def _said(words: Iterable[str], context: Collection[str]) -> bool:
    return all(word not in _directions and stem(word) in context for word in words)
