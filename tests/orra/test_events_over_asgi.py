"""How a response goes on with what happens to a plan."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from django.db import OperationalError

from orra import asgi
from planengine.lifecycle import waiting
from planengine.lifecycle.events import KEEP_ALIVE, Event, Place, Story
from planengine.lifecycle.listening import Listener
from planengine.lifecycle.waiting import Poller

QUEUED = Event("queued", {}, Place(0, 0))
STARTED = Event("attempt_started", {}, Place(7, 1))
READY = Event("ready", {}, Place(9, 1))
WAITING = Story((QUEUED,))
WHOLE = Story((QUEUED, STARTED, READY), finished=True)
NOTHING: Mapping[str, Story | None] = {}


def progress(size: int) -> Event:
    return Event("progress", {"reasoning_chars": 0, "answer_chars": size}, attempt_id=7)


def told(monkeypatch: pytest.MonkeyPatch, *found: Mapping[str, Story | None] | Exception) -> list[Any]:
    """The bodies that are sent to a client that has been told of the queue, when the database is asked again and
    again and this is what it knows."""
    answers = list(found)

    def ask(listeners: Sequence[Listener]) -> Mapping[Listener, Story | None]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {listener: answer[listener.plan_id] for listener in listeners if listener.plan_id in answer}

    async def listen() -> None:
        monkeypatch.setattr(asgi, "listeners", Poller(ask, seconds=0.01))
        async with asyncio.timeout(30):
            await asgi._go_on("o_1", Place(0, 0), send)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(listen())
    assert sent.pop() == {"type": "http.response.body", "body": b""}
    assert all(message["more_body"] for message in sent)
    return [message["body"] for message in sent]


def test_what_comes_next_and_then_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = Story((QUEUED, STARTED))

    sent = told(monkeypatch, {"o_1": WAITING}, {"o_1": going_on}, {"o_1": going_on}, {"o_1": WHOLE})

    assert sent == [STARTED.encode(), READY.encode()]


def test_what_is_so_now_is_told_when_it_is_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [1, 1, 2, 2, 2]

    sent = told(monkeypatch, *({"o_1": Story((QUEUED,), now=(progress(size),))} for size in sizes), {"o_1": WHOLE})

    assert sent == [progress(1).encode(), progress(2).encode(), STARTED.encode() + READY.encode()]


def test_words_that_were_told_are_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def saying(text: str) -> Story:
        words = {"from": 0, "text": text}
        data = {"reasoning_chars": len(text), "answer_chars": 0, "reasoning": words}
        return Story((QUEUED,), now=(Event("progress", data, attempt_id=7),))

    sent = told(monkeypatch, {"o_1": saying("First")}, {"o_1": saying("First the order")}, {"o_1": WHOLE})

    assert [json.loads(body.partition(b"data: ")[2].split(b"\n")[0]).get("reasoning") for body in sent] == [
        {"from": 0, "text": "First"},
        {"from": 5, "text": " the order"},
        None,
    ]


def test_silence_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "KEEP_ALIVE_SECONDS", 0.05)

    sent = told(monkeypatch, *[NOTHING] * 40, {"o_1": WHOLE})

    assert KEEP_ALIVE in sent
    assert sent[-1] == STARTED.encode() + READY.encode()


def test_a_plan_that_is_gone_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, {"o_1": None}) == []


def test_a_database_that_is_away_for_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_AFTER_FAILURE_SECONDS", 0.01)

    assert told(monkeypatch, OperationalError("gone"), {"o_1": WHOLE}) == [STARTED.encode() + READY.encode()]


def test_many_who_listen_are_one_question() -> None:
    asked: list[list[str]] = []

    def ask(plan_ids: Sequence[str]) -> Mapping[str, bool]:
        asked.append(sorted(plan_ids))
        return dict.fromkeys(plan_ids, True)

    async def listen() -> list[bool]:
        poller: Poller[str, bool] = Poller(ask, seconds=0.01)
        return await asyncio.gather(*(poller.next(f"o_{number % 20:02}", timeout=30) for number in range(200)))

    assert all(asyncio.run(listen()))
    assert asked == [[f"o_{number:02}" for number in range(20)]]


def test_who_gave_up_is_not_asked_for() -> None:
    asked: list[Any] = []

    def ask(plan_ids: Sequence[str]) -> Mapping[str, bool]:
        asked.append(list(plan_ids))
        return {}

    async def listen() -> None:
        asking: Poller[str, bool] = Poller(ask, seconds=0.001)
        with pytest.raises(TimeoutError):
            await asking.next("o_1", timeout=0.05)
        before = len(asked)
        await asyncio.sleep(0.05)
        assert len(asked) <= before + 1  # the question that was on its way

    asyncio.run(listen())
    assert asked
