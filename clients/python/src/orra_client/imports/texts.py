"""Descriptions as planners read them: plain, and cut where a sentence ends."""

from __future__ import annotations

import re

from orra_client.imports.services import Json

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,1000}\)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
_MARKS = re.compile(r"\*\*|__|`")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MOST_READ = 20_000


def plain(text: Json, most: int) -> str:
    """``text`` without Markdown's and HTML's marks, in one line of at most ``most`` characters: whole sentences if
    that keeps half of what there is room for, else whole words and "…". Nothing for what is no text."""
    if not isinstance(text, str):
        return ""
    text = _FENCE.sub(" ", text[:_MOST_READ])
    for pattern, instead in ((_TAG, " "), (_LINK, r"\1"), (_HEADING, ""), (_MARKS, ""), (_HIDDEN, " ")):
        text = pattern.sub(instead, text)
    return cut(" ".join(text.split()), most)


def cut(text: str, most: int) -> str:
    """At most ``most`` characters of it."""
    if len(text) <= most:
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text, 0, most + 1) if match.end() <= most]
    if ends and ends[-1] * 2 >= most:
        return text[: ends[-1]]
    words = text[: most - 1].rsplit(" ", 1)[0] if " " in text[: most - 1] else text[: most - 1]
    return words.rstrip(" ,;:") + "…"


def joined(first: str, second: str, most: int) -> str:
    """Two texts as sentences of one; the second is left out where the first says it already."""
    if not first or not second:
        return cut(first or second, most)
    if second.casefold().startswith(first.rstrip(".").casefold()):
        return cut(second, most)
    return cut(f"{first}{'' if first[-1] in '.!?。！？' else '.'} {second}", most)
