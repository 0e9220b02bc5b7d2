"""Figures as lines of text, each beside the limit it should keep, where it has one."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def heading(text: str) -> None:
    print(f"\n{text}")


def line(name: str, *figures: str) -> None:
    print(f"  {name:44}" + "".join(f"{figure:>14}" for figure in figures), flush=True)


def verdict(value: float, limit: float) -> str:
    return "ok" if value <= limit else "OVER"


def timed(call: Callable[[int], object], times: int) -> list[float]:
    """The milliseconds that each call takes, of one after the other. It is given its number."""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


@dataclass(frozen=True)
class Spread:
    """Of many measurements."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, measured: Sequence[float]) -> Spread:
        return cls(statistics.median(measured), statistics.quantiles(measured, n=20)[-1], max(measured))
