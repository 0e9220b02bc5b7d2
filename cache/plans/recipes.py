"""What a cached plan's values are made of, as data: stored beside the plan, used on every hit.

A recipe names *places* of the plan and the *parts* that each is put together from. A single part gives its value
as it is, several give text. What is in no place is a constant and stays.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from cache.plans.unsaid import Unsaid
from cache.templates.slots import Path
from orra.base.strictjson import Json, digest


class RecipeInvalid(ValueError):
    """A stored recipe cannot be read back."""

    code = "invalid_recipe"


@dataclass(frozen=True)
class Part:
    """``param``: ``path`` is the field and the path inside its value. ``literal``: ``path`` is the literal's name
    (``#id:ord``) and its number among those of that name. ``action``: the whole action. ``text``: ``spelling``
    itself.

    ``spelling`` says how the plan writes a param (``value``, ``text``, ``number``) or a literal (see
    :func:`cache.templates.literals.spellings`).
    """

    kind: str
    path: Path = ()
    spelling: str = ""


@dataclass(frozen=True)
class Place:
    """``path`` begins with the position of the task in the plan and goes on inside its ``input``."""

    path: Path
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Recipe:
    """``pinned`` are literals that no place takes: they may have shaped the plan, so a request must have the same.
    ``text_constants`` are words of the action that stand in the plan: a request must have them too.
    ``reusable`` is false when some value may come from the request but not clearly from where: then the plan
    serves only the identical request, known by its fingerprint. ``unsaid``: see :mod:`cache.plans.unsaid`."""

    reusable: bool
    request: str
    fields: tuple[str, ...]
    literals: tuple[str, ...]
    places: tuple[Place, ...]
    pinned: tuple[tuple[str, int, str], ...]
    text_constants: tuple[str, ...]
    unsaid: Unsaid = ()

    @property
    def variant(self) -> str:
        """Tells apart the recipes that one template can have: empty unless literals are pinned."""
        return digest(self.pinned) if self.pinned else ""

    def exact_only(self) -> Recipe:
        """The same, for nothing but the identical request."""
        return dataclasses.replace(self, reusable=False)

    def to_json(self) -> Json:
        return {
            "reusable": self.reusable,
            "request": self.request,
            "fields": list(self.fields),
            "literals": list(self.literals),
            "places": [
                {
                    "path": list(place.path),
                    "parts": [[part.kind, list(part.path), part.spelling] for part in place.parts],
                }
                for place in self.places
            ],
            "pinned": [list(pin) for pin in self.pinned],
            "text_constants": list(self.text_constants),
            "unsaid": [[list(path), value] for path, value in self.unsaid],
        }

    @staticmethod
    def from_json(value: Json) -> Recipe:
        """The recipe that :meth:`to_json` wrote. Raises :class:`RecipeInvalid`."""
        match value:
            case {
                "reusable": bool(reusable),
                "request": str(request),
                "places": list(places),
                "pinned": list(pinned),
            }:
                return Recipe(
                    reusable=reusable,
                    request=request,
                    fields=_read_texts(value.get("fields")),
                    literals=_read_texts(value.get("literals")),
                    places=tuple(map(_read_place, places)),
                    pinned=tuple(map(_read_pin, pinned)),
                    text_constants=_read_texts(value.get("text_constants")),
                    unsaid=read_unsaid(value.get("unsaid", [])),
                )
        raise RecipeInvalid("A stored recipe lacks one of its members.")


def _read_texts(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RecipeInvalid("A stored recipe holds lists of text where it names fields and literals.")
    return tuple(value)


def _read_place(value: Json) -> Place:
    match value:
        case {"path": [int(), str(), *_] as path, "parts": [_, *_] as parts}:
            return Place(_read_path(path), tuple(map(_read_part, parts)))
    raise RecipeInvalid("A place of a stored recipe needs a path into a task's input, and parts.")


def _read_part(value: Json) -> Part:
    match value:
        case ["param", [str(), *_] as path, "value" | "text" | "number" as spelling]:
            return Part("param", _read_path(path), spelling)
        case ["literal", [str(), int()] as path, str(spelling)]:
            return Part("literal", _read_path(path), spelling)
        case ["action", [], ""]:
            return Part("action")
        case ["text", [], str(text)]:
            return Part("text", (), text)
    raise RecipeInvalid("A part of a stored recipe is of no known kind.")


def read_unsaid(value: Json) -> Unsaid:
    """What :meth:`Recipe.to_json` wrote as ``unsaid``. Raises :class:`RecipeInvalid`."""
    return tuple(map(_read_unsaid, value if isinstance(value, list) else [None]))


def _read_unsaid(value: Json) -> tuple[Path, Json]:
    match value:
        case [[str(), *_] as path, value] if not isinstance(value, dict | list):
            return _read_path(path), value
    raise RecipeInvalid("A value that a stored recipe's action does not say is a path and a value.")


def _read_path(path: list[Json]) -> Path:
    if not all(isinstance(step, str | int) and not isinstance(step, bool) for step in path):
        raise RecipeInvalid("A path holds names and positions only.")
    if any(isinstance(step, int) and step < 0 for step in path):
        raise RecipeInvalid("A path's positions count from 0.")
    return tuple(path)


def _read_pin(value: Json) -> tuple[str, int, str]:
    match value:
        case [str(name), int(ordinal), str(raw)] if not isinstance(ordinal, bool):
            return name, ordinal, raw
    raise RecipeInvalid("A pinned literal is a name, a number and a text.")
