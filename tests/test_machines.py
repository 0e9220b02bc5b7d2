"""What ``make machines`` says where it cannot run. The rest of it needs root, and packages of Debian's."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.load import Book, Client
from machines import network, servers
from tests.servers.scripted import ScriptedServer


def test_without_root_or_programs_it_says_in_one_line_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert network.missing().startswith("It needs root")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt-get install iproute2" in network.missing()


def test_what_debian_has_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "RABBITMQ", tmp_path)
    monkeypatch.setattr(servers, "SYSTEM", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    assert servers.missing(broker="valkey", pooled=False) == ""
    assert "apt-get install rabbitmq-server" in servers.missing(broker="rabbitmq", pooled=False)
    assert "apt-get install pgbouncer" in servers.missing(broker="valkey", pooled=True)


def test_clients_ask_the_next_address_when_one_gives_no_answer() -> None:
    with ScriptedServer() as gone:
        away = gone.url
    with ScriptedServer() as there:
        addresses = [url.removesuffix("/v1") for url in (away, there.url)]
        client = Client(" ".join(addresses), "key", Book())
        status, _ = client.send("GET", "/v1/models")
        client.close()

    assert (status, client.book.sent_again, len(there.requests)) == (200, 1, 1)
