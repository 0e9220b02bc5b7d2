"""The clients' calls, without a network: both are asked the same."""

from __future__ import annotations

import inspect
import json
import re
import traceback
from typing import Any

import httpx2
import pytest

import orra_client
from orra_client import AsyncOrra, NotConfigured, Orra, Retries
from orra_client.calls.call import Call, Listing
from tests.clients.both import KEY, Asked, Both
from tests.conftest import Api

PLAN = {
    "id": "o_1",
    "status": "ready",
    "plan": {"tasks": [{"id": "task0", "input": {"a": 1}}], "parallel_groups": []},
}
PENDING = {"id": "o_1", "status": "pending", "plan": None}


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json=body, headers=named)


def problem(status: int, code: str = "some_code", **members: Any) -> httpx2.Response:
    return answer(status, {"status": status, "code": code, "detail": "What is wrong.", **members})


@pytest.fixture(params=[Orra, AsyncOrra], ids=["sync", "async"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


@pytest.mark.django_db
def test_every_operation_of_the_api_is_a_method_of_both(anonymous: Api) -> None:
    paths = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()["paths"]
    operations = {
        facts["operationId"]: (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, methods in paths.items()
        for method, facts in methods.items()
        if path.startswith("/v1/")
    }
    assert len(operations) >= 30
    for name, sent in operations.items():
        assert callable(getattr(Orra, name)) and callable(getattr(AsyncOrra, name))
        if name != "listen_to_plan":
            described = getattr(Orra, name)
            assert getattr(AsyncOrra, name) is described
            assert described.__doc__
            call = _called(described)
            assert (call.method, call.path) == sent


def _called(describe: Any) -> Call[Any]:
    """The call that a description makes of arguments that fit."""
    fitting: dict[str, Any] = {"service": {}, "services": [], "grounding": {}}
    needed = [each for each in inspect.signature(describe).parameters.values() if each.default is each.empty]
    given = [fitting.get(each.name, "x") for each in needed if each.kind is not each.VAR_KEYWORD]
    if describe.__name__ == "purge_cache_entries":
        given = ["x"]
    made = describe(*given)
    return made.first if isinstance(made, Listing) else made


def test_what_is_sent_and_what_comes_back(both: Both) -> None:
    asked = Asked([answer(201, PLAN)])

    plan = both.ask(asked, "create_plan", "Refund order 1", {"order_id": "1"}, cache="refresh")

    [request] = asked.requests
    assert (request.method, str(request.url)) == ("POST", "http://orra.test/v1/plans")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.content) == {
        "action": "Refund order 1",
        "params": {"order_id": "1"},
        "cache": "refresh",
        "wait_seconds": 0.0,
    }
    assert (plan.id, plan.is_ready, plan.execution_plan().tasks[0].input) == ("o_1", True, {"a": 1})


def test_names_never_lead_elsewhere(both: Both) -> None:
    asked = Asked([answer(200, {"name": "x"})])
    both.ask(asked, "get_service", "../plans?x#y/ä")
    assert asked.requests[0].url.raw_path == b"/v1/services/..%2Fplans%3Fx%23y%2F%C3%A4"
    for name in ("", ".", ".."):
        with pytest.raises(ValueError, match="no name"):
            both.ask(asked, "get_service", name)


def test_a_newer_server_says_more_and_an_older_one_less(both: Both) -> None:
    newer = {**PLAN, "mood": "good", "plan": {**PLAN["plan"], "colour": "blue"}, "error": None}  # type: ignore[dict-item]
    plan = both.ask(Asked([answer(200, newer)]), "get_plan", "o_1")
    assert (plan.raw["mood"], plan.plan.raw["colour"]) == ("good", "blue")
    assert (plan.attempts, plan.cache.decision, plan.created_at) == ((), "", None)


@pytest.mark.parametrize("body", [None, [], "text", {"id": 5, "status": "ready"}, {"status": "ready"}])
def test_what_is_no_plan_is_told_as_such(both: Both, body: Any) -> None:
    with pytest.raises((orra_client.UnexpectedAnswer, TypeError)):
        both.ask(Asked([answer(200, body)]), "get_plan", "o_1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "BadRequest"),
        (401, "NotAuthorized"),
        (403, "NotAuthorized"),
        (404, "NotFound"),
        (409, "Conflict"),
        (413, "BadRequest"),
        (422, "BadRequest"),
        (429, "TooManyRequests"),
        (500, "EngineFailed"),
        (503, "EngineFailed"),
    ],
)
def test_problems_are_exceptions_by_kind(both: Both, status: int, kind: str) -> None:
    faults = [{"field": "services.0", "code": "required", "message": "This field is required."}]
    refused = problem(status, problems=faults, how_to_fix=["Do that."], pointer="/action")

    with pytest.raises(orra_client.Problem) as caught:
        both.ask(Asked([refused]), "get_project")

    error = caught.value
    assert type(error).__name__ == kind
    assert (error.status, error.code, error.detail) == (status, "some_code", "What is wrong.")
    assert (error.problems, error.how_to_fix, error.pointer) == (tuple(faults), ("Do that.",), "/action")


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b'{"detail": 5}', b"\xff", b"[" * 100_000]
)
def test_a_proxys_page_is_a_problem_too(both: Both, body: bytes) -> None:
    with pytest.raises(orra_client.EngineFailed) as caught:
        both.ask(Asked([httpx2.Response(502, content=body)]), "get_project")
    assert caught.value.code == "http_502"


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 100_000])
def test_another_server_s_answer_is_told_as_such(both: Both, body: bytes) -> None:
    with pytest.raises(orra_client.UnexpectedAnswer, match="engine's address"):
        both.ask(Asked([httpx2.Response(200, content=body)]), "get_project")
    with pytest.raises(orra_client.UnexpectedAnswer, match="redirected"):
        both.ask(Asked([answer(302, location="http://elsewhere.test/")]), "get_project")


