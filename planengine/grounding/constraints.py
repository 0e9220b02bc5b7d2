"""Constraints as people write them: sentences, and rules in three notations that mean the same.

- ``{"rule": "requires", "first": "check", "before": "ship"}``, which says itself what is what;
- ``{"requires": "check before ship"}``, which is what YAML makes of ``- requires: check before ship``;
- ``"requires: check before ship"``, the same in quotes; also ``at most 2 of ship``, ``ship only if param paid``.

Spaces, case and compatible forms of Unicode (``：``) say nothing in what makes a text a rule.

A name that holds the word between the two stands in quotes: ``requires: "check before noon" before ship``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import islice

from orra.base.strictjson import Json, type_of
from orra.base.text import fold, quote
from planengine.grounding.faults import Faults
from planengine.grounding.specs import Rule, RuleKind

MAX_CONSTRAINTS = 100
MAX_MOST = 1_000

# How the members of the explicit form are called: that of `first`, and that of `then` or `most`.
MEMBERS: Mapping[RuleKind, tuple[str, str]] = {
    RuleKind.REQUIRES: ("first", "before"),
    RuleKind.NEVER: ("this", "with"),
    RuleKind.AT_MOST: ("of", "most"),
    RuleKind.ONLY_IF: ("this", "param"),
}
SHORT: Mapping[RuleKind, str] = {
    RuleKind.REQUIRES: "requires: A before B",
    RuleKind.NEVER: "never: A with B",
    RuleKind.AT_MOST: "at_most: N of A",
    RuleKind.ONLY_IF: "only_if: A if param P",
}
EXPLICIT: Mapping[RuleKind, str] = {
    RuleKind.REQUIRES: '{"rule": "requires", "first": "A", "before": "B"}',
    RuleKind.NEVER: '{"rule": "never", "this": "A", "with": "B"}',
    RuleKind.AT_MOST: '{"rule": "at_most", "most": 2, "of": "A"}',
    RuleKind.ONLY_IF: '{"rule": "only_if", "this": "A", "param": "P"}',
}
_BETWEEN: Mapping[RuleKind, str] = {
    RuleKind.REQUIRES: "before",
    RuleKind.NEVER: "with",
    RuleKind.ONLY_IF: "if param",
}
_KINDS = ", ".join(RuleKind)
_PREFIX = re.compile(r"\s*(requires|never|at[\s_-]+most|only[\s_-]+if)\s*:(.*)\Z", re.IGNORECASE | re.DOTALL)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»", "`": "`"}
# A param's name: one word, or anything in quotes.
_NAME = "|".join([rf"[^\s{''.join(_QUOTES)}]\S*", *(f"{one}[^{other}]+{other}" for one, other in _QUOTES.items())])
# "at most 2 of A" and "A only if param P" say it without a colon.
_AT_MOST = re.compile(r"\s*at[\s_-]+most\s+(?=[0-9]+\s+of\s)", re.IGNORECASE)
_ONLY_IF = re.compile(rf"(?<=\S)\s+only(?=\s+if\s+param\s+(?:{_NAME})\s*\Z)", re.IGNORECASE)
_COUNT = re.compile(r"\s*([0-9]{1,4})\s+of\s+(.+)\Z", re.IGNORECASE | re.DOTALL)
_MOST_SPLITS = 8  # a name in quotes that holds the word more often has the explicit form


def read_constraints(given: Json, faults: Faults) -> tuple[tuple[str, ...], tuple[Rule, ...]]:
    """The sentences and the rules, each in their order."""
    sentences: list[str] = []
    rules: list[Rule] = []
    for index, each in enumerate(faults.items("constraints", given, MAX_CONSTRAINTS, "texts and rules")):
        place = f"constraints[{index}]"
        each = _with_colon(each) if isinstance(each, str) else each
        if isinstance(each, str) and not _PREFIX.match(each):
            if text := faults.text(place, each):
                sentences.append(text)
        elif (rule := read_rule(place, each, faults)) is not None:
            rules.append(rule)
    return tuple(sentences), tuple(rules)


def _with_colon(text: str) -> str:
    """A rule that is written as one says it, as it is read; any other text as it is."""
    written = unicodedata.normalize("NFKC", text)
    if _PREFIX.match(written):
        return written
    if found := _AT_MOST.match(written):
        return f"at_most: {written[found.end() :]}"
    if found := _ONLY_IF.search(written):
        return f"only_if: {written[: found.start()]}{written[found.end() :]}"
    return text


def read_rule(place: str, given: Json, faults: Faults) -> Rule | None:
    """A rule in any of its notations, or ``None`` if there was a fault."""
    if isinstance(given, str):
        found = _PREFIX.match(given)
        kind = RuleKind(_plain(found[1])) if found else RuleKind.REQUIRES
        return _read_short(place, kind, found[2] if found else "", faults)
    if not isinstance(given, dict):
        faults.wrong_type(place, "text or a rule", given)
        return None
    if "rule" in given:
        return _read_explicit(place, given, faults)
    if len(given) == 1:
        [(name, text)] = given.items()
        if _plain(name) in set(RuleKind):
            return _read_short(f"{place}.{name}", RuleKind(_plain(name)), text, faults)
    faults.add(
        place,
        "unknown_rule",
        f"It names no rule that is known: {_KINDS}.",
        f"Write a sentence in quotes if it holds a colon, or a rule such as {EXPLICIT[RuleKind.REQUIRES]}.",
    )
    return None


def _plain(name: str) -> str:
    """A rule's name, however it is written."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", name).strip().casefold())


