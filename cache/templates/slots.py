"""The places of an action where params' values and free literals stand.

Matching is by tokens: a value is found only where it fills whole ones, whatever the case and the white space
between them; longer values go first.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from cache.languages import function_words, list_for, turning_words
from cache.templates.literals import Literal, cuts_a_literal
from cache.templates.numbers import decimal_of, only_reading, readings, spaced
from cache.templates.tokens import JOIN, Token, name_words, tokenize
from orra.base.strictjson import Json

Path = tuple[str | int, ...]
Span = tuple[int, int]

# Params' leaves beyond this many, or this many characters of them, are not looked for. A value that more than
# MAX_TIED leaves share names none of them.
MAX_LEAVES = 512
MAX_CHARACTERS = 65_536
MAX_TIED = 8
MAX_CHOICE = 60
# "MB", "mW", "Pa", and "5MB" without its number.
_TWO_LETTERS = re.compile(r"(?<![^\W\d_])(?=[^\W\d_]{2}(?![^\W\d_]))(?:[^\W\d_]?[A-Z])[^\W\d_]?(?![^\W\d_])")
# A word and a longer one that begins with it are taken for forms of one word.
SHORTEST_FORM, LONGEST_ENDING = 4, 3


@dataclass(frozen=True, slots=True)
class Slot:
    """A place of the action that a value fills.

    ``kind`` is ``param`` or the kind of a free literal; ``name`` stands in the template's braces (``order_id``,
    ``order.id``, ``#number``); ``path`` is the param's field and the path inside its value, empty for literals and
    for ``a|b``, a value that two params share and nothing in the text tells apart; ``raw`` is the text as it
    stood.
    """

    start: int
    end: int
    kind: str
    name: str
    path: Path
    raw: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: Path
    text: str
    number: Decimal | None

    @property
    def name(self) -> str:
        return ".".join(map(str, self.path))


def find_slots(
    action: str, literals: list[Literal], params: Mapping[str, Json], *, discriminating_terms: Collection[str] = ()
) -> tuple[Slot, ...]:
    """The slots of ``action`` from left to right: params' values, and the literals that hold none. A value of
    ``discriminating_terms`` only stays in the text."""
    slots = _param_slots(action, literals, params, discriminating_terms)
    taken = bytearray(len(action))
    for slot in slots:
        _take(taken, slot.start, slot.end)
    # A quotation is one value, unless a param stands inside it: then what is left of it is looked at by itself.
    for literal in sorted(literals, key=lambda literal: literal.kind != "quoted"):
        if _take(taken, literal.start, literal.end):
            raw = action[literal.start : literal.end]
            slots.append(Slot(literal.start, literal.end, literal.kind, literal.name, (), raw))
    return tuple(sorted(_leaving_words(action, slots), key=lambda slot: slot.start))


def _leaving_words(action: str, slots: list[Slot]) -> list[Slot]:
    """The slots without the longest ones that would swallow every word that says what is asked for. With the
    param ``query`` holding the whole action, "Find a laptop" and "Cancel my order" would both become
    ``{query}``, and one would be served the plan of the other."""
    kept = sorted(slots, key=lambda slot: slot.end - slot.start)
    tokens = [token for token in tokenize(action) if token.folded.isalpha()]
    silent = list_for(token.folded for token in tokens).neutral
    words = [token.start for token in tokens if token.folded not in silent]
    swallowed = {slot: bisect_left(words, slot.end) - bisect_left(words, slot.start) for slot in kept}
    left = len(words) - sum(swallowed.values())
    while words and kept and not left:
        left += swallowed[kept.pop()]
    return kept


def find_choices(params: Mapping[str, Json], discriminating_terms: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The params' leaves that may decide what is done even where the action does not say them, with their values:
    "Notify the customer" wants one plan with {"channel": "email"} and another with {"channel": "SMS"} where there
    is a service for each, and {"express": true} another than false."""
    found: list[tuple[str, str]] = []
    for path, value in islice(leaves(params), MAX_LEAVES):
        name = ".".join(map(str, path))
        if isinstance(value, str) and _is_choice(value, discriminating_terms):
            found.append((name, " ".join(token.folded for token in tokenize(value))))
        elif isinstance(value, bool) and _is_choice(str(path[-1]), discriminating_terms):
            found.append((name, str(value).lower()))
    return tuple(sorted(found))


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every value inside ``value`` that holds no others, with its path, in order."""
    stack: list[tuple[Path, Json]] = [(path, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, Mapping):
            stack.extend(((*at, key), member) for key, member in reversed(list(item.items())))
        elif isinstance(item, list):
            stack.extend(((*at, index), member) for index, member in reversed(list(enumerate(item))))
        else:
            yield at, item


def _param_slots(
    action: str, literals: list[Literal], params: Mapping[str, Json], discriminating_terms: Collection[str]
) -> list[Slot]:
    found = _param_leaves(params, longest=4 * len(action))
    if not found:
        return []
    tokens = tokenize(action)
    by_span: dict[Span, list[list[_Leaf]]] = {}
    for group, spans in (*_as_text(action, tokens, found), *_as_number(action, literals, found)):
        for span in () if spans and _is_choice(group[0].text, discriminating_terms) else spans:
            by_span.setdefault(span, []).append(group)
    atoms = [literal for literal in literals if literal.kind != "quoted"]
    chosen = _longest(span for span in by_span if not cuts_a_literal(action, span, atoms))
    starts = [token.start for token in tokens]
    slots = []
    for start, end in chosen:
        before, after = bisect_left(starts, start) - 1, bisect_left(starts, end)
        beside = [tokens[at].folded for at in (before, after) if 0 <= at < len(tokens)]
        name, path = _name(by_span[start, end], beside)
        slots.append(Slot(start, end, "param", name, path, action[start:end]))
    return slots


def _param_leaves(params: Mapping[str, Json], *, longest: int) -> list[_Leaf]:
    """What may stand in the action. Booleans, null and text without a letter or digit never do: ``true`` is said
    in other words, and a sign is no value."""
    found: list[_Leaf] = []
    left = MAX_CHARACTERS
    for path, value in leaves(params):
        if len(found) == MAX_LEAVES or left < 0:
            break
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        text = value if isinstance(value, str) else str(value)
        if len(text) <= longest and any(map(str.isalnum, text)):
            left -= len(text)
            found.append(_Leaf(path, text, _number(value)))
    return found


def _number(value: str | int | float) -> Decimal | None:
    if not isinstance(value, str):
        return decimal_of(value)
    # "007" is a name, not the number seven.
    is_name = len(value) > 1 and value[0] == "0" and value.isdecimal()
    return None if is_name else only_reading(value)


def _as_text(action: str, tokens: list[Token], found: list[_Leaf]) -> Iterator[tuple[list[_Leaf], list[Span]]]:
    """The leaves that share their tokens, with the places where these stand in the action."""
    groups: dict[tuple[str, str], list[_Leaf]] = {}
    for leaf in found:
        needle = JOIN.join(token.folded for token in tokenize(leaf.text))
        # A value like "IN" or "a" is told from the word by its case, and "MW" from "mW".
        cased = needle in function_words() or _TWO_LETTERS.search(leaf.text)
        groups.setdefault((needle, leaf.text if cased else ""), []).append(leaf)
    words = [token.folded for token in tokens]
    joined = JOIN + JOIN.join(words) + JOIN
    index_at: dict[int, int] = {}
    offset = 1
    for index, word in enumerate(words):
        index_at[offset] = index
        offset += len(word) + 1
    for (needle, exact), group in groups.items():
        size = needle.count(JOIN) + 1
        spans = []
        for offset in _occurrences(joined, needle):
            first = index_at[offset]
            start, end = tokens[first].start, tokens[first + size - 1].end
            if _is_in_case(action[start:end], exact, needle) and needle not in turning_words():
                spans.append((start, end))
        yield group, spans


def _is_in_case(written: str, exact: str, needle: str) -> bool:
    """Whether what is ``written`` may be the value ``exact``, which is the same but for case; ``exact`` is empty
    where case does not matter. Where nothing differs but units, they are others: "5 MB" is not "5 Mb"."""
    if not exact or written == exact.strip():
        return True
    if needle in function_words():
        return False
    units, values = units_in(written), units_in(exact)
    rest = (_TWO_LETTERS.sub("", text).strip() for text in (written, exact))
    return units == values or len(units) != len(values) or len(set(rest)) > 1


def units_in(text: str) -> list[str]:
    """The words of two letters, not both small: what may be a unit, and another one in another case."""
    return _TWO_LETTERS.findall(text)


def _occurrences(joined: str, needle: str) -> Iterator[int]:
    needle = JOIN + needle + JOIN
    offset = joined.find(needle)
    while offset >= 0:
        yield offset + 1
        offset = joined.find(needle, offset + len(needle) - 1)


def _is_choice(text: str, discriminating_terms: Collection[str]) -> bool:
    """Whether the words decide what is done: {"kind": "flight"} must not make "Book a flight" and "Book a
    hotel" one template where there is a service for each."""
    words = name_words(text) if len(text) <= MAX_CHOICE else ()
    return bool(words) and all(any(_alike(word, other) for other in discriminating_terms) for word in words)


