"""Names of services for operations and tools: valid, told apart, and the same again at the next import.

| what it is called there | here |
|---|---|
| a valid name | the same |
| parts joined by ``/`` (``repos/get``) | joined by ``.`` |
| anything else | its letters and digits joined by ``_``, and six digits of a digest of it |
| nothing: an operation without an id | its method and path: ``get_pets_by_petId`` |

A name depends on nothing but what it is made of, unless two are alike: then the one that is the same here keeps
it, and the other has a digest behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from orra_client.imports.services import MOST_NAME_CHARACTERS

VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
_SLASHED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:/[A-Za-z0-9_-]+)+\Z")
_OTHERS = re.compile(r"[^A-Za-z0-9_.-]+")
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Named:
    """``key`` tells it from all others, ``given`` is what it is called there; ``path`` is the method and path of
    an operation, for one without an id."""

    key: str
    given: str | None
    path: str = ""


def names_for(
    wanted: Iterable[Named], *, prefix: str = "", known: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A name for each key. ``known``: names by key from an import before; they are kept."""
    every = list(wanted)
    kept = {each.key: known[each.key] for each in every if known and each.key in known}
    result, taken = dict(kept), set(kept.values())
    for turn in _by_likeness(each for each in every if each.key not in kept):
        names = {each.key: _made(each, prefix) for each in turn}
        times = Counter(names.values())
        busy = taken.union(names.values())
        for each in turn:
            name = names[each.key]
            if times[name] > 1 or name in taken:
                name = _apart(name, each.key, busy)
            result[each.key] = name
        taken.update(result[each.key] for each in turn)
    return result


def _by_likeness(wanted: Iterable[Named]) -> tuple[list[Named], list[Named], list[Named], list[Named]]:
    same: list[Named] = []
    slashed: list[Named] = []
    changed: list[Named] = []
    pathed: list[Named] = []
    for each in wanted:
        if not each.given:
            pathed.append(each)
        elif VALID.match(each.given):
            same.append(each)
        else:
            (slashed if _SLASHED.match(each.given) else changed).append(each)
    return same, slashed, changed, pathed


def _made(each: Named, prefix: str) -> str:
    if not each.given:
        made = prefix + _cleaned(_PLACE.sub(r"by_\1", each.path))
        return made if len(made) <= MOST_NAME_CHARACTERS else _digested(made, each.key)
    if VALID.match(each.given) or _SLASHED.match(each.given):
        made = prefix + each.given.replace("/", ".")
        return made if len(made) <= MOST_NAME_CHARACTERS else _digested(made, each.given)
    return _digested(prefix + _cleaned(each.given), each.given)


def _cleaned(text: str) -> str:
    cleaned = _OTHERS.sub("_", text).strip("_.-")
    return cleaned or "operation"


def _digested(name: str, of: str, digits: int = 6) -> str:
    digest = sha256(of.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    return f"{name[: MOST_NAME_CHARACTERS - digits - 1]}_{digest}"


def _apart(name: str, key: str, busy: set[str]) -> str:
    """With the shortest digest that tells it from what there is."""
    for digits in range(6, 65):
        made = _digested(name, key, digits)
        if made not in busy:
            busy.add(made)
            return made
    raise AssertionError("two keys with one SHA-256")
