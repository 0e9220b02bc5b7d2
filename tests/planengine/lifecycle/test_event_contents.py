"""What a model thinks and writes, told in a plan's events where the project wants that; the server streams."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from planengine.drafting import attempts, planner_choice
from planengine.lifecycle import retention
from planengine.lifecycle.events import Place
from planengine.lifecycle.listening import Listener, stories_of
from planengine.llm.client import Patience
from planengine.models import Attempt, Project
from planengine.planners.model import MAX_KEPT
from tests.conftest import Api
from tests.live.client import until
from tests.planengine.conftest import forget_planners
from tests.servers.emulated import EmulatedServer, Says
from tests.servers.profiles import VLLM_NEW
from tests.servers.scripted import Reply, Request

pytestmark = pytest.mark.django_db(transaction=True)

REFUND = ("Refund order ORD-17", {"order_id": "ORD-17"})
THOUGHTS = "The order is ORD-17, so I refund it. Größer als 1 😀.\n" * 3
PLAN: dict[str, Any] = {
    "tasks": [
        {"id": "task0", "input": {"order_id": "ORD-17"}},
        {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
    ],
    "parallel_groups": [["task1"]],
}
INVENTED = {**PLAN, "tasks": [PLAN["tasks"][0], {**PLAN["tasks"][1], "service": "give_money_back"}]}
HEARD = Place(0, 1)


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedServer]:
    monkeypatch.setattr(attempts, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=0))
    with EmulatedServer(VLLM_NEW) as started:
        assert isinstance(started, EmulatedServer)
        settings.LLM_MODEL, settings.LLM_API_BASE_URL, settings.LLM_API_KEY = "small-1", started.url, ""
        forget_planners()
        yield started
    forget_planners()


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(event_contents=True)


def told(api: Api, plan_id: str, **headers: str) -> list[tuple[str, Any]]:
    """The events' names and data."""
    answer = api.get(f"/v1/plans/{plan_id}/events", **headers)
    assert answer.status_code == 200, answer.content
    blocks = [block for block in answer.content.decode().split("\n\n") if "event: " in block]
    lines = [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]
    return [(line["event"], json.loads(line["data"])) for line in lines]


def words_in(events: list[tuple[str, Any]]) -> list[Any]:
    """Of the ends of calls."""
    ends = [data for name, data in events if name in ("answered", "attempt_failed")]
    return [tuple(data.get(kind) for kind in ("reasoning", "answer")) for data in ends]


def whole(text: str) -> dict[str, Any]:
    return {"from": 0, "text": text}


def streamed(server: EmulatedServer, said: Says, look: Callable[[], None], *, after: int) -> Callable[..., Reply]:
    """Says it piece by piece, and looks when so many are sent."""

    def reply(request: Request) -> Reply:
        def pieces() -> Iterator[bytes]:
            for number, piece in enumerate(server.pieces(said, request)):
                yield piece
                if number == after:
                    try:
                        look()
                    finally:
                        connection.close()

        return Reply(pieces=pieces(), headers={"Content-Type": "text/event-stream"})

    return reply


def test_reasoning_and_drafts_are_told_after_the_fact(api: Api, server: EmulatedServer) -> None:
    server.script(Says(INVENTED, reasoning=THOUGHTS), Says(PLAN, reasoning="Oh, I see."))

    plan = api.plan(*REFUND)

    assert plan["status"] == "ready"
    assert words_in(told(api, plan["id"])) == [
        (whole(THOUGHTS), whole(json.dumps(INVENTED))),
        (whole("Oh, I see."), whole(json.dumps(PLAN))),
    ]


def test_a_project_that_has_not_chosen_so_is_told_nothing_and_keeps_no_thoughts(
    api: Api, project: Project, server: EmulatedServer
) -> None:
    assert api.patch("/v1/project", {"event_contents": False}).json()["event_contents"] is False
    seen: list[Any] = []

    def look() -> None:
        until(lambda: Attempt.objects.get().reasoning_chars)
        row = Attempt.objects.get()
        [story] = stories_of([Listener(row.plan_id, HEARD)]).values()
        seen.append((row.reasoning, row.answer, story))

    server.script(streamed(server, Says(PLAN, reasoning=THOUGHTS), look, after=4))

    plan = api.plan(*REFUND)

    [(reasoning, answer, story)] = seen
    assert (reasoning, answer) == ("", "")
    assert [event.name for event in story.now] == ["progress"]
    texts = [json.dumps(event.data) for event in (*story.events, *story.now)]
    texts += [json.dumps(data) for _, data in told(api, plan["id"])]
    assert not [text for text in texts if "refund_payment" in text or "Größer" in text or "so I" in text]
    assert words_in(told(api, plan["id"])) == [(None, None)]
    assert Attempt.objects.get().reasoning == ""
    assert Attempt.objects.get().reasoning_chars == len(THOUGHTS)


