"""How real model servers differ, as data: what each refuses and in what words, where its reasoning is, how it
streams.

The facts are the servers' own (sources, documentation, issue threads); nothing here is more than a test needs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.scripted import Reply

Body = dict[str, Any]
ErrorShape = Callable[..., Reply]
Refusal = Callable[["Profile", Body], Reply | None]

# What vLLM's and SGLang's grammar compiler knows nothing of.
NOT_IN_XGRAMMAR = ("uniqueItems", "multipleOf", "contains", "minContains", "maxContains", "format")


def nested(status: int, message: str, **more: Any) -> Reply:
    """OpenAI's, with a text as its code."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}
    return Reply(status, {"error": error})


def innererror(status: int, message: str, **more: Any) -> Reply:
    return nested(status, message, **{"innererror": {"code": more.get("code")}, **more})


def nested_number(status: int, message: str, **more: Any) -> Reply:
    return Reply(
        status, {"error": {"message": message, "type": "BadRequestError", "param": None, **more, "code": status}}
    )


def flat(status: int, message: str, **more: Any) -> Reply:
    return Reply(
        status, {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": status}
    )


def plain(status: int, message: str, **more: Any) -> Reply:
    return Reply(status, {"error": message})


def typed_plain(status: int, message: str, **more: Any) -> Reply:
    """text-generation-inference's, which comes from two places: its own checks, and its parser of JSON."""
    if more.get("unreadable"):
        text = f"Failed to deserialize the JSON body into the target type: {message}"
        return Reply(status, text, headers={"Content-Type": "text/plain; charset=utf-8"})
    kind = "overloaded" if status == 429 else "validation"
    return Reply(status, {"error": message, "error_type": kind})


def embedding_error(status: int, message: str, **more: Any) -> Reply:
    return Reply(status, {"message": message, "code": status, "type": "validation"})


@dataclass(frozen=True)
class Profile:
    """``reasoning`` is the field that holds it, ``inline`` (between tags), ``untagged`` (no opening tag) or
    ``hidden``. ``overflow`` is what a prompt that is too long meets. ``counts`` says when a stream tells the
    tokens: ``asked``, ``always`` or ``never``."""

    name: str
    title: str
    error: ErrorShape
    refusals: tuple[Refusal, ...] = ()
    reasoning: str = "untagged"
    overflow: tuple[int, str, Body] | None = None
    counts: str = "asked"
    headers: Body = field(default_factory=dict)
    members: Body = field(default_factory=dict)
    first_pieces: tuple[bytes, ...] = ()
    models: Reply | None = None
    model: str = "small-1"
    embeds: bool = True
    batch: int | None = None
    takes_dimensions: bool = True
    dimensions: int = 8
    normalised: bool = True


def _no_max_tokens(profile: Profile, body: Body) -> Reply | None:
    if "max_tokens" not in body:
        return None
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead."
    )
    return profile.error(400, message, param="max_tokens", code="unsupported_parameter")


def _no_sampling(profile: Profile, body: Body) -> Reply | None:
    if body.get("temperature", 1) != 1:
        message = (
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. "
            "Only the default (1) value is supported."
        )
        return profile.error(400, message, param="temperature", code="unsupported_value")
    if "top_p" in body:
        message = "Unsupported parameter: 'top_p' is not supported with this model."
        return profile.error(400, message, param="top_p", code="unsupported_parameter")
    if "top_k" in body:
        return profile.error(400, "Unrecognized request argument supplied: top_k")
    return None


def _strict_is_strict(profile: Profile, body: Body) -> Reply | None:
    """Every object of a strict schema must be closed."""
    form = body.get("response_format", {})
    if form.get("type") != "json_schema" or not form["json_schema"].get("strict"):
        return None
    if any(part.get("additionalProperties") is not False for part in objects_of(form["json_schema"]["schema"])):
        message = (
            "Invalid schema for response_format 'execution_plan': In context=('properties', 'tasks', 'items', "
            "'properties', 'input'), 'additionalProperties' is required to be supplied and to be false."
        )
        return profile.error(400, message, param="response_format")
    return None


