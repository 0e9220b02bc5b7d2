"""Exact hits that are answered where they arrive: the same answers as the view's, or left to the view."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import psycopg
import pytest
from a2wsgi import WSGIMiddleware
from django.db import connection, connections
from django.utils import timezone

from orra import asgi
from orra.base.strictjson import Json
from orra.serving.answers import answer_of
from orra.wsgi import application
from planengine import tasks
from planengine.accounting import key_uses
from planengine.api.hits import answering as hits
from planengine.api.hits import storing
from planengine.lifecycle import hits as hits_known
from planengine.models import ApiKey, KeyUse, Plan, Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

Answer = tuple[int, dict[str, str], Json]


def body_of(order: str, **more: Json) -> bytes:
    return json.dumps({"action": f"Refund order {order}", "params": {"order_id": order}, **more}).encode()


def ask(secret: str, *bodies: bytes, quick: bool = True, headers: dict[str, str] | None = None) -> list[Answer]:
    """What the ASGI app answers to these requests, one after the other."""
    given = {"host": "127.0.0.1", "content-type": "application/json", "authorization": f"Bearer {secret}"}
    lines = [(name.encode(), value.encode()) for name, value in (given | (headers or {})).items() if value]
    found: list[Answer] = []

    async def serve() -> None:
        if quick:
            await hits.storage.open()
        try:
            for body in bodies:
                found.append(await _answered(lines, body))
        finally:
            await hits.storage.close()

    asyncio.run(serve())
    return found


async def _answered(lines: list[tuple[bytes, bytes]], body: bytes) -> Answer:
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    lines = [*lines, (b"content-length", b"%d" % len(body))]
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/v1/plans",
        "raw_path": b"/v1/plans",
        "query_string": b"",
    }
    scope |= {
        "headers": lines,
        "http_version": "1.1",
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
    }
    scope |= {"client": ("127.0.0.1", 1), "root_path": ""}
    async with asyncio.timeout(30):
        await asgi.application(scope, receive, send)
    head = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], head, json.loads(b"".join(each.get("body", b"") for each in sent[1:]))


@pytest.fixture(autouse=True)
def django(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread for the views, whose connection is closed at the end."""
    thread = WSGIMiddleware(cast(Any, application), workers=1)
    monkeypatch.setattr(asgi, "django", thread)
    yield
    thread.executor.submit(connections.close_all).result()
    thread.executor.shutdown()


