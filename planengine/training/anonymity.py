"""A request and its plans with made-up values in place of the real ones, equal where those were equal.

Whoever trains a model on plans needs their shape: which services, which wiring. The values are the customers', so
they are replaced wherever they stand: in params to any depth, in the action's text, as free literals there, as
literals in the plan. What cannot be replaced for certain is refused (:class:`CannotReplace`), and a last look
makes sure that none of the originals is left. Values that a service's schema names itself are no customer's and
stay. What only a reader would know for a name, one in small letters without a param, is not found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from cache.languages import function_words
from cache.templates.literals import find_literals, spellings
from cache.templates.numbers import readings
from cache.templates.slots import Slot, find_slots, leaves
from cache.templates.templates import texts_between
from orra.base.strictjson import Json, canonical
from planengine.catalogue.field_names import stem
from planengine.catalogue.specs import Catalogue
from planengine.training.synthesis import Inventor
from planengine.validation.references import is_task_id, mentions

_TASK = ("id", "service", "input", "after")
_SHORTEST_PART = 6
_word = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FIRST_PERSON = ("I", "I'm", "I'd", "I've", "I’m", "I’d", "I’ve")
# Words that sentences begin with, beside verbs.
_OPENERS = frozenset(
    """
    a an the this that these those my our your his her its their it he she they we you i as at by for from if in of
    on or so to after afterwards and also before because but dear do does did finally first hello hey hi is are was
    just kindly next no not now once please second should since thanks then there third unless until when while
    will with would yes
    """.split()  # noqa: SIM905
)
_MAX_PARTS = 6
_SHORTEST_WORD = 4
_reference = re.compile(r"\$task[0-9]{1,6}(?:\.[\w-]+)?")


class CannotReplace(ValueError):
    """The request cannot be told without its values."""


@dataclass(frozen=True)
class Anonymous:
    """``plans``: in the order in which they were given."""

    action: str
    params: Mapping[str, Json]
    plans: tuple[Json, ...]


def anonymise(
    action: str, params: Mapping[str, Json], plans: Iterable[Json], *, catalogue: Catalogue, inventor: Inventor
) -> Anonymous:
    """The request and its plans, drafts that were rejected among them, with other values. Raises
    :class:`CannotReplace`."""
    values = _Values(_known_by(catalogue), inventor)
    given = [value for _, value in leaves(dict(params))] + values.undeclared(params.values())
    # As one list, because names of members are values here too, and are looked for in the text like these.
    slots = find_slots(action, find_literals(action), {"value": given})
    values.learn(given, slots)
    made = Anonymous(
        action=_action(action, slots, values),
        params={name: values.replaced(value) for name, value in params.items()},
        plans=tuple(_plan(plan, values) for plan in plans),
    )
    _check_nothing_is_left(made, [*given, *(slot.raw for slot in slots), *values.texts], kept=values.kept)
    return made


@dataclass(frozen=True)
class _Known:
    """What a catalogue says for everybody to read: values that schemas name (canonical JSON), names, words."""

    constants: frozenset[str]
    names: frozenset[str]
    words: frozenset[str]


@lru_cache(maxsize=8)
def _known_by(catalogue: Catalogue) -> _Known:
    specs = [*catalogue]
    fields = [spec.inputs.field(name) for spec in specs for name in spec.input_fields]
    names = {name for spec in specs for name in (spec.name, spec.id, *spec.input_fields, *spec.output_fields)}
    said = (f"{spec.description} {' '.join(spec.input_fields)} {spec.name}" for spec in specs)
    return _Known(
        constants=frozenset(canonical(value) for found in fields if found for value in found.constants),
        names=frozenset(names).union(*(_properties(spec.input_schema) for spec in specs)),
        words=frozenset(word.casefold() for text in said for word in _word.findall(text)),
    )


@dataclass
class _Values:
    """What stands for what. Equal values have equal stand-ins, numbers whether they are written as text or not."""

    known: _Known
    inventor: Inventor
    texts: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)

    def learn(self, given: Iterable[Json], slots: Iterable[Slot]) -> None:
        """Invents stand-ins for values, and for the literals of the text that are none of them."""
        for value in given:
            self.replaced(value)
            words = _word.findall(value) if isinstance(value, str) else []
            if 1 < len(words) <= _MAX_PARTS:
                self.parts.update(
                    word.casefold() for word in words if not self.is_word(word) and not _is_common(word)
                )
        for slot in slots:
            if slot.kind != "param":
                self._learn_literal(slot)

    def _learn_literal(self, slot: Slot) -> None:
        """A planner may write "#1234" as "1234" or 1234, and so its stand-in."""
        stand_ins = spellings(slot.kind, self.text(slot.raw))
        for name, spelled in spellings(slot.kind, slot.raw).items():
            if name in stand_ins:
                self.texts.setdefault(_fold(str(spelled)), str(stand_ins[name]))

    def undeclared(self, given: Iterable[Json]) -> list[Json]:
        """The names of members that no schema declares: in {"SKU-17": 2} it is a value."""
        found: list[Json] = []
        stack = list(given)
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                found += [name for name in item if not self.is_name(name)]
                stack += item.values()
            elif isinstance(item, list):
                stack += item
        return found

    def replaced(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {self.member(name): self.replaced(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.replaced(member) for member in value]
        if value is None or isinstance(value, bool):
            return value
        if canonical(value) in self.known.constants:
            self.kept.add(str(value))
            return value
        if isinstance(value, str):
            return self.text(value)
        return self._number(value)

    def text(self, value: str) -> str:
        """The stand-in of a text, always the same one."""
        if not any(map(str.isalnum, value)):
            return value
        key = _fold(value)
        if key not in self.texts:
            self.texts[key] = self.inventor.text(value, taken=self.texts)
        return self.texts[key]

    def stand_in(self, value: str) -> str | None:
        return self.texts.get(_fold(value))

    def is_name(self, text: str) -> bool:
        return text in self.known.names

    def is_word(self, word: str) -> bool:
        return word.casefold() in self.known.words

    def is_part(self, word: str) -> bool:
        """Whether the word stands in a param's value: of "Jane Smith" the text may say only "jane"."""
        return len(word) >= _SHORTEST_WORD and word.casefold() in self.parts

    def _number(self, value: int | float) -> int | float:
        try:
            made = float(self.text(str(value)))
        except ValueError:
            raise CannotReplace("A number has no plain spelling.") from None
        return int(self.text(str(value))) if isinstance(value, int) else made

    def member(self, name: str) -> str:
        return name if self.is_name(name) else self.text(name)


