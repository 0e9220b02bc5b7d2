"""Fifty generations at a time against a server that takes five seconds each, five hundred in all: what the stack
holds meanwhile, and whether it comes to hold more and more."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measuring import table
from orra.embedded.postgres import stop_postgres
from tests.live.slow_model import Stage, slow_run

PLANS = 500
EVERY = 50
AT_ONCE = 50
SECONDS = 5.0
# The first stages fill what is kept: threads, connections, bounded caches, each thread's share of the allocator.
WARM_UP = 4
# What may come with so many plans more, once warm. Less is what an allocator does by itself.
MEMORY_LIMIT = 8.0
HANDLES_LIMIT = 4.0


def run() -> None:
    table.heading(f"{PLANS} plans, {AT_ONCE} at a time, by a model that takes {SECONDS:g} s for each")
    table.line("the most that was held until", "worker", "web", "threads", "files", "to the model", "database")
    stages = []
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="orra-slow-", ignore_cleanup_errors=True) as folder:
        try:
            with slow_run(Path(folder), at_once=AT_ONCE, seconds=SECONDS) as slow:
                for stage in slow.stages(PLANS, every=EVERY):
                    stages.append(stage)
                    _show(stage)
                seconds = time.perf_counter() - started
        finally:
            stop_postgres(Path(folder))
    table.line("seconds, start of the stack included", f"{seconds:.0f}")
    _judge(stages[1 + WARM_UP :])


def _show(stage: Stage) -> None:
    seen = stage.peak
    memory = (f"{seen.worker:.1f} MB", f"{seen.web:.1f} MB")
    table.line(f"  {stage.plans} plans", *memory, *map(str, (seen.threads, seen.files, seen.model, seen.database)))


def _judge(stages: Sequence[Stage]) -> None:
    """The slope of each figure over the warm stages, by least squares, for as many plans more as were made."""
    plans = [stage.plans for stage in stages]
    for name, unit, limit in (
        ("worker", " MB", MEMORY_LIMIT),
        ("web", " MB", MEMORY_LIMIT),
        ("threads", "", HANDLES_LIMIT),
        ("files", "", HANDLES_LIMIT),
        ("model", "", HANDLES_LIMIT),
        ("database", "", HANDLES_LIMIT),
    ):
        slope = statistics.linear_regression(plans, [getattr(stage.peak, name) for stage in stages]).slope
        growth = slope * PLANS
        flat = f"≤ {limit:g}{unit}"
        table.line(f"{name}, for {PLANS} plans more", f"{growth:+.1f}{unit}", flat, table.verdict(growth, limit))
