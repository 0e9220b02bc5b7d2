"""What a service says of its effects, in the words of the Model Context Protocol's tool annotations.

A hint that is not given is unknown, and what is unknown counts as the worse case: a service without annotations
has side effects and may be destructive.
"""

from __future__ import annotations

from collections.abc import Mapping

from orra.base.strictjson import Json, type_of
from orra.base.text import quote
from planengine.catalogue.errors import AnnotationsInvalid

HINTS: Mapping[str, str] = {
    "readOnlyHint": "true: it changes nothing. Not given: it has side effects.",
    "destructiveHint": "false: it only adds, nothing is lost. Not given: it may be destructive, unless it is "
    "read-only.",
    "idempotentHint": "true: doing it again with the same input changes nothing more.",
    "openWorldHint": "true: it reaches beyond a closed set of things, as a web search does.",
}
TITLE = "title"
MAX_TITLE_CHARACTERS = 200


def check_annotations(annotations: Json) -> None:
    """Raises :class:`AnnotationsInvalid` unless ``annotations`` is an object of :data:`HINTS`, each true or false,
    and perhaps a ``title``, and they do not contradict each other."""
    if not isinstance(annotations, dict):
        raise AnnotationsInvalid(f"Annotations must be an object, not {type_of(annotations)}.")
    for name, value in annotations.items():
        _check_member(name, value)
    if annotations.get("readOnlyHint") is True and annotations.get("destructiveHint") is True:
        raise AnnotationsInvalid(
            "readOnlyHint and destructiveHint cannot both be true: leave out destructiveHint if the service "
            "changes nothing, or else set readOnlyHint to false."
        )


def is_read_only(annotations: Mapping[str, Json]) -> bool:
    return annotations.get("readOnlyHint") is True


def is_destructive(annotations: Mapping[str, Json]) -> bool:
    """Whether it may be, for all that is known."""
    return not is_read_only(annotations) and annotations.get("destructiveHint") is not False


def is_idempotent(annotations: Mapping[str, Json]) -> bool:
    """Whether doing it twice is known to be the same as doing it once."""
    return is_read_only(annotations) or annotations.get("idempotentHint") is True


def _check_member(name: str, value: Json) -> None:
    if name == TITLE:
        if not isinstance(value, str):
            raise AnnotationsInvalid(f"It must be text, not {type_of(value)}.", f"/{TITLE}")
        if len(value) > MAX_TITLE_CHARACTERS:
            raise AnnotationsInvalid(f"It may have {MAX_TITLE_CHARACTERS} characters at most.", f"/{TITLE}")
    elif name not in HINTS:
        raise AnnotationsInvalid(f"{quote(name)} is unknown. Known are: {', '.join((*HINTS, TITLE))}.")
    elif not isinstance(value, bool):
        raise AnnotationsInvalid(f"It must be true or false, not {type_of(value)}.", f"/{name}")