def _xgrammar(profile: Profile, body: Body) -> Reply | None:
    form = body.get("response_format", {})
    if form.get("type") != "json_schema":
        return None
    if not form["json_schema"].get("name"):
        return profile.error(400, "response_format.json_schema.name: Field required")
    if any(f'"{word}":' in json.dumps(form) for word in NOT_IN_XGRAMMAR):
        return profile.error(400, "The provided JSON schema contains features not supported by xgrammar.")
    return None


def _value_or_nothing(profile: Profile, body: Body) -> Reply | None:
    if "response_format" in body and "value" not in body["response_format"]:
        return profile.error(422, "response_format: missing field `value` at line 1 column 4242", unreadable=True)
    return None


def _tgi_ranges(profile: Profile, body: Body) -> Reply | None:
    if not 0 < body.get("top_p", 0.5) < 1:
        return profile.error(422, "Input validation error: `top_p` must be > 0.0 and < 1.0")
    if "stop" in body and not isinstance(body["stop"], list):
        return profile.error(422, "stop: invalid type: string, expected a sequence", unreadable=True)
    assert "presence_penalty" not in body
    return None


def _schema_or_text(profile: Profile, body: Body) -> Reply | None:
    if body.get("response_format", {}).get("type") in (None, "json_schema", "text"):
        return None
    return profile.error(400, "'response_format.type' must be 'json_schema' or 'text'")


def _json_object_only(profile: Profile, body: Body) -> Reply | None:
    if body.get("response_format", {}).get("type") in (None, "json_object", "text"):
        return None
    return profile.error(400, "This response_format type is unavailable now", code="invalid_request_error")


def _object_or_text(profile: Profile, body: Body) -> Reply | None:
    kind = body.get("response_format", {}).get("type", "text")
    if kind in ("json_object", "text"):
        return None
    message = (
        "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "
        f"\"Input should be 'text' or 'json_object'\", 'input': '{kind}'}}"
    )
    return profile.error(500, message, type="internal_server_error")


def _no_route(profile: Profile, body: Body) -> Reply | None:
    """A router whose providers of the model know no schemas; it does not say what they do not know."""
    if body.get("response_format", {}).get("type") != "json_schema":
        return None
    return profile.error(404, "No endpoints found that can handle the requested parameters.")


def objects_of(schema: Any) -> list[Body]:
    """Every part of a schema that describes an object."""
    if isinstance(schema, list):
        return [part for item in schema for part in objects_of(item)]
    if not isinstance(schema, dict):
        return []
    found = [part for value in schema.values() for part in objects_of(value)]
    return [schema, *found] if schema.get("type") == "object" else found


