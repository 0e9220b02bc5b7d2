"""What the composer makes of everyday requests: never a wrong change, seldom a wrong look-up, mostly the right
plan."""

from __future__ import annotations

import pytest

from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.planners.measuring import Result, evaluate
from planengine.planners.composer.composer import Composer
from tests.planengine.everyday_requests import requests, rows


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    path = tmp_path_factory.mktemp("everyday") / "rows.jsonl"
    figures = evaluate(Composer(get_embedder()), rows(path, requests()), attempts=1, seconds=60)
    return list(figures.results)


def changes(result: Result) -> bool:
    plan, catalogue = result.outcome.plan, result.row.job.catalogue
    called = [catalogue.get(task["service"]) for task in plan["tasks"][1:]] if plan else []
    return not all(spec is not None and spec.read_only for spec in called)


def wrong(results: list[Result]) -> list[Result]:
    return [result for result in results if result.outcome.plan is not None and not result.wiring_exact]


def test_nothing_is_changed_that_was_not_asked_for(results: list[Result]) -> None:
    assert [result.row.job.action for result in wrong(results) if changes(result)] == []


def test_few_look_ups_are_wrong(results: list[Result]) -> None:
    assert len(wrong(results)) <= 0.04 * len(results)


def test_most_of_them_are_planned(results: list[Result]) -> None:
    to_plan = [result for result in results if result.row.expected]
    assert sum(result.wiring_exact for result in to_plan) >= 0.6 * len(to_plan)


def test_each_refusal_says_what_to_do(results: list[Result]) -> None:
    ways = ("Send", "add an example", "configure a model", "leave it out", "leave out", "Register", "Say ")
    for result in results:
        told = (
            result.outcome.failure.message
            if result.outcome.status == "not_actionable" and result.outcome.failure
            else ""
        )
        assert not told or any(way in told for way in ways), told
