"""The floor an embedding model should have: how many hits, and how many wrong ones, each floor brings.

A stream is replayed anew at every floor, because what a floor lets through decides what is stored, and so what
later requests meet. Pairs are judged once: the cache holds one entry then, whose similarity tells at which floors
it serves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.embeddings.embedders import Embedder
from planengine.evaluation.cache.arithmetic import CONFIDENCE, upper_bound
from planengine.evaluation.cache.replay import Options, Progress, evaluate_stream, judge
from planengine.evaluation.cache.rows import Pair, StreamRow
from planengine.evaluation.cache.vectors import KnownVectors

FLOORS = (0.95, 0.90, 0.85, 0.80, 0.70, 0.60, 0.50)
FINEST = 0.01
# So far pairs are looked at: a floor costs them nothing.
PAIR_FLOORS = tuple(round(1 - FINEST * step, 2) for step in range(1, 101))


@dataclass(frozen=True)
class Point:
    """What a floor brings: hits of all kinds, those by meaning, how many of either were wrong, and the least
    similarity that served."""

    floor: float
    hits: int
    wrong: int
    by_meaning: int
    wrong_by_meaning: int
    least: float | None

    @property
    def bound(self) -> float:
        """The larger of the 95 % upper bounds on the rate of wrong hits: of all, which the report shows, and of
        those by meaning, for exact templates are no evidence for a floor."""
        return max(upper_bound(self.wrong, self.hits), upper_bound(self.wrong_by_meaning, self.by_meaning))

    def as_dict(self) -> dict[str, Json]:
        return {
            "floor": self.floor,
            "hits": self.hits,
            "wrong_hits": self.wrong,
            "wrong_hit_rate_upper95": upper_bound(self.wrong, self.hits),
            "hits_by_meaning": self.by_meaning,
            "wrong_by_meaning": self.wrong_by_meaning,
            "by_meaning_upper95": upper_bound(self.wrong_by_meaning, self.by_meaning),
        }


@dataclass(frozen=True)
class Curve:
    """``points`` from the highest floor down, out of ``n`` rows of one kind (``stream`` or ``pairs``)."""

    kind: str
    n: int
    tolerance: float
    points: tuple[Point, ...]

    @property
    def chosen(self) -> Point | None:
        """The lowest floor down to which the bound stays within the tolerance. Floors so high that they leave too
        few hits to bound anything count neither way."""
        found = None
        for point in self.points:
            if point.bound <= self.tolerance:
                found = point
            elif found is not None:
                break
        return found

    @property
    def floor(self) -> float | None:
        """The chosen one, no lower than what served there: nothing is known of similarities that did not occur."""
        chosen = self.chosen
        if chosen is None or chosen.least is None:
            return None
        return max(chosen.floor, round(math.floor(chosen.least / FINEST) * FINEST, 2))

    @property
    def problem(self) -> str:
        """Why there is no floor, for an operator; empty when there is one."""
        if self.floor is not None:
            return ""
        most = max((point.by_meaning for point in self.points), default=0)
        needed = math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-self.tolerance))
        if most < needed:
            return (
                f"Too few rows to tell: at most {most:,} were served by meaning, and even if none is wrong it "
                f"takes {needed:,} to bound wrong hits at {self.tolerance:.2%}. Use a larger file, or a higher "
                "--tolerance."
            )
        return f"At every floor tried, wrong hits may be more than {self.tolerance:.2%}: none can be recommended."

    def as_dict(self) -> dict[str, Json]:
        return {
            "kind": self.kind,
            "n": self.n,
            "tolerance": self.tolerance,
            "floor": self.floor,
            "problem": self.problem or None,
            "curve": [point.as_dict() for point in self.points],
        }


def calibrate_stream(
    rows: Sequence[StreamRow],
    embedder: Embedder,
    *,
    tolerance: float,
    floors: Sequence[float] | None = None,
    progress: Progress,
) -> Curve:
    """Replays the rows at each of ``floors``; without any given, at :data:`FLOORS` and then between the lowest
    good one and the next, to a hundredth. Raises :class:`~planengine.exceptions.EmbeddingUnavailable`."""
    points: list[Point] = []
    vectors = KnownVectors(embedder)

    def measure(floor: float, more: int) -> None:
        done, total = len(points) * len(rows), (len(points) + more) * len(rows)
        points.append(_replayed(rows, vectors, floor, lambda at, of: progress(done + at, total)))
        points.sort(key=lambda point: -point.floor)

    wanted = sorted(FLOORS if floors is None else set(floors), reverse=True)
    for number, floor in enumerate(wanted):
        measure(floor, len(wanted) - number)
    while floors is None and (between := _between(_curve("stream", rows, tolerance, points))) is not None:
        measure(between, 1)
    return _curve("stream", rows, tolerance, points)


def calibrate_pairs(
    pairs: Sequence[Pair],
    embedder: Embedder,
    *,
    tolerance: float,
    floors: Sequence[float] | None = None,
    progress: Progress,
) -> Curve:
    """Each pair looked up once, and judged at every floor. Raises
    :class:`~planengine.exceptions.EmbeddingUnavailable`."""
    how = Options(floor=0.0, progress=progress)
    served = [
        _Served(
            similarity=None if decision.kind == "exact" else decision.similarity,
            wrong=not (pair.should_match and values_right),
        )
        for pair, decision, values_right in judge(pairs, KnownVectors(embedder), how)
        if decision.hit
    ]
    wanted = sorted(PAIR_FLOORS if floors is None else set(floors), reverse=True)
    return _curve("pairs", pairs, tolerance, [_point(floor, served) for floor in wanted])


@dataclass(frozen=True)
class _Served:
    """A hit; ``similarity`` is ``None`` for one by the exact template, which no floor keeps away."""

    similarity: float | None
    wrong: bool


def _point(floor: float, served: Iterable[_Served]) -> Point:
    hits = [hit for hit in served if hit.similarity is None or hit.similarity >= floor]
    near = [hit for hit in hits if hit.similarity is not None]
    return Point(
        floor=floor,
        hits=len(hits),
        wrong=sum(hit.wrong for hit in hits),
        by_meaning=len(near),
        wrong_by_meaning=sum(hit.wrong for hit in near),
        least=min((hit.similarity for hit in near if hit.similarity is not None), default=None),
    )


def _replayed(rows: Sequence[StreamRow], embedder: Embedder, floor: float, progress: Progress) -> Point:
    figures = evaluate_stream(rows, embedder, Options(floor=floor, baselines=False, progress=progress))
    return Point(
        floor=floor,
        hits=len(figures.hits),
        wrong=len(figures.wrong),
        by_meaning=figures.hits_of("semantic"),
        wrong_by_meaning=sum(hit.kind == "semantic" for hit in figures.wrong),
        least=min(figures.similarities, default=None),
    )


def _curve(kind: str, rows: Sequence[object], tolerance: float, points: Sequence[Point]) -> Curve:
    return Curve(kind, len(rows), tolerance, tuple(points))


def _between(curve: Curve) -> float | None:
    """The floor half way from the lowest good one to the next below; ``None`` when they are as near as it gets."""
    chosen = curve.chosen
    below = [point.floor for point in curve.points if chosen is not None and point.floor < chosen.floor]
    if chosen is None or not below:
        return None
    steps = round((chosen.floor - below[0]) / FINEST)
    return round(chosen.floor - steps // 2 * FINEST, 2) if steps > 1 else None
