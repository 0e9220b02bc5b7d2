"""Where a plan's values came from: every value of it is traced to a param, to a literal of the action, or is a
constant.

Tracing never guesses. A value that may be the request's but not clearly from where makes the recipe good for the
identical request only: that costs a plan, the wrong value costs a user's trust.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cache.languages import function_words
from cache.plans.filling import CannotFill, fill_plan, fingerprint, numbered_literals, param_spellings
from cache.plans.recipes import Part, Place, Recipe, RecipeInvalid
from cache.plans.sentinels import check_with_sentinels
from cache.plans.unsaid import unsaid_values
from cache.templates.literals import spellings
from cache.templates.numbers import decimal_of, readings, spaced
from cache.templates.slots import Path, leaves
from cache.templates.templates import Template, texts_between
from cache.templates.tokens import joined, name_words, tokenize
from orra.base.strictjson import Json, same

__all__ = ["CannotFill", "Recipe", "RecipeInvalid", "check_with_sentinels", "fill_plan", "trace"]

# Values of the plan times values of the request; beyond it, tracing would cost more than planning again.
MAX_COMPARISONS = 20_000
# A constant with so many digits that stands nowhere in the action may be a date or a sum in another spelling, and
# a number this large is no coincidence.
TELLING_DIGITS = 4
_REFERENCE = re.compile(r"\$task\d{1,9}\..+", re.DOTALL)


class _Untraceable(Exception):
    pass


@dataclass(frozen=True, eq=False)
class _Atom:
    """One value of the request. ``written`` is how a plan may write it, by the spelling's name."""

    kind: str
    path: Path
    words: frozenset[str]
    written: Mapping[str, Json]


@dataclass(frozen=True)
class _Needle:
    """A text that an atom may be written as."""

    part: Part
    text: str
    joined: str


def trace(plan: Json, template: Template, params: Mapping[str, Json]) -> Recipe:
    """The recipe of ``plan``, which was made for the request of ``template`` and ``params``. Never raises: a plan
    of a shape that validation would not let through is reusable for the identical request only."""
    tracer = _Tracer(template, params)
    places: list[Place] = []
    reusable = True
    try:
        for path, value, whole_param in _values(plan, params):
            parts = tracer.whole(path, value) if whole_param else tracer.parts(path, value)
            if parts:
                places.append(Place(path, parts))
    except _Untraceable:
        reusable, places = False, []
    parts_used = [part for place in places for part in place.parts]
    numbered = numbered_literals(template)
    used = {part.path for part in parts_used if part.kind == "literal"}
    if any(part.kind == "action" for part in parts_used):
        used |= numbered.keys()
    return Recipe(
        reusable=reusable,
        request=fingerprint(template.action, params),
        fields=tuple(sorted(params)),
        literals=tuple(slot.name for slot in template.literals),
        places=tuple(places),
        pinned=tuple((*at, slot.raw) for at, slot in numbered.items() if at not in used),
        text_constants=tuple(dict.fromkeys(tracer.text_constants)),
        unsaid=unsaid_values(template, params),
    )


def _values(plan: Json, params: Mapping[str, Json]) -> Iterator[tuple[Path, Json, bool]]:
    """The values of the plan that may come from the request: params in task0 whole, of everything else the
    leaves."""
    tasks = plan.get("tasks") if isinstance(plan, Mapping) else None
    if not isinstance(tasks, list):
        raise _Untraceable
    for index, task in enumerate(tasks):
        if not isinstance(task, Mapping) or not isinstance(given := task.get("input"), Mapping):
            raise _Untraceable
        for field, value in given.items():
            if task.get("id") == "task0" and field in params:
                yield (index, field), value, True
            else:
                yield from ((path, leaf, False) for path, leaf in leaves(value, (index, field)))


