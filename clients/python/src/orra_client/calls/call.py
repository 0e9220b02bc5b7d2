"""What a call is, and what is made of several."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from orra_client.reading import Json
from orra_client.results.pages import Page

T = TypeVar("T")
NO_BODY: Any = object()


@dataclass(frozen=True)
class Call(Generic[T]):
    """``repeatable``: it may be sent again when nobody knows whether it has arrived. ``seconds``: how long the
    engine may take on purpose. ``authorized`` is false for what needs no API key."""

    method: str
    path: str
    read: Callable[[Json], T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = NO_BODY
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    seconds: float = 0.0
    authorized: bool = True


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for so many seconds."""

    seconds: float


# Several calls and pauses, one after the other: it is sent the answers and returns the result.
Flow = Generator[Call[Any] | Pause, Any, T]


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that comes in pages; ``first`` asks for the first one."""

    first: Call[Page[T]]

    def after(self, page: Page[T]) -> Call[Page[T]] | None:
        """What asks for the page after this one."""
        if page.cursor is None:
            return None
        return replace(self.first, query={**self.first.query, "cursor": page.cursor})


def path_of(*segments: str) -> str:
    """``/v1`` and the segments, each quoted: a name never leads elsewhere. Raises :class:`ValueError` for one that
    is none."""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise ValueError(f"{segment!r} is no name and no id.")
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def query_of(**filters: object) -> dict[str, str]:
    """Those that are not ``None``, as an address has them."""
    return {name: _as_text(value) for name, value in filters.items() if value is not None}


def nothing(value: Json) -> None:
    return None


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