def _read_explicit(place: str, given: Mapping[str, Json], faults: Faults) -> Rule | None:
    if given["rule"] not in list(RuleKind):
        faults.add(f"{place}.rule", "unknown_rule", f"It must be one of {_KINDS}.")
        return None
    kind = RuleKind(given["rule"])
    first, second = MEMBERS[kind]
    before = len(faults)
    faults.members(place, given, ("rule", first, second))
    for member in (first, second):
        if member not in given:
            faults.add(f"{place}.{member}", "missing", "It is missing.", f"Write {EXPLICIT[kind]}.")
    if len(faults) > before:
        return None
    name = faults.name(f"{place}.{first}", given[first])
    if kind == RuleKind.AT_MOST:
        return _checked(place, Rule(kind, name, most=_most(f"{place}.{second}", given[second], faults)), faults)
    return _checked(place, Rule(kind, name, faults.name(f"{place}.{second}", given[second])), faults)


def _most(place: str, given: Json, faults: Faults) -> int:
    if type_of(given) != "integer":
        faults.wrong_type(place, "a whole number", given)
    elif not 0 <= given <= MAX_MOST:
        faults.add(place, "out_of_range", f"It must be from 0 to {MAX_MOST:,}.")
    else:
        return int(given)
    return 0


def _read_short(place: str, kind: RuleKind, given: Json, faults: Faults) -> Rule | None:
    wanted = f"Write {SHORT[kind]}, or {EXPLICIT[kind]}."
    if not isinstance(given, str):
        faults.add(place, "wrong_type", f"It must be text, not {type_of(given)}.", wanted)
        return None
    text = faults.name(place, given)
    if not text:
        return None
    if kind == RuleKind.AT_MOST:
        found = _COUNT.match(text)
        if found is None:
            faults.add(place, "unreadable_rule", f"{quote(text)} does not say how many of what.", wanted)
            return None
        return _checked(place, Rule(kind, _bare(found[2]), most=_most(place, int(found[1]), faults)), faults)
    between = _BETWEEN[kind]
    splits = _splits(text, between)
    if not splits:
        faults.add(place, "unreadable_rule", f"{quote(text)} does not have '{between}' between two names.", wanted)
        return None
    whole = [sides for sides in splits[:_MOST_SPLITS] if all(_is_one_name(side, between) for side in sides)]
    # "only_if: read only if param P" may be about "read" or about "read only".
    unclear = kind == RuleKind.ONLY_IF and any(first.casefold().endswith(" only") for first, _ in whole)
    if len(whole) != 1 or len(splits) > _MOST_SPLITS or unclear:
        faults.add(
            place,
            "ambiguous_rule",
            f"{quote(text)} does not say which two names '{between}' stands between.",
            f"Put the names in quotes, or write {EXPLICIT[kind]}.",
        )
        return None
    [(first, then)] = whole
    return _checked(place, Rule(kind, _bare(first), _bare(then)), faults)


def _splits(text: str, between: str) -> list[tuple[str, str]]:
    """What stands before and after each place with the words ``between``, at most one more than is looked at."""
    places = re.finditer(rf"(?<=\S) {between} (?=\S)", text, re.IGNORECASE)
    return [(text[: found.start()], text[found.end() :]) for found in islice(places, _MOST_SPLITS + 1)]


def _is_one_name(side: str, between: str) -> bool:
    """Whether it is in quotes, or has neither one at its beginning nor the words ``between`` in it."""
    return _is_quoted(side) or (side[0] not in _QUOTES and not _holds(side, between))


def _holds(side: str, between: str) -> bool:
    return f" {between} " in f" {side.casefold()} "


def _is_quoted(side: str) -> bool:
    inside, closing = side[1:-1], _QUOTES.get(side[0])
    return bool(inside) and side[-1] == closing and side[0] not in inside and closing not in inside


def _bare(side: str) -> str:
    return " ".join(side[1:-1].split()) if _is_quoted(side) else side


def _checked(place: str, rule: Rule, faults: Faults) -> Rule | None:
    if not rule.first or (not rule.then and rule.kind != RuleKind.AT_MOST):
        return None
    if rule.kind in (RuleKind.REQUIRES, RuleKind.NEVER) and fold(rule.first) == fold(rule.then):
        faults.add(place, "contradiction", f"It names {quote(rule.first)} twice, which no plan can keep to.")
        return None
    return rule
