"""YAML from strangers, as a way to write JSON: what is read is a JSON value, what is written is read back.

Of YAML there is its notation and nothing else: no aliases, anchors, tags, merge keys or directives, one document,
bounded depth, no key twice. Plain scalars mean what they mean in JSON: ``null``, ``true``, ``false`` and JSON's
numbers; every other one is text, a date, ``yes`` and ``0x10`` among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from orra.base.strictjson import InvalidJson, Json, check, decode, parse_number
from orra.base.text import quote, shorten

MAX_DEPTH = 20

# libyaml where it was built in: the same events, ten times as fast.
_READER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WRITER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_CONSTANTS: dict[str, Json] = {"null": None, "~": None, "": None, "true": True, "false": False}
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
_CODE = "invalid_yaml"


def parse(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> Json:
    """One JSON value out of the one document of ``text``. Raises :class:`InvalidJson`, with the line."""
    text = decode(text, code=_CODE) if isinstance(text, bytes) else text
    try:
        value = _build(yaml.parse(text, Loader=_READER), max_depth)
    except yaml.MarkedYAMLError as error:
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise InvalidJson(_CODE, f"The YAML is malformed: {told}{_at(error.problem_mark)}.") from None
    except yaml.reader.ReaderError as error:
        raise InvalidJson(_CODE, f"The YAML holds a character that YAML does not allow: {error.reason}.") from None
    except UnicodeEncodeError:
        raise InvalidJson("invalid_text", "Text contains a lone surrogate, which is not valid Unicode.") from None
    check(value, max_depth=max_depth)
    return value


def write(value: Json) -> str:
    """A JSON value as YAML, its members in their order. :func:`parse` gives the same value."""
    written: str = yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=110)
    return written


class _Writer(_WRITER):  # type: ignore[misc]
    """Quotes the texts that :func:`parse` would take for something else, and those that YAML 1.1 would."""

    yaml_implicit_resolvers = {
        first: list(resolvers) for first, resolvers in _WRITER.yaml_implicit_resolvers.items()
    }

    def ignore_aliases(self, data: object) -> bool:
        return True


_Writer.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-0123456789"))


def _represent_float(writer: Any, number: float) -> Any:
    return writer.represent_scalar("tag:yaml.org,2002:float", repr(number))


_Writer.add_representer(float, _represent_float)


def _build(events: Iterator[Any], max_depth: int) -> Json:
    """The value that the events tell of. Without recursion, so that no text can exhaust the stack."""
    root: list[Json] = []
    nodes = [_Open(root)]
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            _check_document(event, documents)
        elif isinstance(event, yaml.CollectionEndEvent):
            nodes.pop()
        elif isinstance(event, yaml.NodeEvent):
            _check_node(event)
            here = nodes[-1]
            if here.expects_key:
                here.take_key(event)
            elif isinstance(event, yaml.ScalarEvent):
                here.put(_scalar(event))
            elif len(nodes) > max_depth:
                raise _refusal(f"The YAML is nested deeper than {max_depth} levels", event, code="yaml_too_deep")
            else:
                value: Json = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                here.put(value)
                nodes.append(_Open(value))
    if not root:
        raise InvalidJson(_CODE, "The YAML is empty.")
    return root[0]


def _check_document(event: Any, number: int) -> None:
    if number > 1:
        raise _refusal("There is more than one document: leave one", event)
    if event.version or event.tags:
        raise _refusal("Directives (%YAML, %TAG) are not read: leave them out", event)


def _check_node(event: Any) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise _refusal(f"*{shorten(str(event.anchor))} is an alias: write out what it stands for", event)
    if event.anchor is not None:
        raise _refusal(f"&{shorten(event.anchor)} is an anchor: leave it out, and write out what it names", event)
    if event.tag is not None:
        raise _refusal(f"{shorten(event.tag)} is a tag: leave it out", event)


class _Open:
    """A list or mapping that is being read; of a mapping also the key whose value comes next."""

    def __init__(self, value: Json) -> None:
        self._value = value
        self._key: str | None = None

    @property
    def expects_key(self) -> bool:
        return isinstance(self._value, dict) and self._key is None

    def take_key(self, event: Any) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise _refusal("A key must be text", event)
        key = event.value
        if key == "<<" and not event.style:
            raise _refusal("<< is a merge key: write out the members", event)
        if key in self._value:
            raise _refusal(f"The key {quote(key)} appears twice in one mapping", event, code="duplicate_key")
        self._key = key

    def put(self, value: Json) -> None:
        if isinstance(self._value, list):
            self._value.append(value)
        else:
            self._value[self._key] = value
            self._key = None


def _scalar(event: Any) -> Json:
    text: str = event.value
    if event.style:  # quoted, or a block
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if not _NUMBER.match(text):
        return text
    try:
        return parse_number(text)
    except InvalidJson as error:
        raise InvalidJson(error.code, f"{str(error).rstrip('.')}{_at(event.start_mark)}.") from None


def _refusal(message: str, event: Any, *, code: str = _CODE) -> InvalidJson:
    return InvalidJson(code, f"{message}{_at(event.start_mark)}.")


def _at(mark: Any) -> str:
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
