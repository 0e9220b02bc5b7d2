"""Annotations guessed from an operation's method, and what the document says instead in ``x-orra-annotations``."""

from __future__ import annotations

from orra_client.imports.services import MOST_TITLE_CHARACTERS, Json, Refused

MEMBER = "x-orra-annotations"
HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")

_GUESSES: dict[str, dict[str, bool]] = {
    "get": {"readOnlyHint": True},
    "head": {"readOnlyHint": True},
    "put": {"readOnlyHint": False, "idempotentHint": True},
    "patch": {"readOnlyHint": False},
    "post": {"readOnlyHint": False},
    "delete": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True},
}


def annotations_of(method: str, operation: dict[str, Json]) -> dict[str, Json]:
    """What is said wins over what is guessed, ``null`` takes a guess back. Raises :class:`Refused` for what is no
    annotation."""
    said = operation.get(MEMBER, {})
    if not isinstance(said, dict):
        raise Refused("annotations", f"Its {MEMBER} must be an object.")
    result: dict[str, Json] = dict(_GUESSES[method])
    if said.get("readOnlyHint") is True:
        result.pop("destructiveHint", None)
    for name, value in said.items():
        if value is None:
            result.pop(name, None)
        elif _is_annotation(name, value):
            result[name] = value
        else:
            raise Refused(
                "annotations",
                f"Its {MEMBER} has {str(name)[:80]!r}, which must be one of {', '.join(HINTS)}, each true, false "
                f"or null, or a title of at most {MOST_TITLE_CHARACTERS} characters.",
            )
    if result.get("readOnlyHint") is True and result.get("destructiveHint") is True:
        raise Refused("annotations", f"Its {MEMBER} says that it changes nothing and that it destroys.")
    return result


def _is_annotation(name: str, value: Json) -> bool:
    if name == "title":
        return isinstance(value, str) and len(value) <= MOST_TITLE_CHARACTERS
    return name in HINTS and isinstance(value, bool)
