"""Requests as people write them, against catalogues of many fields: similar services that share params, chains,
side by side, optional inputs, and what no service can do.

``everyday/services.jsonl`` has a service a line, with its catalogue. ``everyday/requests.jsonl`` has a request a
line, with ``expected`` as ``evaluate_planner`` reads it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from orra.base.strictjson import Json
from planengine.evaluation.planners.rows import Row, read_rows

_DIRECTORY = Path(__file__).with_name("everyday")


@dataclass(frozen=True)
class Request:
    row: Json

    @property
    def action(self) -> str:
        return str(self.row["action"])


@cache
def services() -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for line in (_DIRECTORY / "services.jsonl").read_text().splitlines():
        service = json.loads(line)
        found.setdefault(service.pop("catalogue"), []).append(service)
    return found


@cache
def requests() -> tuple[Request, ...]:
    lines = (_DIRECTORY / "requests.jsonl").read_text().splitlines()
    return tuple(_request(json.loads(line)) for line in lines)


def rows(path: Path, chosen: tuple[Request, ...]) -> list[Row]:
    """The requests as ``evaluate_planner`` reads them, by way of a file at ``path``."""
    path.write_text("".join(json.dumps(request.row) + "\n" for request in chosen))
    return read_rows(path)


def _request(line: Json) -> Request:
    return Request(line | {"services": services()[line.pop("catalogue")]})
