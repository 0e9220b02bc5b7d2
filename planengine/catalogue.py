"""The services a request may use, as plain values: what planners choose from and validation judges by."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cache.language.forms import stems
from cache.language.grammar import FUNCTION_WORDS
from cache.tokens import name_words, tokenize
from orra.strictjson import Json, canonical
from planengine.schemas import ObjectSchema, compile_schema

MAX_DIGESTS = 1_000


@dataclass(frozen=True)
class ServiceSpec:
    """One version of a service. ``type`` is ``agent`` or ``service``; both schemas describe JSON objects and have
    passed :func:`planengine.schemas.check_schema`."""

    id: str
    name: str
    type: str
    description: str
    version: int
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json]
    revertible: bool

    @cached_property
    def digest(self) -> str:
        """Equal for services that are the same for whoever plans with them, whatever their ids and versions."""
        facts = [self.name, self.type, self.description, self.input_schema, self.output_schema, self.revertible]
        return hashlib.sha256(canonical(facts).encode()).hexdigest()

    @cached_property
    def inputs(self) -> ObjectSchema:
        return compile_schema(self.input_schema)

    @cached_property
    def outputs(self) -> ObjectSchema:
        return compile_schema(self.output_schema)

    @property
    def input_fields(self) -> Mapping[str, Json]:
        """The schema of each top-level input; a ``$ref`` inside one is relative to :attr:`input_schema`."""
        return self.inputs.properties

    @property
    def required_inputs(self) -> tuple[str, ...]:
        return self.inputs.required

    @property
    def output_fields(self) -> Mapping[str, Json]:
        """The schema of each top-level output; a ``$ref`` inside one is relative to :attr:`output_schema`."""
        return self.outputs.properties


class Catalogue:
    """Services by name and by id, in the order given. A name wins over an id of the same text."""

    def __init__(self, services: Iterable[ServiceSpec]) -> None:
        self._services = tuple(services)
        self._digests: dict[tuple[str, ...], str] = {}  # asked for on every hit
        self._found = {spec.id: spec for spec in self._services} | {spec.name: spec for spec in self._services}

    def __iter__(self) -> Iterator[ServiceSpec]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    def get(self, name_or_id: str) -> ServiceSpec | None:
        """The service of exactly this name, or else of this id; upper and lower case differ."""
        return self._found.get(name_or_id)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that services are told apart by, from their names and descriptions, and what these may be
        forms of."""
        described = {token.folded for spec in self._services for token in tokenize(spec.description)}
        named = {word for spec in self._services for word in name_words(spec.name)}
        # "on" tells nothing in a description, and everything in "turn_on".
        return frozenset(stem for word in (described - FUNCTION_WORDS) | named for stem in stems(word))

    def digest_of(self, names: Iterable[str]) -> str:
        """Equal as long as each of these services is there and unchanged."""
        wanted = tuple(sorted(set(names)))
        known = self._digests.get(wanted)
        if known is None:
            found = [(name, self._found.get(name)) for name in wanted]
            facts = [[name, spec.digest if spec else None] for name, spec in found]
            known = hashlib.sha256(canonical(facts).encode()).hexdigest()
            if len(self._digests) < MAX_DIGESTS:
                self._digests[wanted] = known
        return known

    @cached_property
    def digest(self) -> str:
        """Of all its services."""
        return self.digest_of(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self._services)
