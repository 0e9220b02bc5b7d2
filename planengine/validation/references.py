"""How one task takes what another gives: the string ``$taskN.field``, whole and alone, at the top of an input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orra.base.strictjson import Json

_ID = re.compile(r"task(?:0|[1-9][0-9]{0,5})", re.ASCII)
_EXACT = re.compile(r"\$(task(?:0|[1-9][0-9]{0,5}))\.(.+)", re.ASCII | re.DOTALL)
_PLAIN_FIELD = re.compile(r"[\w-]+")
# Every repetition is bounded or cannot overlap itself: answers are hostile, scanning them must stay linear.
_MENTION = re.compile(
    r"\$\{?[ ]?(task[0-9]{1,7})(?![0-9])((?:\.[\w-]+|\.\*|\[[\w'\"*:-]{0,40}\])*)", re.IGNORECASE
)
_WRAPPING = ". \t\r\n{}()[]<>\"'`"


@dataclass(frozen=True)
class Reference:
    task: str
    field: str

    def __str__(self) -> str:
        return f"${self.task}.{self.field}"


def is_task_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def read_reference(value: Json, *, has_field: Callable[[str, str], bool]) -> Reference | None:
    """The reference that ``value`` is, if it is one. A field that is not a plain word counts only when the task
    has a field of exactly that name."""
    if not isinstance(value, str) or not value.startswith("$task"):
        return None
    match = _EXACT.fullmatch(value)
    if match is None:
        return None
    task, field = match.groups()
    if _PLAIN_FIELD.fullmatch(field) or has_field(task, field):
        return Reference(task, field)
    return None


def mentions(value: Json) -> Iterator[Reference]:
    """Every task field that some text in ``value`` speaks of, well written or not; ``field`` may be empty."""
    for text in _texts(value):
        for match in _MENTION.finditer(text):
            path = match[2].lstrip(".")
            yield Reference(match[1].lower(), re.split(r"[.\[]", path, maxsplit=1)[0])


def is_composite(value: Json) -> bool:
    """Whether ``value`` is text in which a reference stands beside other text or other references."""
    if not isinstance(value, str):
        return False
    first = _MENTION.search(value)
    return first is not None and bool((value[: first.start()] + value[first.end() :]).strip(_WRAPPING))


def _texts(value: Json) -> Iterator[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "$" in item:
                yield item
        elif isinstance(item, dict):
            stack.extend(reversed(item.values()))
        elif isinstance(item, list):
            stack.extend(reversed(item))
