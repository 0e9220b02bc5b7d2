"""The two formats an evaluation reads, one JSON object a line, told apart by their members.

A *stream* holds requests in their order, ``{"action", "params", "label"}``: the same label wants the same plan.
*Pairs* are ``{"a": {"action", "params"}, "b": {…}, "should_match", "category"}``. A pair's request may have
``constants``, an object: values of its text which are no params and which its plan holds all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.exceptions import BadRequest
from planengine.requests import PlanRequest, parse_action, parse_params


class RowsUnusable(ValueError):
    """The file cannot be evaluated. The message names the file and, for a bad row, its line."""


@dataclass(frozen=True)
class StreamRow:
    """``line`` is where it stands in the file, from 1."""

    line: int
    request: PlanRequest
    label: str


@dataclass(frozen=True)
class Pair:
    line: int
    a: PlanRequest
    b: PlanRequest
    should_match: bool
    category: str
    a_constants: Mapping[str, Json] = field(default_factory=dict)
    b_constants: Mapping[str, Json] = field(default_factory=dict)


def read_rows(path: Path, *, limit: int | None = None) -> list[StreamRow] | list[Pair]:
    """The rows of a file, never none, all of one kind. Raises :class:`RowsUnusable`."""
    stream: list[StreamRow] = []
    pairs: list[Pair] = []
    try:
        with path.open("rb") as lines:
            filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
            for number, line in islice(filled, limit):
                row = _read_row(line, number, path)
                if isinstance(row, Pair):
                    pairs.append(row)
                else:
                    stream.append(row)
                if stream and pairs:
                    raise _bad_row(path, number, "it is of the other format than the rows before it.")
    except OSError as error:
        raise RowsUnusable(f"{path} cannot be read: {error.strerror}.") from None
    if not stream and not pairs:
        raise RowsUnusable(f"{path} has no rows.")
    return stream or pairs


def _read_row(line: bytes, number: int, path: Path) -> StreamRow | Pair:
    try:
        row = parse(line)
        if not isinstance(row, dict):
            raise BadRequest("it is not a JSON object.")
        if "action" in row:
            return StreamRow(number, _read_request(row), _read_text(row, "label"))
        if "a" in row and "b" in row:
            if not isinstance(should_match := row.get("should_match"), bool):
                raise BadRequest("`should_match` must be true or false.")
            a, b = _read_request(row["a"]), _read_request(row["b"])
            constants = _read_constants(row["a"]), _read_constants(row["b"])
            return Pair(number, a, b, should_match, _read_text(row, "category"), *constants)
    except (InvalidJson, BadRequest) as error:
        raise _bad_row(path, number, str(error)) from None
    raise _bad_row(path, number, "it is neither {action, params, label} nor {a, b, should_match, category}.")


def _read_request(value: Json) -> PlanRequest:
    if not isinstance(value, dict):
        raise BadRequest("a request must be an object with `action` and `params`.")
    return PlanRequest(parse_action(value.get("action")), parse_params(value.get("params")))


def _read_constants(value: dict[str, Json]) -> dict[str, Json]:
    constants = value.get("constants", {})
    if not isinstance(constants, dict):
        raise BadRequest("`constants` must be an object.")
    return constants


def _read_text(row: dict[str, Json], member: str) -> str:
    text = row.get(member)
    if not isinstance(text, str) or not text:
        raise BadRequest(f"`{member}` must be text.")
    return text


def _bad_row(path: Path, number: int, problem: str) -> RowsUnusable:
    return RowsUnusable(f"{path}, line {number}: {problem}")
