from __future__ import annotations

import ssl
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, MessageNacked
from kombu.exceptions import OperationalError
from redis.exceptions import ResponseError

from orra.base import brokers


class Task:
    name = "of tests"

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.sent = list(errors), []  # type: ignore[var-annotated]

    def apply_async(self, arguments: Any, **how: Any) -> None:
        if self.errors:
            raise self.errors.pop()
        self.sent.append((arguments, how["retry"]))


@pytest.mark.parametrize(
    "error",
    [OperationalError("away"), AccessRefused("no"), MessageNacked(), ResponseError("OOM"), OSError(), KeyError()],
)
def test_whatever_a_broker_does_fails_nobody_and_it_is_left_alone_for_a_moment(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task(error)

    assert [brokers.send(task, "a") for _ in range(2)] == [False, False]
    assert task.sent == []

    monkeypatch.setattr(brokers, "_leave_alone_until", 0.0)
    assert brokers.send(task, "a", 1)
    assert task.sent == [(("a", 1), False)]


@pytest.mark.parametrize(
    "url, confirms", [("amqp://host", True), ("amqps://host", True), ("redis://host/0", None), ("memory://", None)]
)
def test_each_protocol_has_its_own_options(url: str, confirms: bool | None) -> None:
    options = brokers.transport_options(url, longest_task=9)

    assert options.get("confirm_publish") is confirms
    assert options.get("visibility_timeout") == (None if confirms else 9)


def test_a_certificate_must_be_the_hosts_own() -> None:
    assert brokers.tls("amqps://host") == {"server_hostname": None, "cert_reqs": ssl.CERT_REQUIRED}
    assert brokers.tls("amqp://host") is brokers.tls("redis://host") is None
