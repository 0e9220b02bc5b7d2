from __future__ import annotations

import gzip
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from cache.models import Entry
from planengine import tasks
from planengine.drafting.generation import Failure, Outcome
from planengine.lifecycle import plans
from planengine.lifecycle.worker import work_on
from planengine.models import Flight, Plan, Project
from planengine.tasks import generate_plan, sweep
from tests.api.teaching import REFUNDS, REWORDED, ask, teach, teach_one
from tests.conftest import SHOP, Api, object_schema

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = "Refund order ORD-17"


def test_a_miss_is_accepted_planned_and_then_ready(api: Api) -> None:
    answer = api.post("/v1/plans", {"action": REFUND, "params": [{"field": "order_id", "value": "ORD-17"}]})

    assert answer.status_code == 202
    plan_id = answer.json()["id"]
    assert plan_id.startswith("o_")
    assert answer["Location"] == f"/v1/plans/{plan_id}"
    assert answer["Retry-After"] == "1"
    assert answer.json()["status"] == "pending"

    work_on(plan_id)

    plan = api.get(answer["Location"]).json()
    assert (plan["status"], plan["source"]) == ("ready", "composer")
    assert plan["plan"]["tasks"][0] == {"id": "task0", "input": {"order_id": "ORD-17"}}
    assert plan["plan"]["tasks"][1]["service"] == "refund_payment"
    assert plan["plan"]["tasks"][1]["input"] == {"order_id": "$task0.order_id"}
    assert plan["plan"]["parallel_groups"] == [["task1"]]
    assert plan["cache"]["decision"] == "miss"
    assert plan["attempts"][0]["number"] == 1
    assert plan["usage"] == {"prompt_tokens": None, "completion_tokens": None}
    timings = plan["timings_ms"]
    assert set(timings) == {"total", "accepting", "cache", "embedding", "waiting", "planner"}
    parts = sum(timings[part] for part in ("accepting", "cache", "waiting", "planner"))
    assert timings["embedding"] <= timings["cache"] and timings["total"] == pytest.approx(parts, abs=0.1)
    assert plan["error"] is None and plan["finished_at"]


def test_the_same_request_with_other_values_is_an_exact_hit(api: Api) -> None:
    first = api.plan(REFUND, {"order_id": "ORD-17"})
    answer = api.post("/v1/plans", {"action": "Refund order ORD-99", "params": {"order_id": "ORD-99"}})

    assert answer.status_code == 201
    hit = answer.json()
    assert (hit["status"], hit["source"], hit["cache"]["decision"]) == ("ready", "exact", "exact")
    assert hit["plan"]["tasks"][0]["input"] == {"order_id": "ORD-99"}
    assert "ORD-17" not in json.dumps(hit["plan"])
    assert hit["plan"]["tasks"][1:] == first["plan"]["tasks"][1:]
    assert api.get(f"/v1/plans/{hit['id']}").json() == hit
    entry = Entry.objects.get(pk=hit["cache"]["entry_id"])
    assert entry.use.hits == 1


def test_a_reworded_request_is_a_hit_by_meaning(api: Api, project: Project) -> None:
    teach(api)

    hit = api.plan(REWORDED.format("ORD-99"), {"order_id": "ORD-99"})

    assert hit["source"] == "semantic", hit["cache"]
    assert hit["plan"]["tasks"][0]["input"] == {"order_id": "ORD-99"}
    assert 0.5 < hit["cache"]["similarity"] < 1


def test_what_the_composer_made_votes_for_nothing(api: Api) -> None:
    for action in REFUNDS:
        ask(api, action, "ORD-17")

    again = ask(api, REWORDED, "ORD-99")

    assert (again["source"], again["cache"]["reason"]) == ("composer", "nothing_cached")