def _alike(word: str, other: str) -> bool:
    """Whether two words are one, or look like forms of one: "flight" and "flights"."""
    shorter, longer = sorted((word, other), key=len)
    if shorter == longer:
        return True
    grown = len(longer) - len(shorter)
    return len(shorter) >= SHORTEST_FORM and grown <= LONGEST_ENDING and longer.startswith(shorter)


def _as_number(
    action: str, literals: list[Literal], found: list[_Leaf]
) -> Iterator[tuple[list[_Leaf], list[Span]]]:
    """The leaves that are one number, with the places where the action spells it another way ("1,000", "1.000,00",
    "1 000", "seven"), or in a way that may be it."""
    groups: dict[Decimal, list[_Leaf]] = {}
    for leaf in found:
        if leaf.number is not None:
            groups.setdefault(leaf.number, []).append(leaf)
    if not groups:
        return
    spans: dict[Decimal, list[Span]] = {}
    for start, end, money in _numerals(action, literals):
        for number in readings(action[start:end], money=money):
            spans.setdefault(number, []).append((start, end))
    for number, group in groups.items():
        yield group, spans.get(number, [])


def _numerals(action: str, literals: list[Literal]) -> Iterator[tuple[int, int, bool]]:
    for literal in literals:
        if literal.kind in ("number", "money"):
            yield literal.start, literal.end, literal.kind == "money"
    for start, end in spaced(action):
        yield start, end, False


