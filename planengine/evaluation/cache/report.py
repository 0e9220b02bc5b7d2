"""An evaluation's figures for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orra.base.strictjson import Json
from planengine.evaluation.cache.curve import Curve
from planengine.evaluation.cache.figures import PairFigures, PairOutcome, StreamFigures, WrongHit

SHOWN = 20


def stream_report(figures: StreamFigures) -> Iterator[str]:
    told, rule = figures.as_dict(), figures.baseline.as_dict()
    yield f"{told['n']:,} requests; a cache that knew every label would serve {told['oracle_hit_rate']:.1%}"
    yield ""
    yield f"{'':24}{'orra':>12}{f'cosine > {figures.baseline.threshold}':>16}"
    yield _line("hits", f"{told['hits']:,}", f"{rule['hits']:,}")
    yield _line("  of all requests", f"{told['hit_rate']:.1%}", f"{rule['hit_rate']:.1%}")
    yield _line("wrong hits", f"{told['wrong_hits']:,}", f"{rule['wrong_hits']:,}")
    yield _line("  of hits", f"{told['wrong_hit_rate']:.2%}", f"{rule['wrong_hit_rate']:.2%}")
    bounds = told["wrong_hit_rate_upper95"], rule["wrong_hit_rate_upper95"]
    yield _line("  95 % upper bound", *(f"{bound:.2%}" for bound in bounds))
    yield _line("wrong values", f"{told['wrong_values']:,}", "not looked at")
    yield ""
    yield f"Hits       {told['exact_hits']:,} by the exact template, {told['semantic_hits']:,} by meaning"
    yield f"Lookup     p50 {told['latency_ms']['p50']:.1f} ms, p95 {told['latency_ms']['p95']:.1f} ms"
    if told["not_stored"]:
        yield f"Not stored {told['not_stored']:,} (no plan can take their params)"
    yield ""
    yield "Misses"
    for reason, count in told["misses_by_reason"].items():
        yield f"  {count:>6,}  {reason}"
    yield from _listed("Wrong hits", (_wrong_hit(hit) for hit in figures.wrong_hits))


def pair_report(figures: PairFigures) -> Iterator[str]:
    told = figures.as_dict()
    yield f"{told['n']:,} pairs"
    yield ""
    yield f"{'':28}{'kept (same plan)':>20}{'rejected (another)':>22}"
    yield _tally("orra", told)
    yield _tally("fixed threshold", told["baseline"])
    yield ""
    for category, tally in told["by_category"].items():
        yield _tally(category, tally)
    wrong = [outcome for outcome in figures.outcomes if not outcome.right]
    yield from _listed("Served although they differ", (_pair(outcome) for outcome in wrong if outcome.hit))
    yield from _listed(
        "Missed although they are the same", (_pair(outcome) for outcome in wrong if not outcome.hit)
    )


def curve_report(curve: Curve) -> Iterator[str]:
    """Floors that bring the same as the one above them are left out."""
    yield f"{curve.n:,} {'requests, replayed at each floor' if curve.kind == 'stream' else 'pairs'}"
    yield ""
    yield f"{'floor':>6}{'hits':>9}{'wrong':>8}{'at most':>10}{'by meaning':>14}{'wrong':>8}{'at most':>10}"
    before = None
    for point in curve.points:
        told = point.as_dict()
        figures = {name: value for name, value in told.items() if name != "floor"}
        if figures == before and point != curve.chosen:
            continue
        before = figures
        mark = "  <" if point == curve.chosen else ""
        yield (
            f"{point.floor:>6.2f}{point.hits:>9,}{point.wrong:>8,}{told['wrong_hit_rate_upper95']:>10.2%}"
            f"{point.by_meaning:>14,}{point.wrong_by_meaning:>8,}{told['by_meaning_upper95']:>10.2%}{mark}"
        )
    yield ""
    yield "At most: the 95 % upper bound on the share of these hits that are wrong."
    if curve.floor is not None:
        yield f"The lowest floor that keeps wrong hits within {curve.tolerance:.2%}: {curve.floor:.2f}"


def _line(name: str, ours: str, theirs: str) -> str:
    return f"{name:24}{ours:>12}{theirs:>16}"


def _tally(name: str, tally: dict[str, Json]) -> str:
    kept = f"{tally['kept']} of {tally['n_same']}" if tally["n_same"] else "–"
    rejected = f"{tally['rejected']} of {tally['n_different']}" if tally["n_different"] else "–"
    if tally["n_same"] and tally["n_different"]:
        kept, rejected = f"{kept} ({tally['kept_rate']:.0%})", f"{rejected} ({tally['rejected_rate']:.0%})"
    return f"{name:28}{kept:>20}{rejected:>22}"


def _listed(title: str, texts: Iterable[str]) -> Iterator[str]:
    found = list(texts)
    if not found:
        return
    yield ""
    yield title
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield f"  … and {len(found) - SHOWN:,} more"


def _wrong_hit(hit: WrongHit) -> str:
    return (
        f"  line {hit.row.line} served from line {hit.entry.line}, "
        f"{hit.kind}, {hit.similarity:.3f}, wrong {hit.fault}\n"
        f"    {hit.row.request.action!r} ({hit.row.label})\n"
        f"    {hit.entry.request.action!r} ({hit.entry.label})"
    )


def _pair(outcome: PairOutcome) -> str:
    near = "" if outcome.similarity is None else f", {outcome.similarity:.3f}"
    return (
        f"  line {outcome.pair.line}, {outcome.pair.category}: {outcome.reason}{near}\n"
        f"    {outcome.pair.a.action!r}\n"
        f"    {outcome.pair.b.action!r}"
    )
