"""How the inputs that a draft gives a service could keep a rule of its schema that they break."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.catalogue.schemas import Rule, Way
from planengine.catalogue.specs import ServiceSpec
from planengine.validation.references import mentions

_MAX_WAYS = 12


@dataclass(frozen=True)
class Given:
    """What a task of a draft gives its service. ``inputs`` as the draft has them."""

    spec: ServiceSpec
    inputs: Mapping[str, Json]
    params: Mapping[str, Json]

    def what_keeps(self, rule: Rule, *, sources: Callable[[str], Sequence[str]]) -> Mapping[str, Json]:
        """The inputs to write so that the rule is kept, nothing where none is known. ``sources``: references that
        may be right for an input, likeliest first."""
        others = (name for name in self.spec.input_fields if name not in self.inputs)
        for way in (rule.ways or tuple(Way(frozenset((name,))) for name in others))[:_MAX_WAYS]:
            added: dict[str, Json] = {
                name: value for name, value in way.fixed.items() if self.inputs.get(name) != value
            }
            for name in sorted(way.given - self.inputs.keys()):
                added |= dict.fromkeys((name,), next(iter(sources(name)), None))
            if (
                added
                and None not in [added[name] for name in way.given & added.keys()]
                and self._keep(rule, added)
            ):
                return added
        return {}

    def without_which_is_kept(self, rule: Rule) -> str | None:
        """An input that holds no param and without which the rule is kept."""
        for name, value in self.inputs.items():
            is_param = any(each.task == "task0" for each in mentions(value))
            if not is_param and name not in self.spec.required_inputs and self._keep(rule, {}, without=name):
                return name
        return None

    def _keep(self, rule: Rule, added: Mapping[str, Json], *, without: str = "") -> bool:
        values: dict[str, Json] = {}
        inputs = {name: value for name, value in {**self.inputs, **added}.items() if name != without}
        for name, value in inputs.items():
            of_task0 = next((each.field for each in mentions(value) if each.task == "task0"), None)
            if of_task0 is not None and of_task0 in self.params:
                values[name] = self.params[of_task0]
            elif not isinstance(value, str) or "$" not in value:
                values[name] = value
        return rule not in self.spec.inputs.broken(values, dict.fromkeys(inputs.keys() - values.keys()))
