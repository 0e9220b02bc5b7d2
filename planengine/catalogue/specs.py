"""The services a request may use, as plain values: what planners choose from and validation judges by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from cache.examples.wording import words_of_text
from cache.languages import function_words
from cache.templates.tokens import name_words, tokenize
from orra.base.strictjson import Json, digest
from planengine.catalogue.annotations import is_destructive, is_idempotent, is_read_only
from planengine.catalogue.examples import ServiceExample, read_examples
from planengine.catalogue.field_names import key_of
from planengine.catalogue.schemas import ObjectSchema, compile_input_schema, compile_schema
from planengine.catalogue.takers import Taker, can_take, discriminating_terms, plain_names, rivals

MAX_KEPT = 1_000


@dataclass(frozen=True)
class ServiceSpec:
    """One version of a service. ``type`` is ``agent`` or ``service``; both schemas describe JSON objects and have
    passed :func:`planengine.catalogue.schemas.check_schema`. ``annotations`` (MCP's), ``given_examples`` (as their
    developer wrote them) and ``capabilities`` (what it can do, in the words of groundings) belong to no version
    and may change without a new one."""

    id: str
    name: str
    type: str
    description: str
    version: int
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json]
    revertible: bool
    annotations: Mapping[str, Json] = field(default_factory=dict)
    given_examples: tuple[Json, ...] = ()
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "annotations", MappingProxyType(dict(self.annotations)))

    @cached_property
    def digest(self) -> str:
        """Equal for services that take, do and give the same, whatever their ids, versions, annotations and
        examples: what a cached plan depends on."""
        facts = [self.name, self.type, self.description, self.input_schema, self.output_schema, self.revertible]
        return digest(facts)

    @cached_property
    def inputs(self) -> ObjectSchema:
        return compile_input_schema(self.input_schema)

    @cached_property
    def outputs(self) -> ObjectSchema:
        return compile_schema(self.output_schema)

    @cached_property
    def examples(self) -> tuple[ServiceExample, ...]:
        """Requests that the service was made for."""
        return tuple(read_examples(self.given_examples, self.inputs))

    @property
    def read_only(self) -> bool:
        """Whether it is known to change nothing."""
        return is_read_only(self.annotations)

    @property
    def destructive(self) -> bool:
        """Whether what it changes may be lost, for all that is known."""
        return is_destructive(self.annotations)

    @property
    def idempotent(self) -> bool:
        """Whether doing it twice is known to be the same as doing it once."""
        return is_idempotent(self.annotations)

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
        self._digests: dict[tuple[str, ...], str] = {}  # these three are asked for on every lookup
        self._discriminating_terms: dict[frozenset[str], frozenset[str]] = {}
        self._taken: dict[tuple[tuple[str, ...], frozenset[str]], bool] = {}
        self._rivals: dict[tuple[tuple[str, ...], frozenset[str]], frozenset[str]] = {}
        self._found = {spec.id: spec for spec in self._services} | {spec.name: spec for spec in self._services}

    def __iter__(self) -> Iterator[ServiceSpec]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    def get(self, name_or_id: str) -> ServiceSpec | None:
        """The service of exactly this name, or else of this id; upper and lower case differ."""
        return self._found.get(name_or_id)

    @cached_property
    def _takers(self) -> Mapping[str, Taker]:
        return {spec.name: _taker(spec) for spec in self._services}

    @cached_property
    def _words(self) -> Mapping[str, frozenset[str]]:
        return {
            spec.name: frozenset().union(*map(name_words, (spec.name, *spec.input_fields)))
            for spec in self._services
        }

    @cached_property
    def _allowed(self) -> Mapping[str, frozenset[str]]:
        return {spec.name: _allowed(spec) for spec in self._services}

    def discriminating_terms(self, fields: Iterable[str]) -> frozenset[str]:
        """The words, and what these may be forms of, by which services are told apart that could take params of
        these fields."""
        given = plain_names(fields)
        known = self._discriminating_terms.get(given)
        if known is None:
            known = discriminating_terms(tuple(self._takers.values()), given)
            _make_room(self._discriminating_terms)
            self._discriminating_terms[given] = known
        return known

    def can_take(self, services: Sequence[str], given: frozenset[str]) -> bool:
        """Whether these services can be called together with params of the ``given`` plain names, all of which
        they take."""
        asked = (tuple(services), given)
        known = self._taken.get(asked)
        if known is None:
            known = can_take(self._takers, services, given)
            _make_room(self._taken)
            self._taken[asked] = known
        return known

    def rivals(self, services: Sequence[str], given: frozenset[str]) -> frozenset[str]:
        """Which services could be called instead of these with params of the ``given`` plain names."""
        asked = (tuple(services), given)
        known = self._rivals.get(asked)
        if known is None:
            known = rivals(self._takers, services, given)
            _make_room(self._rivals)
            self._rivals[asked] = known
        return known

    def looked_up(self, wanted: str, *, by: str) -> ServiceSpec | None:
        """A service that needs a field called ``by`` and gives one called ``wanted``, each in any spelling."""
        givers = self._givers.get(key_of(wanted), ())
        return next((spec for spec in givers if key_of(by) in map(key_of, spec.required_inputs)), None)

    @cached_property
    def _givers(self) -> Mapping[str, Sequence[ServiceSpec]]:
        found: dict[str, list[ServiceSpec]] = {}
        for spec in self._services:
            for name in spec.output_fields:
                found.setdefault(key_of(name), []).append(spec)
        return found

    def words_of(self, service: str) -> frozenset[str]:
        """The words of a service's and its inputs' names, casefolded. Not those of descriptions: one may name what
        the service does besides, or does not do."""
        return self._words.get(service, frozenset())

    def words_allowed(self, service: str) -> frozenset[str]:
        """The words of the values that a service's inputs allow, casefolded. Not those of branches: a plan is of
        one of them."""
        return self._allowed.get(service, frozenset())

    def digest_of(self, names: Iterable[str]) -> str:
        """Equal as long as each of these services is there and unchanged."""
        wanted = tuple(sorted(set(names)))
        known = self._digests.get(wanted)
        if known is None:
            found = [(name, self._found.get(name)) for name in wanted]
            facts = [[name, spec.digest if spec else None] for name, spec in found]
            known = digest(facts)
            _make_room(self._digests)
            self._digests[wanted] = known
        return known

    @cached_property
    def digest(self) -> str:
        """Of all its services."""
        return self.digest_of(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(spec.name for spec in self._services)


def _taker(spec: ServiceSpec) -> Taker:
    described = {token.folded for token in tokenize(spec.description)}
    return Taker(
        name=spec.name,
        inputs=plain_names(spec.input_fields),
        required=plain_names(name for name in spec.required_inputs if name not in spec.inputs.settled),
        outputs=plain_names(spec.output_fields),
        # "on" tells nothing in a description, and everything in "turn_on".
        words=name_words(spec.name) | (described - function_words()),
        groups=tuple(
            tuple(plain_names(way.given) for way in rule.ways)
            for rule in spec.inputs.rules
            if rule.needs_one and rule.ways
        ),
        takes_any=spec.inputs.is_open,
    )


def _allowed(spec: ServiceSpec) -> frozenset[str]:
    allowed = (
        value
        for name, schema in spec.input_fields.items()
        if isinstance(schema, Mapping) and not spec.inputs.is_in_branches(name)
        for value in schema.get("enum", ())
        if isinstance(value, str)
    )
    return frozenset(word.casefold() for value in allowed for word in words_of_text(value))


def _make_room(kept: dict[Any, Any]) -> None:
    """Fields are the callers' to choose: what was worked out for them must not grow without end."""
    if len(kept) >= MAX_KEPT:
        kept.clear()


def catalogue_from(services: Iterable[Mapping[str, Json]]) -> Catalogue:
    """Services by the facts that a registration has, as planners choose from them, without a project."""
    return Catalogue(
        ServiceSpec(
            id=f"s_{index}",
            name=facts["name"],
            type=facts["type"],
            description=facts["description"],
            version=1,
            input_schema=facts["input_schema"],
            output_schema=facts["output_schema"],
            revertible=facts["revertible"],
            annotations=facts["annotations"],
            given_examples=tuple(facts["examples"]),
            capabilities=tuple(facts.get("capabilities", ())),
        )
        for index, facts in enumerate(services, 1)
    )
