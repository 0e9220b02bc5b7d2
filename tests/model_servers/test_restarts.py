"""A server process that is killed at every stage of an answer, and comes back or does not."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from planengine.drafting import planner_choice
from planengine.llm.patience import Patience
from tests.model_servers.cases import case
from tests.model_servers.conftest import Ask, assert_failed
from tests.model_servers.test_answers import assert_planned
from tests.servers.profiles import OLLAMA, VLLM_NEW, Profile

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]


class Process:
    """An emulated server in a process of its own."""

    def __init__(self, profile: Profile, *, port: int = 0, then: str = "send") -> None:
        command = [
            sys.executable,
            "-m",
            "tests.servers.emulated",
            profile.name,
            "--port",
            str(port),
            "--then",
            then,
        ]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.url = self.read_line()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])

    def read_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "the server ended"
        return line

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def run(*args: Any, **options: Any) -> Process:
        started.append(Process(*args, **options))
        return started[-1]

    yield run
    for process in started:
        process.kill()


# Before the headers; in a stream; in the body of an answer that does not stream.
STAGES = [("hang", True), ("stall", True), ("stall", False)]


@pytest.mark.parametrize(("then", "stream"), STAGES, ids=["before headers", "mid-stream", "mid-body"])
@case(27, VLLM_NEW, OLLAMA)
def test_a_killed_server_is_a_clear_failure_and_one_that_comes_back_is_asked_again(
    start: Callable[..., Process],
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    profile: Profile,
    then: str,
    stream: bool,
) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=2, first_pause=0.001, longest_pause=0.01))
    server = start(profile, then=then)
    configure(LLM_MODEL=profile.model, LLM_API_BASE_URL=server.url, LLM_API_KEY="", LLM_STREAM=stream)
    configure(LLM_RESPONSE_FORMAT="none", PLANNING_DEADLINE_SECONDS=2.0)
    port = server.port

    def plan() -> Any:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(plan)
        assert server.read_line() == "asked"
        server.kill()
        killed = time.monotonic()
        failed = asked.result(timeout=60)
        assert failed["error"]["retryable"]
        message = assert_failed(failed, "model_unreachable")
        assert "broke before the answer was complete" in message and "Asked again: Could not connect" in message
        assert time.monotonic() - killed > 1, "a server that was there is waited for"

        server = start(profile, port=port, then=then)
        monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=100, first_pause=0.05, longest_pause=0.2))
        configure(PLANNING_DEADLINE_SECONDS=60)
        asked = pool.submit(plan)
        assert server.read_line() == "asked"
        server.kill()
        start(profile, port=port)
        assert_planned(asked.result(timeout=60))


@case(27, VLLM_NEW)
def test_with_a_fallback_nobody_waits_for_a_server_to_come_back(
    start: Callable[..., Process],
    configure: Callable[..., None],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    profile: Profile,
) -> None:
    monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=2, first_pause=0.001, longest_pause=0.01))
    settings.FALLBACK_IS_COMPOSER = True
    server = start(profile, then="hang")
    configure(LLM_MODEL=profile.model, LLM_API_BASE_URL=server.url, LLM_API_KEY="", LLM_FALLBACK_MODEL="composer")
    planner_choice.fallback_planner.cache_clear()

    def plan() -> Any:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(plan)
        assert server.read_line() == "asked"
        server.kill()
        planned = asked.result(timeout=60)
    planner_choice.fallback_planner.cache_clear()
    assert (planned["status"], planned["source"]) == ("ready", "composer")
    assert planned["timings_ms"]["planner"] < 30_000  # of the 80 s that the first model may have
