"""What a server sent as a chat completion, read for what it may be and in whatever shape it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.llm.errors import ModelOverloaded, Site, content_filtered, not_a_completion, read_json

# Other servers' words for what OpenAI calls "stop" and "length".
_FINISHES = {
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "model_length": "length",
}
# SGLang's and vLLM's, and DeepSeek's: the server gave the answer up.
_GIVEN_UP = {"abort", "error", "insufficient_system_resource"}


@dataclass(frozen=True)
class Usage:
    """Tokens as the server counted them; ``None`` is unknown, which is not zero."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


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
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return None
    content, reasoning = read_message(message)
    model, fingerprint = answer.get("model"), answer.get("system_fingerprint")
    return Completion(
        content=storable(content),
        reasoning=storable(reasoning),
        finish_reason=_finish(choice.get("finish_reason"), site),
        model=storable(model) if isinstance(model, str) and model else site.model,
        usage=read_usage(answer.get("usage")),
        server="ollama" if fingerprint == "fp_ollama" else "",
    )


def read_message(message: dict[str, Json]) -> tuple[str, str]:
    """Content and reasoning of a message, or of a part of one in a stream."""
    content, thoughts = _read_content(message.get("content"))
    spoken = [message.get("reasoning_content"), message.get("reasoning")]
    reasoning = next((text for text in spoken if isinstance(text, str) and text), thoughts)
    refused = message.get("refusal")
    return content or (refused if isinstance(refused, str) else ""), reasoning


def read_usage(usage: Json) -> Usage:
    """Tokens as counted by the server; anything but a plain count is unknown."""

    def count(name: str) -> int | None:
        value = usage.get(name) if isinstance(usage, dict) else None
        return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None

    return Usage(prompt_tokens=count("prompt_tokens"), completion_tokens=count("completion_tokens"))


def _finish(reason: Json, site: Site) -> str:
    if not isinstance(reason, str):
        return ""
    if reason == "content_filter":
        raise content_filtered(site)
    if reason in _GIVEN_UP:
        raise ModelOverloaded(f"The server at {site.url} gave its answer up ({reason}).")
    return storable(_FINISHES.get(reason, reason))


def _read_content(content: Json) -> tuple[str, str]:
    """Content and thoughts: some servers send a list of typed parts instead of a text."""
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