class _Tracer:
    """Finds each value's origin among the atoms of one request. ``text_constants`` grows as values are traced."""

    def __init__(self, template: Template, params: Mapping[str, Json]) -> None:
        self.text_constants: list[str] = []
        self._params = params
        self._action = template.action.strip()
        self._words = [joined(text) for text in texts_between(template.action, template.slots)]
        self._atoms = tuple(_atoms(template, params))
        self._needles = [
            _Needle(Part(atom.kind, atom.path, spelling), value, joined(value))
            for atom in self._atoms
            for spelling, value in atom.written.items()
            if isinstance(value, str) and any(map(str.isalnum, value))
        ]
        self._may_be = frozenset(_readings(template))
        self._budget = MAX_COMPARISONS

    def whole(self, path: Path, value: Json) -> tuple[Part, ...]:
        """The parts of a task0 field that bears a param's name: validation guarantees that it has the param's
        value."""
        field = path[1]
        if not same(value, self._params[str(field)]):
            raise _Untraceable
        return (Part("param", (field,), "value"),)

    def parts(self, path: Path, value: Json) -> tuple[Part, ...]:
        """What the leaf at ``path`` is made of; nothing for a constant. Raises :class:`_Untraceable`."""
        if value is None or isinstance(value, bool) or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
            return ()
        self._budget -= len(self._atoms) + len(self._needles) + 1
        if self._budget < 0:
            raise _Untraceable
        if isinstance(value, str) and value.strip() == self._action != "":
            return (Part("action"),)
        equal = self._equal(path, value)
        if equal is not None:
            return (equal,)
        if isinstance(value, str):
            return self._composed(value)
        if decimal_of(value).copy_abs() in self._may_be:
            raise _Untraceable
        return self._constant(str(value), checked=False)

    def _equal(self, path: Path, value: Json) -> Part | None:
        """The one atom that is written just like ``value``. Among several the one whose name is the field's
        counts."""
        found: dict[_Atom, str] = {}
        for atom in self._atoms:
            spelling = next((name for name, written in atom.written.items() if same(written, value)), None)
            if spelling is not None:
                found[atom] = spelling
        if not found:
            return None
        field = next((step for step in reversed(path) if isinstance(step, str)), "")
        related = [atom for atom in found if not atom.words.isdisjoint(name_words(field))]
        if len(related) == 1:
            (atom,) = related
        elif len(found) == 1 and (next(iter(found)).kind == "literal" or _is_distinctive(value)):
            (atom,) = found
        else:
            raise _Untraceable
        return Part(atom.kind, atom.path, found[atom])

    def _composed(self, value: str) -> tuple[Part, ...]:
        """Text around atoms. Each must stand there once as it is written, and no other may be hidden in the
        rest."""
        whole = joined(value)
        inside = [needle for needle in self._needles if needle.joined in whole]
        if not inside:
            return self._constant(value, checked=True)
        parts: list[Part] = []
        at = 0
        for start, end, needle in _standing(value, inside):
            if needle.part.kind != "literal" and not _is_distinctive(needle.text):
                raise _Untraceable
            parts += (*self._text(value[at:start], inside), needle.part)
            at = end
        parts += self._text(value[at:], inside)
        return tuple(parts)

    def _text(self, text: str, inside: list[_Needle]) -> tuple[Part, ...]:
        if not text:
            return ()
        whole = joined(text)
        if any(needle.joined in whole for needle in inside):
            raise _Untraceable
        self._constant(text, checked=True)
        return (Part("text", (), text),)

    def _constant(self, text: str, *, checked: bool) -> tuple[Part, ...]:
        """The value is a constant: it holds nothing of the request, or only words of the action, which are
        noted. Raises when it may be part of an atom."""
        whole = joined(text)
        if any(map(str.isalnum, text)) and any(whole in needle.joined for needle in self._needles):
            raise _Untraceable
        in_action = any(whole in words for words in self._words)
        if in_action and _carries_meaning(text):
            self.text_constants.append(text)
        elif checked and not in_action and sum(map(str.isdigit, text)) >= TELLING_DIGITS:
            raise _Untraceable
        return ()


def _atoms(template: Template, params: Mapping[str, Json]) -> Iterator[_Atom]:
    for path, value in leaves(params):
        if written := param_spellings(value):
            yield _Atom("param", path, name_words(".".join(map(str, path))), written)
    for at, slot in numbered_literals(template).items():
        yield _Atom("literal", at, frozenset([slot.kind]), spellings(slot.kind, slot.raw))


def _readings(template: Template) -> Iterator[Decimal]:
    """What the action's values may be as numbers, without their signs: a number of the plan that is one of them,
    but not as the value is clearly read, may be a guess."""
    raws = [slot.raw for slot in template.slots] + [
        template.action[start:end] for start, end in spaced(template.action)
    ]
    for raw in raws:
        for number in (*readings(raw), *readings(raw, money=True)):
            yield number.copy_abs()


def _standing(value: str, needles: list[_Needle]) -> list[tuple[int, int, _Needle]]:
    """Where the needles stand in ``value`` as whole tokens, the longest first where they overlap. Raises when two
    atoms could stand in one place."""
    tokens = tokenize(value)
    starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
    found: list[tuple[int, int, _Needle]] = []
    for needle in needles:
        start = value.find(needle.text)
        while start >= 0:
            end = start + len(needle.text)
            if start in starts and end in ends:
                found.append((start, end, needle))
            start = value.find(needle.text, end)
    taken = bytearray(len(value))
    chosen: dict[tuple[int, int], _Needle] = {}
    for start, end, needle in sorted(found, key=lambda place: (place[0] - place[1], place[0])):
        rival = chosen.get((start, end))
        if rival is not None and rival.part.path != needle.part.path:
            raise _Untraceable
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\x01" * (end - start)
            chosen[start, end] = needle
    return [(start, end, needle) for (start, end), needle in sorted(chosen.items(), key=lambda place: place[0])]


def _is_distinctive(value: Json) -> bool:
    """Whether a value is peculiar enough that its being in the plan under another name is no coincidence."""
    if isinstance(value, str):
        return any(map(str.isdigit, value)) or len(tokenize(value)) > 1
    return len(str(abs(value))) >= TELLING_DIGITS


def _carries_meaning(text: str) -> bool:
    return any(
        token.folded not in function_words()
        and (token.folded.isalnum() or unicodedata.category(token.folded[0]) == "Sc")
        for token in tokenize(text)
    )
