"""How scripts part words: where a run of letters ends though no space follows.

Chinese, Japanese, Korean, Thai and others put no space between words. Letters of Hebrew, Arabic, the scripts of
India and others carry their words' endings right behind a foreign name or a number ("ORD-17को", "১০০টি"), so they
do not join what stands beside them. Latin, Greek and Cyrillic letters join digits and one another.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Each character of these is a token.
UNSPACED = (
    "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
# Words of these join neither digits nor letters of other scripts.
LOOSE = "\u0590-\u0dff\u0f00-\u177f\u1800-\u1c7f\ua800-\uabff"
# Marks that are not seen and say nothing: where a word may be parted, which way it is written, how a sign is
# shown, how long an Arabic letter is drawn. Not those that turn the order of what is seen, and not joiners, which
# are part of words and emoji.
UNSEEN = "\u00ad\u061c\u0640\u200b\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"
# A digit, or a letter that joins what stands beside it.
JOINING = rf"(?:\d|[^\W{UNSPACED}{LOOSE}])"
# Endings behind the number of an id that belong to the sentence, not to the id: "ORD-17-et", "ORD-17:n".
_HUNGARIAN = (
    "t et ot at öt ért nak nek val vel hoz hez höz ról ről ból ből tól től ban ben ra re ig nál nél as es os ös"
)
_FINNISH = "n a ä ta tä ssa ssä sta stä lle lla llä lta ltä ksi een iin hin na nä s"
_SLAVIC = "go mu ej ego emu го му й я е ю х м ый ой ая ое та то ти ма"
ENDING = (
    rf"(?-i:(?<=\d-)(?:{'|'.join((_HUNGARIAN + ' ' + _SLAVIC).split())})|(?<=\d:)(?:{'|'.join(_FINNISH.split())}))"
    rf"(?!{JOINING})(?![-_/.:]{JOINING})"
)
_joining = re.compile(JOINING)


@cache
def marks() -> str:
    """All combining marks: no word characters for ``re``, yet "é" may be written with one and Hindi is full of
    them."""
    return "".join(char for char in map(chr, range(0x300, 0x20000)) if unicodedata.category(char)[0] == "M")


def is_inside_word(text: str, index: int) -> bool:
    """Whether ``text[index]`` goes on with the word, or the letter, that ends before it."""
    if not 0 < index < len(text):
        return False
    after = text[index]
    if unicodedata.category(after)[0] == "M":
        return not text[index - 1].isspace()
    before = _letter_before(text, index)
    if not (_is_word(before) and _is_word(after)) or _is_unspaced(before) or _is_unspaced(after):
        return False
    return bool(_joining.fullmatch(before)) == bool(_joining.fullmatch(after))


def _letter_before(text: str, index: int) -> str:
    for character in reversed(text[max(0, index - 8) : index]):
        if unicodedata.category(character)[0] != "M":
            return character
    return text[index - 1]


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


_unspaced = re.compile(rf"[{UNSPACED}]")


def _is_unspaced(character: str) -> bool:
    return not character.isdigit() and _unspaced.fullmatch(character) is not None
