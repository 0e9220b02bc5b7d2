"""How good the cache and the composer are on a folder of labelled requests, and what simpler caches make of them.

The folder is no part of the project. It may have ``assistant-requests.jsonl`` and ``hospital-requests.jsonl``,
each with its ``-services.jsonl``; ``stream-*.jsonl``; ``pairs-*.jsonl``; ``planner-*.jsonl``, in the formats of
``manage.py evaluate_cache`` and ``evaluate_planner``. What it lacks is left out. Vectors are kept from one run to
the next in :data:`VECTORS`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import table
from orra.base.strictjson import Json
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.cache.bench import PARTS
from planengine.evaluation.cache.drift import evaluate_drift
from planengine.evaluation.cache.replay import Options, evaluate_pairs, evaluate_stream
from planengine.evaluation.cache.rows import Pair, StreamRow, read_catalogue_rows, read_rows
from planengine.evaluation.planners import rows as planner_rows
from planengine.evaluation.planners.measuring import evaluate
from planengine.evaluation.services import Facts, read_services
from planengine.planners.composer.composer import Composer

VECTORS = Path(tempfile.gettempdir()) / "orra-evaluation"
DEFAULT_TOLERANCE = 0.01
TOLERANCES = (0.002, 0.005, DEFAULT_TOLERANCE, 0.02)
SECONDS = 60.0


@dataclass
class Evaluation:
    """Figures as the commands tell them in JSON, by what they are of. ``tolerances``: what nothing was
    fitted on, at each; ``without``: the second half of the assistant stream with a part of the rule left out."""

    streams: dict[str, Json] = field(default_factory=dict)
    tolerances: dict[str, dict[float, Json]] = field(default_factory=dict)
    without: dict[str, Json] = field(default_factory=dict)
    pairs: dict[str, Json] = field(default_factory=dict)
    planners: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stream:
    rows: Sequence[StreamRow]
    services: Sequence[Facts] | None

    def figures(self, **options: Json) -> dict[str, Json]:
        how = Options(services=self.services, vectors=VECTORS, **options)
        return evaluate_stream(self.rows, get_embedder(), how).as_dict()

    def drifting(self) -> dict[str, Json]:
        assert self.services is not None
        how = Options(services=self.services, vectors=VECTORS, baselines=False)
        return evaluate_drift(self.rows, self.services, get_embedder(), how).as_dict()

    def half(self, number: int) -> _Stream:
        middle = len(self.rows) // 2
        return _Stream(self.rows[:middle] if number == 1 else self.rows[middle:], self.services)


def run(data: Path) -> Evaluation:
    found = Evaluation()
    table.heading(f"Labelled requests of {data.name}/")
    for name, path in _files(data, "planner-*.jsonl"):
        found.planners[name] = _plan(path, None)
    for name, path in _files(data, "*-requests.jsonl"):
        services = _services_of(path)
        if name.startswith("hospital"):
            found.planners["hospital"] = _plan(path, services)
            found.streams["hospital"] = _told("hospital", _read(path, services).figures())
    for name, path in _files(data, "pairs-*.jsonl"):
        found.pairs[name] = _judge_pairs(name, path)
    for name, path in _files(data, "stream-*.jsonl"):
        found.streams[name] = _at_each_tolerance(found, name, _read(path, None))
    for _, path in _files(data, "assistant-requests.jsonl"):
        _evaluate_assistant(found, _read(path, _services_of(path)))
    return found


def _evaluate_assistant(found: Evaluation, stream: _Stream) -> None:
    """The second half is what nothing was fitted on: tolerances, drift and ablations are measured there."""
    found.streams["assistant"] = _told("assistant", stream.figures())
    second = stream.half(2)
    found.streams["assistant, second half"] = _at_each_tolerance(found, "assistant, second half", second)
    found.streams["assistant, second half, drifting"] = _told("  drifting", second.drifting())
    for part in PARTS:
        figures = second.figures(without=frozenset({part}), baselines=False)
        found.without[part] = _told(f"  without {part}", figures)


def _at_each_tolerance(found: Evaluation, name: str, stream: _Stream) -> dict[str, Json]:
    """The figures at the default, the baselines among them."""
    at_each = found.tolerances.setdefault(name, {})
    for tolerance in TOLERANCES:
        figures = stream.figures(tolerance=tolerance, baselines=tolerance == DEFAULT_TOLERANCE)
        at_each[tolerance] = _told(f"{name}, tolerance {tolerance:.1%}", figures)
    default: dict[str, Json] = at_each[DEFAULT_TOLERANCE]
    return default


def _read(path: Path, services: Path | None) -> _Stream:
    if services is None:
        return _Stream([row for row in read_rows(path) if isinstance(row, StreamRow)], None)
    facts = read_services(services)
    return _Stream(read_catalogue_rows(path, facts), facts)


def _judge_pairs(name: str, path: Path) -> dict[str, Json]:
    pairs = [row for row in read_rows(path) if isinstance(row, Pair)]
    told = evaluate_pairs(pairs, get_embedder(), Options(vectors=VECTORS)).as_dict()
    kept, rejected = (
        f"{told[one]} of {told[of]}" for one, of in (("kept", "n_same"), ("rejected", "n_different"))
    )
    table.line(name, f"kept {kept}", f"rejected {rejected}")
    return told


def _plan(path: Path, services: Path | None) -> dict[str, Json]:
    rows = planner_rows.read_rows(path, services=services)
    told = evaluate(Composer(get_embedder()), rows, attempts=1, seconds=SECONDS).as_dict()
    counts = (f"{told[name]} {name.replace('_', ' ')}" for name in ("right", "wrong", "refused"))
    table.line(f"composer, {path.stem}", *counts)
    return told


def _told(name: str, figures: dict[str, Json]) -> dict[str, Json]:
    wrong = f"{figures['wrong_hits']} wrong ({figures['wrong_hit_rate']:.2%})"
    table.line(name, f"{figures['hit_rate']:.1%} hits", wrong, f"{figures['wrong_side_effect_hits']} risky")
    return figures


def _services_of(requests: Path) -> Path:
    return requests.with_name(requests.name.replace("-requests", "-services"))


def _files(data: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(data.glob(pattern)):
        yield path.stem, path
