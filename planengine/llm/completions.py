"""What a server sent as a chat completion, read for what it may be and in whatever shape it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from orra.base.strictjson import Json
from planengine.llm.errors import ModelOverloaded, content_filtered, error_for, not_a_completion
from planengine.llm.refusals import Site, read_json, read_refusal

# Servers' words for what OpenAI calls "stop", "length" and "content_filter", in any case of letters. An answer in
# the form of a call is an answer.
_FINISHES = {
    **dict.fromkeys(("stop", "eos", "eos_token", "stop_sequence", "end_turn", "complete", "completed"), "stop"),
    **dict.fromkeys(("tool_calls", "tool_use", "function_call"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens"), "length"),
    **dict.fromkeys(("content_filter", "safety", "prohibited_content", "blocklist"), "content_filter"),
}
# No call has more; the sum of a draft's calls fits the database's integers.
MOST_TOKENS = 100_000_000
# What servers that know no null write instead.
_NO_FINISH = {"", "null", "none"}
# SGLang's and vLLM's, and DeepSeek's: the server gave the answer up.
_GIVEN_UP = {"abort", "error", "insufficient_system_resource"}


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them; ``None`` is unknown, which is not zero. ``cached_tokens`` of the prompt's
    were in the server's cache, which some charge less for."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None

    def __add__(self, other: Usage) -> Usage:
        """Of two calls. What one of them does not tell is unknown of both."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in _COUNTS)
        return Usage(*(None if left is None or right is None else left + right for left, right in pairs))


_COUNTS = ("prompt_tokens", "completion_tokens", "cached_tokens")


@dataclass(frozen=True)
class Progress:
    """How many characters of reasoning and of the answer itself have come so far, and which of them are new."""

    reasoning: int
    answer: int
    new_reasoning: str = ""
    new_answer: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class Completion:
    """What the server sent, as storable text: ``""`` where it sent none. ``server`` is the software's name as
    far as it tells."""

    content: str
    reasoning: str
    finish_reason: str
    model: str
    usage: Usage
    seconds: float = 0.0
    server: str = ""


def read_completion(body: bytes, *, site: Site) -> Completion:
    """Out of a successful answer's body. Raises :class:`ModelBadAnswer`, or what an error told with 200 means."""
    answer = read_json(body)
    completion = read_answer(answer, site=site) if isinstance(answer, dict) else None
    if completion is None:
        raise not_a_completion(body, site)
    return completion


def read_answer(answer: dict[str, Json], *, site: Site) -> Completion | None:
    """``None`` when there is no message in it. Raises what its ``finish_reason`` means when that is a failure."""
    choice = first_choice(answer)
    message = choice.get("message") if choice is not None else None
    if choice is not None and choice.get("error"):  # OpenRouter's, when a provider gave up
        told = json.dumps({"error": choice["error"]}).encode()
        raise error_for(read_refusal(told).status or 500, headers={}, body=told, site=site)
    if choice is None or not isinstance(message, dict):
        return None
    content, reasoning = read_message(message)
    usage = read_usage(answer.get("usage"))
    if content and usage.completion_tokens == 0:
        usage = replace(usage, completion_tokens=None)
    model, fingerprint = answer.get("model"), answer.get("system_fingerprint")
    return Completion(
        content=storable(content),
        reasoning=storable(reasoning),
        finish_reason=_judged(finish_of(choice), site),
        model=storable(model) if isinstance(model, str) and model else site.model,
        usage=usage,
        server="ollama" if fingerprint == "fp_ollama" else "",
    )


def first_choice(answer: dict[str, Json]) -> dict[str, Json] | None:
    """The choice that was asked for, where a server gives several."""
    choices = answer.get("choices")
    found = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    return min(found, key=_index_of, default=None)


def _index_of(choice: dict[str, Json]) -> int:
    index = choice.get("index")
    return index if type(index) is int else 0


def read_message(message: dict[str, Json]) -> tuple[str, str]:
    """Content and reasoning of a message, or of a part of one in a stream."""
    content, thoughts = _read_content(message.get("content"))
    spoken = [message.get("reasoning_content"), message.get("reasoning")]
    reasoning = next((text for text in spoken if isinstance(text, str) and text), thoughts)
    refused = message.get("refusal")
    content += _called(message)
    return content or (refused if isinstance(refused, str) else ""), reasoning


def finish_of(choice: dict[str, Json]) -> str | None:
    """Why the model stopped, in OpenAI's words where it has them; ``None`` while it has not."""
    reason = choice.get("finish_reason")
    if not isinstance(reason, str) or reason.lower() in _NO_FINISH:
        return None
    return storable(_FINISHES.get(reason.lower(), reason))


def read_usage(usage: Json) -> Usage:
    """Tokens as counted by the server; anything but a plain count is unknown, and so is a prompt without any: it
    was not counted."""
    holder = usage if isinstance(usage, dict) else {}
    details = holder.get("prompt_tokens_details")
    # OpenAI's place for it, and DeepSeek's and Moonshot's.
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    for name in ("prompt_cache_hit_tokens", "cached_tokens"):
        cached = _count(holder.get(name)) if cached is None else cached
    prompt = _count(holder.get("prompt_tokens")) or None
    completion = _count(holder.get("completion_tokens"))
    return Usage(prompt, completion if prompt or completion else None, cached)


def _count(value: Json) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _judged(reason: str | None, site: Site) -> str:
    if reason == "content_filter":
        raise content_filtered(site)
    if reason in _GIVEN_UP:
        raise ModelOverloaded(f"The server at {site.url} gave its answer up ({reason}).")
    return reason or ""


def _called(message: dict[str, Json]) -> str:
    """The arguments of what a model called that took the form of its answer for a function: each call's on a line
    of its own, and in a stream in pieces of which the first names the function."""
    calls = message.get("tool_calls")
    listed = calls if isinstance(calls, list) else []
    functions = [call.get("function") for call in listed if isinstance(call, dict)]
    functions.append(message.get("function_call"))
    return "".join(_arguments(function) for function in functions if isinstance(function, dict))


def _arguments(function: dict[str, Json]) -> str:
    arguments = function.get("arguments")
    text = json.dumps(arguments) if isinstance(arguments, dict | list) else _text_of(arguments)
    # Some name the function in each piece.
    return f"\n{text}" if function.get("name") and text.startswith(("{", "[")) else text


def _read_content(content: Json) -> tuple[str, str]:
    """Content and thoughts: some servers send a list of typed parts instead of a text."""
    if isinstance(content, dict):  # the JSON that was asked for, already read
        return json.dumps(content), ""
    if not isinstance(content, list):
        return _text_of(content), ""
    said: list[str] = []
    thought: list[str] = []
    for part in content:
        if isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            thought.append(_text_of(part.get("thinking", part.get("text"))))
        else:
            said.append(_text_of([part]))
    return "".join(said), "".join(thought)


def _text_of(value: Json) -> str:
    if isinstance(value, list):
        texts = [part.get("text") if isinstance(part, dict) else part for part in value]
        return "".join(text for text in texts if isinstance(text, str))
    return value if isinstance(value, str) else ""


def storable(text: str) -> str:
    """Without NUL and lone surrogates, which Postgres and UTF-8 refuse; as long as it was."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
