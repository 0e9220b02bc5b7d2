"""What a start says of a broker that takes no messages."""

from __future__ import annotations

import socket

import pytest

from orra.starting.broker import fault_of


def test_a_broker_that_answers_has_no_fault() -> None:
    assert fault_of("memory://") is None


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://user:never-told@127.0.0.1:1/0", "127.0.0.1:1"),
        ("redis://nowhere.invalid/0", "nowhere.invalid"),
        ("redis+socket:///nowhere/valkey.sock", "/nowhere/valkey.sock"),
        ("amqp://user:never-told@127.0.0.1:1/orra", "127.0.0.1:1"),
        ("amqps://user:never-told@127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_one_that_is_away_is_named_without_its_password(url: str, where: str) -> None:
    told = fault_of(url)
    assert told is not None
    assert told.startswith(f"names a broker that does not answer at {where}: ")
    assert told.endswith("Start it, or correct the address.")
    assert "never-told" not in told and "\n" not in told


@pytest.mark.parametrize("scheme", ["redis", "amqp", "amqps"])
def test_something_else_that_takes_connections_is_none(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orra.starting.broker.SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        told = fault_of(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/0")
    assert told is not None
