"""Figures as lines of text, each beside the limit it should keep, where it has one."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


def heading(text: str) -> None:
    print(f"\n{text}")


def line(name: str, *figures: str) -> None:
    print(f"  {name:44}" + "".join(f"{figure:>14}" for figure in figures), flush=True)


def verdict(value: float, limit: float) -> str:
    return "ok" if value <= limit else "OVER"


@dataclass(frozen=True)
class Spread:
    """Of many measurements."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, measured: Sequence[float]) -> Spread:
        return cls(statistics.median(measured), statistics.quantiles(measured, n=20)[-1], max(measured))
