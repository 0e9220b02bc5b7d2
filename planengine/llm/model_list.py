"""The models that a server says it offers, in the shapes that servers have for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.llm.refusals import read_json


@dataclass(frozen=True)
class OfferedModel:
    """``context``: its length in tokens, ``None`` where the server does not tell."""

    name: str
    context: int | None = None


def read_model_list(body: bytes) -> tuple[OfferedModel, ...]:
    """``{"data": [...]}`` as OpenAI has it, a bare list (Together), ``{"data": null}`` (an Ollama without models),
    ``{"models": [...]}``; empty when it is none of these."""
    value = read_json(body)
    if isinstance(value, dict):
        value = value.get("data") or value.get("models")
    return tuple(_models(value)) if isinstance(value, list) else ()


def _models(items: list[Json]) -> Iterator[OfferedModel]:
    for item in items:
        if isinstance(item, str):
            yield OfferedModel(item)
        elif isinstance(item, dict):
            name = next((item[key] for key in ("id", "name", "model") if isinstance(item.get(key), str)), None)
            if name:
                yield OfferedModel(name, _context(item))


def _context(item: dict[str, Json]) -> int | None:
    """vLLM's ``max_model_len``, Together's and others' ``context_length``."""
    lengths = (item.get(key) for key in ("max_model_len", "context_length", "context_window"))
    return next((length for length in lengths if type(length) is int and length > 0), None)