def _action(action: str, slots: tuple[Slot, ...], values: _Values) -> str:
    between = enumerate(texts_between(action, slots))
    texts = [_without_names(text, values, first=place == 0) for place, text in between]
    filled = [_filled(slot, values) for slot in slots]
    return texts[0] + "".join(value + text for value, text in zip(filled, texts[1:], strict=True))


def _filled(slot: Slot, values: _Values) -> str:
    if (known := values.stand_in(slot.raw)) is not None:
        return known
    numbers = set(readings(slot.raw, money=slot.kind == "money"))
    for text, stand_in in values.texts.items() if numbers else ():
        if not numbers.isdisjoint(readings(text)):
            return stand_in
    bare = slot.raw.lstrip("#№").lstrip()
    if (known := values.stand_in(bare)) is not None:
        return slot.raw[: len(slot.raw) - len(bare)] + known
    if slot.raw in values.kept or _fold(slot.raw) in {_fold(each) for each in values.kept}:
        return slot.raw
    return values.text(slot.raw)


def _without_names(text: str, values: _Values, *, first: bool) -> str:
    """Text between slots with other names for people, firms and places: words with a capital that no service's
    description has, but for those that begin a sentence and are known there; and words of the params' values."""

    def replace(match: re.Match[str]) -> str:
        word, before = match[0], text[: match.start()].rstrip()
        if values.is_part(word):
            return values.text(word)
        if not word[:1].isupper() or values.is_word(word) or word in _FIRST_PERSON:
            return word
        begins = (first and not before) or before.endswith((".", "!", "?", ":", "\n"))
        return word if begins and _is_common(word) else values.text(word)

    return _word.sub(replace, text)


