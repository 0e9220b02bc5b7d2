"""Values that stand in the text of a request and in no param, as inputs that need them may take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cache.templates.literals import spellings
from cache.templates.numbers import spaced
from cache.templates.templates import Template
from orra.base.strictjson import Json
from planengine.catalogue.schemas import Field

# A text takes only what says what it is: any number could be a text.
_SAY_WHAT_THEY_ARE = frozenset({"quoted", "email", "url", "date", "time", "datetime", "id"})


@dataclass(frozen=True)
class FreeLiteral:
    """``raw`` as it stands in the request, ``value`` as an input takes it."""

    raw: str
    value: Json


def fitting_literals(template: Template, field: Field) -> list[FreeLiteral]:
    """The literals that no param holds and that the input accepts, each once, in the order of the text."""
    found = {literal.raw: literal for literal in _fitting(template, field)}
    return list(found.values())


def _fitting(template: Template, field: Field) -> Iterator[FreeLiteral]:
    # "1 500" may be one number or two: none of its parts is offered.
    parted = {index for start, end in spaced(template.action) for index in range(start, end)}
    for slot in template.literals:
        if slot.start in parted:
            continue
        for value in reversed(spellings(slot.kind, slot.raw).values()):
            if isinstance(value, str) and slot.kind not in _SAY_WHAT_THEY_ARE:
                continue
            if not field.faults(value):
                yield FreeLiteral(slot.raw, value)
                break