def test_an_optional_field_more_is_made_by_example(api: Api) -> None:
    """The plan for other params is wired anew, and kept as nobody's example."""
    takes = object_schema("order_id", order_id="string", reason="string")
    api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "input_schema": takes})
    teach(api)
    entries = Entry.objects.count()

    made = api.plan("Please refund my order ORD-99", {"order_id": "ORD-99", "reason": "late"})

    assert (made["source"], made["cache"]["decision"], made["cache"]["reason"]) == (
        "example",
        "example",
        "made_by_example",
    )
    assert made["plan"]["tasks"][1]["input"] == {"order_id": "$task0.order_id", "reason": "$task0.reason"}
    assert made["plan"]["tasks"][0]["input"] == {"order_id": "ORD-99", "reason": "late"}
    assert (made["cache"]["entry_id"], made["attempts"], Entry.objects.count()) == (None, [], entries)
    assert api.get("/v1/plans?source=example").json()["results"][0]["id"] == made["id"]


FERRY = {
    "type": "service",
    "description": "Book a ferry: a seat to a place, at a time.",
    "input_schema": object_schema("place time", place="string", time="string"),
    "output_schema": object_schema("seat", seat="string"),
    "revertible": True,
}


@pytest.mark.parametrize(
    ("action", "refused"),
    [
        ("Please book a ferry to {} at {}", None),
        ("Book no ferry to {} at {}", "'no'"),
        ("Book a ferry from {} at {}", "'from {place}'"),
        ("Book a ferry to {} before {}", "'before {time}'"),
        ("Book a ferry to {} at {} for 3 people", "'{#number}'"),
    ],
)
def test_before_a_side_effect_every_word_is_accounted_for(api: Api, action: str, refused: str | None) -> None:
    api.put("/v1/services/book_ferry", FERRY)
    params = {"place": "Oslo", "time": "noon"}
    for told in ("Book a ferry to {} at {}", "Please book a ferry to {}, at {}"):
        teach_one(api, told.format(*params.values()), params)

    plan = api.plan(action.format("Bergen", "8:15"), {"place": "Bergen", "time": "8:15"}, cache="only")

    votes = plan["cache"]["votes"]
    assert votes["services"] == ["book_ferry"]
    if refused is None:
        assert (plan["source"], votes["not_accounted_for"]) == ("semantic", [])
    else:
        assert refused in votes["not_accounted_for"], votes
        assert plan["cache"]["guards"][-1]["guard"] == "words"


def test_a_field_of_another_name_is_served_under_the_callers(api: Api) -> None:
    teach(api)

    hit = api.plan(REWORDED.format("ORD-99"), {"orderId": "ORD-99"})

    assert hit["source"] == "semantic", hit["cache"]
    assert hit["plan"]["tasks"][0]["input"] == {"orderId": "ORD-99"}
    assert hit["plan"]["tasks"][1]["input"] == {"order_id": "$task0.orderId"}
    assert "ORD-17" not in json.dumps(hit["plan"])


def test_a_field_that_could_be_either_of_two_is_not_served(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})

    answer = api.post(
        "/v1/plans",
        {"action": "Please refund the order ORD-99", "params": {"orderId": "ORD-99", "orderNumber": "ORD-99"}},
    )

    assert answer.json()["cache"]["decision"] == "miss"


def test_the_opposite_is_not_served(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})

    answer = api.post("/v1/plans", {"action": "Do not refund order ORD-99", "params": {"order_id": "ORD-99"}})

    assert answer.status_code == 202
    assert answer.json()["cache"]["decision"] == "miss"


def test_other_fields_are_not_served(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})

    answer = api.post("/v1/plans", {"action": "Refund order 99", "params": {"order_id": 99}})

    assert answer.json()["cache"]["decision"] == "miss"


def test_what_no_service_can_do_is_not_actionable(api: Api) -> None:
    plan = api.plan("Book me a flight to Mars")

    assert plan["status"] == "not_actionable"
    assert plan["plan"] is None
    assert plan["error"]["code"] == "not_actionable"
    assert plan["error"]["message"]
    assert not Entry.objects.exists()


def test_params_that_no_service_takes_are_the_developers_error(api: Api) -> None:
    plan = api.plan(
        "Search for a used laptop for college",
        {"query": "used laptop for college", "budget": "800", "category": "laptop"},
    )

    assert (plan["status"], plan["error"]["code"]) == ("failed", "plan_rejected")
    message = plan["error"]["message"]
    assert "ORCHESTRATION ERROR" in message and "PROBLEM" in message and "HOW TO FIX" in message
    fixes = " ".join(plan["error"]["how_to_fix"])
    assert "search_laptops" in fixes and "budget" in fixes and "category" in fixes
    assert not Entry.objects.exists()