def _is_common(word: str) -> bool:
    word = word.casefold()
    return word in _OPENERS or word in function_words() or stem(word) in _verbs()


@cache
def _verbs() -> frozenset[str]:
    """The stems of what requests in English begin with."""
    return frozenset(map(stem, Path(__file__).with_name("common_verbs.txt").read_text().split()))


# --- plans -------------------------------------------------------------------------------------------------------


def is_plain(draft: Json) -> bool:
    """Whether a draft has the members of a plan and no others: only such are understood well enough."""
    tasks = draft.get("tasks") if isinstance(draft, dict) else None
    return isinstance(tasks, list) and all(
        isinstance(task, dict)
        and set(task) <= set(_TASK)
        and isinstance(task.get("input", {}), dict)
        and all(isinstance(task[member], str) for member in ("id", "service") if member in task)
        and all(isinstance(each, str) and is_task_id(each) for each in task.get("after", ()))
        for task in tasks
    )


def _plan(plan: Json, values: _Values) -> Json:
    if not is_plain(plan):
        raise CannotReplace("A draft has other members than a plan.")
    return {
        "tasks": [_task(task, values) for task in plan["tasks"]],
        "parallel_groups": _groups(plan.get("parallel_groups", [])),
    }


def _groups(groups: Json) -> Json:
    if not isinstance(groups, list):
        return []
    lists = [group for group in groups if isinstance(group, list)]
    return [[each for each in group if isinstance(each, str) and is_task_id(each)] for group in lists]


def _task(task: Json, values: _Values) -> Json:
    inputs = {name: _input(value, values) for name, value in task.get("input", {}).items()}
    return {member: inputs if member == "input" else task[member] for member in _TASK if member in task}


def _input(value: Json, values: _Values) -> Json:
    if isinstance(value, str):
        return _input_text(value, values)
    if isinstance(value, dict):
        return {values.member(name): _input(each, values) for name, each in value.items()}
    if isinstance(value, list):
        return [_input(member, values) for member in value]
    return values.replaced(value)


def _input_text(value: str, values: _Values) -> str:
    """A reference as it is; a value's stand-in; of a text that mixes them, each by itself."""
    if _reference.fullmatch(value):
        return value
    if not any(mentions(value)):
        replaced = values.replaced(value)
        return str(replaced)
    pieces = _reference.split(value)
    references = _reference.findall(value)
    made = [piece if _is_common_speech(piece, values) else _between(piece, values) for piece in pieces]
    return made[0] + "".join(reference + piece for reference, piece in zip(references, made[1:], strict=True))


def _is_common_speech(piece: str, values: _Values) -> bool:
    """Whether it is only common words and those of the services."""
    words = re.findall(r"\w+", piece)
    return all((values.is_word(word) or _is_common(word)) and not values.is_part(word) for word in words)


def _between(piece: str, values: _Values) -> str:
    core = piece.strip()
    return piece.replace(core, values.text(core), 1)


# --- the last look -----------------------------------------------------------------------------------------------


def _check_nothing_is_left(made: Anonymous, originals: Collection[Json], *, kept: Collection[str]) -> None:
    """Longer texts must not occur at all, short ones not as words."""
    told = " \n ".join(_fold(text) for text in _texts([made.action, dict(made.params), list(made.plans)]))
    words = " ".join(["", *_words(told), ""])
    spared = {_fold(each) for each in kept}
    for original in originals:
        if original is None or isinstance(original, bool):
            continue
        text = _fold(str(original))
        if not any(map(str.isalnum, text)) or text in spared:
            continue
        if (len(text) >= _SHORTEST_PART and text in told) or f" {' '.join(_words(text))} " in words:
            raise CannotReplace("A value would be left in the text.")


def _texts(value: Json) -> Iterator[str]:
    """Every text and number in ``value``, names of members too."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack += [*item, *item.values()]
        elif isinstance(item, list):
            stack += item
        elif item is not None and not isinstance(item, bool):
            yield str(item)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()


def _properties(schema: Json) -> Iterator[str]:
    stack = [schema]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("properties"), dict):
                yield from item["properties"]
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