def _list(*names: str, **more: Any) -> Reply:
    return Reply(body={"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]})


_MAXIMUM = "This model's maximum context length is 4096 tokens. Please reduce the length of the messages."
_CODE: Body = {"code": "context_length_exceeded", "param": "messages"}
_AZURE_FIRST = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []}

OPENAI = Profile(
    "openai",
    "OpenAI reasoning",
    nested,
    (_no_max_tokens, _no_sampling, _strict_is_strict),
    reasoning="hidden",
    overflow=(400, _MAXIMUM, _CODE),
    model="o3-mini",
    models=_list("o3-mini", "gpt-5"),
    headers={"Server": "cloudflare"},
)
AZURE = Profile(
    "azure",
    "Azure v1",
    innererror,
    (_no_max_tokens, _no_sampling, _strict_is_strict),
    reasoning="hidden",
    overflow=(400, _MAXIMUM, _CODE),
    model="our-deployment",
    models=_list("our-deployment"),
    first_pieces=(b"data: " + json.dumps(_AZURE_FIRST).encode() + b"\n\n",),
)
VLLM_OLD = Profile(
    "vllm-old",
    "vLLM < 0.12",
    flat,
    (_xgrammar,),
    reasoning="reasoning_content",
    overflow=(400, _MAXIMUM, {}),
    headers={"Server": "uvicorn"},
    models=_list("small-1", max_model_len=4096),
    takes_dimensions=False,
)
VLLM_NEW = Profile(
    "vllm",
    "vLLM ≥ 0.12",
    nested_number,
    (_xgrammar,),
    reasoning="reasoning",
    overflow=(400, _MAXIMUM, {}),
    headers={"Server": "uvicorn"},
    models=_list("small-1", max_model_len=4096),
    takes_dimensions=False,
)
TGI = Profile(
    "tgi",
    "TGI",
    typed_plain,
    (_value_or_nothing, _tgi_ranges),
    overflow=(
        422,
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9000 `inputs` tokens",
        {},
    ),
    embeds=False,
)
OLLAMA = Profile(
    "ollama",
    "Ollama",
    nested,
    reasoning="reasoning",
    members={"system_fingerprint": "fp_ollama"},
    models=Reply(body={"object": "list", "data": None}),
    model="qwen3:8b",
)
LLAMA_CPP = Profile(
    "llama.cpp",
    "llama.cpp",
    nested_number,
    reasoning="reasoning_content",
    overflow=(
        400,
        "the request exceeds the available context size, try increasing it",
        {"type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096},
    ),
    headers={"Server": "llama.cpp"},
    batch=16,
)
LLAMA_CPP_PYTHON = Profile(
    "llama-cpp-python",
    "llama-cpp-python",
    nested,
    (_object_or_text,),
    overflow=(400, _MAXIMUM, _CODE),
    counts="never",
    headers={"Server": "uvicorn"},
    embeds=False,
)
LM_STUDIO = Profile("lm-studio", "LM Studio", plain, (_schema_or_text,), reasoning="reasoning_content")
SGLANG = Profile(
    "sglang",
    "SGLang",
    flat,
    (_xgrammar,),
    reasoning="reasoning_content",
    overflow=(400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", {}),
    headers={"Server": "uvicorn"},
)
TOGETHER = Profile(
    "together",
    "Together",
    nested,
    reasoning="inline",
    model="deepseek-ai/DeepSeek-R1",
    models=Reply(body=[{"id": "deepseek-ai/DeepSeek-R1", "context_length": 163840}]),
    counts="always",
)
FIREWORKS = Profile(
    "fireworks",
    "Fireworks",
    nested,
    reasoning="inline",
    model="accounts/fireworks/models/qwq-32b",
    models=_list("accounts/fireworks/models/qwq-32b"),
    counts="always",
)
DEEPSEEK = Profile(
    "deepseek",
    "DeepSeek",
    nested,
    (_json_object_only,),
    reasoning="reasoning_content",
    overflow=(400, _MAXIMUM, {"code": "invalid_request_error"}),
    model="deepseek-reasoner",
    first_pieces=(b": keep-alive\n\n",) * 3,
    embeds=False,
)
GROQ = Profile(
    "groq",
    "Groq",
    nested,
    reasoning="reasoning",
    overflow=(400, "Please reduce the length of the messages or completion.", _CODE),
    model="openai/gpt-oss-20b",
    models=_list("openai/gpt-oss-20b", context_window=131072),
    headers={"Server": "cloudflare"},
    embeds=False,
)
OPENROUTER = Profile(
    "openrouter",
    "OpenRouter",
    nested_number,
    (_no_route,),
    reasoning="reasoning",
    overflow=(
        400,
        "This endpoint's maximum context length is 4096 tokens. However, you requested about 5000 tokens "
        "(5000 of text input). Please reduce the length, or use the context-compression plugin.",
        {},
    ),
    counts="always",
    first_pieces=(b": OPENROUTER PROCESSING\n\n",) * 2,
    model="qwen/qwen3-8b",
    models=_list("qwen/qwen3-8b", context_length=40960),
    embeds=False,
)
TEI = Profile(
    "tei",
    "TEI",
    embedding_error,
    batch=32,
    takes_dimensions=False,
    dimensions=8,
    normalised=False,
    model="bge-small",
)

CHAT = (
    OPENAI,
    AZURE,
    VLLM_OLD,
    VLLM_NEW,
    TGI,
    OLLAMA,
    LLAMA_CPP,
    LLAMA_CPP_PYTHON,
    LM_STUDIO,
    SGLANG,
    TOGETHER,
    FIREWORKS,
    DEEPSEEK,
    GROQ,
    OPENROUTER,
)
ALL = (*CHAT, TEI)
