"""Children of any kind: what is shown of what they say, and how they are kept running and stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orra.embedded import supervision
from orra.embedded.supervision import Child, Log, Program, ending, is_loud, python, run_once


def program(code: str, tmp_path: Path, *, stop_seconds: float = 5) -> Program:
    return Program("child", python("-u", "-c", code), dict(os.environ), tmp_path, stop_seconds)


def child_of(code: str, tmp_path: Path, *, stop_seconds: float = 5) -> Child:
    return Child(program(code, tmp_path, stop_seconds=stop_seconds), Log("child", tmp_path / "child.log"))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("line", "loud"),
    [
        (b'{"level": "warning", "event": "x"}', True),
        (b'{"event": "x", "level": "error"}', True),
        (b'{"level": "info", "event": "an error, quoted"}', False),
        (b'{"event": "level: warning"}', False),
        (b'["level"]', False),
        (b"WARNING of a program that writes no JSON", False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_warnings_are_known_by_their_level(line: bytes, loud: bool) -> None:
    assert is_loud(line) is loud


@pytest.mark.parametrize(
    ("status", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-200, "signal 200")]
)
def test_an_ending_is_told_in_words(status: int, words: str) -> None:
    assert ending(status) == words


class TestLog:
    def test_everything_is_kept_and_warnings_are_shown(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = Log("web-1", tmp_path / "log")
        for part in (b'{"level": "in', b'fo"}\n{"level": "war', b'ning", "event": "told"}\n', b"rest"):
            log.write(part)
        assert (tmp_path / "log").read_bytes() == b'{"level": "info"}\n{"level": "warning", "event": "told"}\nrest'
        assert capsys.readouterr().out == 'web-1    {"level": "warning", "event": "told"}\n'

    def test_it_does_not_grow_without_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(supervision, "MAX_LOG_BYTES", 100)
        log = Log("web-1", tmp_path / "web-1.log")
        for _ in range(100):
            log.write(b"0123456789\n" * 3)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 300
        assert log.tail().endswith("0123456789")

    def test_what_cannot_be_written_is_left_out_and_told_once(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        log = Log("web-1", tmp_path / "logs" / "web-1.log")
        log.write(b'{"level": "warning", "event": "first"}\n')
        log.write(b"second\n")
        (tmp_path / "logs").mkdir()
        log.write(b"third\n")
        assert log.path.read_bytes() == b"third\n"
        told, shown = capsys.readouterr().out.splitlines()
        assert told.endswith("cannot be written (No such file or directory): what web-1 says is left out.")
        assert shown == 'web-1    {"level": "warning", "event": "first"}'


class TestChild:
    def test_one_that_ends_is_started_again_and_said(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)

        async def scenario() -> None:
            child = child_of("raise SystemExit(7)", tmp_path)
            child.start(on_change=lambda: None)
            await until(lambda: child.starts >= 3)
            await child.stop()
            starts = child.starts
            await asyncio.sleep(0.1)
            assert child.starts == starts
            assert child.pid is None

        asyncio.run(scenario())
        assert "child ended by itself (exit code 7)" in capsys.readouterr().out

    def test_one_that_does_not_listen_is_killed(self, tmp_path: Path) -> None:
        deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up'); time.sleep(60)"

        async def scenario() -> None:
            child = child_of(deaf, tmp_path, stop_seconds=0.2)
            child.start(on_change=lambda: None)
            await until(lambda: "up" in child.log.tail())
            pid = child.pid
            assert pid is not None
            await child.stop()
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

        asyncio.run(scenario())

    def test_one_whose_log_cannot_be_written_is_kept_running(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(supervision, "FIRST_PAUSE", 0.01)

        async def scenario() -> None:
            said = Log("child", tmp_path / "missing" / "child.log")
            child = Child(program("print('up')", tmp_path), said)
            child.start(on_change=lambda: None)
            await until(lambda: child.starts >= 2)
            await child.stop()

        asyncio.run(scenario())

    def test_changes_are_announced(self, tmp_path: Path) -> None:
        async def scenario() -> None:
            seen: list[int | None] = []
            child = child_of("import time; time.sleep(60)", tmp_path)
            child.start(on_change=lambda: seen.append(child.pid))
            await until(lambda: child.pid)
            pid = child.pid
            await child.stop()
            assert seen == [pid, None]

        asyncio.run(scenario())

    def test_one_that_cannot_be_started_is_tried_again(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async def scenario() -> None:
            missing = Program("child", ["/does/not/exist"], {}, tmp_path, 1)
            child = Child(missing, Log("child", tmp_path / "child.log"))
            child.start(on_change=lambda: None)
            await until(lambda: child.starts >= 2)
            await child.stop()

        asyncio.run(scenario())
        assert "No such file" in capsys.readouterr().out


class TestRunOnce:
    def test_it_gives_the_exit_code_and_what_was_said(self, tmp_path: Path) -> None:
        said = asyncio.run(run_once(program("print('out'); raise SystemExit('why')", tmp_path)))
        assert said == (1, "out\nwhy")

    def test_one_that_takes_too_long_is_killed(self, tmp_path: Path) -> None:
        began = time.monotonic()
        status, said = asyncio.run(run_once(program("import time; time.sleep(60)", tmp_path, stop_seconds=0.3)))
        assert status == -signal.SIGKILL
        assert "longer than 0.3 s" in said
        assert time.monotonic() - began < 20
