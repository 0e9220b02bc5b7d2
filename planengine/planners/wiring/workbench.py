"""One request laid out for wiring: its params, the services, and for every input what might give it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json
from planengine.catalogue.field_names import Likeness, compare, is_identifier, is_state, key_of, stems_of
from planengine.catalogue.schemas import Field, Rule, only_value
from planengine.catalogue.specs import Catalogue
from planengine.planners.producers import Output, facts_of
from planengine.planners.wiring.assembly import Assembly, Source


@dataclass(frozen=True)
class Decided:
    """The source of an input: a ``param``, the output of a ``service``, or else the ``value`` of a literal."""

    param: str | None = None
    service: str | None = None
    output: str = ""
    value: Json = None


class Workbench:
    """One request's services and params, with everything that can be known before goals are chosen. ``nearness``
    is a service's similarity to the action. ``decided``: where an input comes from, by service and input, as
    somebody who understands the request has said."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        params: Mapping[str, Json],
        action: str,
        nearness: Callable[[str], float] = lambda service: 0.0,
        decided: Mapping[tuple[str, str], Decided] | None = None,
    ) -> None:
        facts = facts_of(catalogue)
        self.facts, self.candidates, self.producers = facts, facts.candidates, facts.producers
        self.params = params
        self.nearness = nearness
        self.decided = decided or {}
        self._said = stems_of(action)
        self._equivalents: dict[tuple[str, str], list[tuple[Likeness, str]]] = {}
        self._by_key: dict[str, list[str]] = {}
        for name in params:
            self._by_key.setdefault(key_of(name), []).append(name)

    def may_help(self, service: str) -> bool:
        """Whether a service that nobody asked for may be added to produce a value: only if it is known to read."""
        return self.candidates[service].spec.read_only

    def exact_params(self, service: str) -> frozenset[str]:
        """The params that are inputs of ``service`` by name."""
        keys = self.candidates[service].input_keys
        return frozenset(name for name in self.params if key_of(name) in keys)

    def takeable_params(self, service: str) -> frozenset[str]:
        """The params that may be inputs of ``service``, by their own name or another spelling."""
        named = self.exact_params(service) | self.free_params(service)
        if len(named) == len(self.params):
            return named
        names = self.candidates[service].spec.input_fields
        return named.union(param for name in names for _, param in self.equivalents(service, name))

    def free_params(self, service: str) -> frozenset[str]:
        """The params for which no service has an input, where ``service`` takes inputs of any name."""
        if not self.candidates[service].spec.inputs.is_open:
            return frozenset()
        return self.unknown_params

    @cached_property
    def unknown_params(self) -> frozenset[str]:
        """The params that are no input of any service by name: each may be meant for any that it fits."""
        return frozenset(name for name in self.params if key_of(name) not in self.facts.takers)

    def may_choose(self, service: str, fixed: Mapping[str, Json]) -> bool:
        """Whether a form of the inputs that fixes these values may be chosen: where they change nothing, or the
        action has the words of those that the service leaves a choice of."""
        spec = self.candidates[service].spec
        open_values = [value for name, value in fixed.items() if name not in spec.inputs.settled]
        said = all(isinstance(value, str) and stems_of(value) <= self._said for value in open_values)
        return spec.read_only or said

    def broken(self, assembly: Assembly) -> Iterator[tuple[str, Rule]]:
        """The rules of its services that an assembly breaks."""
        for service, wired in assembly.inputs.items():
            for rule in self.broken_by(service, wired, assembly.constants):
                yield service, rule

    def broken_by(self, service: str, wired: Mapping[str, Source], constants: Mapping[str, Json]) -> list[Rule]:
        """The rules of a service that these inputs break."""
        inputs = self.candidates[service].spec.inputs
        if not inputs.rules:
            return []
        given = {**constants, **self.params}
        values = {name: given[source.field] for name, source in wired.items() if source.service is None}
        awaited = {
            name: self.candidates[source.service].spec.outputs.field(source.field)
            for name, source in wired.items()
            if source.service is not None
        }
        return inputs.broken(values, awaited)

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

    def constant(self, service: str, name: str) -> list[Json]:
        """The one value that an input's schema allows, if it allows only one."""
        found = self.field_of(service, name)
        return only_value(found.schema, found.root)

    def gives(self, service: str, name: str) -> bool:
        """Whether the request itself may give an input: by a param, or because its schema allows one value."""
        if self.namesake(name) is not None:
            return not self.unfitting(service, name)
        return bool(self.constant(service, name) or self.equivalents(service, name))

    def unfitting(self, service: str, name: str) -> str:
        """Why the namesake param cannot be taken; empty when it can, or there is none."""
        param = self.namesake(name)
        faults = self.field_of(service, name).faults(self.params[param]) if param is not None else []
        return f"the value of param '{param}' does not fit it: {faults[0]}" if faults else ""

    def equivalents(self, service: str, name: str) -> list[tuple[Likeness, str]]:
        """Params of another spelling that may be meant by this input, surest first."""
        if (service, name) not in self._equivalents:
            found = ((self._equivalence(service, name, param), param) for param in self.params)
            self._equivalents[service, name] = sorted(
                (likeness, param) for likeness, param in found if likeness is not None
            )
        return self._equivalents[service, name]

    def _equivalence(self, service: str, name: str, param: str) -> Likeness | None:
        wanted_context = self.candidates[service].said
        likeness = compare(param, name, given_context=self._said, wanted_context=wanted_context)
        value = self.params[param]
        if likeness is None or likeness is Likeness.EXACT or self.field_of(service, name).faults(value):
            return None
        if likeness is Likeness.IDENTIFIER and not (is_identifier(param) or _looks_like_identifier(value)):
            return None
        return None if self._looked_up(service, name, by=param) else likeness

    def _looked_up(self, service: str, name: str, *, by: str) -> bool:
        """Whether another service turns this param into this input, each by its own name: where a ticket's id is
        looked up by its number, the number is no id."""
        return any(
            option.likeness is Likeness.EXACT
            and key_of(by) in self.candidates[option.producer].required_keys
            and self.may_help(option.producer)
            for option in self.options(service, name)
        )

    def texts_of(self, service: str) -> Iterator[Output]:
        """The outputs of a service that are texts, and neither identify anything nor tell a state."""
        spec = self.candidates[service].spec
        for name in spec.output_fields:
            made = spec.outputs.field(name)
            if made is not None and made.types == {"string"} and not (is_identifier(name) or is_state(name)):
                yield Output(spec, name, None)

    def options(self, service: str, name: str) -> tuple[Output, ...]:
        """Every output of another service that may serve as this input."""
        return tuple(found for found in self.producers.of(service, name) if found.likeness is not None)


def _looks_like_identifier(value: Json) -> bool:
    """``ORD-17`` and 17 identify an order; "Jane Smith" does not identify a customer."""
    if isinstance(value, str):
        return any(map(str.isdigit, value)) and not any(map(str.isspace, value))
    return isinstance(value, int) and not isinstance(value, bool)
