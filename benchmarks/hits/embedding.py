"""The local model on one core."""

from __future__ import annotations

import multiprocessing
import os
import statistics
from pathlib import Path

from benchmarks.measuring import table

LIMIT_MS = 10.0
TEXTS = 200
WARM_UP = 10


def run(data_dir: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        milliseconds = pool.apply(time_embeddings, (data_dir / "models",))
    p50 = statistics.median(milliseconds)
    p95 = statistics.quantiles(milliseconds, n=20)[-1]
    table.heading("The local embedding model on one core, a short text at a time")
    table.line("", "p50", "p95", f"p50 ≤ {LIMIT_MS:g} ms")
    table.line("embed one template", f"{p50:.2f} ms", f"{p95:.2f} ms", table.verdict(p50, LIMIT_MS))


def time_embeddings(cache_dir: Path) -> list[float]:
    """Milliseconds for each of many short texts; in a process of its own, bound to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from planengine.embeddings.minilm import MiniLM

    model = MiniLM(cache_dir)
    texts = [
        f"refund order {{order_id}} of customer {number} because it is {{reason}}"
        for number in range(WARM_UP + TEXTS)
    ]
    return table.timed(lambda number: model.embed([texts[number]]), len(texts))[WARM_UP:]
