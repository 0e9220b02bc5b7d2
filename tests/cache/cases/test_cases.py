"""Pairs of requests that differ in one sign, letter, mark or capital, and want something else.

The first request is planned and kept; the second must not get that plan. It goes the ordinary way, with the real
embedder. ``cases.jsonl`` are faults that were observed, ``variants.jsonl`` others of their kinds (see README.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cache.decisions import Decision
from orra.base.strictjson import Json
from planengine.models import ApiKey, Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.conftest import Api

FOLDER = Path(__file__).parent
Row = Mapping[str, Any]

# Rows of variants.jsonl, by line, that are served wrongly, with the reason: in the catalogue of the row, and in
# one that has nothing but the service of the first.
KNOWN_FAILURES: dict[int, str] = {}
KNOWN_FAILURES_ALONE = {
    125: "'Sie' and 'sie' are neutral words of German, and a capital that may be courtesy tells nothing.",
}

pytestmark = pytest.mark.django_db


def read(name: str) -> list[Row]:
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def numbered(rows: Iterable[Row], *cases: str, but_not: Collection[int] = ()) -> list[Any]:
    return [
        pytest.param(row, id=f"{row['case']}-{row.get('name', row.get('language'))}-{line}")
        for line, row in enumerate(rows, start=1)
        if row["case"] in cases and line not in but_not
    ]


CASES, VARIANTS = read("cases.jsonl"), read("variants.jsonl")
PLANNED = ("01", "02", "03", "04", "05")
MakeProject = Callable[..., Project]


def with_services(make_project: MakeProject, services: Iterable[Row], **annotations: bool) -> Project:
    facts = {
        each["name"]: {
            "type": "service",
            "description": each["description"],
            "input_schema": each["input_schema"],
            "output_schema": each["output_schema"],
            "revertible": False,
            "annotations": annotations,
        }
        for each in services
    }
    return make_project(services=facts)


def request_of(told: Row) -> PlanRequest:
    return PlanRequest(told["action"], told["params"])


def keep_first(project: Project, row: Row) -> None:
    """What a model planned for it."""
    service, first = row["services"][0], row["first"]
    held = first.get("plan_task0", first["params"])
    task = {"id": "task1", "service": service["name"], "input": {name: f"$task0.{name}" for name in held}}
    plan = {"tasks": [{"id": "task0", "input": held}, task], "parallel_groups": [["task1"]]}
    request = request_of(first)
    vector = plan_cache.embed(plan_cache.request_for(project, request).template.embedding_text)
    assert plan_cache.store(project, request, plan, vector=vector, planned_by="model", cost={}) is not None
    assert plan_cache.find(project, request).kind == "exact"


def is_wrong(decision: Decision, row: Row) -> bool:
    """Whether what is served is what the first was planned with."""
    if not decision.hit:
        return False
    forbidden = row["second"].get("forbidden_task0")
    if forbidden is not None:
        return bool(decision.plan["tasks"][0]["input"] == forbidden)
    return row["services"][0]["name"] in services_of(decision.plan)


def services_of(plan: Json) -> list[str]:
    return [task["service"] for task in plan["tasks"] if "service" in task]


@pytest.mark.parametrize(
    "row", [*numbered(CASES, *PLANNED), *numbered(VARIANTS, *PLANNED, but_not=KNOWN_FAILURES)]
)
def test_the_second_does_not_get_the_plan_of_the_first(make_project: MakeProject, row: Row) -> None:
    project = with_services(make_project, row["services"])
    keep_first(project, row)

    decision = plan_cache.find(project, request_of(row["second"]))

    assert not is_wrong(decision, row), decision.as_dict()


@pytest.mark.parametrize(
    "row", [*numbered(CASES, *PLANNED), *numbered(VARIANTS, *PLANNED, but_not=KNOWN_FAILURES_ALONE)]
)
def test_nor_where_nothing_else_could_be_done(make_project: MakeProject, row: Row) -> None:
    project = with_services(make_project, row["services"][:1])
    keep_first(project, row)

    decision = plan_cache.find(project, request_of(row["second"]))

    assert not is_wrong(decision, row), decision.as_dict()


@pytest.mark.parametrize("row", [*numbered(CASES, "02"), *numbered(VARIANTS, "02")])
def test_nor_where_it_only_reads_and_the_sign_decides_a_value(make_project: MakeProject, row: Row) -> None:
    project = with_services(make_project, row["services"], readOnlyHint=True)
    keep_first(project, row)

    decision = plan_cache.find(project, request_of(row["second"]))

    assert not is_wrong(decision, row), decision.as_dict()


@pytest.mark.parametrize("row", numbered(VARIANTS, "18"))
def test_the_built_in_planner_does_not_call_the_opposite(make_project: MakeProject, row: Row) -> None:
    api = Api(ApiKey.issue(with_services(make_project, row["services"]))[1])

    plan = api.plan(row["second"]["action"], row["second"]["params"])

    assert plan["plan"] is None or row["forbidden_service"] not in services_of(plan["plan"])


@pytest.mark.parametrize(("lines", "services"), [(KNOWN_FAILURES, 2), (KNOWN_FAILURES_ALONE, 1)])
def test_failures_that_are_known_are_failures(
    make_project: MakeProject, lines: Mapping[int, str], services: int
) -> None:
    """One that is mended is to be taken off its list."""
    for line in lines:
        row = VARIANTS[line - 1]
        project = with_services(make_project, row["services"][:services])
        keep_first(project, row)
        assert is_wrong(plan_cache.find(project, request_of(row["second"])), row), line


def test_there_are_variants_of_every_kind_in_many_languages() -> None:
    assert len(VARIANTS) >= 160
    assert {row["case"] for row in VARIANTS} == {*PLANNED, "18"}
    assert len({row["language"] for row in VARIANTS}) >= 40
