"""A template's action with other params' values in its slots."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cache.templates.slots import Path, Slot
from cache.templates.templates import Template, fill
from orra.base.strictjson import Json


class CannotReword(ValueError):
    """A slot has no value. The message says which."""


def reword(
    template: Template, before: Mapping[str, Json], params: Mapping[str, Json], literals: Mapping[int, str]
) -> str:
    """The action with ``params`` instead of those ``before`` that it was asked with. What has not changed stays as
    it was. ``literals``: other texts for literals, by their place among :attr:`Template.slots`. Raises
    :class:`CannotReword`."""
    return fill(
        template,
        [
            _text(slot, before, params) if slot.kind == "param" else literals.get(place, slot.raw)
            for place, slot in enumerate(template.slots)
        ],
    )


def _text(slot: Slot, before: Mapping[str, Json], params: Mapping[str, Json]) -> str:
    path: Path = slot.path
    if not path:  # a value that several params share
        if dict(before) == dict(params):
            return slot.raw
        raise CannotReword(
            f"The action says {slot.raw!r} once for several params, and which is meant cannot be told."
        )
    old, new = _at(before, path), _at(params, path)
    if type(old) is type(new) and old == new:
        return slot.raw
    if isinstance(new, str):
        return new
    if isinstance(new, bool | int | float):
        return json.dumps(new)
    raise CannotReword(f"The action says the value of {slot.name!r}, and the new one is no text and no number.")


def _at(value: Json, path: Path) -> Json:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
