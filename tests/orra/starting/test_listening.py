"""The socket that the web processes share, and what commands need before anything is started."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from orra import settings
from orra.commands.running import beat
from orra.embedded.defaults import ensure_environment
from orra.embedded.processes import EmbeddedError
from orra.embedded.runs import Options
from orra.embedded.stack import listening
from orra.starting import check


def options(port: int) -> Options:
    return Options(Path("unused"), "127.0.0.1", port, web_processes=1, worker_threads=1, verbose=False)


def test_a_port_that_is_taken_is_said_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = pytest.raises(
            EmbeddedError, match=f"Port {port} of 127.0.0.1 cannot be used: .* Set PORT to another"
        )
        with told, listening(options(port)):
            pytest.fail("another listens there")


def test_a_health_port_that_is_taken_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(settings, "HEALTH_PORT", port)
        check(database=False, broker=False)  # a web process answers on its own
        with pytest.raises(SystemExit, match=f"ORRA_HEALTH_PORT {port} of 127.0.0.1 cannot be used: "):
            check(database=False, broker=False, health_port=True)
    check(database=False, broker=False, health_port=True)


def test_what_fails_later_is_not_said_of_the_port() -> None:
    with pytest.raises(OSError) as failed, listening(options(0)):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert failed.value.errno == errno.ENOSPC


def test_what_only_tells_starts_and_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"SECRET_KEY": "of its own"}
    monkeypatch.setattr(os, "environ", environment)
    ensure_environment(tmp_path, starts=False)
    assert environment["SECRET_KEY"] == "of its own"
    assert environment["DATABASE_URL"].startswith("postgresql:")
    assert list(tmp_path.iterdir()) == []


def test_a_schedule_that_cannot_be_kept_is_said_before_anything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        beat(["--schedule", "/dev/null/schedule"])
    assert "--schedule must name a file in a folder that can be written" in capsys.readouterr().err
