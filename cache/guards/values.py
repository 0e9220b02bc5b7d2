"""Guards of values: which params there are, what stands in the text, and what the cached plan took from it."""

from __future__ import annotations

from collections import Counter

from cache.guards.case import Case, counted
from cache.readings import Reading
from cache.templates.templates import texts_between
from cache.templates.tokens import joined


def same_fields(case: Case) -> str:
    asked, cached = case.asked.template.fields, case.cached.template.fields
    if asked == cached:
        return ""
    return f"The params differ: {_fields(asked)} instead of {_fields(cached)}."


def _fields(fields: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{field} ({kind})" for field, kind in fields) or "none"


def same_choices(case: Case) -> str:
    """A param's value that may decide what is done must be the same, whether or not the text says it."""
    asked, cached = dict(case.asked.template.choices), dict(case.cached.template.choices)
    for name in sorted(asked.keys() | cached.keys()):
        one, other = asked.get(name, "another"), cached.get(name, "another")
        if one != other:
            return f"The value of {name!r} may decide what is done: {one} instead of {other}."
    return ""


def same_literals(case: Case) -> str:
    """Literals are told apart by kind; of several of one kind, each must stand behind the same word."""
    asked, cached = (Counter(slot.name for slot in side.template.literals) for side in (case.asked, case.cached))
    if asked != cached:
        return f"The values in the text differ in kind: {counted(asked)} instead of {counted(cached)}."
    repeated = {name for name, count in asked.items() if count > 1}
    if repeated and case.asked.roles(repeated) != case.cached.roles(repeated):
        return f"Which {', '.join(sorted(repeated))} is which is not clear."
    return ""


def same_slots(case: Case) -> str:
    """A value that several params share must be as ambiguous in both texts, or stand for all of them in one and
    each stand in the other."""
    asked, cached = (_shared_slots(side) for side in (case.asked, case.cached))
    for one, other in ((asked, case.cached), (cached, case.asked)):
        for name in one.keys() - (cached if one is asked else asked).keys():
            if one[name] != name.count("|") + 1 or not other.tells_apart(name.split("|")):
                return "One text has a value that several params share, the other has not."
    return ""


def _shared_slots(reading: Reading) -> Counter[str]:
    return Counter(slot.name for slot in reading.template.slots if slot.kind == "param" and not slot.path)


def has_text_constants(case: Case) -> str:
    """Words of the cached action that its plan holds must be in this action too."""
    if not case.text_constants:
        return ""
    template = case.asked.template
    texts = [joined(text) for text in texts_between(template.action, template.slots)]
    for constant in case.text_constants:
        if not any(joined(constant) in text for text in texts):
            return f"The cached plan holds {constant!r} of its action's text, which this action lacks."
    return ""


def same_units(case: Case) -> str:
    asked, cached = case.asked.units, case.cached.units
    if asked == cached:
        return ""
    return f"The units differ: {counted(asked)} instead of {counted(cached)}."