def test_a_hit_is_validated_against_todays_services(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})
    changed = json.loads(json.dumps(SHOP["refund_payment"]))
    changed["input_schema"]["properties"]["reason"] = {"type": "string"}
    changed["input_schema"]["required"].append("reason")
    api.put("/v1/services/refund_payment", changed)

    answer = api.post("/v1/plans", {"action": "Refund order ORD-99", "params": {"order_id": "ORD-99"}})

    assert answer.status_code == 202
    assert answer.json()["cache"]["decision"] == "miss"
    assert not Entry.objects.exists()


def test_a_removed_service_is_never_served(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})
    api.delete("/v1/services/refund_payment")

    plan = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})

    assert plan["source"] != "exact"
    assert plan["plan"] is None or all(task.get("service") != "refund_payment" for task in plan["plan"]["tasks"])


@pytest.mark.parametrize(("mode", "entries"), [("bypass", 1), ("refresh", 1)])
def test_bypass_and_refresh_plan_anew(api: Api, mode: str, entries: int) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})
    [before] = Entry.objects.values_list("id", flat=True)

    plan = api.plan("Refund order ORD-99", {"order_id": "ORD-99"}, cache=mode)

    assert (plan["source"], plan["cache"]["decision"]) == ("composer", mode)
    [after] = Entry.objects.values_list("id", flat=True)
    assert (after == before) == (mode == "bypass")


def test_only_answers_from_the_cache_or_not_at_all(api: Api) -> None:
    answer = api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}, "cache": "only"})

    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["error"]["code"]) == ("failed", "cache_miss")
    api.plan(REFUND, {"order_id": "ORD-17"})
    assert api.plan(REFUND, {"order_id": "ORD-3"}, cache="only")["status"] in ("ready", "failed")
    assert api.plan("Refund order ORD-3", {"order_id": "ORD-3"}, cache="only")["source"] == "exact"


def test_an_expired_entry_serves_nobody(api: Api) -> None:
    api.plan(REFUND, {"order_id": "ORD-17"})
    Entry.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    answer = api.post("/v1/plans", {"action": "Refund order ORD-99", "params": {"order_id": "ORD-99"}})

    assert answer.status_code == 202


def test_nothing_crosses_projects(api: Api, other_api: Api) -> None:
    mine = api.plan(REFUND, {"order_id": "ORD-17"})

    theirs = other_api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}})

    assert theirs.status_code == 202
    assert other_api.get(f"/v1/plans/{mine['id']}").status_code == 404
    assert [plan["id"] for plan in other_api.get("/v1/plans").json()["results"]] == [theirs.json()["id"]]
    [entry] = api.get("/v1/cache/entries").json()["results"]
    assert other_api.get("/v1/cache/entries").json()["results"] == []
    for answer in (
        other_api.get(f"/v1/cache/entries/{entry['id']}"),
        other_api.delete(f"/v1/cache/entries/{entry['id']}"),
        other_api.post(f"/v1/cache/entries/{entry['id']}/replay", {}),
    ):
        assert answer.status_code == 404
    assert other_api.delete("/v1/cache/entries?service=refund_payment").json() == {"evicted": 0}
    assert Entry.objects.count() == 1


# --- idempotency


def test_the_same_key_gives_the_same_plan(api: Api) -> None:
    body = {"action": REFUND, "params": {"order_id": "ORD-17"}}
    first = api.post("/v1/plans", body, **{"Idempotency-Key": "k-1"})
    again = api.post("/v1/plans", body, **{"Idempotency-Key": "k-1"})
    work_on(first.json()["id"])
    later = api.post("/v1/plans", {**body, "wait_seconds": 1}, **{"Idempotency-Key": '"k-1"'})

    assert first.json()["id"] == again.json()["id"] == later.json()["id"]
    assert (first.status_code, again.status_code, later.status_code) == (202, 202, 200)
    assert [answer.get("Idempotency-Replayed") for answer in (first, again, later)] == [None, "true", "true"]
    assert later.json()["status"] == "ready"
    assert Plan.objects.count() == 1


