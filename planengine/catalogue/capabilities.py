"""What a service can do, in the words of groundings: short texts, which are the same where they fold alike."""

from __future__ import annotations

from orra.base.strictjson import InvalidJson, Json, check, type_of
from orra.base.text import fold, hidden_letter, quote
from planengine.catalogue.errors import CapabilitiesInvalid

MAX_CAPABILITIES = 50
MAX_CAPABILITY_CHARACTERS = 200


def check_capabilities(capabilities: Json) -> None:
    """Raises :class:`CapabilitiesInvalid` unless it is a list of texts, none of them twice."""
    if not isinstance(capabilities, list):
        raise CapabilitiesInvalid(f"Capabilities must be a list of texts, not {type_of(capabilities)}.")
    if len(capabilities) > MAX_CAPABILITIES:
        raise CapabilitiesInvalid(f"There are {len(capabilities):,} capabilities, {MAX_CAPABILITIES} is the most.")
    seen: set[str] = set()
    for index, each in enumerate(capabilities):
        where = f"/{index}"
        _check(each, where)
        if fold(each) in seen:
            raise CapabilitiesInvalid(f"{quote(each)} stands in the list already.", where)
        seen.add(fold(each))


def _check(capability: Json, where: str) -> None:
    if not isinstance(capability, str):
        raise CapabilitiesInvalid(f"A capability must be text, not {type_of(capability)}.", where)
    if not fold(capability):
        raise CapabilitiesInvalid("The text is empty: say what the service can do.", where)
    if len(capability) > MAX_CAPABILITY_CHARACTERS:
        raise CapabilitiesInvalid(
            f"The text has {len(capability):,} characters, {MAX_CAPABILITY_CHARACTERS} is the most.", where
        )
    try:
        check(capability)
    except InvalidJson as error:
        raise CapabilitiesInvalid(str(error), where) from None
    if hidden := hidden_letter(capability):
        raise CapabilitiesInvalid(f"The text holds the invisible character {hidden}: leave it out.", where)
