"""An action's template: its text with slots where params' values and free literals stand.

``"Refund order ORD-17"`` with ``order_id = "ORD-17"`` becomes ``"Refund order {order_id}"``; without the param it
becomes ``"Refund order {#id:ord}"``. Two requests whose templates have equal keys ask for the same but for the
values in the slots, so one plan serves both once the values are exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cache.templates.literals import find_literals
from cache.templates.slots import Path, Slot, find_choices, find_slots
from cache.templates.tokens import FULL_STOPS, straight
from orra.base.strictjson import Json, digest, type_of

__all__ = ["Slot", "Template", "TemplateInvalid", "field_type", "fill", "make_template", "texts_between"]

MAX_EMBEDDED = 2_000  # characters; local models read some 256 tokens
_WHITE_SPACE = re.compile(r"\s+")
_FIRST_WORD = re.compile(r"\s*([^\W\d_]+)")
# A question mark is none: "Cancel order 5?" asks.
_END_PUNCTUATION = " .!…。" + FULL_STOPS


class TemplateInvalid(ValueError):
    """A stored template cannot be read back."""

    code = "invalid_template"


@dataclass(frozen=True)
class Template:
    """``text`` is for people, and ``key`` (hex SHA-256) decides what is the same.

    Equal keys: the same words, slots and fields with their JSON types, and the same ``choices``, which are the
    params' values that may decide what is done, by name. White space, Unicode's compatible forms, what nobody
    sees, the shape of quotes, a capital at the beginning and a full stop at the end make no difference; case
    anywhere else does, for ``MW`` is not ``mW``.
    """

    action: str
    text: str
    slots: tuple[Slot, ...]
    fields: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    key: str

    @cached_property
    def embedding_text(self) -> str:
        """What the embedder is given: the text with the slots' names in place of values."""
        slots = tuple(slot for slot in self.slots if slot.end <= MAX_EMBEDDED)
        texts = [straight(text) for text in texts_between(self.action[:MAX_EMBEDDED], slots)]
        return _with_names(texts, slots)[:MAX_EMBEDDED]

    @property
    def literals(self) -> tuple[Slot, ...]:
        """The slots that no param fills."""
        return tuple(slot for slot in self.slots if slot.kind != "param")

    def to_json(self) -> Json:
        return {
            "action": self.action,
            "text": self.text,
            "slots": [[slot.start, slot.end, slot.kind, slot.name, list(slot.path)] for slot in self.slots],
            "fields": [list(field) for field in self.fields],
            "choices": [list(choice) for choice in self.choices],
        }

    @staticmethod
    def from_json(value: Json) -> Template:
        """The template that :meth:`to_json` wrote; its text and key are made anew. Raises
        :class:`TemplateInvalid`."""
        if not isinstance(value, dict) or not isinstance(action := value.get("action"), str):
            raise TemplateInvalid("A stored template needs an action.")
        fields, choices = _read_pairs(value.get("fields")), _read_pairs(value.get("choices", []))
        return _assemble(action, _read_slots(value.get("slots"), action), fields, choices)


def make_template(
    action: str, params: Mapping[str, Json], *, discriminating_terms: Collection[str] = ()
) -> Template:
    """The template of ``action`` as asked with ``params`` (field → JSON value, in the request's order).
    ``discriminating_terms`` are the words, in their base form, that tell one task from another: a value of such
    words only is no slot but a choice."""
    slots = find_slots(action, find_literals(action), params, discriminating_terms=discriminating_terms)
    fields = tuple(sorted((field, field_type(value)) for field, value in params.items()))
    return _assemble(action, slots, fields, find_choices(params, discriminating_terms))


def fill(template: Template, values: Sequence[str]) -> str:
    """The action with ``values`` in its slots, one for each in their order. With the slots' own ``raw`` it gives
    back the action. Raises ValueError when the number of values is another."""
    if len(values) != len(template.slots):
        raise ValueError(f"The template has {len(template.slots)} slots, not {len(values)}.")
    texts = texts_between(template.action, template.slots)
    return texts[0] + "".join(value + text for value, text in zip(values, texts[1:], strict=True))


def texts_between(action: str, slots: Sequence[Slot]) -> list[str]:
    """The texts before, between and after the slots; always one more than there are slots."""
    edges = [0, *(edge for slot in slots for edge in (slot.start, slot.end)), len(action)]
    return [action[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]


def field_type(value: Json) -> str:
    """A param's JSON type as templates compare it: whole and other numbers are one type, for 5 may become 5.5."""
    name = type_of(value)
    return "number" if name == "integer" else name


def _assemble(
    action: str,
    slots: tuple[Slot, ...],
    fields: tuple[tuple[str, str], ...],
    choices: tuple[tuple[str, str], ...],
) -> Template:
    texts = texts_between(action, slots)
    return Template(
        action=action,
        text=_with_names(texts, slots),
        slots=slots,
        fields=fields,
        choices=choices,
        key=_key(_compared(texts), slots, fields, choices),
    )


def _compared(texts: list[str]) -> list[str]:
    """The texts around the slots as keys compare them."""
    compared = [_WHITE_SPACE.sub(" ", straight(text)) for text in texts]
    compared[0] = _uncapitalised(compared[0].lstrip())
    compared[-1] = compared[-1].rstrip(_END_PUNCTUATION)
    return compared


def _uncapitalised(text: str) -> str:
    """``text`` without the capital that its first word may owe to standing there: "Refund", but not "PIN"."""
    first = _FIRST_WORD.match(text)
    if first is None or first[1][1:] != first[1][1:].lower():
        return text
    return text[: first.end()].lower() + text[first.end() :]


def _with_names(texts: list[str], slots: tuple[Slot, ...]) -> str:
    return texts[0] + "".join(f"{{{slot.name}}}{text}" for slot, text in zip(slots, texts[1:], strict=True))


def _key(
    texts: list[str],
    slots: tuple[Slot, ...],
    fields: tuple[tuple[str, str], ...],
    choices: tuple[tuple[str, str], ...],
) -> str:
    parts = [texts, [[slot.kind == "param", slot.name] for slot in slots], fields, choices]
    return digest(parts)


def _read_slots(value: Json, action: str) -> tuple[Slot, ...]:
    if not isinstance(value, list):
        raise TemplateInvalid("A stored template needs a list of slots.")
    slots: list[Slot] = []
    for item in value:
        match item:
            case [int(start), int(end), str(kind), str(name), list(path)] if (
                (slots[-1].end if slots else 0) <= start < end <= len(action)
            ):
                slots.append(Slot(start, end, kind, name, _read_path(path), action[start:end]))
            case _:
                raise TemplateInvalid("A slot of a stored template is malformed or overlaps another.")
    return tuple(slots)


def _read_path(path: list[Json]) -> Path:
    if not all(isinstance(step, str | int) and not isinstance(step, bool) for step in path):
        raise TemplateInvalid("A slot's path holds field names and list positions only.")
    return tuple(path)


def _read_pairs(value: Json) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for item in value if isinstance(value, list) else [None]:
        match item:
            case [str(name), str(fact)]:
                pairs.append((name, fact))
            case _:
                raise TemplateInvalid("A stored template's fields and choices are pairs of texts.")
    return tuple(sorted(pairs))
