"""A line chart as SVG, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 40, 48
COLOURS = ("#1f6feb", "#d1495b", "#2a9d8f", "#7d4fc4", "#b07d00")
STYLE = "font-family='system-ui, sans-serif' font-size='12' fill='#57606a'"

Points = Sequence[tuple[float, float]]


def draw(series: Mapping[str, Points], *, title: str, x: str, limit: float) -> str:
    """A line for each series of ``(x, milliseconds)``, and a dashed one at the limit. Values are above 0."""
    points = [point for line in series.values() for point in line]
    across = _Scale.over([value for value, _ in points], start=LEFT, end=WIDTH - RIGHT)
    up = _Scale.over([*(value for _, value in points), limit], start=HEIGHT - BOTTOM, end=TOP)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img'>",
        f"<title>{escape(title)}</title><rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
        f"<text x='{LEFT}' y='22' {STYLE} font-weight='600'>{escape(title)}</text>",
        *(grid(at, f"{value:,.0f}", vertical=True) for value, at in across.ticks()),
        *(grid(at, f"{value:g} ms", vertical=False) for value, at in up.ticks()),
        f"<text x='{middle}' y='{HEIGHT - 10}' {STYLE} text-anchor='middle'>{escape(x)}</text>",
        f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{up.at(limit):.1f}' y2='{up.at(limit):.1f}' "
        "stroke='#57606a' stroke-dasharray='5 4'/>",
        f"<text x='{WIDTH - RIGHT + 8}' y='{up.at(limit) + 4:.1f}' {STYLE}>limit, {limit:g} ms</text>",
    ]
    for number, (name, line) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        corners = [(across.at(value), up.at(height)) for value, height in line]
        path = " ".join(f"{one:.1f},{other:.1f}" for one, other in corners)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{one:.1f}' cy='{other:.1f}' r='3' fill='{colour}'/>" for one, other in corners]
        height = TOP + 12 + 18 * number
        parts.append(f"<rect x='{WIDTH - RIGHT + 8}' y='{height - 9}' width='10' height='10' fill='{colour}'/>")
        parts.append(f"<text x='{WIDTH - RIGHT + 24}' y='{height}' {STYLE}>{escape(name)}</text>")
    return "\n".join([*parts, "</svg>", ""])


class _Scale:
    """Where on the page a value is: from the power of ten below the least to the one above the most."""

    def __init__(self, low: int, high: int, *, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, max(high, low + 1), start, end

    @classmethod
    def over(cls, values: Sequence[float], *, start: float, end: float) -> _Scale:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, high, start=start, end=end)

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[tuple[float, float]]:
        powers = [10.0**power for power in range(self.low, self.high + 1)]
        return [(value, self.at(value)) for value in powers]


def grid(at: float, label: str, *, vertical: bool) -> str:
    if vertical:
        line = f"<line x1='{at:.1f}' x2='{at:.1f}' y1='{TOP}' y2='{HEIGHT - BOTTOM}' stroke='#e5e8eb'/>"
        return line + f"<text x='{at:.1f}' y='{HEIGHT - BOTTOM + 18}' {STYLE} text-anchor='middle'>{label}</text>"
    line = f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{at:.1f}' y2='{at:.1f}' stroke='#e5e8eb'/>"
    return line + f"<text x='{LEFT - 8}' y='{at + 4:.1f}' {STYLE} text-anchor='end'>{label}</text>"