def _longest(spans: Iterable[Span]) -> list[Span]:
    """Those that do not overlap, the longest first and then the leftmost."""
    ordered = sorted(spans, key=lambda span: (span[0] - span[1], span[0]))
    taken = bytearray(max((end for _, end in ordered), default=0))
    return [(start, end) for start, end in ordered if _take(taken, start, end)]


def _take(taken: bytearray, start: int, end: int) -> bool:
    if taken.find(1, start, end) >= 0:
        return False
    taken[start:end] = b"\x01" * (end - start)
    return True


def _name(groups: list[list[_Leaf]], beside: Sequence[str]) -> tuple[str, Path]:
    """What to call a slot that any leaf of ``groups`` would fill.

    When several share the value, the one that the word before it or else the word after it names gets it ("from
    NYC to NYC" with the params ``from`` and ``to``). Otherwise the slot is named after all of them, so that it
    equals only the slots of requests with the same ambiguity.
    """
    tied = {leaf.path: leaf for group in groups for leaf in group[: MAX_TIED + 1]}
    for word in beside if 1 < len(tied) <= MAX_TIED else ():
        meant = [leaf for leaf in tied.values() if word in name_words(leaf.name)]
        if len(meant) == 1:
            return meant[0].name, meant[0].path
    if len(tied) == 1:
        (only,) = tied.values()
        return only.name, only.path
    names = sorted(leaf.name for leaf in tied.values())
    return "|".join(names[:MAX_TIED]) + ("|…" if len(names) > MAX_TIED else ""), ()
