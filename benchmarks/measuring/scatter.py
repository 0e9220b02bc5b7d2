"""Points between two shares, as SVG: in the style of :mod:`benchmarks.measuring.plot`, both axes linear and in per
cent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from benchmarks.measuring.plot import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, STYLE, TOP, WIDTH, Points, grid

TICKS = 5


def draw(series: Mapping[str, Points], *, title: str, x: str, y: str, diagonal: bool = False) -> str:
    """Points of ``(share, share)`` for each series, joined by a line where there are several. ``diagonal``: a
    dashed line where both shares are the same."""
    points = [point for line in series.values() for point in line]
    across = _Scale([one for one, _ in points], start=LEFT, end=WIDTH - RIGHT)
    up = _Scale([other for _, other in points], start=HEIGHT - BOTTOM, end=TOP)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img'>",
        f"<title>{escape(title)}</title><rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
        f"<text x='{LEFT}' y='22' {STYLE} font-weight='600'>{escape(title)}</text>",
        *(grid(at, label, vertical=True) for label, at in across.ticks()),
        *(grid(at, label, vertical=False) for label, at in up.ticks()),
        f"<text x='{middle}' y='{HEIGHT - 10}' {STYLE} text-anchor='middle'>{escape(x)}</text>",
        f"<text x='{WIDTH - RIGHT}' y='22' {STYLE} text-anchor='end'>up: {escape(y)}</text>",
    ]
    if diagonal:
        end = min(across.top, up.top)
        parts.append(
            f"<line x1='{across.at(0):.1f}' y1='{up.at(0):.1f}' x2='{across.at(end):.1f}' y2='{up.at(end):.1f}' "
            "stroke='#57606a' stroke-dasharray='5 4'/>"
        )
    for number, (name, line) in enumerate(series.items()):
        parts += _series(name, [(across.at(one), up.at(other)) for one, other in line], number)
    return "\n".join([*parts, "</svg>", ""])


def _series(name: str, corners: list[tuple[float, float]], number: int) -> list[str]:
    colour, height = COLOURS[number % len(COLOURS)], TOP + 12 + 18 * number
    path = " ".join(f"{one:.1f},{other:.1f}" for one, other in corners)
    return [
        f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='1.5'/>",
        *(f"<circle cx='{one:.1f}' cy='{other:.1f}' r='4' fill='{colour}'/>" for one, other in corners),
        f"<rect x='{WIDTH - RIGHT + 8}' y='{height - 9}' width='10' height='10' fill='{colour}'/>",
        f"<text x='{WIDTH - RIGHT + 24}' y='{height}' {STYLE}>{escape(name)}</text>",
    ]


class _Scale:
    """Where on the page a share is: from 0 to a round number at or above the largest."""

    def __init__(self, shares: list[float], *, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.step = _round_up(max([*shares, 0.001]) / TICKS)
        self.top = self.step * TICKS

    def at(self, share: float) -> float:
        return self.start + share / self.top * (self.end - self.start)

    def ticks(self) -> list[tuple[str, float]]:
        shares = [number * self.step for number in range(TICKS + 1)]
        return [(f"{100 * share:.4g} %", self.at(share)) for share in shares]


def _round_up(step: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if step <= factor * power * (1 + 1e-9))
