"""What an entry's template and recipe say, for people: the slots of the action, and what fills which place."""

from __future__ import annotations

from dataclasses import dataclass

from cache.plans.recipes import Part, Place, Recipe
from cache.templates.templates import Template, texts_between
from orra.base.strictjson import Json


@dataclass(frozen=True)
class Piece:
    """A stretch of the action: plain text, or a slot (then ``slot`` is its name and ``text`` what stood there)."""

    text: str
    slot: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Filled:
    """A place of the plan, what fills it, and with what value it was planned."""

    task: str
    place: str
    filled_by: tuple[str, ...]
    planned_with: Json


def pieces(template: Template) -> list[Piece]:
    """The action from left to right, its slots told apart."""
    texts = texts_between(template.action, template.slots)
    shown = [Piece(texts[0])]
    for slot, text in zip(template.slots, texts[1:], strict=True):
        shown += [Piece(slot.raw, slot.name, "param" if slot.kind == "param" else "literal"), Piece(text)]
    return [piece for piece in shown if piece.text]


def filled_places(recipe: Recipe, plan: Json) -> list[Filled]:
    """Which param or literal fills which place of ``plan``."""
    return [_filled(place, plan) for place in recipe.places]


def _filled(place: Place, plan: Json) -> Filled:
    position, *inside = place.path
    value = plan
    for step in ("tasks", position):
        value = _member(value, step)
    task = _member(value, "id")
    value = _member(value, "input")
    for step in inside:
        value = _member(value, step)
    return Filled(
        task=task if isinstance(task, str) else str(position),
        place=".".join(map(str, inside)),
        filled_by=tuple(map(_named, place.parts)),
        planned_with=value,
    )


def _member(value: Json, step: str | int) -> Json:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _named(part: Part) -> str:
    match part.kind:
        case "param":
            spelt = "" if part.spelling == "value" else f", as {part.spelling}"
            return f"param {'.'.join(map(str, part.path))}{spelt}"
        case "literal":
            name, ordinal = part.path
            return f"literal {name} (number {int(ordinal) + 1} of its kind in the action)"
        case "action":
            return "the whole action"
    return f"the text {part.spelling!r}"
