"""Facts of a catalogue that hold for every request: which service takes what, and which gives what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.composer.bench import Candidate
from planengine.planners.composer.naming import (
    Likeness,
    compare,
    is_identifier,
    is_state,
    key_of,
    stems_of,
    words_of,
)
from planengine.planners.relevance import describe

_KEPT_CATALOGUES = 32


@dataclass(frozen=True, eq=False)
class _Output:
    candidate: Candidate
    field: str


class Producers:
    """Which service gives what, found by the words of its outputs' names. More generous than the composer, which
    has to be sure: the same last word of a name and types that fit are enough to be shown."""

    def __init__(self, services: Collection[ServiceSpec]) -> None:
        self._by_handle: dict[str, list[_Output]] = {}
        self._found: dict[tuple[str, str], list[tuple[int, ServiceSpec]]] = {}
        for spec in services:
            candidate = Candidate(spec)
            for name in spec.output_fields:
                # What a service needs in order to run cannot come from it: it only hands it back.
                if not is_state(name) and key_of(name) not in candidate.required_keys:
                    for handle in _handles(name):
                        self._by_handle.setdefault(handle, []).append(_Output(candidate, name))

    def of(self, consumer: ServiceSpec, name: str) -> list[tuple[int, ServiceSpec]]:
        """The services whose output may serve as this input, each with how unlike the names are."""
        if (consumer.name, name) not in self._found:
            self._found[consumer.name, name] = list(self._find(consumer, name))
        return self._found[consumer.name, name]

    def _find(self, consumer: ServiceSpec, name: str) -> Iterator[tuple[int, ServiceSpec]]:
        wanted, said = consumer.inputs.field(name), stems_of(f"{consumer.name} {consumer.description}")
        if wanted is None or is_state(name):
            return
        best: dict[str, tuple[int, ServiceSpec]] = {}
        for output in {each for handle in _handles(name) for each in self._by_handle.get(handle, ())}:
            spec = output.candidate.spec
            made = spec.outputs.field(output.field)
            if spec.name == consumer.name or made is None or not wanted.takes(made):
                continue
            likeness = compare(output.field, name, given_context=output.candidate.name_stems, wanted_context=said)
            unlike = len(Likeness) if likeness is None else int(likeness)
            if spec.name not in best or unlike < best[spec.name][0]:
                best[spec.name] = unlike, spec
        yield from best.values()


def _handles(name: str) -> set[str]:
    """What two names have in common when one may mean the other: their spelling, or their last word, or that
    before an ``id``."""
    words = words_of(name)
    before_id = {" ".join(words[:-1])} if len(words) > 1 and is_identifier(name) else set()
    return {key_of(name), *words[-1:], " ".join(words), *before_id} - {"id"}


@dataclass(frozen=True)
class Facts:
    """Facts of a catalogue that hold for every request. Keys are names in any spelling."""

    services: tuple[ServiceSpec, ...]
    described: tuple[str, ...]
    inputs: Mapping[str, frozenset[str]]
    required: Mapping[str, frozenset[str]]
    takers: Mapping[str, Sequence[ServiceSpec]]
    producers: Producers

    @property
    def names(self) -> list[str]:
        return [spec.name for spec in self.services]


@lru_cache(maxsize=_KEPT_CATALOGUES)
def facts_of(catalogue: Catalogue) -> Facts:
    services = tuple(catalogue)
    inputs = {spec.name: frozenset(map(key_of, spec.input_fields)) for spec in services}
    takers: dict[str, list[ServiceSpec]] = {}
    for spec in services:
        for key in inputs[spec.name]:
            takers.setdefault(key, []).append(spec)
    required = {spec.name: frozenset(map(key_of, spec.required_inputs)) for spec in services}
    return Facts(services, tuple(map(describe, services)), inputs, required, takers, Producers(services))
