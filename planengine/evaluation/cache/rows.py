"""The formats an evaluation of the cache reads, one JSON object a line, told apart by their members.

A *stream* holds requests in their order, ``{"action", "params", "label"}``: the same label wants the same plan.
Over the services of a second file it is ``{"action", "params", "expected": [{"service", "input"}]}``
(:mod:`planengine.evaluation.expected`). *Pairs* are ``{"a": {"action", "params"}, "b": {…}, "should_match",
"category"}``. A pair's request may have ``constants``, an object: values of its text which are no params and which
its plan holds all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.evaluation.expected import Call, comparable, draft_of, read_expected
from planengine.evaluation.lines import RowsUnusable, read_lines
from planengine.evaluation.services import MAX_NAME, Facts
from planengine.exceptions import BadRequest
from planengine.requests import PlanRequest, parse_action, parse_params

__all__ = ["Pair", "RowsUnusable", "StreamRow", "labelled", "read_catalogue_rows", "read_rows", "service_named"]


@dataclass(frozen=True)
class StreamRow:
    """``line`` is where it stands in the file, from 1. Rows of the same ``label`` want the same plan. ``draft`` is
    that plan; a row that nothing can be done for has none, and expects no calls."""

    line: int
    request: PlanRequest
    label: str
    expected: tuple[Call, ...]
    draft: Json


@dataclass(frozen=True)
class Pair:
    line: int
    a: PlanRequest
    b: PlanRequest
    should_match: bool
    category: str
    a_constants: Mapping[str, Json] = field(default_factory=dict)
    b_constants: Mapping[str, Json] = field(default_factory=dict)


def labelled(line: int, request: PlanRequest, label: str) -> StreamRow:
    """A row that one service fulfils, named for its label, which takes all of the request's params."""
    service, inputs = service_named(label), {name: f"$task0.{name}" for name in request.params}
    tasks = [{"id": "task0", "input": dict(request.params)}, {"id": "task1", "service": service, "input": inputs}]
    return StreamRow(line, request, label, (Call(service, None),), {"tasks": tasks})


def service_named(label: str) -> str:
    """The name of the service that stands in for a label: names of services may be no longer than
    :data:`~planengine.evaluation.services.MAX_NAME`."""
    digest = hashlib.sha256(label.encode()).hexdigest()[:12]
    return label if len(label) <= MAX_NAME else f"{label[: MAX_NAME - 13]}_{digest}"


def read_rows(path: Path, *, limit: int | None = None) -> list[StreamRow] | list[Pair]:
    """The rows of a file with labels or pairs, never none, all of one kind. Raises :class:`RowsUnusable`."""
    kinds: set[type] = set()

    def read(row: dict[str, Json], number: int) -> StreamRow | Pair:
        found = _read_row(row, number)
        kinds.add(type(found))
        if len(kinds) > 1:
            raise BadRequest("it is of the other format than the rows before it.")
        return found

    rows = read_lines(path, read, limit=limit)
    pairs = [row for row in rows if isinstance(row, Pair)]
    return pairs or [row for row in rows if isinstance(row, StreamRow)]


def read_catalogue_rows(path: Path, services: Sequence[Facts], *, limit: int | None = None) -> list[StreamRow]:
    """The rows of a file with expected calls of these services, never none. Raises :class:`RowsUnusable`."""
    return read_lines(path, partial(_read_catalogue_row, catalogue=catalogue_from(services)), limit=limit)


def _read_catalogue_row(row: dict[str, Json], number: int, *, catalogue: Catalogue) -> StreamRow:
    request, expected = _read_request(row), read_expected(row.get("expected"), catalogue)
    label = "; ".join(comparable(expected))
    draft = draft_of(row["expected"], params=request.params, catalogue=catalogue) if expected else None
    return StreamRow(number, request, label, expected, draft)


def _read_row(row: dict[str, Json], number: int) -> StreamRow | Pair:
    if "action" in row:
        if "expected" in row and "label" not in row:
            raise BadRequest("it has `expected` and no `label`: name the file of its services with --services.")
        return labelled(number, _read_request(row), _read_text(row, "label"))
    if "a" in row and "b" in row:
        if not isinstance(should_match := row.get("should_match"), bool):
            raise BadRequest("`should_match` must be true or false.")
        a, b = _read_request(row["a"]), _read_request(row["b"])
        constants = _read_constants(row["a"]), _read_constants(row["b"])
        return Pair(number, a, b, should_match, _read_text(row, "category"), *constants)
    raise BadRequest("it is neither {action, params, label} nor {a, b, should_match, category}.")


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