@pytest.mark.parametrize("retryable", [True, False])
def test_a_failure_stays_with_its_key_and_says_so(api: Api, retryable: bool) -> None:
    body = {"action": REFUND, "params": {"order_id": "ORD-17"}}
    key = {"Idempotency-Key": "k-1"}
    plan = Plan.objects.get(pk=api.post("/v1/plans", body, **key).json()["id"])
    failure = Failure("model_overloaded", "It is overloaded.", how_to_fix=("Wait.",), retryable=retryable)
    claimed = plans.claim(plan.pk)
    assert claimed is not None
    plans.finish(claimed, Outcome("failed", failure=failure))

    again = api.post("/v1/plans", body, **key)

    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    told = again.json()["error"]["how_to_fix"]
    assert told[0] == "Wait." and any("another Idempotency-Key" in line for line in told) is retryable
    new = api.post("/v1/plans", body, **{"Idempotency-Key": "k-2"})
    assert new.json()["id"] != plan.pk and new.json()["error"] is None
    assert api.get(f"/v1/plans/{plan.pk}").json()["error"]["how_to_fix"] == told


def test_a_key_belongs_to_one_request(api: Api, other_api: Api) -> None:
    api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}}, **{"Idempotency-Key": "k-1"})

    reused = api.post("/v1/plans", {"action": "Refund order ORD-18"}, **{"Idempotency-Key": "k-1"})

    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert other_api.post("/v1/plans", {"action": "x"}, **{"Idempotency-Key": "k-1"}).status_code == 202
    assert Plan.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", '""', "x" * 256, "ü", "a\tb"])
def test_a_malformed_key_is_refused(api: Api, key: str) -> None:
    answer = api.post("/v1/plans", {"action": REFUND}, **{"Idempotency-Key": key})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not Plan.objects.exists()


# --- lists


def test_plans_are_listed_newest_first_in_pages(api: Api) -> None:
    made = [api.post("/v1/plans", {"action": f"Do thing {number}"}).json()["id"] for number in range(5)]

    page = api.get("/v1/plans?limit=2").json()
    listed = [plan["id"] for plan in page["results"]]
    while page["next"]:
        page = api.get(page["next"]).json()
        listed += [plan["id"] for plan in page["results"]]

    assert listed == made[::-1]


def test_plans_are_filtered(api: Api) -> None:
    first = api.plan(REFUND, {"order_id": "ORD-17"})
    hit = api.plan("Refund order ORD-99", {"order_id": "ORD-99"})
    waiting = api.post("/v1/plans", {"action": "Something else"}).json()

    def found(query: str) -> list[str]:
        return [plan["id"] for plan in api.get(f"/v1/plans?{query}").json()["results"]]

    assert found("status=pending") == [waiting["id"]]
    assert found("source=exact") == [hit["id"]]
    assert found("source=composer") == [first["id"]]
    assert found(f"entry_id={hit['cache']['entry_id']}") == [hit["id"]]
    after = hit["created_at"].replace("+00:00", "Z")
    assert found(f"created_after={after}") == [waiting["id"]]
    assert found(f"created_before={after}") == [first["id"]]


