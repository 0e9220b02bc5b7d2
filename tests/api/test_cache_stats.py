from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from cache import storage
from cache.examples.acceptance import Adjustment, risk_of
from cache.models import Entry
from orra.base.strictjson import Json
from planengine import tasks
from planengine.models import Label, Plan, Project
from planengine.reuse.learning import learn
from tests.api.teaching import REFUNDS, REWORDED, ask, teach
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)


def stats(api: Api, query: str = "") -> dict[str, Json]:
    answer = api.get(f"/v1/cache/stats{query}")
    assert answer.status_code == 200, answer.content
    told: dict[str, Json] = answer.json()
    return told


@pytest.fixture
def used(api: Api) -> Api:
    """A project with a miss that was planned, a hit of each kind, and a request that its words kept from one."""
    teach(api, "Refund order {}")  # refreshed, so that nothing was looked up
    for action in REFUNDS[1:]:
        teach(api, action)
    Entry.objects.update(cost={"prompt_tokens": 700, "completion_tokens": 200})
    assert ask(api, "Find order {}", "ORD-17")["source"] == "composer"
    assert ask(api, REFUNDS[0], "B-2")["source"] == "exact"
    assert ask(api, REWORDED, "B-2")["source"] == "semantic"
    refused = ask(api, "Do not refund order {}", "B-2", cache="only")
    assert refused["cache"]["guards"][0]["guard"] == "words"
    return api


def test_they_tell_what_the_cache_did(used: Api) -> None:
    told = stats(used)

    assert told["since"] is None
    assert (told["requests"], told["misses"], told["calls_saved"]) == (4, 2, 2)
    assert told["hits"] == {"exact": 1, "semantic": 1, "example": 0, "total": 2}
    assert told["hit_rate"] == 0.5
    assert told["misses_by_reason"] == {"refused": 2}
    assert told["misses_refused_by"] == told["guards"]
    assert told["misses_refused_by"]["words"] >= 1 and sum(told["misses_refused_by"].values()) == 2
    assert told["would_be_hits"] == 2
    assert told["tokens_saved"] == 2 * 900
    assert (told["entries"], told["quarantined_entries"]) == (6, 0)


def test_what_is_gone_is_not_forgotten(used: Api, project: Project) -> None:
    before = stats(used)
    Plan.objects.update(finished_at=timezone.now() - timedelta(hours=2))
    tasks.tally()
    storage.forget_project(project.pk)
    Plan.objects.all().delete()

    assert stats(used) == {**before, "entries": 0}


def test_a_window_leaves_out_what_was_before(used: Api) -> None:
    Plan.objects.filter(source="exact").update(finished_at=timezone.now() - timedelta(hours=30))
    tasks.tally()

    assert stats(used)["hits"]["total"] == 2
    assert stats(used, "?hours=24")["hits"] == {"exact": 0, "semantic": 1, "example": 0, "total": 1}
    since = (timezone.now() - timedelta(hours=48)).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = stats(used, f"?since={since}")
    assert told["hits"]["total"] == 2
    assert told["since"].startswith(since[:13])


def test_bypassed_and_refreshed_requests_do_not_count(api: Api) -> None:
    for mode in ("bypass", "refresh"):
        api.plan("Refund order ORD-17", {"order_id": "ORD-17"}, cache=mode)

    assert (stats(api)["requests"], stats(api)["hit_rate"]) == (0, None)


def test_nothing_of_another_project_counts(used: Api, other_api: Api) -> None:
    assert stats(other_api)["requests"] == 0
    tasks.tally()
    assert stats(other_api)["requests"] == 0


@pytest.mark.parametrize(
    "query",
    ["?hours=0", "?hours=-1", "?hours=1.5", "?hours=x", "?hours=87601", "?hours=²", "?hours=", "?since=soon"]
    + ["?hours=1&since=2026-01-01T00:00:00Z", f"?hours={'9' * 5000}"],
)
def test_a_bad_window_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"/v1/cache/stats{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_filter")


def test_a_window_may_begin_before_anything(api: Api) -> None:
    assert stats(api, "?since=0001-01-01T00:00:00Z")["requests"] == 0
    assert stats(api, "?since=9999-12-31T23:59:59Z")["requests"] == 0


def test_an_entry_whose_cost_is_spoilt_saves_nothing_known(api: Api) -> None:
    for number, cost in enumerate(
        ([], "x", {"prompt_tokens": "many"}, {"prompt_tokens": -5}, {"prompt_tokens": 1e30})
    ):
        api.plan(f"Refund order A-{number}", {"order_id": f"A-{number}"})
        Entry.objects.update(cost=cost)
    assert api.plan("Refund order B-2", {"order_id": "B-2"})["source"] == "exact"

    assert stats(api)["tokens_saved"] == 0


def test_calibration_shows_predicted_risk_beside_what_was_observed(
    api: Api, other_api: Api, project: Project
) -> None:
    assert (stats(api)["calibration"], stats(api)["acceptance"]["labels"]) == ([], 0)
    Label.objects.bulk_create(
        Label(project=project, origin="miss", odds=float(at) - 10, wrong=at % 10 == 0) for at in range(20)
    )
    learn(project)

    told = stats(api)

    tenths = told["calibration"]
    assert [tenth["n"] for tenth in tenths] == [2] * 10
    assert [tenth["observed"] for tenth in tenths] == [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0]
    predicted = [tenth["predicted"] for tenth in tenths]
    assert predicted == sorted(predicted) and 0 < predicted[0] < predicted[-1] < 1
    moved = Adjustment.from_json(Project.objects.get(pk=project.pk).acceptance)
    assert predicted[0] == pytest.approx((risk_of(-10.0, moved) + risk_of(-9.0, moved)) / 2)
    assert told["acceptance"] == moved.as_dict() == api.get("/v1/project").json()["acceptance"]
    assert (moved.labels, stats(other_api)["calibration"]) == (20, [])


def test_acceptance_is_learned_and_not_set(api: Api) -> None:
    assert api.get("/v1/project").json()["acceptance"] == {"shift": 0, "labels": 0}
    assert api.patch("/v1/project", {"acceptance": {}}).json()["code"] == "unknown_member"


def test_prometheus_is_told_too(api: Api) -> None:
    def told(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = told("orra_cache_calls_saved_total"), told("orra_cache_tokens_saved_total")
    flown = told("orra_flights_total", event="led"), told("orra_flights_total", event="landed")
    api.plan("Refund order ORD-17", {"order_id": "ORD-17"})
    Entry.objects.update(cost={"prompt_tokens": 700, "completion_tokens": None})
    api.plan("Refund order B-2", {"order_id": "B-2"})

    assert told("orra_cache_calls_saved_total") == before[0] + 1
    assert told("orra_cache_tokens_saved_total") == before[1] + 700
    assert (told("orra_flights_total", event="led"), told("orra_flights_total", event="landed")) == (
        flown[0] + 1,
        flown[1] + 1,
    )
