"""The output schema of an operation out of its 2xx responses, and how an answer becomes an output.

An output is an object. An answer that is a list is told as ``{"items": …}``, any other that is no object as
``{"value": …}``, a text as ``{"text": …}``, and none as ``{}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orra_client.imports.documents import Document
from orra_client.imports.openapi.inputs import bare_type, is_json
from orra_client.imports.schemas import Reader
from orra_client.imports.services import Json, Refused


@dataclass
class Output:
    """``schema``: as the document has it, wrapped where it must be. ``binding``: how an answer is read: ``as`` is
    ``json``, ``text`` or ``nothing``, ``wrap`` the member that it becomes. ``is_certain``: whether every success
    has what the schema requires."""

    schema: dict[str, Json]
    binding: dict[str, Json]
    notes: list[str] = field(default_factory=list)
    is_certain: bool = True


def output_of(document: Document, reader: Reader, responses: Json, *, method: str) -> Output:
    """Raises :class:`Refused`."""
    found = _successes(document, responses)
    if method == "head":
        return _nothing()
    answering = [(status, content) for status, content in found if content]
    if not answering:
        return _nothing()
    status, content = answering[0]
    made = _made(document, reader, status, content)
    others = [each for each, _ in found if each != status]
    if others:
        made.is_certain = False
        made.notes.append(f"It is described by its answer {status}; it may answer {', '.join(others[:5])}, too.")
    return made


def _successes(document: Document, responses: Json) -> list[tuple[str, Mapping[str, Json]]]:
    """The responses that tell of success, each with its contents by type."""
    if not isinstance(responses, dict) or not responses:
        raise Refused("no_response", "It describes no response.")
    statuses = sorted(str(status) for status in responses if str(status).startswith("2"))
    if not statuses and list(responses) == ["default"]:
        statuses = ["default"]
    if not statuses:
        told = ", ".join(str(status)[:20] for status in list(responses)[:5])
        raise Refused("no_response", f"It describes no 2xx response, only {told}.")
    result: list[tuple[str, Mapping[str, Json]]] = []
    for status in statuses:
        response = document.follow(responses[status])
        content = response.get("content") if isinstance(response, dict) else None
        result.append((status, content if isinstance(content, dict) else {}))
    return result


def _made(document: Document, reader: Reader, status: str, content: Mapping[str, Json]) -> Output:
    for content_type, media in content.items():
        if is_json(content_type):
            media = document.follow(media)
            schema = media.get("schema", {}) if isinstance(media, dict) else {}
            if content_type.strip() in ("*/*", "application/*") and _is_binary(reader, schema):
                break
            return _of_json(reader, schema)
    for content_type in content:
        if bare_type(content_type).startswith("text/") and bare_type(content_type) != "text/event-stream":
            return _of_text(bare_type(content_type))
    told = ", ".join(str(each)[:60] for each in list(content)[:4])
    raise Refused("answer_type", f"It answers {status} with {told}: only JSON and text can be an output.")


def _is_binary(reader: Reader, schema: Json) -> bool:
    return isinstance(schema, dict) and reader.level(schema).said.get("format") == "binary"


def _of_json(reader: Reader, schema: Json) -> Output:
    types = reader.types(schema)
    if types - {"null"} == {"object"}:
        said = {**reader.level(schema).said, "type": "object"}
        if types == {"object"}:
            return Output(said, {"as": "json"})
        told = "Its answer may be null, which is told as an output without members."
        return Output(said, {"as": "json"}, [told], is_certain=False)
    wrap = "items" if types - {"null"} == {"array"} else "value"
    kind = "a list" if wrap == "items" else "no object, for all that is said"
    return Output(
        {"type": "object", "properties": {wrap: schema}, "required": [wrap]},
        {"as": "json", "wrap": wrap},
        [f"Its answer is {kind}, and its output has it as {wrap!r}."],
    )


def _of_text(content_type: str) -> Output:
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return Output(
        schema, {"as": "text", "wrap": "text"}, [f"Its answer is {content_type}, and its output has it as 'text'."]
    )


def _nothing() -> Output:
    return Output(
        {"type": "object", "properties": {}}, {"as": "nothing"}, ["It answers with nothing, so it has no outputs."]
    )
