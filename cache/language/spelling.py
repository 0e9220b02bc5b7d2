"""Spellings and slips of one word."""

from __future__ import annotations

from collections.abc import Callable

from cache.language.forms import LONGEST_WORD, words_of
from orra.base.remembering import remembered

# Words of these that differ in spelling only.
_SPELLINGS = (
    ("isation", "ization"),
    ("ising", "izing"),
    ("ised", "ized"),
    ("iser", "izer"),
    ("ises", "izes"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("ogue", "og"),
    ("tre", "ter"),
    ("ence", "ense"),
    ("lled", "led"),
    ("lling", "ling"),
    ("grey", "gray"),
    ("cheque", "check"),
    ("programme", "program"),
)
# Slips so frequent that they need no word to be told by, and what is written for short.
MISSPELLINGS = {
    wrong: word
    for word, wrongs in {
        "the": "teh hte",
        "with": "wiht wtih",
        "how": "hwo",
        "what": "waht wat wut whta wht",
        "that": "taht tht",
        "and": "adn nad",
        "can": "cna",
        "you": "yuo u ya yu",
        "your": "ur yor yuor",
        "is": "iz",
        "from": "fom frmo",
        "please": "plz pls plese pleas plase",
        "because": "cuz becuase becasue bc",
        "make": "mak mkae",
        "check": "chek chekc",
        "show": "sohw shwo",
        "which": "wich whcih whihc",
        "when": "wehn whne wen",
        "where": "wehre wher",
        "does": "doess dosent",
        "file": "fiel",
        "using": "usign usin",
        "create": "creat craete",
        "delete": "delet dleete",
        "receive": "recieve",
        "separate": "seperate",
        "definitely": "definately",
        "address": "adress addres",
        "calendar": "calender",
        "occurred": "occured",
        "environment": "enviroment",
        "successful": "succesful",
        "until": "untill",
        "restaurant": "restaurnt resturant",
        "weather": "wether wheather",
        "tomorrow": "tommorow tomorow tmrw",
        "people": "ppl",
        "message": "mesage",
        "between": "bewteen btwn",
        "about": "abt abuot",
        "would": "wuold",
        "could": "cuold",
        "should": "shoud",
    }.items()
    for wrong in wrongs.split()
}
# Pairs of words that look like slips of one another.
_confusable = frozenset(
    frozenset(pair.split("/"))
    for pair in words_of(
        "contact/contract desert/dessert diner/dinner later/latter customer/costumer planed/planned angel/angle "
        "united/untied form/from trail/trial casual/causal martial/marital sacred/scared quiet/quite bared/barred "
        "hoping/hopping staring/starring tapping/taping moped/mopped loser/looser"
    )
)
_LEAST_FOR_SWAP, _LEAST_FOR_DOUBLE, _LEAST_FOR_MISSING = 4, 5, 6


@remembered(8192, longest=LONGEST_WORD)
def standard_spelling(word: str) -> str:
    if len(word) > 4:
        for british, american in _SPELLINGS:
            word = word.replace(british, american)
    return word


def is_slip(one: str, other: str, *, known: Callable[[str], bool]) -> bool:
    """Whether one of two words is the other with two letters swapped, or with a letter doubled, or left out
    inside. Not when both are words that are ``known``. A letter for another is no slip: words that differ so are
    too often both words."""
    if len(one) > len(other):
        one, other = other, one
    if not 0 <= len(other) - len(one) <= 1 or one[:1] != other[:1] or frozenset((one, other)) in _confusable:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        is_near = len(one) >= _LEAST_FOR_SWAP and one[:at] + one[at : at + 2][::-1] + one[at + 2 :] == other
        least = 0
    else:
        doubled = at > 0 and other[at] == other[at - 1]
        is_near = one[at:] == other[at + 1 :] and (at < len(one) or doubled)
        least = _LEAST_FOR_DOUBLE if doubled else _LEAST_FOR_MISSING
    if not is_near:
        return False
    words = known(one) + known(other)
    return words < 2 and len(one) >= least - words
