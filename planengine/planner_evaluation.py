"""Is this planner good enough for that catalogue? Labelled requests through the real loop, and what came of them.

A row is ``{"action", "params", "services": [{name, description, input_schema, output_schema}], "expected":
[{"service", "input"}]}``. In ``expected``, ``$task0.field`` is a param and ``$taskN.field`` the output of its N-th
service.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean, median

from orra.strictjson import InvalidJson, Json, canonical, parse
from planengine.catalogue import Catalogue, ServiceSpec
from planengine.exceptions import BadRequest
from planengine.generation import Outcome, generate
from planengine.planners.base import Job, Planner
from planengine.requests import parse_action, parse_params
from planengine.schemas import SchemaInvalid, check_schema

_SHOWN = 20
_reference = re.compile(r"\$task(\d{1,6})\.(.+)", re.DOTALL)


class RowsUnusable(ValueError):
    """The file cannot be evaluated. The message names the file and, for a bad row, its line."""


class PlannerUnusable(Exception):
    """The planner could not even try the first request: going on would measure nothing."""


@dataclass(frozen=True)
class Call:
    """One service and its inputs, as a row expects it or a plan has it."""

    service: str
    input: Mapping[str, Json]


@dataclass(frozen=True)
class Row:
    """``line`` is where it stands in the file, from 1."""

    line: int
    job: Job
    expected: tuple[Call, ...]


@dataclass(frozen=True)
class Result:
    row: Row
    outcome: Outcome
    seconds: float

    @property
    def services_exact(self) -> bool:
        """The expected services, each as often as expected, and no other."""
        return sorted(call.service for call in self._calls) == sorted(call.service for call in self.row.expected)

    @property
    def wiring_exact(self) -> bool:
        """Every expected service with exactly the expected inputs, from the expected places."""
        return _comparable(self._calls) == _comparable(self.row.expected)

    @property
    def _calls(self) -> tuple[Call, ...]:
        plan = self.outcome.plan
        return () if plan is None else calls_of(plan)


@dataclass(frozen=True)
class Figures:
    results: tuple[Result, ...]

    def as_dict(self) -> dict[str, Json]:
        """Rates are shares of all rows, between 0 and 1. Tokens appear when the server counted any."""
        results = self.results
        told: dict[str, Json] = {
            "n": len(results),
            "services_exact": _share(result.services_exact for result in results),
            "wiring_exact": _share(result.wiring_exact for result in results),
            "not_actionable": _share(result.outcome.status == "not_actionable" for result in results),
            "failed": _share(result.outcome.status == "failed" for result in results),
            "attempts_mean": fmean(len(result.outcome.trials) for result in results) if results else 0.0,
            "seconds_p50": median(result.seconds for result in results) if results else 0.0,
        }
        usages = [trial.draft.usage for result in results for trial in result.outcome.trials]
        for kind in ("prompt_tokens", "completion_tokens"):
            counts = [count for usage in usages if (count := getattr(usage, kind)) is not None]
            if counts:
                told[kind] = sum(counts)
        return told


def read_rows(path: Path, *, limit: int | None = None) -> list[Row]:
    """The rows of a file, never none. Raises :class:`RowsUnusable`."""
    try:
        with path.open("rb") as lines:
            filled = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
            rows = [_read_row(path, number, line) for number, line in islice(filled, limit)]
    except OSError as error:
        raise RowsUnusable(f"{path} cannot be read: {error.strerror}.") from None
    if not rows:
        raise RowsUnusable(f"{path} has no rows.")
    return rows


def evaluate(
    planner: Planner,
    rows: Sequence[Row],
    *,
    attempts: int,
    seconds: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Figures:
    """Plans every row as production would, with at most ``seconds`` for each. Raises :class:`PlannerUnusable`."""
    results: list[Result] = []
    for row in rows:
        started = time.perf_counter()
        outcome = generate(planner, row.job, attempts=attempts, deadline=time.monotonic() + seconds)
        results.append(Result(row, outcome, time.perf_counter() - started))
        if len(results) == 1 and outcome.failure is not None and outcome.trials[-1].error_code:
            raise PlannerUnusable(f"{planner.name} cannot plan: {outcome.failure.message}")
        progress(len(results), len(rows))
    return Figures(tuple(results))


def report(figures: Figures, *, planner: str) -> Iterator[str]:
    """The figures for people."""
    told = figures.as_dict()
    yield f"{told['n']:,} requests, planned by {planner}"
    yield ""
    for name, title in (
        ("services_exact", "right services"),
        ("wiring_exact", "right wiring"),
        ("not_actionable", "not actionable"),
        ("failed", "failed"),
    ):
        yield f"{title:18}{told[name]:>9.1%}{round(told[name] * told['n']):>8,}"
    yield f"{'attempts, mean':18}{told['attempts_mean']:>9.2f}"
    yield f"{'time, median':18}{_duration(told['seconds_p50']):>9}"
    for kind in ("prompt_tokens", "completion_tokens"):
        if kind in told:
            yield f"{kind.replace('_', ' '):18}{told[kind]:>9,}"
    wrong = [result for result in figures.results if not result.wiring_exact]
    if wrong:
        yield ""
        yield "Not as expected"
        for result in wrong[:_SHOWN]:
            yield from _told(result)
        if len(wrong) > _SHOWN:
            yield f"  … and {len(wrong) - _SHOWN:,} more"


def calls_of(plan: Json) -> tuple[Call, ...]:
    """The services of a validated plan; what they take from one another is named after the service it comes
    from."""
    services = {task["id"]: task["service"] for task in plan["tasks"] if "service" in task}
    return tuple(
        Call(task["service"], {name: _origin(value, services) for name, value in task["input"].items()})
        for task in plan["tasks"]
        if "service" in task
    )


def _origin(value: Json, services: Mapping[str, str]) -> Json:
    match = _reference.fullmatch(value) if isinstance(value, str) else None
    return [services.get(f"task{match[1]}", "task0"), match[2]] if match else value


def _comparable(calls: Sequence[Call]) -> list[str]:
    return sorted(canonical([call.service, dict(call.input)]) for call in calls)


def _read_row(path: Path, number: int, line: bytes) -> Row:
    try:
        row = parse(line)
        if not isinstance(row, dict):
            raise BadRequest("it is not a JSON object.")
        catalogue = Catalogue(_read_services(row.get("services")))
        job = Job(parse_action(row.get("action")), parse_params(row.get("params")), catalogue)
        return Row(number, job, _read_expected(row.get("expected"), catalogue))
    except (InvalidJson, BadRequest) as error:
        raise RowsUnusable(f"{path}, line {number}: {error}") from None


def _read_services(services: Json) -> list[ServiceSpec]:
    if not isinstance(services, list):
        raise BadRequest("`services` must be a list.")
    specs = [_read_service(service, index) for index, service in enumerate(services, 1)]
    names = [spec.name for spec in specs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadRequest(f"the service {twice!r} appears twice in `services`.")
    return specs


def _read_service(service: Json, index: int) -> ServiceSpec:
    if not isinstance(service, dict):
        raise BadRequest(f"service {index} is not an object.")
    name, description = service.get("name"), service.get("description", "")
    if not isinstance(name, str) or not name or not isinstance(description, str):
        raise BadRequest(f"service {index} needs a `name` and a `description`, both text.")
    schemas = {side: service.get(side, {"type": "object"}) for side in ("input_schema", "output_schema")}
    for side, schema in schemas.items():
        try:
            check_schema(schema)
        except SchemaInvalid as error:
            raise BadRequest(f"`{side}` of the service {name!r}, at {error.path or '/'}: {error}") from None
    kind = service.get("type", "service")
    return ServiceSpec(
        id=f"s_{index}", name=name, type=kind, description=description, version=1, revertible=False, **schemas
    )


def _read_expected(expected: Json, catalogue: Catalogue) -> tuple[Call, ...]:
    if not isinstance(expected, list) or not expected:
        raise BadRequest("`expected` must be a list of {service, input}.")
    for call in expected:
        if not isinstance(call, dict) or not isinstance(call.get("input"), dict):
            raise BadRequest("`expected` must be a list of {service, input}.")
        if not isinstance(call.get("service"), str) or catalogue.get(call["service"]) is None:
            raise BadRequest(f"`expected` names {call.get('service')!r}, which is not among `services`.")
    services = {f"task{number}": call["service"] for number, call in enumerate(expected, 1)}
    return tuple(
        Call(call["service"], {name: _origin(value, services) for name, value in call["input"].items()})
        for call in expected
    )


def _share(hits: Iterator[bool]) -> float:
    found = list(hits)
    return sum(found) / len(found) if found else 0.0


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _told(result: Result) -> Iterator[str]:
    wanted = ", ".join(call.service for call in result.row.expected)
    yield f"  line {result.row.line}: {_short(repr(result.row.job.action))}"
    if result.outcome.plan is not None:
        got = ", ".join(call.service for call in calls_of(result.outcome.plan))
        yield f"    wanted {wanted}, got {got}" + (" wired otherwise" if result.services_exact else "")
    else:
        reason = result.outcome.failure.message if result.outcome.failure else ""
        yield f"    wanted {wanted}, {result.outcome.status.replace('_', ' ')}: {_short(' '.join(reason.split()))}"


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
