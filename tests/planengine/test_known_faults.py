"""What caches of plans are known to get wrong. Each test asks ours, end to end, and shows that the plain rules
(:mod:`tests.planengine.plain_cache`) fail on the very same requests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from cache import lookup, storage
from cache.lookup import Decision
from cache.models import Entry, EntryVector
from cache.policy import Policy
from cache.requests import Request, Scope
from cache.storage import Source
from orra.base.strictjson import Json
from orra.embedded.defaults import BASE_DIR
from planengine import tasks
from planengine.embeddings.embedders import get_embedder
from planengine.models import ApiKey, Follower, Project
from tests.conftest import SHOP, Api, object_schema
from tests.planengine.plain_cache import PlainCache
from tests.servers.scripted import Request as ModelRequest
from tests.servers.scripted import Scripted, ScriptedServer, oblige

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]


def constants(plan: Json) -> Json:
    """The values that a plan works with."""
    return plan["tasks"][0]["input"]


def plan_of(service: str, **values: Json) -> dict[str, Json]:
    """What a planner answers: one call, with these values."""
    task = {"id": "task1", "service": service, "input": {name: f"$task0.{name}" for name in values}}
    return {"tasks": [{"id": "task0", "input": values}, task], "parallel_groups": [["task1"]]}


def api_of(project: Project) -> Api:
    return Api(ApiKey.issue(project)[1])


def one_service(name: str, description: str, **inputs: Json) -> dict[str, Json]:
    return {
        name: {
            "type": "service",
            "description": description,
            "input_schema": object_schema(" ".join(inputs), **inputs),
            "output_schema": object_schema("done", done="boolean"),
            "revertible": False,
        }
    }


# --- 1


def test_calls_at_once_with_one_action_and_other_params_keep_their_values(
    api: Api, server: ScriptedServer
) -> None:
    action, orders = "Refund the order", [f"A-{number}" for number in range(8)]
    everybody_is_there = threading.Event()

    def late(request: ModelRequest) -> Scripted:
        everybody_is_there.wait(60)
        return oblige(request)

    server.script(late)
    ids = [
        api.post("/v1/plans", {"action": action, "params": {"order_id": order}}).json()["id"] for order in orders
    ]
    with ThreadPoolExecutor(len(ids)) as workers:
        working = [workers.submit(in_a_worker, plan_id) for plan_id in ids]
        wait_until(lambda: Follower.objects.filter(flight__isnull=False).count() == len(ids) - 1)
        everybody_is_there.set()
        for each in working:
            each.result()
        for each in [workers.submit(in_a_worker, plan_id) for plan_id in ids]:
            each.result()

    found = [api.get(f"/v1/plans/{plan_id}").json() for plan_id in ids]
    assert server.calls == 1
    assert [constants(plan["plan"]) for plan in found] == [{"order_id": order} for order in orders]

    flights = {PlainCache.flight_of(action, {"order_id": order}) for order in orders}
    assert len(flights) == 1, "the plain rules give all of them the plan of the first, with its values"


def in_a_worker(plan_id: str) -> None:
    try:
        tasks.generate_plan(plan_id)
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(3000):
        if condition():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come about")


# --- 2


def test_a_hit_keeps_no_literal_of_the_first_actions_text(api: Api, server: ScriptedServer) -> None:
    planned = plan_of("refund_payment", order_id="ORD-1")
    server.script(planned)
    api.plan("Refund order ORD-1")

    hit = api.plan("Refund order ORD-2")

    assert (hit["source"], constants(hit["plan"])) == ("exact", {"order_id": "ORD-2"})
    plain = PlainCache()
    plain.store("Refund order ORD-1", {}, planned)
    assert constants(plain.find("Refund order ORD-2", {})) == {"order_id": "ORD-1"}


# --- 3


TRIP = one_service("book_trip", "Book a trip from a city to a city.", **{"from": "string", "to": "string"})
SEATS = one_service("book_seats", "Book seats of a row.", seats="integer", row="string")


@pytest.mark.parametrize(
    ("services", "action", "cached", "asked"),
    [
        (TRIP, "Book a trip", {"from": "NYC", "to": "NYC"}, {"from": "NYC", "to": "LON"}),
        (TRIP, "Book a trip from {from} to {to}", {"from": "NYC", "to": "NYC"}, {"from": "NYC", "to": "LON"}),
        (TRIP, "Book a trip", {"from": "NYC", "to": "LON"}, {"from": "LON", "to": "NYC"}),
        (SEATS, "Book seats", {"seats": 1, "row": "1"}, {"seats": 2, "row": "7"}),
        (SEATS, "Book seats", {"seats": 1, "row": "1"}, {"seats": 7, "row": "1"}),
    ],
)
def test_params_with_equal_values_are_not_mixed_up(
    make_project: MakeProject, server: ScriptedServer, services: Json, action: str, cached: Json, asked: Json
) -> None:
    api = api_of(make_project(services=services))
    first = api.plan(action.format(**cached), cached)

    later = api.plan(action.format(**asked), asked)

    assert exactly(constants(first["plan"])) == exactly(cached)
    assert exactly(constants(later["plan"])) == exactly(asked)


def test_the_plain_rules_mix_up_params_with_equal_values() -> None:
    for service, cached, asked, wrong in (
        ("book_trip", {"from": "NYC", "to": "NYC"}, {"from": "NYC", "to": "LON"}, {"from": "LON", "to": "LON"}),
        ("book_seats", {"seats": 1, "row": "1"}, {"seats": 2, "row": "7"}, {"seats": "7", "row": "7"}),
    ):
        plain = PlainCache()
        plain.store("Book it", cached, plan_of(service, **cached))
        assert exactly(constants(plain.find("Book it", asked))) == exactly(wrong)


def exactly(value: Json) -> str:
    """As text, in which 1 is not "1" and not true."""
    return json.dumps(value, sort_keys=True)


# --- 4


ASKED = "Refund the order C-3"
BEST = "Please refund the order A-1"
OTHERS = (
    "Issue a refund for order B-2",
    "I want a refund of order D-4",
    "Give the money back for order E-5",
    "Refund the payment of order F-6",
)


def test_an_expired_best_match_does_not_hide_good_others(api: Api, server: ScriptedServer) -> None:
    Project.objects.update(wrong_hit_tolerance=1.0)  # how risky it is to hear from few is not the question here
    plain = PlainCache(threshold=0.5)
    for action in (BEST, *OTHERS):
        planned = api.plan(action, {"order_id": action[-3:]}, cache="refresh")
        plain.store(action, {"order_id": action[-3:]}, planned["plan"], seconds=0.0 if action == BEST else 3600.0)
    assert explained(api, ASKED)["candidates"][-1]["template"] == "Please refund the order {order_id}"
    past = timezone.now() - timedelta(seconds=1)
    for best in Entry.objects.filter(action=BEST):
        EntryVector.objects.filter(pk=best.pk).update(expires_at=past)
        Entry.objects.filter(pk=best.pk).update(expires_at=past)

    hit = api.plan(ASKED, {"order_id": "C-3"})

    assert (hit["source"], constants(hit["plan"])) == ("semantic", {"order_id": "C-3"})
    assert plain.find(ASKED, {"order_id": "C-3"}) is None


def test_an_unfit_best_match_is_not_served(api: Api, server: ScriptedServer) -> None:
    unfit = "Do not refund the order A-1"
    plain = PlainCache(threshold=0.5)
    for action in (unfit, *OTHERS):
        if action == unfit:
            server.script(plan_of("order_lookup", order_id="A-1"))
        planned = api.plan(action, {"order_id": action[-3:]}, cache="refresh")
        plain.store(action, {"order_id": action[-3:]}, planned["plan"])

    later = api.plan(ASKED, {"order_id": "C-3"})

    assert services_of(later["plan"]) == ["refund_payment"]
    assert services_of(plain.find(ASKED, {"order_id": "C-3"})) == ["order_lookup"]


def explained(api: Api, action: str) -> Json:
    return api.post("/v1/cache/explain", {"action": action, "params": {"order_id": action[-3:]}}).json()


def services_of(plan: Json) -> list[str]:
    return [task["service"] for task in plan["tasks"][1:]]


# --- 5


def test_fewer_params_than_the_cached_entry_has_are_wired_anew_and_no_error(
    make_project: MakeProject, server: ScriptedServer
) -> None:
    services = one_service("refund", "Refund an order, for a reason.", order_id="string", reason="string")
    services["refund"]["input_schema"]["required"] = ["order_id"]
    api = api_of(make_project(services=services))
    both, fewer = {"order_id": "A-1", "reason": "broken"}, {"order_id": "B-2"}
    first = api.plan("Refund the order", both)

    later = api.plan("Refund the order", fewer)

    assert (later["status"], later["source"]) == ("ready", "example")
    assert constants(later["plan"]) == fewer
    assert later["plan"]["tasks"][1]["input"] == {"order_id": "$task0.order_id"}
    plain = PlainCache(threshold=0.5)
    plain.store("Refund the order", both, first["plan"])
    with pytest.raises(IndexError):
        plain.find("Refund the order", fewer)


# --- 6


def test_a_plan_serves_only_under_the_grounding_and_version_it_was_made_with(project: Project) -> None:
    action, params = "Refund the order", {"order_id": "A-1"}
    plan = plan_of("refund_payment", **params)

    def asked(grounding: str) -> Request:
        return Request(Scope(project.pk, "tests", "tests", grounding), action, params)

    def found(grounding: str) -> Decision:
        embedder = get_embedder()
        policy = Policy(accept=lambda plan: None, embed=lambda text: embedder.embed([text])[0], floor=0.5)
        return lookup.find(asked(grounding), policy)

    request = asked("returns 1")
    storage.store(
        request,
        plan,
        vector=get_embedder().embed([request.template.embedding_text])[0],
        ttl_seconds=60,
        source=Source("model", {"refund_payment": 1}),
    )

    assert found("returns 1").hit
    assert {(each, found(each).hit) for each in ("returns 2", "delivery 1", "")} == {
        ("returns 2", False),
        ("delivery 1", False),
        ("", False),
    }
    plain = PlainCache()
    plain.store(action, params, plan, grounding="returns 1")
    assert plain.find(action, params, grounding="returns 2") == plan
    assert plain.find(action, params, grounding="delivery 1") == plan


# --- 7


def test_a_plan_that_is_not_valid_is_not_cached(api: Api, server: ScriptedServer) -> None:
    invalid = plan_of("no_such_service", order_id="A-1")
    server.script(*[invalid] * settings.PLANNING_ATTEMPTS)

    first = api.plan("Refund the order", {"order_id": "A-1"})
    later = api.plan("Refund the order", {"order_id": "B-2"})

    assert (first["status"], first["plan"]) == ("failed", None)
    assert (later["source"], services_of(later["plan"])) == ("model", ["refund_payment"])
    plain = PlainCache()
    plain.store("Refund the order", {"order_id": "A-1"}, invalid)
    assert services_of(plain.find("Refund the order", {"order_id": "B-2"})) == ["no_such_service"]


def test_a_hit_is_validated_for_its_own_values(make_project: MakeProject, server: ScriptedServer) -> None:
    services = one_service(
        "ship", "Ship a parcel of a size.", order_id="string", size={"type": "string", "enum": ["small", "large"]}
    )
    api = api_of(make_project(services=services))
    fits, does_not = {"order_id": "A-1", "size": "small"}, {"order_id": "B-2", "size": "huge"}
    first = api.plan("Ship the order", fits)

    later = api.plan("Ship the order", does_not)

    assert (later["status"], later["plan"]) == ("failed", None)
    assert "size" in later["error"]["message"]
    assert api.plan("Ship the order", {"order_id": "C-3", "size": "large"})["source"] == "exact"
    plain = PlainCache()
    plain.store("Ship the order", fits, first["plan"])
    assert constants(plain.find("Ship the order", does_not)) == does_not


# --- 8


def test_a_change_of_another_service_drops_nothing(api: Api, server: ScriptedServer) -> None:
    first = api.plan("Refund order A-1", {"order_id": "A-1"})
    plain = PlainCache()
    plain.store("Refund order A-1", {"order_id": "A-1"}, first["plan"])

    api.put("/v1/services/search_laptops", {**SHOP["search_laptops"], "description": "Search for a laptop."})
    plain.forget_all()

    assert api.plan("Refund order B-2", {"order_id": "B-2"})["source"] == "exact"
    assert plain.find("Refund order B-2", {"order_id": "B-2"}) is None


def test_a_param_of_another_name_is_never_given_the_wrong_plan(api: Api, server: ScriptedServer) -> None:
    """A hit where the two names mean the same, and planned anew where they may not."""
    first = api.plan("Refund order A-1", {"order_id": "A-1"})

    server.script(renamed)
    later = api.plan("Refund order B-2", {"orderId": "B-2"})

    assert constants(first["plan"]) == {"order_id": "A-1"}
    assert (later["status"], constants(later["plan"])) == ("ready", {"orderId": "B-2"})
    assert later["plan"]["tasks"][1]["input"] == {"order_id": "$task0.orderId"}


def renamed(request: ModelRequest) -> dict[str, Any]:
    task = {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.orderId"}}
    return {"tasks": [{"id": "task0", "input": request.sections["params"]}, task], "parallel_groups": [["task1"]]}


# --- 9


LATER = """
import json, django
django.setup()
from planengine.lifecycle import plans
from planengine.models import Project
from planengine.requests import PlanRequest
plan, _ = plans.ask(Project.objects.get(), PlanRequest("Refund order B-2", {"order_id": "B-2"}))
print(json.dumps([plan.source, plan.plan]))
"""


def test_a_process_that_starts_later_has_all_entries(api: Api, server: ScriptedServer) -> None:
    api.plan("Refund order A-1", {"order_id": "A-1"})

    started = subprocess.run(
        [sys.executable, "-c", LATER],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": database_of_this_test(),
            "LLM_MODEL": "small-1",
            "LLM_API_BASE_URL": server.url,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert started.returncode == 0, started.stderr
    source, plan = json.loads(started.stdout.splitlines()[-1])
    assert (source, constants(plan)) == ("exact", {"order_id": "B-2"})
    assert PlainCache().find("Refund order B-2", {"order_id": "B-2"}) is None  # all that another process has


def database_of_this_test() -> str:
    name = connection.settings_dict["NAME"]
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
