"""Notices brought to a real HTTP server, which fails or is slow as told."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from planengine.accounting import alerts
from planengine.accounting.alerts import delivery
from planengine.models import AlertNotice, AlertRule, Project

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "very-secret-token"


class Hook(ThreadingHTTPServer):
    """Answers with ``statuses`` in turn, then with 200, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.sent: list[Any] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/{SECRET}?key={SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == f"/hooks/{SECRET}?key={SECRET}"
        self.server.sent.append(body)
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Location", f"{self.server.address}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    server = Hook()
    settings.ALERT_WEBHOOK_URL = server.address
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def rule(project: Project) -> AlertRule:
    return AlertRule.objects.create(project=project, measure="failures", threshold=0.1)


def notice_of(rule: AlertRule, event: str = "alert.firing") -> AlertNotice:
    now = timezone.now()
    return AlertNotice.objects.create(rule=rule, body={"event": event}, created_at=now, next_try_at=now)


def test_a_notice_is_told_once(hook: Hook, rule: AlertRule) -> None:
    notice = notice_of(rule)
    assert [alerts.deliver(timezone.now()) for _ in range(3)] == [1, 0, 0]
    assert hook.sent == [{"id": str(notice.pk), "event": "alert.firing"}]
    notice.refresh_from_db()
    assert notice.delivered_at is not None and notice.next_try_at is None


@pytest.mark.parametrize("status", [500, 404, 302, 308])
def test_a_webhook_that_fails_is_asked_again_later_and_later(hook: Hook, rule: AlertRule, status: int) -> None:
    hook.statuses = [status, status]
    notice, now = notice_of(rule), timezone.now()

    assert alerts.deliver(now) == 0
    notice.refresh_from_db()
    assert (notice.tries, notice.last_error) == (1, f"HTTP {status}")
    assert alerts.deliver(now + timedelta(seconds=59)) == 0  # not yet
    assert alerts.deliver(now + timedelta(minutes=1)) == 0
    assert alerts.deliver(now + timedelta(minutes=2)) == 0  # not yet
    assert alerts.deliver(now + timedelta(minutes=3)) == 1
    assert alerts.deliver(now + timedelta(hours=9)) == 0

    assert [body["id"] for body in hook.sent] == [str(notice.pk)] * 3


def test_it_is_given_up_after_a_night_and_the_next_one_is_told(hook: Hook, rule: AlertRule) -> None:
    hook.statuses = [503] * delivery.MOST_TRIES
    first, second = notice_of(rule), notice_of(rule, "alert.ok")
    now = timezone.now()
    for hour in range(delivery.MOST_TRIES):
        assert alerts.deliver(now + hour * timedelta(hours=5)) == (hour == delivery.MOST_TRIES - 1)
        first.refresh_from_db()
        second.refresh_from_db()

    assert (first.tries, first.next_try_at, first.delivered_at) == (delivery.MOST_TRIES, None, None)
    assert first.last_error == "HTTP 503 (given up)"
    assert second.delivered_at is not None
    assert hook.sent[-1]["event"] == "alert.ok"


def test_changes_of_a_rule_come_in_their_order(hook: Hook, rule: AlertRule, project: Project) -> None:
    other = AlertRule.objects.create(project=project, measure="hit_rate", threshold=0.1)
    hook.statuses = [500]
    notice_of(rule), notice_of(rule, "alert.ok"), notice_of(other, "other")
    now = timezone.now()

    assert alerts.deliver(now) == 1  # the other one's: the first one's second change waits for its first
    assert alerts.deliver(now + timedelta(minutes=1)) == 2

    assert [body["event"] for body in hook.sent] == ["alert.firing", "other", "alert.firing", "alert.ok"]


def test_two_ticks_at_once_tell_it_once(hook: Hook, rule: AlertRule) -> None:
    notice_of(rule)
    together, now = Barrier(4), timezone.now()

    def tick(_: int) -> int:
        together.wait()
        try:
            return alerts.deliver(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(tick, range(4))) == 1
    assert len(hook.sent) == 1


def test_nobody_there_is_a_failure_that_keeps_the_secret(
    rule: AlertRule, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"
    notice = notice_of(rule)

    assert alerts.deliver(timezone.now()) == 0

    notice.refresh_from_db()
    assert notice.last_error == "no answer: ConnectionRefusedError"
    assert "alert not delivered" in caplog.text and SECRET not in caplog.text


def test_a_webhook_that_drips_is_left_after_the_timeout(
    rule: AlertRule, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, all of them together would not."""
    monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 0.5)
    over = Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with server, suppress(OSError):
            client, _ = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 ")
                while not over.wait(0.05):
                    client.sendall(b"2")

    thread = Thread(target=drip, daemon=True)
    thread.start()
    settings.ALERT_WEBHOOK_URL = f"http://127.0.0.1:{server.getsockname()[1]}/"
    notice = notice_of(rule)
    began = time.monotonic()
    try:
        assert alerts.deliver(timezone.now()) == 0
    finally:
        over.set()
        thread.join()

    assert time.monotonic() - began < 30
    notice.refresh_from_db()
    assert notice.last_error.startswith("no answer")


def test_without_a_webhook_nothing_is_sent(rule: AlertRule) -> None:
    notice = notice_of(rule)
    assert alerts.deliver(timezone.now()) == 0
    notice.refresh_from_db()
    assert notice.tries == 0


def test_old_notices_are_deleted(rule: AlertRule) -> None:
    now = timezone.now()
    old, new = notice_of(rule), notice_of(rule)
    AlertNotice.objects.filter(pk=old.pk).update(created_at=now - delivery.KEPT - timedelta(seconds=1))
    assert alerts.delete_old_notices(now) == 1
    assert AlertNotice.objects.get() == new