BROKEN = httpx2.ReadError("connection reset")
UNREACHABLE = httpx2.ConnectError("connection refused")
AWAY = 503


@pytest.mark.parametrize(
    ("method", "args", "trouble", "again"),
    [
        ("get_plan", ("o_1",), BROKEN, True),
        ("get_plan", ("o_1",), problem(AWAY), True),
        ("get_plan", ("o_1",), problem(429), True),
        ("get_plan", ("o_1",), problem(500), False),
        ("get_plan", ("o_1",), problem(404), False),
        ("create_plan", ("Do it",), BROKEN, True),
        ("create_plan", ("Do it",), problem(AWAY), True),
        ("replay_cache_entry", ("ce_1",), BROKEN, False),
        ("replay_cache_entry", ("ce_1",), problem(AWAY), False),
        ("replay_cache_entry", ("ce_1",), problem(429), True),
        ("replay_cache_entry", ("ce_1",), UNREACHABLE, True),
    ],
)
def test_what_may_be_repeated_is(both: Both, method: str, args: Any, trouble: Any, again: bool) -> None:
    asked = Asked([trouble, answer(200, PLAN)])
    if again:
        assert both.ask(asked, method, *args).id == "o_1"
        assert len({request.headers.get("idempotency-key") for request in asked.requests}) == 1
    else:
        with pytest.raises(orra_client.OrraError):
            both.ask(asked, method, *args)
    assert len(asked.requests) == 1 + again


def test_it_gives_up(both: Both) -> None:
    asked = Asked([BROKEN])
    with pytest.raises(orra_client.NoAnswer, match="http://orra.test does not answer: connection reset"):
        both.ask(asked, "get_plan", "o_1")
    assert len(asked.requests) == 4


def test_each_request_for_a_plan_has_a_key_of_its_own(both: Both) -> None:
    asked = Asked([answer(201, PLAN)])
    both.ask(asked, "create_plan", "Do it")
    both.ask(asked, "create_plan", "Do it")
    both.ask(asked, "create_plan", "Do it", idempotency_key="mine")
    first, second, mine = (request.headers["idempotency-key"] for request in asked.requests)
    assert first != second and mine == "mine"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("0", 0.0), ("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None), ("", None)],
)
def test_how_long_to_wait_is_the_engines_to_say(both: Both, told: str, seconds: float | None) -> None:
    with pytest.raises(orra_client.TooManyRequests) as caught:
        both_without_retries = Both(both.kind, Retries(times=0))
        both_without_retries.ask(Asked([answer(429, {}, Retry_After=told)]), "get_project")
    assert caught.value.retry_after == seconds


def test_nobody_waits_for_an_hour(both: Both) -> None:
    asked = Asked([answer(429, {}, Retry_After="3600"), answer(200, PLAN)])
    with pytest.raises(orra_client.TooManyRequests):
        both.ask(asked, "get_plan", "o_1")
    assert len(asked.requests) == 1


def test_pauses_grow_and_have_an_end() -> None:
    pauses = [Retries(first=0.25, most=8.0).pause(number, None) or 0.0 for number in range(1, 12)]
    for number, pause in enumerate(pauses):
        assert 0.5 * min(0.25 * 2**number, 8.0) <= pause <= min(0.25 * 2**number, 8.0)


def test_a_plan_is_waited_for(both: Both) -> None:
    asked = Asked([answer(202, PENDING), answer(200, PENDING), answer(200, PLAN)])
    assert both.ask(asked, "plan", "Do it").is_ready
    assert [request.method for request in asked.requests] == ["POST", "GET", "GET"]
    assert json.loads(asked.requests[0].content)["wait_seconds"] == 60.0


def test_but_not_for_ever(both: Both) -> None:
    with pytest.raises(orra_client.PlanUnfinished) as caught:
        both.ask(Asked([answer(202, PENDING)]), "plan", "Do it", timeout=0)
    assert caught.value.plan.id == "o_1"


def test_what_failed_has_nothing_to_carry_out(both: Both) -> None:
    error = {"code": "x", "message": "It cannot be done.", "how_to_fix": ["Add a service."], "problems": []}
    plan = both.ask(Asked([answer(201, {"id": "o_1", "status": "failed", "error": error})]), "plan", "Do it")
    with pytest.raises(orra_client.PlanFailed, match="It cannot be done") as caught:
        plan.execution_plan()
    assert caught.value.how_to_fix == ("Add a service.",)