@pytest.fixture
def known(api: Api) -> Api:
    api.plan("Refund order ORD-1", {"order_id": "ORD-1"})
    assert api.plan("Refund order ORD-2", {"order_id": "ORD-2"})["source"] == "exact"
    return api


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with every request that Django gets."""
    asked: list[str] = []

    async def note(django: Any, scope: Any, body: bytes = b"") -> Any:
        asked.append(scope["path"])
        return await answer_of(django, scope, body)

    monkeypatch.setattr(asgi, "answer_of", note)
    return asked


def test_the_answer_is_the_views(known: Api, view: list[str]) -> None:
    [(status, head, quick)] = ask(known.secret, body_of("ORD-3"))
    assert view == []
    [(slow_status, slow_head, slow)] = ask(known.secret, body_of("ORD-3"), quick=False)

    assert view == ["/v1/plans"]
    assert (status, quick["source"]) == (slow_status, slow["source"]) == (201, "exact")
    changing = ("id", "created_at", "finished_at", "timings_ms")
    assert {name: quick[name] for name in quick if name not in changing} == {
        name: slow[name] for name in slow if name not in changing
    }
    assert list(quick) == list(slow) and list(quick["timings_ms"]) == list(slow["timings_ms"])
    assert head["location"] == f"/v1/plans/{quick['id']}"
    own = ("location", "content-length", "server-timing", "x-request-id")
    assert {name: head[name] for name in head if name not in own} == {
        name: slow_head[name] for name in slow_head if name not in own
    }
    for header, plan in ((head, quick), (slow_head, slow)):  # and the header covers storing the plan
        assert float(header["server-timing"].removeprefix("total;dur=")) >= plan["timings_ms"]["total"] > 0
    assert int(head["content-length"]) > 0
    assert known.get(f"/v1/plans/{quick['id']}").json() == quick


@pytest.mark.parametrize(
    "headers, status",
    [
        ({"authorization": "Bearer sk-orra-v1-unknown"}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "Basic x"}, 401),
        ({"content-type": "text/plain"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"host": "elsewhere.example"}, 400),
        ({"host": "two words"}, 400),
        ({"content_encoding": "gzip"}, 415),
        ({"idempotency-key": "\x7f"}, 400),
        ({"content-type": "application/json; charset=utf-8", "accept": "text/html"}, 201),
        ({"idempotency-key": '"k"'}, 201),
    ],
)
def test_what_is_no_plain_request_is_answered_by_the_view(
    known: Api, headers: dict[str, str], status: int, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    [answer] = ask(known.secret, body_of("ORD-3"), headers=headers)

    assert answer[0] == status, answer


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"action": 5}', b'{"action": "x", "x": 1}', body_of("ORD-3", cache="sometimes")]
)
def test_what_cannot_be_read_is_refused_by_the_view(known: Api, view: list[str], body: bytes) -> None:
    [answer] = ask(known.secret, body)

    assert (answer[0], view) == (400, ["/v1/plans"])


def test_long_bodies_and_misses_are_the_views(known: Api, view: list[str]) -> None:
    long = body_of("ORD-3", params={"order_id": "ORD-3", "note": "x" * hits.MOST_BYTES})
    answers = ask(known.secret, long, b'{"action": "Find order ORD-1", "params": {"order_id": "ORD-1"}}')

    assert [answer[0] for answer in answers] == [202, 202]
    assert view == ["/v1/plans"] * 2


def test_a_revoked_key_is_refused_at_once(known: Api, project: Project) -> None:
    ApiKey.issue(project)
    assert ask(known.secret, body_of("ORD-3"))[0][0] == 201
    ApiKey.objects.filter(project=project).earliest("created_at").revoke()

    [(status, _, answer)] = ask(known.secret, body_of("ORD-4"))

    assert (status, answer["code"]) == (401, "api_key_revoked")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"scopes": ["cache:read", "cache:write", "admin"]}, 403, "insufficient_scope"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, 401, "api_key_expired"),
    ],
)
def test_what_a_key_is_for_counts_for_the_very_next_request(
    known: Api, change: Json, status: int, code: str
) -> None:
    assert ask(known.secret, body_of("ORD-3"))[0][0] == 201
    ApiKey.objects.update(**change)

    [answer] = ask(known.secret, body_of("ORD-4"))

    assert (answer[0], answer[2]["code"]) == (status, code)


def test_a_key_that_expires_by_the_clock_is_refused_though_its_row_is_as_it_was(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock is the statement's, so it is the statement that is given another one."""
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    known.plan("Refund order ORD-3", {"order_id": "ORD-3"})
    assert ask(known.secret, body_of("ORD-4"))[0][0] == 201 and view == []
    later = hits_known.STORE.replace("> statement_timestamp()", "> statement_timestamp() + interval '2 hours'", 1)
    assert later != hits_known.STORE

    monkeypatch.setattr(hits_known, "STORE", later)
    ask(known.secret, body_of("ORD-5"))

    assert view == ["/v1/plans"]


def test_a_key_that_is_used_for_hits_alone_is_known_to_be_used(known: Api, view: list[str]) -> None:
    known.plan("Refund order ORD-3", {"order_id": "ORD-3"})
    key_uses.forget()

    assert ask(known.secret, body_of("ORD-4"))[0][0] == 201

    assert (key_uses.write(), view) == (1, [])
    assert KeyUse.objects.get().key.project == Project.objects.get()


def test_a_key_of_idempotency_is_replayed_by_the_view(known: Api, view: list[str]) -> None:
    first, again, other = ask(
        known.secret, body_of("ORD-3"), body_of("ORD-3"), body_of("ORD-4"), headers={"idempotency-key": "a"}
    )

    assert (first[0], again[0], other[0]) == (201, 200, 422)
    assert first[2]["id"] == again[2]["id"] and again[1]["idempotency-replayed"] == "true"
    assert len(view) == 2


