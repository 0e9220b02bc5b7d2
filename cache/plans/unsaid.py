"""Values of params that the action does not say as they are, though a word of it may mean them.

"Book a double room" with ``{"beds": 2}`` has no slot for the 2. Whoever plans such a request sees both; a cached
plan takes the param, so the same text with ``{"beds": 1}`` would get what its words do not say. An entry therefore
keeps which such values its plan was made with, until another request of its template was planned with another
value: that one varies, so the text does not speak of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from cache.templates.literals import find_literals
from cache.templates.slots import MAX_CHOICE, MAX_LEAVES, Path
from cache.templates.templates import Template
from orra.base.strictjson import Json, same

Unsaid = tuple[tuple[Path, Json], ...]

# A text of more words is not what a word stands for. One with digits is a name, unless it is one of these.
MOST_WORDS = 4
MEANT_WITH_DIGITS = frozenset({"date", "time", "number", "money"})


def unsaid_values(template: Template, params: Mapping[str, Json]) -> Unsaid:
    """The values, by path, that no slot of ``template`` holds and a word may mean: numbers, days, times, booleans,
    null, short texts without digits, and of lists how long they are."""
    said = _said_paths(template)
    found = ((path, value) for path, value in _values(params) if path not in said and _may_be_meant(value))
    return tuple(islice(found, MAX_LEAVES))


def _said_paths(template: Template) -> frozenset[Path]:
    """The paths of the values that the action says, those of a value that several params share among them."""
    slots = [slot for slot in template.slots if slot.kind == "param"]
    shared = {name for slot in slots if not slot.path for name in slot.name.split("|")}
    return frozenset(slot.path for slot in slots) | frozenset((name,) for name in shared)


def other_values(planned: Unsaid, params: Mapping[str, Json]) -> Unsaid:
    """The values of ``params`` that are other than those a plan was made with, which its entry keeps."""
    held = dict(_values(params)) if planned else {}
    return tuple(
        (path, held.get(path)) for path, value in planned if path not in held or not same(held[path], value)
    )


def still_unsaid(planned: Unsaid, before: Unsaid) -> Unsaid:
    """Those of ``planned`` that were the same ``before``: the others have been seen to vary."""
    known = dict(before)
    return tuple((path, value) for path, value in planned if path in known and same(known[path], value))


def _values(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Every value with its path, a list as its length before its members."""
    stack: list[tuple[Path, Json]] = [(path, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, Mapping):
            stack.extend(((*at, key), member) for key, member in reversed(list(item.items())))
            continue
        if isinstance(item, list):
            stack.extend(((*at, index), member) for index, member in reversed(list(enumerate(item))))
        yield at, _measured(item)


def _measured(value: Json) -> Json:
    return len(value) if isinstance(value, list) else value


def _may_be_meant(value: Json) -> bool:
    if not isinstance(value, str):
        return True
    if len(value) > MAX_CHOICE:
        return False
    if any(map(str.isdigit, value)):
        return any(
            each.kind in MEANT_WITH_DIGITS and not any(map(str.isalnum, value[: each.start] + value[each.end :]))
            for each in find_literals(value)
        )
    return 1 <= len(value.split()) <= MOST_WORDS
