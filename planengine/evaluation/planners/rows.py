"""Labelled requests: from a file, or the ones that come with orra.

A row is ``{"action", "params", "services": [{name, description, input_schema, output_schema, annotations,
examples, capabilities}], "expected": [{"service", "input"}]}``; ``expected`` as
:mod:`planengine.evaluation.expected` reads it.
Where the rows share one catalogue, as those that come with orra do, it stands in a file of its own, a service a
line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.evaluation.expected import Call, draft_of, read_expected
from planengine.evaluation.lines import read_lines
from planengine.evaluation.services import Facts, read_service, read_services
from planengine.exceptions import BadRequest
from planengine.planners.protocol import Job
from planengine.requests import parse_action, parse_params

OWN_REQUESTS = Path(__file__).with_name("requests.jsonl")
OWN_SERVICES = Path(__file__).with_name("services.jsonl")
TRAPS = Path(__file__).with_name("traps")


@dataclass(frozen=True)
class Row:
    """``line`` is where it stands in the file, from 1. Nothing ``expected``: it is to be refused. ``draft`` is the
    plan that is expected."""

    line: int
    job: Job
    expected: tuple[Call, ...]
    draft: Json


def read_rows(path: Path, *, limit: int | None = None, services: Path | None = None) -> list[Row]:
    """The rows of a file, never none: all, or ``limit`` of them spread evenly over the file. ``services`` is the
    file of a catalogue that they share. Raises :class:`~planengine.evaluation.lines.RowsUnusable`."""
    shared = None if services is None else catalogue_from(read_services(services))
    return _spread(read_lines(path, partial(_read_row, shared=shared)), limit)


def own_rows(*, limit: int | None = None) -> list[Row]:
    """The requests that come with orra: one service, chains, side by side, and some that cannot be planned."""
    return _spread(read_lines(OWN_REQUESTS, partial(_read_row, shared=own_catalogue())), limit)


def trap_rows(*, limit: int | None = None) -> list[Row]:
    """Requests over the catalogues of a bank, an energy supplier, a fleet, a school and a cloud, three fifths of
    which must not be carried out, and the others must. They were written apart from all rules."""
    rows = [
        row
        for path in sorted(TRAPS.glob("*-requests.jsonl"))
        for row in read_rows(path, services=path.with_name(path.name.replace("-requests", "-services")))
    ]
    return _spread(rows, limit)


@cache
def own_catalogue() -> Catalogue:
    """The services that they choose from: of a shop, travel, staff, operations and documents."""
    return catalogue_from(read_services(OWN_SERVICES))


def _spread(rows: list[Row], limit: int | None) -> list[Row]:
    """Files are sorted by what is asked for: the first rows alone would be of one kind."""
    if limit is None or limit >= len(rows):
        return rows
    return [rows[number * len(rows) // limit] for number in range(limit)]


def _read_row(row: dict[str, Json], number: int, *, shared: Catalogue | None) -> Row:
    catalogue = catalogue_from(_read_services(row.get("services"))) if shared is None else shared
    job = Job(parse_action(row.get("action")), parse_params(row.get("params")), catalogue)
    expected = read_expected(row.get("expected"), catalogue)
    return Row(number, job, expected, draft_of(row["expected"], params=job.params, catalogue=catalogue))


def _read_services(services: Json) -> list[Facts]:
    if not isinstance(services, list):
        raise BadRequest("`services` must be a list.")
    found = [read_service(service, what=f"service {index}") for index, service in enumerate(services, 1)]
    names = [facts["name"] for facts in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequest(f"the service {twice!r} appears twice in `services`.")
    return found