@pytest.mark.parametrize(
    "query",
    [
        "status=done",
        "source=x",
        "limit=0",
        "limit=201",
        "limit=x",
        pytest.param("limit=" + "9" * 5000, id="a limit of 5000 digits"),
        "created_after=0001-01-01T00:00:00%2B23:59",
        "created_before=9999-12-31T23:59:59-23:59",
        f"cursor={b64encode(b'p=0001-01-01T00:00:00%2B23:59').decode()}",
        "limit=\u0663",
        "cursor=abc",
        f"cursor={b64encode(b'p=garbage').decode()}",
        f"cursor={b64encode(b'p=9999-99-99').decode()}",
        "created_after=soon",
        "created_after=2026-02-31",
        "entry_id=%00",
    ],
)
def test_a_bad_filter_is_told(api: Api, query: str) -> None:
    answer = api.get(f"/v1/plans?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"].startswith("invalid_")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/plans?state=ready"),
        ("GET", "/v1/plans?limit=1&limit=2"),
        ("GET", "/v1/services?kind=agent"),
        ("GET", "/v1/api-keys?name=ci"),
        ("GET", "/v1/cache/entries?services=order_lookup"),
        ("DELETE", "/v1/cache/entries?service=order_lookup&service=refund_payment"),
        ("DELETE", "/v1/cache/entries?service=order_lookup&limit=1"),
        ("GET", "/v1/cache/stats?minutes=5"),
        ("GET", "/v1/usage?until=2026-01-31"),
    ],
)
def test_what_is_no_filter_is_told_instead_of_ignored(api: Api, method: str, path: str) -> None:
    api.plan("Refund order ORD-1", {"order_id": "ORD-1"})

    answer = api.request(method, path)

    assert answer.status_code == 400
    assert answer.json()["code"] in ("unknown_parameter", "invalid_filter")
    assert len(api.get("/v1/cache/entries").json()["results"]) == 1


TRAVEL = {
    f"book_{kind}": {
        "type": "service",
        "description": f"Book a {kind} to a destination.",
        "input_schema": object_schema("destination", kind="string", destination="string"),
        "output_schema": object_schema(booking="string"),
        "revertible": False,
    }
    for kind in ("flight", "hotel")
}


def test_a_value_that_names_the_service_does_not_serve_the_plan_of_another(api: Api) -> None:
    for name, facts in TRAVEL.items():
        assert api.put(f"/v1/services/{name}", facts).status_code == 201

    def service_for(kind: str, destination: str) -> tuple[str, str]:
        action = f"Book a {kind} to {destination}"
        plan = api.plan(action, {"kind": kind, "destination": destination})
        return plan["source"], plan["plan"]["tasks"][1]["service"]

    assert service_for("flight", "Paris") == ("composer", "book_flight")
    assert service_for("hotel", "Rome") == ("composer", "book_hotel")
    assert service_for("flight", "Rome") == ("exact", "book_flight")


# --- bad input


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


BAD_BODIES: dict[str, tuple[str | bytes, str]] = {
    "params of an unknown type": ('{"action": "x", "params": "order_id=1"}', "params_wrong_type"),
    "params with a number": ('{"action": "x", "params": 7}', "params_wrong_type"),
    "a param without value": ('{"action": "x", "params": [{"field": "a"}]}', "param_malformed"),
    "a param that is no object": ('{"action": "x", "params": ["a"]}', "param_malformed"),
    "a field that is no text": ('{"action": "x", "params": [{"field": 1, "value": 1}]}', "param_malformed"),
    "an empty field": ('{"action": "x", "params": {"": 1}}', "field_malformed"),
    "duplicate fields": (
        '{"action": "x", "params": [{"field": "a", "value": 1}, {"field": "a", "value": 2}]}',
        "duplicate_field",
    ),
    "duplicate keys": ('{"action": "x", "params": {"a": 1, "a": 2}}', "duplicate_key"),
    "a megabyte of action": (json.dumps({"action": "x" * 1_000_000}), "body_too_large"),
    "a long action": (json.dumps({"action": "x" * 8_001}), "action_too_long"),
    "large params": (json.dumps({"action": "x", "params": {"a": "y" * 200_001}}), "params_too_large"),
    "64 levels": (f'{{"action": "x", "params": {{"a": {nested(64)}}}}}', "json_too_deep"),
    "100,000 levels": (f'{{"action": "x", "params": {{"a": {nested(100_000)}}}}}', "json_too_deep"),
    "NaN": ('{"action": "x", "params": {"a": NaN}}', "invalid_json"),
    "a number out of range": ('{"action": "x", "params": {"a": 1e999}}', "number_too_large"),
    "a number that would lose digits": (
        '{"action": "x", "params": {"a": 0.1234567890123456789}}',
        "number_too_precise",
    ),
    "a huge integer": (f'{{"action": "x", "params": {{"a": {"9" * 5000}}}}}', "number_too_large"),
    "a lone surrogate": ('{"action": "x \\ud800"}', "invalid_text"),
    "a lone surrogate in a param": ('{"action": "x", "params": {"a": "\\udfff"}}', "invalid_text"),
    "NUL": ('{"action": "x \\u0000"}', "invalid_text"),
    "NUL in a field": ('{"action": "x", "params": {"a\\u0000": 1}}', "invalid_text"),
    "no action": ("{}", "action_missing"),
    "an empty action": ('{"action": " "}', "action_empty"),
    "an action that is no text": ('{"action": 5}', "action_not_text"),
    "no object": ("[]", "body_not_an_object"),
    "no JSON": ("{", "invalid_json"),
    "nothing": ("", "action_missing"),
    "no UTF-8": (b'{"action": "\xff"}', "invalid_json"),
    "an unknown member": ('{"action": "x", "actoin": "y"}', "unknown_member"),
    "an unknown cache mode": ('{"action": "x", "cache": "always"}', "cache_mode_unknown"),
    "a cache mode that is a list": ('{"action": "x", "cache": []}', "cache_mode_unknown"),
    "a negative wait": ('{"action": "x", "wait_seconds": -1}', "wait_seconds_invalid"),
    "an endless wait": ('{"action": "x", "wait_seconds": 100000}', "wait_seconds_invalid"),
    "a wait that is true": ('{"action": "x", "wait_seconds": true}', "wait_seconds_invalid"),
}


