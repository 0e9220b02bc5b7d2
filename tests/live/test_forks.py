"""Programs that are forks of one Python: started, told apart, stopped, and lost with it."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from orra.embedded.forks import Forks, can_fork
from orra.embedded.processes import EmbeddedError
from orra.embedded.stack import FRUGAL, LIBRARIES, SERVICE
from orra.embedded.supervision import Child, Log, Program, python, run_once

pytestmark = [pytest.mark.live, pytest.mark.skipif(not can_fork(), reason="runs its programs each by itself")]

ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "COLOUR": "red"}


def program(folder: Path, code: str, *arguments: str, **variables: str) -> Program:
    script = folder / "program.py"
    script.write_text(code)
    return Program("program", python(str(script), *arguments), {**ENVIRONMENT, **variables}, folder, 5)


def in_loop(scenario: Callable[[Path], Coroutine[Any, Any, None]]) -> Callable[[Path], None]:
    """A test that is a coroutine."""

    @functools.wraps(scenario)
    def test(tmp_path: Path) -> None:
        asyncio.run(scenario(tmp_path))

    return test


@asynccontextmanager
async def loaded(folder: Path, *modules: str) -> AsyncIterator[Forks]:
    forks = Forks(Log("loading", folder / "loading.log"))
    await forks.load(modules, {**ENVIRONMENT, "PYTHONPATH": str(folder / "modules")})
    try:
        yield forks
    finally:
        await forks.stop()


@in_loop
async def test_a_program_runs_as_if_by_itself_with_what_was_loaded(tmp_path: Path) -> None:
    code = """
import os, sys
print(__name__, sys.argv[1:], os.getcwd(), os.environ["COLOUR"], os.environ["SIZE"], "colorsys" in sys.modules)
print("wrong", file=sys.stderr)
sys.exit(3)
"""
    async with loaded(tmp_path, "colorsys") as forks:
        status, said = await run_once(program(tmp_path, code, "a", "b", SIZE="large"), forks.spawn)
    assert status == 3
    assert said.splitlines() == [f"__main__ ['a', 'b'] {tmp_path} red large True", "wrong"]


@in_loop
async def test_a_module_runs_too_and_what_it_registers_runs_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "speaking.py").write_text("import atexit; atexit.register(print, 'bye'); print('hello')")
    speaking = Program("speaking", python("-m", "speaking"), {**ENVIRONMENT, "X": "1"}, tmp_path, 5)
    async with loaded(tmp_path) as forks:
        await run_once(program(tmp_path, "import sys"), forks.spawn)
        status, said = await run_once(speaking, forks.spawn)
    assert (status, said.split()) == (0, ["hello", "bye"])


@in_loop
async def test_variables_that_loading_took_away_stay_away(tmp_path: Path) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "taking.py").write_text("import os; del os.environ['COLOUR']")
    async with loaded(tmp_path) as forks:
        await forks.load(["taking"], ENVIRONMENT)
        said = await run_once(program(tmp_path, "import os; print(os.environ.get('COLOUR'))"), forks.spawn)
    assert said == (0, "None")


@in_loop
async def test_a_signal_and_a_time_out_end_it(tmp_path: Path) -> None:
    waiting = program(tmp_path, "import signal; print('here'); signal.pause()")
    async with loaded(tmp_path) as forks:
        process = await forks.spawn(waiting)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == process.returncode == -signal.SIGTERM
        with pytest.raises(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        status, said = await run_once(Program("slow", waiting.command, ENVIRONMENT, tmp_path, 0.5), forks.spawn)
    assert (status, said) == (-signal.SIGKILL, "slow took longer than 0.5 s.")


@in_loop
async def test_its_end_is_that_of_its_forks_and_both_are_started_again(tmp_path: Path) -> None:
    async with loaded(tmp_path) as forks:
        child = Child(
            program(tmp_path, "import signal; signal.pause()"), Log("child", tmp_path / "child.log"), forks.spawn
        )
        child.start(on_change=lambda: None)
        await until_there(child)
        before = psutil.Process(child.pid)
        os.kill(before.ppid(), signal.SIGKILL)
        await asyncio.to_thread(before.wait, 60)
        await until_there(child, other_than=before.pid)
        after = psutil.Process(child.pid)
        assert after.ppid() != before.pid
        await child.stop()
        assert child.pid is None


async def until_there(child: Child, *, other_than: int | None = None) -> None:
    async with asyncio.timeout(60):
        while child.pid in {None, other_than}:
            await asyncio.sleep(0.01)


@in_loop
async def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    async with loaded(tmp_path, "not_there_at_all") as forks:
        with pytest.raises(EmbeddedError, match="No module named 'not_there_at_all'"):
            await forks.spawn(program(tmp_path, "pass"))


@in_loop
async def test_nothing_is_left_when_it_stops(tmp_path: Path) -> None:
    async with loaded(tmp_path) as forks:
        process = psutil.Process((await forks.spawn(program(tmp_path, "import signal; signal.pause()"))).pid)
        loading = process.parent()
    assert loading is not None
    assert not loading.is_running()
    process.wait(60)


def test_what_a_stack_loads_starts_no_thread() -> None:
    """A fork would not have it, and could wait for it for ever."""
    code = f"import os, {', '.join((*LIBRARIES, *SERVICE))}; print(len(os.listdir('/proc/self/task')))"
    environment = {**os.environ, **FRUGAL, "DJANGO_SETTINGS_MODULE": "orra.settings"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == "1\n"
