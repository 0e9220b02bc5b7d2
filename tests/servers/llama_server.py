"""A real server: llama-cpp-python's, with the model of :mod:`tests.servers.tiny_gguf`.

It is not among the pinned packages: its source is compiled when it is installed, for some ten minutes. Name a
Python that has it, and the tests that want it run:

    python3 -m venv llama && llama/bin/pip install 'llama-cpp-python[server]'
    TEST_LLAMA_SERVER=llama/bin/python make test ARGS='-k llama_server'
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orra.embedded.processes import child
from tests.servers.tiny_gguf import write_model

VARIABLE = "TEST_LLAMA_SERVER"
MODEL = "nonsense"
CONTEXT = 16_384
START_SECONDS = 120.0


@dataclass(frozen=True)
class LlamaServer:
    """``url``: the base URL, as an operator would configure it; ``key``: what it wants as API key."""

    url: str
    key: str


def why_not() -> str:
    """Why no such server can be started here; empty when one can."""
    python = os.environ.get(VARIABLE, "")
    if not python:
        return f"{VARIABLE} names no Python with llama-cpp-python[server]"
    tried = subprocess.run(
        [python, "-c", "import llama_cpp.server.app"], capture_output=True, text=True, check=False
    )
    last = tried.stderr.strip().rpartition("\n")[2]
    return "" if tried.returncode == 0 else f"{python} ({VARIABLE}) has no llama-cpp-python[server]: {last}"


@contextmanager
def llama_server(folder: Path) -> Iterator[LlamaServer]:
    model, port, key = folder / f"{MODEL}.gguf", _free_port(), "sk-llama-test"
    write_model(model)
    command = [os.environ[VARIABLE], "-m", "llama_cpp.server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--model", str(model), "--model_alias", MODEL, "--n_ctx", str(CONTEXT), "--api_key", key]
    command += ["--n_threads", "1", "--n_threads_batch", "2", "--seed", "7"]
    with (
        (folder / "server.log").open("wb") as log,
        child(command, stop_seconds=20, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        server = LlamaServer(f"http://127.0.0.1:{port}/v1", key)
        _wait_for(server, process, folder / "server.log")
        yield server


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_for(server: LlamaServer, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    request = urllib.request.Request(f"{server.url}/models", headers={"Authorization": f"Bearer {server.key}"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError(f"llama_cpp.server did not start:\n{log.read_text()[-2000:]}") from None
        time.sleep(0.1)
