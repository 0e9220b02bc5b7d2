"""Figures as an operator reads them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

SPACE = "\u00a0"  # a number and its unit stay on one line
UNITS = ("B", "kB", "MB", "GB", "TB")


def percent(share: float | None) -> str:
    """Of a small share more digits."""
    if share is None:
        return "–"
    digits = 0 if share in (0, 1) else 2 if share < 0.1 else 1
    return f"{100 * share:.{digits}f}{SPACE}%"


def duration(seconds: float | None) -> str:
    """Two digits, or whole units."""
    if seconds is None:
        return "–"
    for unit, length, most in (
        ("ms", 0.001, 1.0),
        ("s", 1.0, 120.0),
        ("min", 60.0, 7200.0),
        ("h", 3600.0, 172_800),
    ):
        if seconds < most:
            return (
                f"{seconds / length:.2g}{SPACE}{unit}"
                if seconds / length < 10
                else f"{seconds / length:.0f}{SPACE}{unit}"
            )
    return f"{seconds / 86_400:,.0f}{SPACE}days"


def ago(moment: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - moment).total_seconds())
    return "just now" if seconds < 1 else f"{duration(float(round(seconds)))} ago"


def number(value: int) -> str:
    return f"{value:,}"


def brief_number(value: int) -> str:
    """``1.2 M``, for figures that are long."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= 10 * size or (unit != "k" and value >= size):
            return f"{value / size:,.1f}{SPACE}{unit}"
    return number(value)


def counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def money(amount: Decimal | None) -> str:
    if amount is None:
        return "–"
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.2g}"


def size(octets: int) -> str:
    value = float(octets)
    for unit in UNITS:
        if value < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f}{SPACE}{unit}" if unit == "B" or value >= 100 else f"{value:.1f}{SPACE}{unit}"