def test_a_pooler_that_keeps_no_statements_is_found_out(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is prepared is thrown away behind the client's back, as such poolers do."""
    store = storing.Storage.store

    async def forgetful(self: storing.Storage, hit: Any) -> bool:
        if self.is_open and self is hits.storage and len(view) == 0:
            async with self._pool.connection() as found:  # type: ignore[union-attr]
                await found.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$", prepare=False)
        return await store(self, hit)

    monkeypatch.setattr(storing, "MOST_CONNECTIONS", 1)
    monkeypatch.setattr(storing.Storage, "store", forgetful)
    answers = ask(known.secret, *(body_of(f"ORD-{number}") for number in range(3, 12)))

    assert {(status, plan["source"]) for status, _, plan in answers} == {(201, "exact")}
    assert len(view) == 1


def test_a_database_that_is_away_is_the_views_to_tell(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", away)
    [(status, _, plan)] = ask(known.secret, body_of("ORD-3"))

    assert (status, plan["source"], view) == (201, "exact", ["/v1/plans"])
    assert Plan.objects.filter(source="exact").count() == 2


def test_a_share_of_hits_is_checked(known: Api, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(tasks, "check_later", checked.append)
    Project.objects.update(recheck_share=1.0)
    known.plan("Refund order ORD-5", {"order_id": "ORD-5"})
    checked.clear()

    [(_, _, plan)] = ask(known.secret, body_of("ORD-6"))

    assert checked == [plan["id"]]


def crowd(secret: str, bodies: Sequence[bytes], *headers: tuple[bytes, bytes]) -> list[Answer]:
    """What the ASGI app answers to these requests at once."""
    lines = [
        *((b"host", b"127.0.0.1"), (b"content-type", b"application/json"), *headers),
        (b"authorization", f"Bearer {secret}".encode()),
    ]

    async def serve() -> list[Answer]:
        await hits.storage.open()
        try:
            return await asyncio.gather(*(_answered(lines, body) for body in bodies))
        finally:
            await hits.storage.close()

    return asyncio.run(serve())


def check_that_each_has_its_own(answers: Sequence[Answer]) -> None:
    """And that each was stored once."""
    for number, (status, _, plan) in enumerate(answers):
        assert (status, plan["source"]) == (201, "exact")
        assert plan["plan"]["tasks"][0]["input"] == {"order_id": f"ORD-{number}"}
    ids = {plan["id"] for _, _, plan in answers}
    assert Plan.objects.filter(pk__in=ids).count() == len(answers)
    assert Plan.objects.filter(source="exact").count() == len(answers) + 1  # and the one that `known` asked for


def test_many_at_once_keep_their_own_values_and_share_commits(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CONNECTION_SECONDS", 60.0)
    answers = crowd(known.secret, [body_of(f"ORD-{number}") for number in range(100)])

    check_that_each_has_its_own(answers)
    assert view == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM planengine_plan")
        [(transactions,)] = cursor.fetchall()
    assert transactions < 20


def test_what_fails_is_left_to_the_view_with_those_that_shared_its_commit(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "CONNECTION_SECONDS", 60.0)
    store = storing.Storage.store

    async def damaged(self: storing.Storage, hit: Any) -> bool:
        broken = hit.plan.params[0]["value"] == "ORD-7"
        statement = hit.statement.replace("INSERT INTO", "INSERT INTO no") if broken else hit.statement
        return await store(self, replace(hit, statement=statement))

    monkeypatch.setattr(storing.Storage, "store", damaged)
    answers = crowd(known.secret, [body_of(f"ORD-{number}") for number in range(40)])

    check_that_each_has_its_own(answers)
    assert 1 <= len(view) <= storing.MOST_TOGETHER


def test_one_key_of_idempotency_among_many_is_one_plan(known: Api) -> None:
    answers = crowd(known.secret, [body_of("ORD-3")] * 20, (b"idempotency-key", b"one"))

    assert sorted(status for status, _, _ in answers) == [200] * 19 + [201]
    assert len({plan["id"] for _, _, plan in answers}) == 1
