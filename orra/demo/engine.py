"""The plan engine that the demo talks to: the one that runs on this data directory, or one for the time being."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orra.demo.client import DemoStopped
from orra.embedded.runs import Running, running, running_stack

PATIENCE_SECONDS = 120
USUAL_PORT = 8005


@dataclass(frozen=True)
class Engine:
    """``started_here``: it stops when the demo does, and ``orra up`` will have it at ``later_url``."""

    url: str
    started_here: bool

    @property
    def later_url(self) -> str:
        port = os.environ.get("PORT", "").strip().lstrip("0") or USUAL_PORT  # 0 is another one every time
        return f"http://127.0.0.1:{port}" if self.started_here else self.url


@contextmanager
def plan_engine(data_dir: Path, *, tell: Callable[[str], None]) -> Iterator[Engine]:
    """Ready to be used. Raises :class:`DemoStopped` and :class:`orra.embedded.processes.EmbeddedError`."""
    found = running(data_dir)
    if found is not None:
        url = _when_ready(found, data_dir).url
        tell(f"Using the plan engine that runs at {url}.{_who_does_what(data_dir)}")
        yield Engine(url, started_here=False)
        return
    tell(f"Starting the plan engine: database, broker, web server and worker, with their data in {data_dir} …")
    began = time.monotonic()
    with running_stack(data_dir) as stack:
        tell(f"Ready after {time.monotonic() - began:.1f} s at {stack.url}.{_who_does_what(data_dir)}")
        yield Engine(stack.url, started_here=True)
        tell("\nStopping the plan engine; what it knows stays.")


def _who_does_what(data_dir: Path) -> str:
    """Indented lines, as the stack tells them."""
    found = running(data_dir)
    return "".join(f"\n  {line}" for line in found.told) if found is not None else ""


def _when_ready(found: Running | None, data_dir: Path) -> Running:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while found is not None and time.monotonic() < deadline:
        if found.ready:
            return found
        time.sleep(0.1)
        found = running(data_dir)
    raise DemoStopped(f"The plan engine being started on {data_dir} does not become ready. See its terminal.")