ENCODED: dict[str, tuple[bytes, str]] = {
    "a byte-order mark": (b'\xef\xbb\xbf{"action": "x"}', "without one"),
    "UTF-16, little": ('\ufeff{"action": "x"}'.encode("utf-16-le"), "Send UTF-8"),
    "UTF-16, big": ('\ufeff{"action": "x"}'.encode("utf-16-be"), "Send UTF-8"),
    "gzip": (gzip.compress(b'{"action": "x"}'), "Send it as it is"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_body_in_another_encoding_is_told_what_to_do(api: Api, name: str) -> None:
    body, advice = ENCODED[name]

    answer = api.post("/v1/plans", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert advice in answer.json()["detail"]


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, identity"])
def test_a_content_encoding_is_refused_with_what_to_do(api: Api, encoding: str) -> None:
    body = gzip.compress(b'{"action": "x"}')
    answer = api.post("/v1/plans", body, **{"Content-Encoding": encoding})
    plain = api.post("/v1/plans", b'{"action": "x"}', **{"Content-Encoding": "identity"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_encoding")
    assert "uncompressed" in answer.json()["detail"]
    assert plain.status_code == 202


@pytest.mark.parametrize("name", BAD_BODIES)
def test_bad_input_is_a_problem_and_stores_nothing(api: Api, name: str) -> None:
    body, code = BAD_BODIES[name]

    answer = api.post("/v1/plans", body)

    assert 400 <= answer.status_code < 500, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert answer.json()["status"] == answer.status_code
    assert len(answer.content) < 2_000
    assert not Plan.objects.exists()


def test_another_content_type_is_told(api: Api) -> None:
    answer = api.client.post(
        "/v1/plans", "action=x", content_type="text/plain", headers={"Authorization": f"Bearer {api.secret}"}
    )

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "application/json" in answer.json()["detail"]


def test_an_unknown_path_is_a_problem_too(api: Api) -> None:
    answer = api.get("/v1/nothing")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")
    assert api.delete("/v1/plans").json()["code"] == "method_not_allowed"


# --- the life of a row


def claimed(api: Api) -> Plan:
    plan_id = api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}}).json()["id"]
    plan = plans.claim(plan_id)
    assert plan is not None
    return plan


def test_a_plan_is_claimed_once(api: Api) -> None:
    plan = claimed(api)

    assert plans.claim(plan.id) is None
    assert api.get(f"/v1/plans/{plan.id}").json()["status"] == "planning"


def test_a_dead_workers_plan_is_taken_over_and_its_late_answer_refused(api: Api) -> None:
    dead = claimed(api)
    Plan.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))

    assert list(plans.lost_plans(timezone.now())) == [dead.id]
    assert list(plans.lost_plans(timezone.now())) == []
    work_on(dead.id)

    assert api.get(f"/v1/plans/{dead.id}").json()["status"] == "ready"
    assert not plans.extend_lease(dead)
    late = Outcome("failed", failure=Failure("late", "late"))
    assert not plans.finish(dead, late)
    assert api.get(f"/v1/plans/{dead.id}").json()["status"] == "ready"


