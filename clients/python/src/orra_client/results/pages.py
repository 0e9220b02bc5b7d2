"""A page of a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from orra_client.errors import UnexpectedAnswer
from orra_client.reading import Json, read

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """``cursor`` asks for the page after this one; ``None``: there is none."""

    results: tuple[T, ...]
    cursor: str | None


def reads_page(kind: type[T]) -> Callable[[Json], Page[T]]:
    def read_page(value: Json) -> Page[T]:
        if not isinstance(value, dict) or not isinstance(value.get("results"), list):
            raise UnexpectedAnswer("The answer is no page of a list.")
        return Page(tuple(read(kind, each) for each in value["results"]), _cursor(value.get("next")))

    return read_page


def _cursor(following: Json) -> str | None:
    """Of the address only the cursor is taken: where the engine is, the client knows better."""
    found = parse_qs(urlsplit(following).query).get("cursor") if isinstance(following, str) else None
    return found[0] if found else None
