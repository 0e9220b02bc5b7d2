"""What the composer makes of everyday requests: the right plan, or a refusal; never another plan."""

from __future__ import annotations

import pytest

from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.planners.measuring import Result, evaluate
from planengine.planners.composer.composer import Composer
from tests.planengine.everyday_requests import Request, requests, rows


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """By action and catalogue's first service."""
    path = tmp_path_factory.mktemp("everyday") / "rows.jsonl"
    figures = evaluate(Composer(get_embedder()), rows(path, requests()), attempts=1, seconds=60)
    return {_key(request): result for request, result in zip(requests(), figures.results, strict=True)}


def _key(request: Request) -> str:
    return f"{request.row['services'][0]['name']}: {request.action}"


@pytest.mark.parametrize("request_", requests(), ids=_key)
def test_it_is_planned_rightly_or_refused(results: dict[str, Result], request_: Request) -> None:
    result = results[_key(request_)]
    refused = request_.or_refused and result.outcome.plan is None
    assert result.wiring_exact or refused, result.outcome


def test_most_of_them_are_planned(results: dict[str, Result]) -> None:
    to_plan = [result for result in results.values() if result.row.expected]
    assert sum(result.wiring_exact for result in to_plan) >= 0.88 * len(to_plan)
