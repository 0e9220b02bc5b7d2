"""Files with one JSON object a line, and errors that name the line."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.exceptions import BadRequest

T = TypeVar("T")


class RowsUnusable(ValueError):
    """The file cannot be evaluated. The message names the file and, for a bad row, its line."""


def read_lines(
    path: Path, read: Callable[[dict[str, Json], int], T], *, limit: int | None = None, what: str = "rows"
) -> list[T]:
    """What ``read`` makes of each object and its line's number, from 1; never none. Empty lines are left out,
    lines beyond ``limit`` objects are not looked at. Raises :class:`RowsUnusable`, also where ``read`` raises
    :class:`BadRequest`."""
    found: list[T] = []
    try:
        with path.open("rb") as lines:
            filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
            for number, line in islice(filled, limit):
                try:
                    row = parse(line)
                    if not isinstance(row, dict):
                        raise BadRequest("it is not a JSON object.")
                    found.append(read(row, number))
                except (InvalidJson, BadRequest) as error:
                    raise RowsUnusable(f"{path}, line {number}: {error}") from None
    except OSError as error:
        raise RowsUnusable(f"{path} cannot be read: {error.strerror}.") from None
    if not found:
        raise RowsUnusable(f"{path} has no {what}.")
    return found
