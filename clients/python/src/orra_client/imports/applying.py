"""What a project has, and putting into it what an import changes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orra_client.errors import NotFound
from orra_client.imports.differences import Difference, batches, to_send
from orra_client.imports.services import Json


class Engine(Protocol):
    """What is used of :class:`orra_client.Orra`."""

    @property
    def list_services(self) -> Any: ...
    @property
    def put_services(self) -> Any: ...
    @property
    def delete_service(self) -> Any: ...


def current_services(engine: Engine) -> dict[str, dict[str, Json]]:
    """What the project's services say of themselves, by name."""
    return {service.name: service.as_given() for service in engine.list_services(page_size=100)}


def changes(
    engine: Engine,
    difference: Difference,
    wanted: Mapping[str, Mapping[str, Json]],
    current: Mapping[str, Mapping[str, Json]],
    *,
    dry_run: bool,
) -> Iterator[dict[str, Json]]:
    """Puts what is new or changed, each service for itself, many in one request. An outcome for each: ``name``,
    ``outcome`` (``created``, ``changed``, ``unchanged``, ``refused``), ``reason`` of a refusal, ``evicts``: how
    many cached plans go."""
    for batch in batches(to_send(difference, wanted, current)):
        answer = engine.put_services(batch, mode="each", dry_run=dry_run)
        for each in answer.services:
            problem = each.problem or {}
            told = "; ".join(str(fault.get("message", "")) for fault in _faults(problem))
            yield {
                "name": each.name,
                "outcome": each.outcome,
                "reason": told or str(problem.get("detail", "")),
                "evicts": each.evicts.entries,
            }


def removals(engine: Engine, names: Iterable[str]) -> Iterator[dict[str, Json]]:
    """Removes services; one that is gone already is removed."""
    for name in names:
        with contextlib.suppress(NotFound):
            engine.delete_service(name)
        yield {"name": name, "outcome": "removed", "reason": "", "evicts": 0}


def _faults(problem: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    faults = problem.get("problems")
    return [fault for fault in faults if isinstance(fault, dict)] if isinstance(faults, list) else []


@dataclass(frozen=True)
class Changing:
    """What may be changed in a project. ``gone``: the names of services that are to be removed."""

    engine: Engine
    found: Difference
    wanted: Mapping[str, Mapping[str, Json]]
    current: Mapping[str, Mapping[str, Json]]
    gone: Sequence[str]

    @property
    def is_any(self) -> bool:
        return bool(self.found.new or self.found.changed or self.gone)

    def looked_at(self) -> list[dict[str, Json]]:
        """What would become of each service that is new or changed. Nothing is stored."""
        return list(changes(self.engine, self.found, self.wanted, self.current, dry_run=True))

    def done(self) -> list[dict[str, Json]]:
        """What became of each service that was new, changed or gone."""
        changed = changes(self.engine, self.found, self.wanted, self.current, dry_run=False)
        return [*changed, *removals(self.engine, self.gone)]
