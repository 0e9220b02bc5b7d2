"""Families of models and the sampling that their makers recommend, by name. A name that is not known here is as
good as any other: nothing is ever refused by its name.

Values come from the makers' model cards. Servers such as vLLM and SGLang read them from the model itself, so
that they are sent only where the operator wants it, or where a server would otherwise force values of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Sampling:
    """``None`` is not sent."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None

    def over(self, other: Sampling) -> Sampling:
        """This, and of ``other`` what this leaves open."""
        mine = {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}
        return Sampling(**{**other.as_fields(), **mine})

    def as_fields(self) -> Mapping[str, float]:
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name)) is not None}


@dataclass(frozen=True)
class Family:
    """``names`` is searched in a model's name in lower case. ``takes_system`` is false where the maker advises
    against a system message, ``takes_greedy`` where it warns of temperature 0."""

    name: str
    names: re.Pattern[str]
    sampling: Sampling = Sampling()
    takes_system: bool = True
    takes_greedy: bool = True


def _family(name: str, names: str, sampling: Sampling = Sampling(), **more: bool) -> Family:
    return Family(name, re.compile(rf"(?<![a-z0-9])(?:{names})", re.VERBOSE), sampling, **more)


_QWEN3 = r"qwen-?3(?![.\d])(?!.*(?:coder|embed|rerank|vl|omni|asr|tts|guard|image))"

# The first that fits: a distilled model carries its teacher's name before its base's.
FAMILIES = (
    _family("qwq", r"qwq", Sampling(0.6, 0.95, 20), takes_greedy=False),
    _family("deepseek-r1", r"deepseek-?r1(?!\d)", Sampling(0.6, 0.95), takes_system=False),
    _family("deepseek-v4", r"deepseek-?v4(?!\d)", Sampling(1.0, 1.0)),
    _family("qwen3-instruct", rf"{_QWEN3}(?=.*(?:instruct|non-?thinking))", Sampling(0.7, 0.8, 20)),
    _family("qwen3", _QWEN3, Sampling(0.6, 0.95, 20)),
    _family("gpt-oss", r"gpt-?oss", Sampling(1.0, 1.0)),
    _family("glm", r"glm-?(?:4\.[6-9]|[5-9](?!\d)|[1-9]\d)", Sampling(1.0, 0.95)),
    _family("magistral", r"magistral", Sampling(0.7, 0.95)),
    _family("mistral-small-3", r"mistral-small-?(?:3(?!\d)|24b|.*-250[1-6])", Sampling(0.15)),
    _family("openai-reasoning", r"o[1-9](?![a-z0-9])|gpt-[5-9](?!\d)"),  # refuse sampling
)
UNKNOWN = Family("unknown", re.compile("$^"))


def family_of(model: str) -> Family:
    """By the last part of the name's path, without regard to case: ``qwen/QwQ-32B-q8`` is a ``qwq``."""
    name = model.rstrip("/").rpartition("/")[2].lower()
    return next((family for family in FAMILIES if family.names.search(name)), UNKNOWN)
