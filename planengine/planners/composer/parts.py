"""A request cut into its parts: at sentence and list borders, and at the words that order steps. No grammar.

A part that was cut off wrongly does little harm: its words still count, and no service has to be for it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cache.examples.signs import semicolon_asks
from cache.examples.wording import is_free_literal, is_slot, words_of, words_of_text
from cache.languages import list_for
from cache.templates.slots import Slot
from cache.templates.templates import Template, make_template
from orra.base.strictjson import Json
from planengine.catalogue.field_names import words_of as words_of_name

# A list's items are parts only where each has this many words: "with length 7 and breadth 3" is no list of tasks.
_WORDS_OF_A_PART = 2
_MAX_PARTS = 12
_SLOT = "\ue000"
# "Dr." and "St." end no sentence.
_sentence = re.compile(r"(?<=[.!?:…])(?<!\b[A-Z][a-z]\.)[\"')\]]*\s+|[\n;；]+|(?<=[。！？।])")
_list = re.compile(r"\s*[,，、]\s*|\s+(?:and|und|et|y|e|i|en|och|og|ve)\s+|\s*&\s*")
_words = re.compile(rf"[^\W\d_]{{2,}}|{_SLOT}")
_letters = re.compile(r"[^\W\d_]")
_behind_item_number = re.compile(r"[.)][ \t]")
_place = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Part:
    """``named``: the text with fields' names where their values stood. ``ordered``: its first words say that it
    comes after the part before. ``words``: as examples are compared by them, without those; ``said``: the same
    with free literals as they stand there."""

    text: str
    named: str
    words: tuple[str, ...]
    said: tuple[str, ...]
    ordered: bool


def parts_of(template: Template, params: Mapping[str, Json]) -> tuple[Part, ...]:
    """The parts in their order, at least one unless nothing but signs was said."""
    parts: list[Part] = []
    for text in _few(_with_signs(list(_texts(template)), params)):
        part = part_of(text, params)
        if parts and not parts[-1].words:  # "and finally, …"
            parts.pop()
            part = replace(part, ordered=True)
        parts.append(part)
    return tuple(parts)


def _with_signs(texts: Sequence[str], params: Mapping[str, Json]) -> list[str]:
    """The texts that have letters, with the signs and numbers that stand by themselves beside them: "❌" behind a
    sentence says something of it."""
    if not any(map(_letters.search, texts)):
        return []
    found: list[str] = []
    before = ""
    for text in texts:
        if _letters.search(text):
            found.append(f"{before}{text}")
            before = ""
        elif any(not is_slot(word) or is_free_literal(word) for word in part_of(text, params).words):
            if found:
                found[-1] += f" {text}"
            else:
                before += f"{text} "
    return found


def part_of(text: str, params: Mapping[str, Json]) -> Part:
    template = make_template(text, params)
    words = words_of(template)
    literals = iter([" ".join(words_of_text(slot.raw)) for slot in template.literals])
    said = tuple(next(literals) if is_free_literal(word) else word for word in words)
    ordering = _ordering(words)
    return Part(text, named(template), words[ordering:], said[ordering:], ordered=ordering > 0)


def named(template: Template) -> str:
    """The text with the words of the fields where values stood: "take Teardrop off Rainy Sunday" is about a song
    and a playlist, which the values do not say."""
    return _place.sub(lambda slot: " ".join(words_of_name(slot[1])), template.text)


def _ordering(words: Sequence[str]) -> int:
    """How many of the first words put this part behind another, "and" before them included."""
    folded = tuple(word.casefold() for word in words)
    lists = list_for(folded)
    for start in (0, 1) if folded and folded[0] in lists.neutral else (0,):
        for phrase in lists.sequence:
            if folded[start : start + len(phrase)] == phrase:
                return start + len(phrase)
    return 0


def _texts(template: Template) -> Iterator[str]:
    """The pieces of the action; nothing cuts what stands in a slot."""
    masked, at, slots = "", 0, []
    for slot in template.slots:
        masked += template.action[at : slot.start].replace(_SLOT, " ")
        if not _is_item_number(template.action, slot):
            masked += _SLOT
            slots.append(slot)
        at = slot.end
    masked += template.action[at:].replace(_SLOT, " ")
    if semicolon_asks(template.action):
        masked = masked.replace(";", "?")
    values = iter([slot.raw for slot in slots])
    for sentence in _sentence.split(masked):
        for item in _items(sentence):
            yield re.sub(_SLOT, lambda slot: next(values), item).strip(" \t,;:")


def _is_item_number(action: str, slot: Slot) -> bool:
    """Whether the number is one of a list's item, as in "1. Cancel the order"."""
    if slot.kind != "number" or not _behind_item_number.match(action, slot.end):
        return False
    return action[action.rfind("\n", 0, slot.start) + 1 : slot.start].strip() in ("", "(")


def _items(sentence: str) -> list[str]:
    borders = [(0, 0), *(match.span() for match in _list.finditer(sentence)), (len(sentence), len(sentence))]
    first, *others = [(left[1], right[0]) for left, right in zip(borders, borders[1:], strict=False)]
    items = [first]
    for start, end in others:
        if min(_size(sentence[start:end]), _size(sentence[slice(*items[-1])])) >= _WORDS_OF_A_PART:
            items.append((start, end))
        else:
            items[-1] = (items[-1][0], end)
    return [sentence[start:end] for start, end in items]


def _size(text: str) -> int:
    return len(_words.findall(text))


def _few(texts: Sequence[str]) -> list[str]:
    """What is beyond the limit is one part: no word is left out."""
    rest = texts[_MAX_PARTS - 1 :]
    return [*texts[: _MAX_PARTS - 1], *(["; ".join(rest)] if rest else [])]
