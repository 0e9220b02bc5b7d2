"""What an action asks for, request by request, and what it asks *not* to do.

"Refund order ORD-17 and tell the customer, but do not restock" is two requests and one prohibition. Values and
quoted text are never cut: only what begins like a request of its own ("and tell …") becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.planners.verbs import Act, act_of_request, begins_request, is_gerund, is_verb, opens_sentence


@dataclass(frozen=True)
class Request:
    """``text`` is the request without politeness; ``conditional`` when it holds only under an "if"."""

    text: str
    act: Act
    conditional: bool = False


@dataclass(frozen=True)
class Reading:
    """``requests`` in their order; ``forbidden``: what must not be done, as requests."""

    requests: tuple[Request, ...]
    forbidden: tuple[Request, ...]


_MAX_CHARACTERS = 4000
_sentence_end = re.compile(r"(?<=[^\s.])(?<!\b[A-Za-z])[.?!;]+(?=\s|$)|\n+")
_joint = re.compile(
    r"(?:\s*,\s*|\s+)(?:and\s+then|and\s+also|as\s+well\s+as|and\s+finally|after\s+that|and|then|but|while|plus|also)\s+"
    r"|\s*,\s+",
    re.IGNORECASE,
)
_adverbs = re.compile(
    r"^(?:(?:also|then|next|finally|afterwards|lastly|first|firstly|second|secondly|third|please|kindly|now|just|only|simply|"
    r"and|but|so|immediately|after that)\b[\s,:]*)+",
    re.IGNORECASE,
)
_politeness = re.compile(
    r"^(?:(?:hi|hello|hey)\b[\s,!]*"
    r"|(?:can|could|would|will) you\b\s*"
    r"|(?:can|could|may|shall) (?:i|we)\b\s*"
    r"|(?:please|kindly|let's|let us|go ahead and)\b\s*"
    r"|(?:i|we)(?:'d| would) (?:like|love)\b\s*(?:you )?(?:to\b\s*)?"
    r"|(?:i|we) (?:want|need|have|wish) (?:you )?to\b\s*"
    r"|(?:i|we) (?:want|need)\b\s*"
    r"|help (?:me|us)\b\s*(?:to\b\s*)?"
    r"|make sure (?:to|that you|you)\b\s*"
    r"|you (?:should|must|need to)\b\s*)+",
    re.IGNORECASE,
)
_not = (
    r"(?:do\s+not|don['’]?t|does\s+not|doesn['’]?t|never|must\s+not|mustn['’]?t|should\s+not|shouldn['’]?t|"
    r"can\s?not|can['’]t|no\s+longer|will\s+not|won['’]t|refrain\s+from|avoid|not)"
)
_prohibition = re.compile(
    rf"^(?:(?:i|we|you|the \w+)\s+)?(?:(?:would|want|need)\s+)?{_not}\s+(?:(?:want|need|wish|like)\s+)?"
    r"(?:(?:you|us|me|anyone)\s+)?(?:to\s+)?(?:ever\s+)?",
    re.IGNORECASE,
)
_exclusion = re.compile(
    r"(?:,\s*)?\b(?:without|instead\s+of|rather\s+than|not)\s+(?P<gerund>\w+ing)\b[^,.;]*", re.IGNORECASE
)
_condition = re.compile(r"\b(?:if|unless|in case|provided that|as long as|only when|only once)\b", re.IGNORECASE)
_asks_whether = re.compile(
    r"\b(?:check|see|tell me|tell us|know|verify|find out|whether|confirm|ask|determine|even)\s+(?:\w+\s+)?if\b",
    re.IGNORECASE,
)
_ordering = re.compile(r"\s*,?\s*\b(?:before|after|once)\s+(?P<gerund>\w+ing)\b", re.IGNORECASE)
_quoted = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)")


def read(action: str, params: Mapping[str, Json]) -> Reading:
    """Never raises; an action without a recognisable request is one request as a whole."""
    masked, originals = _mask(action[:_MAX_CHARACTERS], params)
    masked = "\n".join(" ".join(line.split()) for line in masked.splitlines())
    requests: list[Request] = []
    forbidden: list[Request] = []
    statements: list[str] = []
    for piece in _pieces(masked):
        text, excluded = _cut_exclusions(piece)
        forbidden.extend(_request(_unmask(part, originals)) for part in excluded)
        prohibition = _prohibition.match(text)
        if prohibition and _is_prohibition(text[prohibition.end() :]):
            forbidden.append(_request(_unmask(text[prohibition.end() :], originals)))
        elif _asks(text):
            requests.append(_request(_unmask(text, originals)))
        elif text:
            statements.append(_unmask(text, originals))
    if len(requests) <= 1 and not forbidden and (requests or statements):
        requests = [_whole(_unmask(masked, originals), requests)]
    elif not requests and statements:
        requests = [_request(" ".join(statements))]
    return Reading(tuple(requests), tuple(forbidden))


def _whole(action: str, requests: list[Request]) -> Request:
    """One request keeps all the words around it, because they say what it is about."""
    text = _politeness.sub("", _adverbs.sub("", action.strip()))
    act = requests[0].act if requests else act_of_request(text)
    return Request(action.strip(), act, _is_conditional(action))


def _request(text: str) -> Request:
    stripped = _politeness.sub("", _adverbs.sub("", text.strip())).strip(" ,;:.!?")
    return Request(stripped, act_of_request(_ungerund(stripped)), _is_conditional(text))


def _ungerund(text: str) -> str:
    head, _, rest = text.partition(" ")
    return f"{_base(head)} {rest}" if is_gerund(head) else text


def _base(gerund: str) -> str:
    return gerund[: -len("ing")]


def _is_conditional(text: str) -> bool:
    return bool(_condition.search(_asks_whether.sub(" ", text)))


def _asks(text: str) -> bool:
    bare = _politeness.sub("", _adverbs.sub("", text))
    if bare != text and _politeness.match(_adverbs.sub("", text)):
        return True
    words = bare.split()
    return bool(words) and (opens_sentence(words) or is_gerund(words[0]))


def _is_prohibition(rest: str) -> bool:
    words = rest.split()
    return bool(words) and (is_verb(words[0].strip(",.;:!?")) or is_gerund(words[0]))


def _pieces(text: str) -> list[str]:
    """Sentences, cut further wherever what follows a joint begins like a request."""
    pieces: list[str] = []
    for sentence in _sentence_end.split(text):
        start = 0
        for joint in _joint.finditer(sentence):
            if joint.start() >= start and _starts_anew(sentence[joint.end() :], joint.group()):
                pieces.append(sentence[start : joint.start()])
                start = joint.end()
        pieces.append(sentence[start:])
    ordered = (part for piece in pieces for part in _cut_ordering(piece))
    return [
        stripped for piece in ordered if (stripped := _adverbs.sub("", piece.strip(" ,;:\t")).strip(" ,;:.!?"))
    ]


def _starts_anew(rest: str, joint: str) -> bool:
    bare = _adverbs.sub("", rest)
    prohibition = _prohibition.match(bare)
    if prohibition and _is_prohibition(bare[prohibition.end() :]):
        return True
    if _politeness.match(bare):
        return True
    words = [word.strip(",.;:!?") for word in bare.split()[:3]]
    return begins_request(words)


def _cut_ordering(piece: str) -> Iterable[str]:
    """ "Check the payment before refunding it" is two requests."""
    match = _ordering.search(piece)
    if match is None or not is_gerund(match["gerund"]):
        return [piece]
    before, after = piece[: match.start()], piece[match.start("gerund") :]
    return [part for part in (before, *after.split(", ", 1)) if part.strip()]


def _cut_exclusions(piece: str) -> tuple[str, list[str]]:
    excluded = [
        match.group()[match.start("gerund") - match.start() :]
        for match in _exclusion.finditer(piece)
        if is_gerund(match["gerund"])
    ]
    if not excluded:
        return piece, []
    return _exclusion.sub(
        lambda match: "" if is_gerund(match["gerund"]) else match.group(), piece
    ).strip(), excluded


def _mask(action: str, params: Mapping[str, Json]) -> tuple[str, list[str]]:
    """The action with quoted text and the params' texts as single opaque words, which nothing cuts."""
    values = [value for value in params.values() if isinstance(value, str) and re.search(r"[\s,.;!?]", value)]
    alternatives = [re.escape(value) for value in sorted(values, key=len, reverse=True)]
    pattern = re.compile("|".join([*alternatives, _quoted.pattern]))
    originals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        originals.append(match.group())
        return f"\ue000{len(originals) - 1}\ue001"

    return pattern.sub(keep, action.replace("\ue000", " ").replace("\ue001", " ")), originals


def _unmask(text: str, originals: list[str]) -> str:
    return re.sub("\ue000(\\d+)\ue001", lambda match: originals[int(match[1])], text)
