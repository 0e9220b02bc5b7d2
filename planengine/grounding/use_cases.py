"""The use cases of a grounding, as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from cache.examples.wording import words_of_text
from orra.base.strictjson import Json
from orra.base.text import fold, quote, quote_all
from planengine.catalogue.capabilities import MAX_CAPABILITIES, MAX_CAPABILITY_CHARACTERS
from planengine.exceptions import BadRequest
from planengine.grounding.faults import Faults
from planengine.grounding.specs import UseCase
from planengine.requests import MAX_FIELD_CHARACTERS, parse_params

MAX_USE_CASES = 200
MAX_WORDINGS = 50  # other ones, of a use case
MAX_VARIABLES = 20  # in one wording
MEMBERS = ("action", "also", "params", "capabilities", "order", "forbidden", "intent")

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def read_use_cases(given: Json, faults: Faults) -> tuple[UseCase, ...]:
    read = tuple(
        _read_use_case(f"use_cases[{index}]", each, faults)
        for index, each in enumerate(faults.items("use_cases", given, MAX_USE_CASES, "use cases"))
    )
    _check_wordings(read, faults)
    return read


def variables_of(wording: str) -> tuple[str, ...]:
    """The fields that its ``{variables}`` name, in their order, each once."""
    return tuple(dict.fromkeys(_VARIABLE.findall(wording)))


def _read_use_case(place: str, given: Json, faults: Faults) -> UseCase:
    if not isinstance(given, dict):
        faults.wrong_type(place, "an object with an `action`", given)
        return UseCase("")
    faults.members(place, given, MEMBERS)
    if "action" not in given:
        faults.add(
            f"{place}.action", "missing", "It is missing.", 'Write how people ask: "Refund order {order_id}".'
        )
    also = faults.items(f"{place}.also", given.get("also"), MAX_WORDINGS, "texts")
    capabilities = _names(f"{place}.capabilities", given.get("capabilities"), faults)
    forbidden = _names(f"{place}.forbidden", given.get("forbidden"), faults)
    if both := {fold(each) for each in capabilities} & {fold(each) for each in forbidden}:
        both_named = [each for each in forbidden if fold(each) in both]
        faults.add(
            f"{place}.forbidden", "contradiction", f"{quote_all(both_named)} is among the capabilities too."
        )
    return UseCase(
        action=_wording(f"{place}.action", given["action"], faults) if "action" in given else "",
        also=tuple(_wording(f"{place}.also[{index}]", each, faults) for index, each in enumerate(also)),
        params=_params(f"{place}.params", given.get("params"), faults),
        capabilities=capabilities,
        order=_order(f"{place}.order", given.get("order"), capabilities, faults),
        forbidden=forbidden,
        intent=faults.text(f"{place}.intent", given["intent"]) if given.get("intent") not in (None, "") else "",
    )


def _wording(place: str, given: Json, faults: Faults) -> str:
    before = len(faults)
    text = faults.text(place, given)
    if len(faults) > before:
        return ""
    parts = _VARIABLE.split(text)
    texts, names = parts[::2], parts[1::2]
    if any("{" in part or "}" in part for part in texts):
        faults.add(place, "stray_brace", "A brace belongs to no {variable}.", "Write variables as {order_id}.")
    if not any(unicodedata.category(letter)[0] in "LNS" for part in texts for letter in part):
        faults.add(place, "no_words", "It says nothing beside its variables: say in words what is asked for.")
    if len(names) > MAX_VARIABLES:
        faults.add(place, "too_many", f"There are {len(names)} variables, {MAX_VARIABLES} is the most.")
    for name in dict.fromkeys(names):
        if not _is_field(name):
            faults.add(
                place,
                "invalid_variable",
                f"{quote(f'{{{name}}}')} is no name of a param: it needs 1 to {MAX_FIELD_CHARACTERS} characters, "
                "without spaces around them.",
            )
    return text


def _is_field(name: str) -> bool:
    return bool(name) and name == name.strip() and len(name) <= MAX_FIELD_CHARACTERS and name.isprintable()


def _params(place: str, given: Json, faults: Faults) -> Mapping[str, Json]:
    try:
        return parse_params(given)
    except BadRequest as error:
        where = "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in _below(error.pointer))
        faults.add(place + where, error.code, error.message, "Give example values by field: {order_id: ORD-17}.")
        return {}


def _below(pointer: str | None) -> list[str]:
    """What a pointer names inside of the params."""
    return (pointer or "").split("/")[2:]


def _names(place: str, given: Json, faults: Faults) -> tuple[str, ...]:
    """Names of capabilities, none twice."""
    names: dict[str, str] = {}
    for index, each in enumerate(faults.items(place, given, MAX_CAPABILITIES, "names of capabilities")):
        name = faults.name(f"{place}[{index}]", each, MAX_CAPABILITY_CHARACTERS)
        if name and fold(name) in names:
            faults.add(f"{place}[{index}]", "duplicate", f"{quote(name)} stands in the list already.")
        elif name:
            names[fold(name)] = name
    return tuple(names.values())


def _order(place: str, given: Json, capabilities: Sequence[str], faults: Faults) -> tuple[str, ...]:
    """``true``: as the capabilities are listed; a list of some of them: these, in its order."""
    if given is None or given is False:
        return ()
    if given is True:
        return tuple(capabilities)
    if not isinstance(given, list):
        faults.wrong_type(place, "true or a list of capabilities", given)
        return ()
    known = {fold(each): each for each in capabilities}
    ordered = []
    for name in _names(place, given, faults):
        if fold(name) in known:
            ordered.append(known[fold(name)])
        else:
            faults.add(
                place,
                "unknown_capability",
                f"{quote(name)} is not among the use case's capabilities.",
                f"Add it to the capabilities, or order these: {quote_all(capabilities)}.",
            )
    return tuple(ordered)


def _said(wording: str) -> tuple[str, ...]:
    return tuple(word.casefold() for word in words_of_text(fold(wording)))


def _check_wordings(use_cases: Sequence[UseCase], faults: Faults) -> None:
    """Two use cases for one wording would leave open which holds. Signs that say nothing make no other wording."""
    seen: dict[tuple[str, ...], str] = {}
    for index, use_case in enumerate(use_cases):
        wordings = [("action", use_case.action), *((f"also[{at}]", each) for at, each in enumerate(use_case.also))]
        for member, wording in wordings:
            place = f"use_cases[{index}].{member}"
            first = seen.setdefault(_said(wording), place) if wording else place
            if first != place:
                faults.add(place, "duplicate", f"The same words stand in {first}.")
