"""The content of a grounding as it is stored: back to what it says, as a document, and compared with another."""

from __future__ import annotations

from collections.abc import Iterator

from orra.base.strictjson import Json, same
from planengine.grounding.constraints import MEMBERS
from planengine.grounding.specs import GroundingSpec, Mode, Rule, RuleKind, UseCase


def restore(name: str, version: str, content: Json) -> GroundingSpec:
    """The grounding whose :attr:`~planengine.grounding.specs.GroundingSpec.content` this is. It is not checked
    again: a limit that has become lower does not take away what holds already."""
    constraints = content["constraints"]
    return GroundingSpec(
        name=name,
        domain=content["domain"],
        version=version,
        mode=Mode(content["mode"]),
        use_cases=tuple(map(_use_case, content["use_cases"])),
        constraints=tuple(each for each in constraints if isinstance(each, str)),
        rules=tuple(_rule(each) for each in constraints if not isinstance(each, str)),
    )


def as_document(spec: GroundingSpec) -> dict[str, Json]:
    """As its author may write it, without what is empty; read, it is the same grounding."""
    content = spec.content
    use_cases = [{name: value for name, value in each.items() if value} for each in content["use_cases"]]
    said = {"name": spec.name, "domain": spec.domain, "version": spec.version, "mode": spec.mode.value}
    constraints = {"constraints": content["constraints"]} if content["constraints"] else {}
    return {**said, "use_cases": use_cases, **constraints}


def differences(left: Json, right: Json, place: str = "") -> Iterator[str]:
    """Where two contents differ, as ``use_cases[2].capabilities[0]``."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in {**left, **right}:
            below = f"{place}.{name}" if place else name
            if name in left and name in right:
                yield from differences(left[name], right[name], below)
            else:
                yield below
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{place}[{index}]")
    elif not same(left, right):
        yield place


def _use_case(stored: Json) -> UseCase:
    members: dict[str, Json] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    return UseCase(**members)


def _rule(stored: Json) -> Rule:
    kind = RuleKind(stored["rule"])
    first, second = (stored[member] for member in MEMBERS[kind])
    return Rule(kind, first, most=second) if kind == RuleKind.AT_MOST else Rule(kind, first, second)
