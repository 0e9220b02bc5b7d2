"""A stream during which the project changes: services get other names, one goes, a rival comes.

The rows stay the same; what they expect follows the catalogue, and requests for what is gone are to be refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planengine.catalogue import registry
from planengine.embeddings.embedders import Embedder
from planengine.evaluation.cache.bench import Bench, empty_bench
from planengine.evaluation.cache.figures import Outcome, StreamFigures
from planengine.evaluation.cache.replay import Options, replay_rows
from planengine.evaluation.cache.rows import StreamRow
from planengine.evaluation.cache.vectors import KnownVectors
from planengine.evaluation.services import Facts, only_reads
from planengine.models import Service

RENAMED = 2


@dataclass(frozen=True)
class _Changes:
    """``names`` are the new ones by the old, ``gone`` is the service that is removed, ``rival`` one more."""

    names: Mapping[str, str]
    gone: str
    rival: Facts


def evaluate_drift(
    rows: Sequence[StreamRow], services: Sequence[Facts], embedder: Embedder, options: Options
) -> StreamFigures:
    """The rows in their order into an empty project. After a third of them the two services asked for most are
    registered under other names; after two thirds the next is removed, and a copy of the fourth is registered
    beside it. Raises :class:`~planengine.exceptions.EmbeddingUnavailable`."""
    changes = _changes(rows, services)
    vectors = KnownVectors(embedder, options.vectors)
    with empty_bench(services, vectors, without=options.without, **options.of_project) as bench:
        vectors.learn([bench.asked(row.request).template.embedding_text for row in rows])
        outcomes = tuple(_drift(rows, services, changes, bench, vectors))
        return StreamFigures(outcomes, {}, 0.0, vectors.milliseconds)


def _changes(rows: Sequence[StreamRow], services: Sequence[Facts]) -> _Changes:
    asked = Counter(call.service for row in rows for call in row.expected)
    first, second, gone, copied = (name for name, _ in asked.most_common(RENAMED + 2))
    by_name = {facts["name"]: facts for facts in services}
    rival = {
        **by_name[copied],
        "name": f"{copied}.legacy",
        "description": f"{by_name[copied]['description']} (legacy)",
    }
    return _Changes({first: f"{first}.v2", second: f"{second}.v2"}, gone, rival)


def _drift(
    rows: Sequence[StreamRow],
    services: Sequence[Facts],
    changes: _Changes,
    bench: Bench,
    vectors: KnownVectors,
) -> Iterator[Outcome]:
    third = len(rows) // 3
    reading = frozenset(facts["name"] for facts in (*services, changes.rival) if only_reads(facts))
    reading |= {new for old, new in changes.names.items() if old in reading}
    yield from replay_rows(rows[:third], bench, vectors, reading)
    for facts in services:
        if facts["name"] in changes.names:
            _register(bench, {**facts, "name": changes.names[facts["name"]]})
            _remove(bench, facts["name"])
    renamed = [_with_names(row, changes.names) for row in rows[third:]]
    yield from replay_rows(renamed[:third], bench, vectors, reading)
    _remove(bench, changes.gone)
    _register(bench, changes.rival)
    yield from replay_rows([_without(row, changes.gone) for row in renamed[third:]], bench, vectors, reading)


def _with_names(row: StreamRow, names: Mapping[str, str]) -> StreamRow:
    if not row.expected:
        return row
    tasks = [
        {**task, "service": names.get(task["service"], task["service"])} if "service" in task else task
        for task in row.draft["tasks"]
    ]
    expected = tuple(replace(call, service=names.get(call.service, call.service)) for call in row.expected)
    return replace(row, expected=expected, draft={**row.draft, "tasks": tasks})


def _without(row: StreamRow, gone: str) -> StreamRow:
    return replace(row, expected=(), draft=None) if any(call.service == gone for call in row.expected) else row


def _register(bench: Bench, facts: Facts) -> None:
    registry.register(bench.project, facts["name"], facts)


def _remove(bench: Bench, name: str) -> None:
    registry.remove(Service.objects.get(project=bench.project, name=name))
    bench.project.refresh_from_db(fields=["catalogue_revision"])