def test_a_dead_workers_plan_is_found_however_lately_it_was_enqueued(api: Api) -> None:
    plan = claimed(api)
    now = timezone.now()
    Plan.objects.update(enqueued_at=now - timedelta(seconds=3), lease_expires_at=now - timedelta(seconds=1))

    assert list(plans.lost_plans(now)) == [plan.id]
    assert list(plans.lost_plans(now)) == []


def test_a_plan_that_kills_its_workers_is_given_up(api: Api) -> None:
    plan = claimed(api)
    Plan.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1), lease_token=plans.MAX_CLAIMS)

    work_on(plan.id)

    error = api.get(f"/v1/plans/{plan.id}").json()["error"]
    assert (error["code"], error["retryable"]) == ("worker_lost", True)


def test_a_lost_message_is_found_by_the_sweep(api: Api) -> None:
    plan_id = api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}}).json()["id"]

    asked_at = Plan.objects.get().created_at

    assert list(plans.lost_plans(asked_at + timedelta(seconds=1))) == []
    assert list(plans.lost_plans(asked_at + timedelta(minutes=1))) == [plan_id]


def test_a_lost_message_is_found_where_the_clock_of_who_accepted_the_plan_is_ahead(api: Api) -> None:
    plan_id = api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}}).json()["id"]
    now = timezone.now()
    Plan.objects.update(created_at=now + timedelta(hours=26))

    assert list(plans.lost_plans(now)) == [plan_id]
    assert list(plans.lost_plans(now)) == []
    assert list(plans.lost_plans(now + timedelta(minutes=1))) == [plan_id]


def test_the_sweep_goes_by_the_databases_clock(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}})
    Plan.objects.update(created_at=timezone.now() - timedelta(seconds=30))
    monkeypatch.setattr(timezone, "now", lambda: datetime(2040, 1, 1, tzinfo=UTC))

    sweep()

    enqueued_at = Plan.objects.get().enqueued_at
    assert enqueued_at is not None
    assert enqueued_at.year < 2040


def test_a_lost_message_that_the_broker_does_not_take_is_sent_by_the_next_sweep(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}})
    Plan.objects.update(created_at=timezone.now() - timedelta(seconds=30))
    told: list[str] = []

    def tell(plan_id: str) -> bool:
        told.append(plan_id)
        return True

    with monkeypatch.context() as full:
        full.setattr(tasks, "enqueue", lambda plan_id: False)
        sweep()
    monkeypatch.setattr(tasks, "enqueue", tell)
    sweep()

    assert told == [Plan.objects.get().pk]


def test_a_broken_planner_ends_in_the_row(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("planengine.drafting.fallback.generate", broken)

    plan = api.plan(REFUND, {"order_id": "ORD-17"})

    assert (plan["status"], plan["error"]["code"]) == ("failed", "internal_error")
    assert "secret detail" not in json.dumps(plan)


def test_a_database_that_goes_away_while_it_is_planned_is_not_the_plans_failure(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    plan_id = api.post("/v1/plans", {"action": REFUND, "params": {"order_id": "ORD-17"}}).json()["id"]
    with monkeypatch.context() as patch:
        patch.setattr("planengine.drafting.fallback.generate", cut_off)
        generate_plan(plan_id)
    assert api.get(f"/v1/plans/{plan_id}").json()["status"] == "planning"

    Plan.objects.update(lease_expires_at=timezone.now())
    Flight.objects.update(lease_expires_at=timezone.now())
    assert plans.lost_plans(timezone.now()) == [plan_id]
    generate_plan(plan_id)
    assert api.get(f"/v1/plans/{plan_id}").json()["status"] == "ready"
