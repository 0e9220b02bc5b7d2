from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from orra import health_port, probe
from orra.base import metrics


@pytest.fixture
def port(transactional_db: None, settings: LazySettings, unused_tcp: int) -> Iterator[int]:
    settings.HEALTH_HOST, settings.HEALTH_PORT = "127.0.0.1", unused_tcp
    server = health_port.open_if_asked()
    assert server is not None
    yield unused_tcp
    server.shutdown()
    server.server_close()


@pytest.fixture
def unused_tcp() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_tells_of_its_process(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics.ATTEMPTS.labels("composer", "accepted").inc()

    assert get(port, "/livez") == (200, '{"status": "ok"}')
    status, told = get(port, "/readyz")
    assert (status, json.loads(told)["database"]) == (200, "ok")
    status, told = get(port, "/metrics?x=1")
    assert status == 200
    assert 'orra_planning_attempts_total{outcome="accepted",planner="composer"}' in told
    assert "orra_plans_waiting" not in told
    assert get(port, "/v1/plans")[0] == 404
    monkeypatch.setenv("ORRA_HEALTH_PORT", str(port))
    assert probe.main() == 0


def test_a_process_that_answers_nothing_is_not_well(unused_tcp: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORRA_HEALTH_PORT", str(unused_tcp))
    assert probe.main() == 1


def test_no_port_is_opened_unless_asked_for(settings: LazySettings) -> None:
    settings.HEALTH_PORT = 0
    assert health_port.open_if_asked() is None
