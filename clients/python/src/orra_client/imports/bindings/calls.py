"""Inputs as a call of an HTTP API, and its answer as an output."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from orra_client.carrying.handlers import AGAIN, HandlerFailed
from orra_client.imports.services import Json

_PLACE = re.compile(r"\{([^{}]+)\}")
_UNSAFE_IN_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MOST_SHOWN = 500
_JOINED_BY = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "simple": ","}


class InputsRefused(HandlerFailed):
    """The call cannot be made of these inputs."""


class CallFailed(HandlerFailed):
    """The call was made, and there is no output. ``status`` is the HTTP status, if there was one; ``retryable``:
    whether the same call may succeed later."""

    def __init__(self, message: str, *, status: int | None = None, retryable: bool = False) -> None:
        super().__init__(message, retryable=retryable)
        self.status = status


@dataclass(frozen=True)
class Call:
    """``target``: path and query, to be put behind the base URL. ``content``: the body, of ``headers``' type;
    ``parts``: instead of it, the fields of a multipart form."""

    method: str
    target: str
    headers: Mapping[str, str]
    content: bytes | None = None
    parts: tuple[tuple[str, str], ...] = ()


def call_of(binding: Mapping[str, Json], inputs: Mapping[str, Json]) -> Call:
    """Raises :class:`InputsRefused` where an input is missing in the path, unknown, or holds what would change the
    call: a path's segment of dots alone, a line end in a header."""
    path_values: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    cookies: list[str] = []
    members: dict[str, Json] = {}
    styles: dict[str, str] = {}
    whole: list[Json] = []
    for name, value in inputs.items():
        goes = _goes(binding, name)
        place, there = goes["in"], goes.get("name", name)
        if place == "body":
            if "name" in goes:
                members[there] = value
                styles[there] = goes.get("style", "form")
            else:
                whole.append(value)
        elif value is None:
            continue  # only JSON has a way to write it
        elif place == "path":
            path_values[there] = _segment(there, _joined(value, goes))
        elif place == "query":
            query.extend(_pairs(there, value, goes))
        elif place == "header":
            headers[there] = _header(there, _joined(value, goes))
        else:
            cookies.extend(
                f"{quote(key, safe='')}={quote(text, safe='')}" for key, text in _pairs(there, value, goes)
            )
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    target = _target(binding["path"], path_values, query)
    content, parts = _body(binding, members, styles, whole, headers)
    return Call(binding["method"], target, headers, content, parts)


def output_of(binding: Mapping[str, Json], status: int, content: bytes) -> dict[str, Json]:
    """The output that an answer stands for. Raises :class:`CallFailed`."""
    if not 200 <= status < 300:
        told = content[:_MOST_SHOWN].decode("utf-8", "replace").strip()
        raise CallFailed(
            f"{binding['operation']} answered {status}{': ' + told if told else '.'}",
            status=status,
            retryable=status in AGAIN,
        )
    how = binding["output"]
    if how["as"] == "nothing" or not content.strip():
        return {}
    if how["as"] == "text":
        return {how["wrap"]: content.decode("utf-8", "replace")}
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise CallFailed(f"{binding['operation']} answered with what is no JSON.", status=status) from None
    if "wrap" in how:
        return {how["wrap"]: value}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CallFailed(f"{binding['operation']} answered with JSON that is no object.", status=status)
    return value


def _goes(binding: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    goes: Mapping[str, Json] | None = binding["inputs"].get(name)
    if goes is not None:
        return goes
    if binding.get("body", {}).get("takes_others"):
        return {"in": "body", "name": name}
    raise InputsRefused(f"{binding['operation']} has no input {name[:80]!r}.")


def _target(path: str, values: Mapping[str, str], query: list[tuple[str, str]]) -> str:
    def value_of(place: re.Match[str]) -> str:
        if place[1] not in values:
            raise InputsRefused(f"The input {place[1][:80]!r} is missing: it is a part of the path {path}.")
        return values[place[1]]

    made = _PLACE.sub(value_of, path.partition("#")[0])  # some tell operations of one path apart behind a #
    if not query:
        return made
    return f"{made}{'&' if '?' in made else '?'}{urlencode(query, quote_via=quote, safe='')}"


def _segment(name: str, text: str) -> str:
    if not text.strip("."):
        raise InputsRefused(f"The input {name[:80]!r} is {text!r}, which would be another path.")
    return quote(text, safe="")


def _header(name: str, text: str) -> str:
    if _UNSAFE_IN_HEADER.search(text):
        raise InputsRefused(f"The input {name[:80]!r} holds a control character, which no header may.")
    return text


# --- values


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _joined(value: Json, goes: Mapping[str, Json]) -> str:
    """A value in one text, as a path's segment or a header has it."""
    if goes.get("as") == "json":
        return json.dumps(value, ensure_ascii=False)
    between = _JOINED_BY.get(goes.get("style", "simple"), ",")
    if isinstance(value, list):
        return between.join(map(_text, value))
    if isinstance(value, dict):
        pairs = value.items()
        return between.join(
            f"{k}={_text(v)}" if goes.get("explode") else f"{k}{between}{_text(v)}" for k, v in pairs
        )
    return _text(value)


def _pairs(name: str, value: Json, goes: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """A value as names and texts, as a query or a form has it."""
    style = goes.get("style", "form")
    if goes.get("as") == "json" or not isinstance(value, list | dict):
        yield name, _joined(value, goes)
    elif style == "deepObject":
        yield from _deep(name, value)
    elif not goes.get("explode", style == "form"):
        yield name, _joined(value, {"style": style})
    elif isinstance(value, list):
        for each in value:
            yield name, _text(each)
    else:
        for key, each in value.items():
            yield key, _text(each)


def _deep(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """``filter[status][0]=open``."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _deep(f"{name}[{key}]", each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _deep(f"{name}[{index}]", each)
    elif value is not None:
        yield name, _text(value)


# --- the body


def _body(
    binding: Mapping[str, Json],
    members: Mapping[str, Json],
    styles: Mapping[str, str],
    whole: list[Json],
    headers: dict[str, str],
) -> tuple[bytes | None, tuple[tuple[str, str], ...]]:
    content_type = binding.get("body", {}).get("content_type")
    if content_type is None or not (members or whole or binding["body"].get("required")):
        return None, ()
    if content_type == "text/plain":
        headers["Content-Type"] = "text/plain; charset=utf-8"
        return _text(whole[0] if whole else "").encode("utf-8", "replace"), ()
    value = whole[0] if whole else dict(members)
    if content_type.endswith("json"):
        headers["Content-Type"] = content_type
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"), ()
    if not isinstance(value, dict):
        raise InputsRefused("A form's body must be an object.")
    fields = tuple(pair for name, each in value.items() for pair in _fields(name, each, styles.get(name, "form")))
    if content_type == "multipart/form-data":
        return None, fields
    headers["Content-Type"] = content_type
    return urlencode(fields).encode("ascii"), ()


def _fields(name: str, value: Json, style: str) -> Iterator[tuple[str, str]]:
    """A form's fields: lists as one field many times, objects member by member."""
    if isinstance(value, list) and style != "deepObject":
        for each in value:
            yield name, _text(each)
    else:
        yield from _deep(name, value)
