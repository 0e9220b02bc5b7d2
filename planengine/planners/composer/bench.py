"""One request laid out for wiring: its params, the services, and for every input what might give it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json
from planengine.catalogue.schemas import Field
from planengine.catalogue.specs import ServiceSpec
from planengine.planners.composer.naming import (
    Likeness,
    compare,
    is_identifier,
    is_state,
    key_of,
    stem,
    stems_of,
    words_of,
)
from planengine.planners.verbs import Act, act_of_service


@dataclass(frozen=True)
class Candidate:
    """A service as the composer sees it."""

    spec: ServiceSpec

    @cached_property
    def act(self) -> Act:
        return act_of_service(self.spec.name, self.spec.description)

    @cached_property
    def name_stems(self) -> frozenset[str]:
        return stems_of(self.spec.name)

    @cached_property
    def ends(self) -> frozenset[str]:
        """The stems at both ends of its name's last part, where its verb stands."""
        words = words_of(self.spec.name.rpartition(".")[2])
        return frozenset(map(stem, (*words[:1], *words[-1:])))

    @cached_property
    def said(self) -> frozenset[str]:
        """The stems of its name and description: the context in which its fields are to be read."""
        return self.name_stems | stems_of(self.spec.description)

    @cached_property
    def required_keys(self) -> frozenset[str]:
        return frozenset(key_of(name) for name in self.spec.required_inputs)

    @cached_property
    def input_keys(self) -> frozenset[str]:
        return frozenset(key_of(name) for name in self.spec.input_fields)


@dataclass(frozen=True)
class Option:
    producer: str
    field: str
    likeness: Likeness


class Workbench:
    """One request's services and params, with everything that can be known before goals are chosen.

    ``may_help`` says whether a service that nobody asked for may be added to produce a value; ``nearness`` is its
    similarity to the action.
    """

    def __init__(
        self,
        services: Iterable[ServiceSpec],
        *,
        params: Mapping[str, Json],
        said: frozenset[str],
        may_help: Callable[[Candidate], bool],
        nearness: Callable[[str], float],
    ) -> None:
        self.candidates = {spec.name: Candidate(spec) for spec in services}
        self.params = params
        self._said = said
        self._helps = may_help
        self._nearness = nearness
        self._options: dict[tuple[str, str], tuple[Option, ...]] = {}
        self._given: dict[tuple[str, str], tuple[list[str], str]] = {}
        self._by_key: dict[str, list[str]] = {}
        for name in params:
            self._by_key.setdefault(key_of(name), []).append(name)

    def exact_params(self, service: str) -> frozenset[str]:
        """The params that are inputs of ``service`` by name."""
        keys = self.candidates[service].input_keys
        return frozenset(name for name in self.params if key_of(name) in keys)

    def field_of(self, service: str, name: str) -> Field:
        found = self.candidates[service].spec.inputs.field(name)
        assert found is not None, name
        return found

    def namesake(self, wanted: str) -> str | None:
        """The one param that is spelled like ``wanted``."""
        if wanted in self.params:
            return wanted
        names = self._by_key.get(key_of(wanted), [])
        return names[0] if len(names) == 1 else None

    def unfitting(self, service: str, name: str) -> str:
        """Why the namesake param cannot be taken; empty when it can, or there is none."""
        param = self.namesake(name)
        faults = self.field_of(service, name).faults(self.params[param]) if param is not None else []
        return f"the value of param '{param}' does not fit it: {faults[0]}" if faults else ""

    def equivalents(self, service: str, name: str) -> list[tuple[Likeness, str]]:
        """Params of another spelling that may be meant by this input, surest first."""
        wanted_context = self.candidates[service].said
        schema = self.field_of(service, name)
        found = []
        for param, value in self.params.items():
            likeness = compare(param, name, given_context=self._said, wanted_context=wanted_context)
            if likeness in (None, Likeness.EXACT) or schema.faults(value):
                continue
            if likeness is Likeness.IDENTIFIER and not (is_identifier(param) or _looks_like_identifier(value)):
                continue
            if self._looked_up(service, name, by=param):
                continue
            found.append((likeness, param))
        return sorted(found)

    def _looked_up(self, service: str, name: str, *, by: str) -> bool:
        """Whether another service turns this param into this input, each by its own name: where a ticket's id is
        looked up by its number, the number is no id."""
        return any(
            option.likeness is Likeness.EXACT
            and key_of(by) in self.candidates[option.producer].required_keys
            and self.may_help(option.producer)
            for option in self.options(service, name)
        )

    def options(self, service: str, name: str) -> tuple[Option, ...]:
        """Every output of another service that may serve as this input."""
        if (service, name) not in self._options:
            self._options[service, name] = tuple(self._find_options(service, name))
        return self._options[service, name]

    def _find_options(self, service: str, name: str) -> Iterable[Option]:
        if is_state(name):
            return
        consumer, wanted = self.candidates[service], self.field_of(service, name)
        for producer in self.candidates.values():
            if producer is consumer:
                continue
            best: Option | None = None
            for output in producer.spec.output_fields:
                # What a service needs in order to run cannot come from it: it only hands it back.
                if is_state(output) or key_of(output) in producer.required_keys:
                    continue
                likeness = compare(output, name, given_context=producer.name_stems, wanted_context=consumer.said)
                if likeness is None or (likeness is Likeness.IDENTIFIER and not _both_identify(output, name)):
                    continue
                made = producer.spec.outputs.field(output)
                if made is not None and wanted.takes(made) and (best is None or likeness < best.likeness):
                    best = Option(producer.spec.name, output, likeness)
            if best is not None:
                yield best

    def may_help(self, service: str) -> bool:
        return self._helps(self.candidates[service])

    def nearness(self, service: str) -> float:
        return self._nearness(service)


def _both_identify(left: str, right: str) -> bool:
    return is_identifier(left) and is_identifier(right)


def _looks_like_identifier(value: Json) -> bool:
    """``ORD-17`` and 17 identify an order; "Jane Smith" does not identify a customer."""
    if isinstance(value, str):
        return any(map(str.isdigit, value)) and not any(map(str.isspace, value))
    return isinstance(value, int) and not isinstance(value, bool)
