"""An evaluation's figures for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orra.base.strictjson import Json
from planengine.evaluation.cache.curve import Curve
from planengine.evaluation.cache.figures import Outcome, PairFigures, PairOutcome, StreamFigures

SHOWN = 20
_KINDS = {"exact": "by the exact template", "semantic": "by meaning", "example": "made by example"}
_NAMES = {
    "original": "raw text, cosine > 0.95",
    "template_0.85": "templates, cosine > 0.85",
    "template_0.90": "templates, cosine > 0.90",
    "vcache_0.01": "vCache on templates, δ = 0.01",
    "vcache_0.02": "vCache on templates, δ = 0.02",
}
_FAULTS = {"plan": "wrong plan", "values": "wrong values", "refusable": "nothing could be done"}


def stream_report(figures: StreamFigures) -> Iterator[str]:
    told = figures.as_dict()
    yield f"{told['n']:,} requests; a cache that knew every plan would serve {told['oracle_hit_rate']:.1%}"
    if told["plannable"] < told["n"]:
        refusable = told["n"] - told["plannable"] - told["not_plannable"]
        yield f"{told['plannable']:,} can be planned, {refusable:,} are to be refused"
    if told["not_plannable"]:
        yield f"{told['not_plannable']:,} expect what these services cannot carry out: their plans are not stored"
    yield ""
    yield f"{'':32}{'hits':>8}{'':>9}{'wrong':>8}{'of hits':>9}{'at most':>9}"
    yield _rule("orra", told)
    yield from (_rule(name, rule) for name, rule in told["baselines"].items())
    yield ""
    kinds = (f"{told['hits_by_kind'][kind]:,} {name}" for kind, name in _KINDS.items())
    yield f"Hits       {', '.join(kinds)}"
    wrong = (f"{told['wrong_by_kind'][kind]:,} {name}" for kind, name in _KINDS.items())
    yield f"Wrong      {', '.join(wrong)}; {told['wrong_values']:,} with wrong values"
    risky, wrong_risky = told["side_effect_hits"], told["wrong_side_effect_hits"]
    yield f"Risky      {risky:,} with side effects, {wrong_risky:,} of them wrong"
    latency = told["latency_ms"]
    yield f"Lookup     p50 {latency['p50']:.1f} ms, p95 {latency['p95']:.1f} ms, without the embedding"
    yield f"Embedding  p50 {latency['embedding']['p50']:.1f} ms, p95 {latency['embedding']['p95']:.1f} ms a text"
    yield from _listed("Risk, predicted and observed", (_tenth(tenth) for tenth in told["calibration"]))
    yield ""
    yield "Misses"
    for reason, count in told["misses_by_reason"].items():
        yield f"  {count:>6,}  {reason}"
    worst_first = sorted(figures.wrong, key=lambda hit: not hit.side_effects)
    yield from _listed("Wrong hits", (_wrong_hit(hit) for hit in worst_first))


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


def _rule(name: str, told: dict[str, Json]) -> str:
    bound = told["wrong_hit_rate_upper95"]
    return (
        f"{_NAMES.get(name, name):<32}{told['hits']:>8,}{told['hit_rate']:>9.1%}"
        f"{told['wrong_hits']:>8,}{told['wrong_hit_rate']:>9.2%}{bound:>9.2%}"
    )


def _tenth(tenth: dict[str, Json]) -> str:
    return f"  {tenth['predicted']:>8.3%} {tenth['observed']:>8.3%}  of {tenth['n']:,}"


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


def _wrong_hit(hit: Outcome) -> str:
    near = "" if hit.similarity is None else f", {hit.similarity:.3f}"
    origin = "made by example" if hit.entry is None else f"served from line {hit.entry.line}"
    risky = ", with side effects" if hit.side_effects else ""
    lines = [
        f"  line {hit.row.line} {origin}, {hit.kind}{near}, {_FAULTS[hit.fault]}{risky}",
        f"    {hit.row.request.action!r} ({hit.row.label or 'to be refused'})",
    ]
    if hit.entry is not None:
        lines.append(f"    {hit.entry.request.action!r} ({hit.entry.label})")
    return "\n".join(lines)


def _pair(outcome: PairOutcome) -> str:
    near = "" if outcome.similarity is None else f", {outcome.similarity:.3f}"
    return (
        f"  line {outcome.pair.line}, {outcome.pair.category}: {outcome.reason}{near}\n"
        f"    {outcome.pair.a.action!r}\n"
        f"    {outcome.pair.b.action!r}"
    )