def test_lists_are_read_page_by_page(both: Both) -> None:
    pages = [
        answer(
            200, {"results": [{"name": "a"}, {"name": "b"}], "next": "http://proxy.test/v1/services?cursor=c1"}
        ),
        answer(200, {"results": [], "next": "http://proxy.test/v1/services?cursor=c2&limit=2"}),
        answer(200, {"results": [{"name": "c"}], "next": None}),
    ]
    asked = Asked(list(pages))
    assert [each.name for each in both.ask(asked, "list_services", page_size=2)] == ["a", "b", "c"]
    assert [str(request.url) for request in asked.requests] == [
        "http://orra.test/v1/services?limit=2",
        "http://orra.test/v1/services?limit=2&cursor=c1",
        "http://orra.test/v1/services?limit=2&cursor=c2",
    ]


def test_the_key_is_shown_nowhere(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [repr(Orra("http://orra.test", KEY))]
    for trouble in (BROKEN, problem(401), answer(200, [])):
        try:
            both.ask(Asked([trouble]), "get_plan", "o_1")
        except orra_client.OrraError as error:
            shown += [
                repr(error),
                "".join(traceback.format_exception(error)),
                json.dumps(vars(error), default=str),
            ]
    made = both.ask(Asked([answer(201, {"id": "p_1", "name": "x", "api_key": KEY})]), "create_project", "x")
    assert made.api_key == KEY
    shown += [repr(made), repr(made.raw)]
    assert len(shown) == 12
    assert KEY not in " ".join(shown)


@pytest.mark.parametrize(
    "url",
    ["orra.test", "ftp://orra.test", "http://", "http://a:b@orra.test", "http://x/?a=1", "http://x:99999", "//x"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(NotConfigured) as caught:
        Orra(url, KEY)
    assert "a:b" not in str(caught.value)


def test_address_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRA_URL", "http://orra.test:81/v1/")
    monkeypatch.setenv("ORRA_API_KEY", f" {KEY}\n")
    asked = Asked([answer(200, PLAN)])
    with Orra(transport=httpx2.MockTransport(asked)) as client:
        client.get_plan("o_1")
    assert str(asked.requests[0].url) == "http://orra.test:81/v1/plans/o_1"
    assert asked.requests[0].headers["authorization"] == f"Bearer {KEY}"

    monkeypatch.delenv("ORRA_API_KEY")
    with Orra(transport=httpx2.MockTransport(asked)) as client, pytest.raises(NotConfigured, match="ORRA_API_KEY"):
        client.get_plan("o_1")
    with pytest.raises(NotConfigured, match="in one line") as caught:
        Orra("http://orra.test", f"{KEY}\nX-Injected: 1")
    assert KEY not in str(caught.value)


def stream(*events: tuple[str, str, Any], cut: bool = False) -> httpx2.Response:
    told = "".join(
        (f"id: {place}\n" if place else "") + f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for name, place, data in events
    )
    if cut:
        told += "id: 9.9\nevent: ready\nda"
    return httpx2.Response(
        200, content=told.encode(), headers={"Content-Type": "text/event-stream; charset=utf-8"}
    )


def test_events_go_on_where_a_connection_broke(both: Both) -> None:
    asked = Asked(
        [
            stream(("queued", "0.0", {"n": 1}), ("progress", "", {"n": 2}), cut=True),
            BROKEN,
            problem(503),
            stream(("answered", "1.2", {"n": 3})),
            stream(("ready", "end.1", {"n": 4})),
        ]
    )
    events = both.ask(asked, "listen_to_plan", "o_1")
    assert [(each.name, each.id, each.data["n"]) for each in events] == [
        ("queued", "0.0", 1),
        ("progress", "0.0", 2),
        ("answered", "1.2", 3),
        ("ready", "end.1", 4),
    ]
    after = [request.headers.get("last-event-id") for request in asked.requests]
    assert after == [None, "0.0", "0.0", "0.0", "1.2"]


def test_events_of_a_plan_that_was_heard_to_the_end(both: Both) -> None:
    assert both.ask(Asked([answer(204)]), "listen_to_plan", "o_1", last_event_id="end.1") == []


def test_a_listener_is_told_why_there_is_nothing(both: Both) -> None:
    with pytest.raises(orra_client.NotFound):
        both.ask(Asked([problem(404)]), "listen_to_plan", "o_1")
    with pytest.raises(orra_client.NoAnswer):
        Both(both.kind, Retries(times=0)).ask(Asked([BROKEN]), "listen_to_plan", "o_1")
    with pytest.raises(orra_client.NoAnswer):
        Both(both.kind, Retries(patience=0.0)).ask(Asked([stream()]), "listen_to_plan", "o_1")
    with pytest.raises(orra_client.UnexpectedAnswer):
        both.ask(Asked([answer(200, {})]), "listen_to_plan", "o_1")
    with pytest.raises(orra_client.UnexpectedAnswer):
        both.ask(Asked([stream(("ready", "1.1", "text"))]), "listen_to_plan", "o_1")
