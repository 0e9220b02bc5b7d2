"""Whether two templates' values stand in the same surroundings, so that one's may take the place of the other's.

Which service does what is for the examples' votes to say; these are about values alone: params of the same names
and types, choices, the literals of the text with the words beside them, words that the plan itself holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cache.plans.filling import counted
from cache.reasons import Guard
from cache.templates.slots import Slot
from cache.templates.templates import Template, texts_between
from cache.templates.tokens import joined, straight, tokenize

Different = tuple[Guard, str]


def check_surroundings(asked: Template, cached: Template, *, text_constants: Sequence[str]) -> Different | None:
    """Why the values of ``asked`` cannot take the places of those of ``cached``, for programs and for people;
    ``None`` when they can. ``text_constants``: words of the cached action that its plan holds."""
    checks: tuple[Different, ...] = (
        ("fields", _fields(asked, cached)),
        ("choices", _choices(asked, cached)),
        ("literals", _literals(asked, cached)),
        ("slots", _shared_values(asked, cached)),
        ("text", _text_constants(asked, text_constants)),
    )
    return next(((name, reason) for name, reason in checks if reason), None)


def _fields(asked: Template, cached: Template) -> str:
    if asked.fields == cached.fields:
        return ""
    told = [", ".join(f"{name} ({kind})" for name, kind in each.fields) or "none" for each in (asked, cached)]
    return f"The params differ: {told[0]} instead of {told[1]}."


def _choices(asked: Template, cached: Template) -> str:
    """A param's value that may decide what is done must be the same, whether or not the text says it."""
    ours, theirs = dict(asked.choices), dict(cached.choices)
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name, "another"), theirs.get(name, "another")
        if one != other:
            return f"The value of {name!r} may decide what is done: {one} instead of {other}."
    return ""


def _literals(asked: Template, cached: Template) -> str:
    """Literals are told apart by kind, and each must stand between the same words: "5 kg" is not "5 lb", and
    "before Monday" not "after Monday"."""
    ours, theirs = (Counter(slot.name for slot in each.literals) for each in (asked, cached))
    if ours != theirs:
        return f"The values in the text differ in kind: {counted(ours)} instead of {counted(theirs)}."
    if not ours or sorted(_beside(asked)) == sorted(_beside(cached)):
        return ""
    return "The values in the text stand between other words."


def _beside(template: Template) -> list[tuple[str, str, str]]:
    """Each literal of the text with the word before and the word behind it, in its own case."""
    texts = texts_between(template.action, template.slots)
    return [
        (slot.name, _edge(template, texts, index, -1), _edge(template, texts, index + 1, 0))
        for index, slot in enumerate(template.slots)
        if slot.kind != "param"
    ]


def _edge(template: Template, texts: Sequence[str], index: int, at: int) -> str:
    """The first or last word of a text between slots, or the name of the slot beyond where there is none."""
    tokens = tokenize(texts[index])
    if tokens:
        return (
            straight(texts[index][tokens[at].start : tokens[at].end]).lower()
            if at == -1
            else straight(texts[index][tokens[at].start : tokens[at].end]).rstrip(".!")
        )
    beyond = index - 1 if at == -1 else index
    return f"{{{template.slots[beyond].name}}}" if 0 <= beyond < len(template.slots) else ""


def _shared_values(asked: Template, cached: Template) -> str:
    """A value that several params share must be as ambiguous in both texts."""
    if _shared(asked) == _shared(cached):
        return ""
    return "One text has a value that several params share, the other has not."


def _shared(template: Template) -> list[str]:
    return sorted(slot.name for slot in template.slots if _is_shared(slot))


def _is_shared(slot: Slot) -> bool:
    return slot.kind == "param" and not slot.path


def _text_constants(asked: Template, constants: Sequence[str]) -> str:
    texts = [joined(text) for text in texts_between(asked.action, asked.slots)]
    for constant in constants:
        if not any(joined(constant) in text for text in texts):
            return f"The cached plan holds {constant!r} of its action's text, which this action lacks."
    return ""
