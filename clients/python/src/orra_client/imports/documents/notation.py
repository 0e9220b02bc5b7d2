"""A document's text, JSON or YAML, as one JSON value.

What is read is bounded: in bytes, in depth, and in what YAML's aliases stand for written out. Of YAML, mappings
have text for keys whatever their keys look like (``200:``), plain scalars mean what they mean in YAML 1.2's JSON
schema, so that dates and ``yes`` are text, and there are no tags and merge keys.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from orra_client.imports.services import ImportFailed, Json

MOST_BYTES = 100 * 1024 * 1024
MOST_DEPTH = 200
MOST_VALUES = 20_000_000

_CONSTANTS: dict[str, Json] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]*)?(?:[eE][-+]?[0-9]{1,4})?\Z")


def parse(text: bytes, *, most_bytes: int = MOST_BYTES) -> Json:
    """One JSON value. Raises :class:`ImportFailed`, which says where the fault is."""
    if len(text) > most_bytes:
        raise ImportFailed(f"The document is larger than {most_bytes // 1024 // 1024} MiB.")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFailed(f"The document is not UTF-8 text (byte {error.start}).") from None
    if "\x00" in decoded:
        raise ImportFailed("The document holds the NUL character, which no text has.")
    if not decoded.strip():
        raise ImportFailed("The document is empty.")
    value = _parse_json(decoded) if decoded.lstrip()[0] in "{[" else _parse_yaml(decoded)
    _check_depth(value)
    return value


def _parse_json(text: str) -> Json:
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        if _is_flow_yaml(text):
            return _parse_yaml(text)
        raise ImportFailed(
            f"The JSON is malformed: {error.msg} at line {error.lineno} column {error.colno}."
        ) from None
    except RecursionError:
        raise ImportFailed(f"The document is nested deeper than {MOST_DEPTH} levels.") from None


def _is_flow_yaml(text: str) -> bool:
    """YAML may begin with a brace, too: with a key without quotes behind it."""
    return re.match(r"\{\s*[A-Za-z]", text.lstrip()) is not None


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ImportFailed(f"The key {twice[:80]!r} appears twice in one object: leave one.")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise ImportFailed(f"{name} is not a JSON number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ImportFailed(f"The number {digits[:40]} is out of range.")
    return number


def _whole(digits: str) -> int:
    if len(digits) > 300:
        raise ImportFailed(f"The number {digits[:40]}… is out of range.")
    return int(digits)


def _check_depth(value: Json) -> None:
    """Without recursion. What aliases share is looked at once for each depth it stands in."""
    stack, seen = [(value, 1)], set[tuple[int, int]]()
    while stack:
        item, depth = stack.pop()
        if depth > MOST_DEPTH:
            raise ImportFailed(f"The document is nested deeper than {MOST_DEPTH} levels.")
        if isinstance(item, dict | list) and (id(item), depth) not in seen:
            seen.add((id(item), depth))
            members = item.values() if isinstance(item, dict) else item
            stack.extend((member, depth + 1) for member in members if isinstance(member, dict | list))


# --- YAML


def _parse_yaml(text: str) -> Json:
    try:
        import yaml
    except ModuleNotFoundError:
        raise ImportFailed(
            "The document is YAML, and PyYAML is not installed: pip install 'orra-client[yaml]', or give JSON."
        ) from None
    reader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it was built in
    try:
        return _Building(yaml).build(yaml.parse(text, Loader=reader))
    except yaml.MarkedYAMLError as error:
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise ImportFailed(f"The YAML is malformed: {told}{_at(error.problem_mark)}.") from None
    except yaml.reader.ReaderError as error:
        raise ImportFailed(f"The YAML holds a character that YAML does not allow: {error.reason}.") from None


class _Building:
    """One value out of the events of a YAML document, without recursion. Every value knows how many values it
    would be written out, so that aliases which multiply are refused before anything walks through them."""

    def __init__(self, yaml: Any) -> None:
        self._yaml = yaml
        self._anchors: dict[str, tuple[Json, int]] = {}
        self._open: list[_Open] = [_Open([], None)]

    def build(self, events: Iterator[Any]) -> Json:
        yaml, documents = self._yaml, 0
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._begin(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _fault("There is more than one document: leave one", event)
        root = self._open[0].value
        if not root:
            raise ImportFailed("The YAML is empty.")
        return root[0]

    def _scalar(self, event: Any) -> None:
        here = self._open[-1]
        if here.expects_key:
            here.take_key(event, event.value)
            return
        self._check_tag(event)
        value = event.value if event.style else _plain(event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        here.put(value, 1)

    def _begin(self, event: Any) -> None:
        if self._open[-1].expects_key:
            raise _fault("A key must be text", event)
        self._check_tag(event)
        if len(self._open) > MOST_DEPTH:
            raise _fault(f"The document is nested deeper than {MOST_DEPTH} levels", event)
        value: Json = {} if isinstance(event, self._yaml.MappingStartEvent) else []
        self._open.append(_Open(value, event.anchor))
        if event.anchor is not None:
            self._anchors.pop(event.anchor, None)

    def _end(self) -> None:
        done = self._open.pop()
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.value, done.size)
        self._open[-1].put(done.value, done.size)

    def _alias(self, event: Any) -> None:
        if self._open[-1].expects_key:
            raise _fault("A key must be text", event)
        if event.anchor not in self._anchors:
            raise _fault(f"*{event.anchor[:80]} stands for nothing that ends before it", event)
        value, size = self._anchors[event.anchor]
        if sum(each.size for each in self._open) + size > MOST_VALUES:
            raise _fault(f"Written out, the aliases stand for more than {MOST_VALUES:,} values", event)
        self._open[-1].put(value, size)

    @staticmethod
    def _check_tag(event: Any) -> None:
        if event.tag is not None and event.tag not in ("!", "tag:yaml.org,2002:str"):
            raise _fault(f"{event.tag[:80]} is a tag, and tags are not read: leave it out", event)


class _Open:
    """A list or mapping that is being read; of a mapping also the key whose value comes next."""

    def __init__(self, value: Json, anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.size = 1
        self._key: str | None = None

    @property
    def expects_key(self) -> bool:
        return self._key is None and isinstance(self.value, dict)

    def take_key(self, event: Any, key: str) -> None:
        if key == "<<" and not event.style:
            raise _fault("<< is a merge key, and these are not read: write out the members", event)
        if key in self.value:
            raise _fault(f"The key {key[:80]!r} appears twice in one mapping: leave one", event)
        self._key = key

    def put(self, value: Json, size: int) -> None:
        self.size += size
        if isinstance(self.value, list):
            self.value.append(value)
        else:
            self.value[self._key] = value
            self._key = None


def _plain(text: str) -> Json:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not _NUMBER.match(text):
        return text
    digits = text.removeprefix("+")
    if digits.lstrip("-").isdigit():
        return int(digits)
    number = float(digits)
    return number if math.isfinite(number) else text


def _fault(message: str, event: Any) -> ImportFailed:
    return ImportFailed(f"{message}{_at(event.start_mark)}.")


def _at(mark: Any) -> str:
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
