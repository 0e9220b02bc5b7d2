"""What a grounding says: use cases of a domain, and what holds of every plan for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from orra.base.strictjson import Json, digest


class Mode(StrEnum):
    """``advisory`` guides the model and is reported; ``strict`` fails a plan that does not keep to it."""

    ADVISORY = "advisory"
    STRICT = "strict"


class RuleKind(StrEnum):
    REQUIRES = "requires"  # a plan with `then` has `first` somewhere before it
    NEVER = "never"  # no plan has both
    AT_MOST = "at_most"  # `first` at most `most` times
    ONLY_IF = "only_if"  # `first` only where the request has the param `then`


@dataclass(frozen=True)
class Rule:
    """A constraint that is checked exactly. ``first`` and ``then`` name a capability or a service; of ``only_if``
    ``then`` is the field of a param."""

    kind: RuleKind
    first: str
    then: str = ""
    most: int = 0


@dataclass(frozen=True)
class UseCase:
    """``action`` is a pattern with ``{variables}``, each a field of a param; ``params`` are example values by
    field. A plan for it does each of the ``capabilities``, those in ``order`` in that order, and none that is
    ``forbidden``. ``intent`` says in a sentence what it is for, ``also`` how else people ask for it, patterns like
    ``action``."""

    action: str
    params: Mapping[str, Json] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    intent: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroundingSpec:
    """One version of a grounding. ``constraints`` are sentences that guide a model and are not checked; ``rules``
    are checked."""

    name: str
    domain: str
    version: str
    mode: Mode
    use_cases: tuple[UseCase, ...]
    constraints: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @cached_property
    def content(self) -> dict[str, Json]:
        """All but its name and version, as it is stored, digested and answered."""
        return {
            "domain": self.domain,
            "mode": self.mode.value,
            "use_cases": [_use_case(each) for each in self.use_cases],
            "constraints": [*self.constraints, *map(_rule, self.rules)],
        }

    @cached_property
    def digest(self) -> str:
        """Equal for versions that say the same."""
        return digest(self.content)

    @property
    def label(self) -> str:
        """As it is told."""
        return f"{self.name} {self.version}"

    @property
    def mark(self) -> str:
        """Of what it says: a version that was deleted may be applied anew and say something else."""
        return self.digest[:12]

    @property
    def scope(self) -> str:
        """What plans that are made under it are kept by."""
        return f"{self.label} {self.mark}"


@dataclass(frozen=True)
class Grounded:
    """What applies to one request: a use case of a grounding."""

    spec: GroundingSpec
    use_case: UseCase

    @property
    def strict(self) -> bool:
        return self.spec.mode == Mode.STRICT


def _use_case(use_case: UseCase) -> dict[str, Json]:
    return {
        "action": use_case.action,
        "also": list(use_case.also),
        "params": dict(use_case.params),
        "capabilities": list(use_case.capabilities),
        "order": list(use_case.order),
        "forbidden": list(use_case.forbidden),
        "intent": use_case.intent,
    }


def _rule(rule: Rule) -> dict[str, Json]:
    match rule.kind:
        case RuleKind.REQUIRES:
            return {"rule": rule.kind.value, "first": rule.first, "before": rule.then}
        case RuleKind.NEVER:
            return {"rule": rule.kind.value, "this": rule.first, "with": rule.then}
        case RuleKind.AT_MOST:
            return {"rule": rule.kind.value, "most": rule.most, "of": rule.first}
        case RuleKind.ONLY_IF:
            return {"rule": rule.kind.value, "this": rule.first, "param": rule.then}