def test_it_is_off_unless_it_is_turned_on(make_project: Callable[..., Project], other_api: Api) -> None:
    assert other_api.get("/v1/project").json()["event_contents"] is False


def test_who_turns_it_off_is_told_no_more_of_what_was(api: Api, server: EmulatedServer) -> None:
    server.script(Says(PLAN, reasoning=THOUGHTS))
    plan = api.plan(*REFUND)

    api.patch("/v1/project", {"event_contents": False})

    assert words_in(told(api, plan["id"])) == [(None, None)]


def test_a_client_that_has_an_answer_is_not_told_it_again(api: Api, server: EmulatedServer) -> None:
    server.script(Says(INVENTED, reasoning=THOUGHTS), Says(PLAN))
    plan = api.plan(*REFUND)
    first = Attempt.objects.order_by("id")[0]

    later = told(api, plan["id"], **{"Last-Event-ID": f"{first.pk}.2"})

    assert words_in(later) == [(None, whole(json.dumps(PLAN)))]


def test_words_are_told_as_they_come_with_a_bound_on_what_is_written(
    api: Api, server: EmulatedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "LATEST_CHARS", 20)
    seen: list[Any] = []

    def look() -> None:
        until(lambda: Attempt.objects.get().reasoning_chars == len(THOUGHTS))
        row = Attempt.objects.get()
        [story] = stories_of([Listener(row.plan_id, HEARD)]).values()
        assert story is not None
        seen.extend(event.data for event in story.now)

    count = sum(b"reasoning" in piece for piece in server.pieces(Says(PLAN, reasoning=THOUGHTS), _Asked()))
    server.script(streamed(server, Says(PLAN, reasoning=THOUGHTS), look, after=count))

    api.plan(*REFUND)

    [progress] = seen
    assert progress["reasoning"] == {"from": len(THOUGHTS) - 20, "text": THOUGHTS[-20:]}
    assert (progress["reasoning_chars"], progress["answer_chars"]) == (len(THOUGHTS), 0)
    assert "answer" not in progress
    assert Attempt.objects.get().reasoning == THOUGHTS


def test_what_a_call_brought_before_it_broke_is_kept(api: Api, server: EmulatedServer) -> None:
    pieces = tuple(server.pieces(Says(PLAN, reasoning=THOUGHTS), _Asked()))
    server.script(Reply(pieces=pieces, then="cut", headers={"Content-Type": "text/event-stream"}))

    plan = api.plan(*REFUND)

    [(reasoning, answer)] = words_in(told(api, plan["id"]))
    assert plan["error"]["code"] == "model_unreachable"
    assert reasoning["text"] and THOUGHTS.startswith(reasoning["text"])
    assert (reasoning["from"], answer) == (0, None)


def test_what_no_row_can_hold_is_replaced_and_counts_as_long(api: Api, server: EmulatedServer) -> None:
    odd = "a\x00b\ud800c"
    seen: list[str] = []

    def look() -> None:
        until(lambda: Attempt.objects.get().reasoning_chars == len(odd))
        seen.append(Attempt.objects.get().reasoning)

    server.script(streamed(server, Says(PLAN, reasoning=odd), look, after=1))

    assert api.plan(*REFUND)["status"] == "ready"
    assert seen == [Attempt.objects.get().reasoning] == ["a\ufffdb?c"]


def test_thoughts_are_bounded(api: Api, server: EmulatedServer) -> None:
    server.script(Says(PLAN, reasoning="x" * (MAX_KEPT + 1)))

    api.plan(*REFUND)

    assert Attempt.objects.get().reasoning == "x" * MAX_KEPT + " [cut here]"


def test_they_go_with_their_attempt(api: Api, server: EmulatedServer) -> None:
    server.script(Says(PLAN, reasoning=THOUGHTS))
    plan = api.plan(*REFUND)
    Attempt.objects.update(created_at=timezone.now() - timedelta(days=31))

    assert retention.delete_old_attempts(datetime.now(UTC), days=30) == 1

    assert words_in(told(api, plan["id"])) == []


@pytest.mark.parametrize("wrong", ["yes please", 2, None, []])
def test_a_setting_that_is_no_choice(api: Api, wrong: Any) -> None:
    assert api.patch("/v1/project", {"event_contents": wrong}).status_code == 400


class _Asked(Request):
    """For what a server says without having been asked."""

    def __init__(self) -> None:
        body = {"messages": [], "stream_options": {"include_usage": True}}
        super().__init__("POST", "/v1/chat/completions", {}, json.dumps(body).encode(), ("", 0))
