"""What spans of a call to a model have, by the names of OpenTelemetry's conventions for generative AI. Nothing of
what was said is among it."""

from __future__ import annotations

from urllib.parse import urlsplit

from orra.base.tracing import Value
from planengine.llm.completions import Completion

# Whose protocol is spoken; which software answers is not known before.
PROVIDER = "openai"
PORTS = {"http": 80, "https": 443}
HOST = "api.openai.com"


def of_call(operation: str, model: str, base_url: str) -> dict[str, Value]:
    """``operation``: ``chat`` or ``embeddings``. ``base_url`` empty is OpenAI's own."""
    url = urlsplit(base_url or f"https://{HOST}")
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": model,
        "server.address": url.hostname,
        "server.port": url.port or PORTS.get(url.scheme),
    }


def of_completion(completion: Completion) -> dict[str, Value]:
    return {
        "gen_ai.response.model": completion.model or None,
        "gen_ai.usage.input_tokens": completion.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": completion.usage.completion_tokens,
    }
