"""What can go wrong between orra and a model's server: one error per cause, whatever shape the server gives it.

ModelError
├── ModelAuthFailed        401, 403
├── ModelNotFound          the server is right, the model's name is not
├── ModelUnreachable       no connection, or one that broke before the answer was complete
├── ModelTimeout           the deadline passed
├── ModelRateLimited       429: later, perhaps
├── ModelQuotaExhausted    429 or 402: not before someone pays
├── ModelContextOverflow   the prompt is longer than the model's context
├── ModelOverloaded        5xx: loading, overloaded or broken
├── ModelContentFiltered   the server's filter took offence at the request or the answer
├── ModelBadAnswer         an answer, but not a chat completion
└── ModelRefusedRequest    any other 4xx; :mod:`planengine.llm.dialects` may know how to ask instead
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from orra.base.strictjson import Json
from planengine.exceptions import ModelError

MAX_QUOTED = 300


class ModelAuthFailed(ModelError):
    code = "model_auth"


class ModelNotFound(ModelError):
    code = "model_not_found"


class ModelUnreachable(ModelError):
    code = "model_unreachable"
    retryable = True


class ModelTimeout(ModelError):
    code = "model_timeout"
    retryable = True


class ModelRateLimited(ModelError):
    """``retry_after``: how many seconds the server asks to wait, ``None`` when it does not say."""

    code = "model_rate_limited"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelQuotaExhausted(ModelError):
    code = "model_quota_exhausted"


class ModelContextOverflow(ModelError):
    code = "model_context_overflow"


class ModelOverloaded(ModelError):
    """``loading``: the server says that it will be ready later, so that waiting is sure to help."""

    code = "model_overloaded"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, loading: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.loading = loading


class ModelContentFiltered(ModelError):
    code = "model_content_filtered"


class ModelBadAnswer(ModelError):
    code = "model_bad_answer"


class ModelRefusedRequest(ModelError):
    """``refusal``: what the server said, from which may follow how it wants to be asked instead."""

    code = "model_refused_request"

    def __init__(self, message: str, *, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal


@dataclass(frozen=True)
class Site:
    """Where an answer came from, for messages: the URL that was called (without credentials), the model, and
    what the operator can change. ``secret`` is never shown."""

    url: str
    model: str
    secret: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Refusal:
    """What a server says when it says no, in any of the known shapes: ``{"error": {...}}``, ``{"error":
    "..."}``, ``{"object": "error", ...}``, ``{"detail": ...}``, or no JSON at all. ``param`` is the field of
    the request that it names by itself, as OpenAI does."""

    message: str
    kinds: frozenset[str]
    status: int | None = None
    param: str = ""


_OVERFLOW = re.compile(
    r"maximum context length|context_length_exceeded|exceed_context_size|context (size|window|length)"
    r"|`inputs` tokens|(prompt|input)s? (is|are|length)? ?too long|max_model_len",
    re.IGNORECASE,
)
_QUOTA = re.compile(r"insufficient[ _](quota|balance|funds|credit)|exceeded your current quota", re.IGNORECASE)
_NO_MODEL = re.compile(r"\bmodel\b.{0,200}?\bnot (be )?(exist|found)|no such model", re.IGNORECASE | re.DOTALL)
_NO_MODEL_KINDS = frozenset({"model_not_found", "deploymentnotfound"})
_LOADING = re.compile(r"\bload(ing)?\b|not ready|warming|starting", re.IGNORECASE)
# What comes with 400 or 422, or with the 500 of a server that does not catch it: a chat template's own words, and
# llama-cpp-python's for a field that it does not know.
_REFUSED = re.compile(
    r"(conversation )?roles? (must|should) alternate|system (role|message).{0,40}support"
    r"|^\d+ validation errors?\b",
    re.IGNORECASE,
)
_FILTERS = frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation"})
_SECRETS = re.compile(r"\b(sk|pk|hf|gsk|xai)[-_][\w*-]{6,}|(?<=[Bb]earer )\S+")


def read_refusal(body: bytes) -> Refusal:
    value = read_json(body)
    if not isinstance(value, dict):
        return Refusal(value if isinstance(value, str) else body[:4096].decode("utf-8", "replace"), frozenset())
    inner = value.get("error")
    source = inner if isinstance(inner, dict) else value
    message = next((source[key] for key in ("message", "error", "detail", "msg") if source.get(key)), "")
    kinds = {
        str(holder[key]).lower()
        for holder in (source, value)
        for key in ("code", "type", "error_type")
        if isinstance(holder.get(key), str)
    }
    status, param = source.get("code"), source.get("param")
    return Refusal(
        message if isinstance(message, str) else json.dumps(message, ensure_ascii=False),
        frozenset(kinds),
        status if isinstance(status, int) and not isinstance(status, bool) and 400 <= status < 600 else None,
        param if isinstance(param, str) else "",
    )


def read_json(body: bytes) -> Json:
    """The body's JSON, or ``None``. Lenient: what is not used of a server's answer need not be storable."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def error_for(status: int, *, headers: Mapping[str, str], body: bytes, site: Site) -> ModelError:
    """The one error that an HTTP status and a body amount to. ``status`` 200 is for errors told with success."""
    refusal = read_refusal(body)
    if status < 400 and refusal.status is not None:
        status = refusal.status
    said = quote(refusal.message, site)
    told = f" The server says: {said}" if said else ""
    if refusal.kinds & {"context_length_exceeded", "exceed_context_size_error"} or (
        status in (200, 400, 413, 422, 500) and _OVERFLOW.search(refusal.message)
    ):
        return ModelContextOverflow(
            f"The prompt is longer than the context of the model {site.model!r}. Give the model a longer context, "
            f"or register fewer or shorter services.{told}"
        )
    if (
        status == 402
        or "insufficient_quota" in refusal.kinds
        or (status == 429 and _QUOTA.search(refusal.message))
    ):
        return ModelQuotaExhausted(f"The quota or balance at {site.url} is used up.{told}")
    if refusal.kinds & _FILTERS:
        return content_filtered(site, told)
    if refusal.kinds & _NO_MODEL_KINDS or (status in (200, 400, 404, 422) and _NO_MODEL.search(refusal.message)):
        return ModelNotFound(f"The server at {site.url} does not offer the model {site.model!r}.{told}")
    if status in (401, 403):
        return ModelAuthFailed(
            f"Authentication failed: API key may be required or invalid for this endpoint ({site.url}).{told}"
        )
    if status == 429:
        wait = retry_after(headers)
        asked = f" It asks to wait {wait:g} s." if wait is not None else ""
        return ModelRateLimited(
            f"The server at {site.url} limits the rate of requests.{asked}{told}", retry_after=wait
        )
    if status in (408, 409, 425) or (status >= 500 and status != 501 and not _REFUSED.search(refusal.message)):
        return ModelOverloaded(
            f"The server at {site.url} cannot answer now (HTTP {status}).{told}",
            retry_after=retry_after(headers),
            loading=status == 503 and bool(_LOADING.search(refusal.message)),
        )
    return _misplaced_or_refused(status, headers=headers, refusal=refusal, site=site)


def _misplaced_or_refused(status: int, *, headers: Mapping[str, str], refusal: Refusal, site: Site) -> ModelError:
    said = quote(refusal.message, site)
    told = f" The server says: {said}" if said else ""
    if status in (404, 405):
        return ModelBadAnswer(f"There is no chat completion API at {site.url} (HTTP {status}).{site.hint}{told}")
    if 300 <= status < 400:
        target = quote(headers.get("location", "another address"), site)
        return ModelBadAnswer(f"{site.url} redirects to {target}: set the base URL to the final address.")
    if status < 300:
        return ModelBadAnswer(f"The server at {site.url} answered with an error.{site.hint}{told}")
    return ModelRefusedRequest(
        f"The server at {site.url} refused the request (HTTP {status}).{told}", refusal=refusal
    )


def content_filtered(site: Site, told: str = "") -> ModelContentFiltered:
    return ModelContentFiltered(
        f"The content filter of the server at {site.url} stopped the request. Word the action, its params or the "
        f"services' descriptions differently, or configure the filter.{told}"
    )


def not_a_completion(body: bytes, site: Site) -> ModelError:
    """The error for a successful answer that is no chat completion."""
    value = read_json(body)
    if isinstance(value, dict) and (value.get("error") or value.get("object") == "error" or "detail" in value):
        return error_for(200, headers={}, body=body, site=site)
    if not body.strip():
        what = "an empty body"
    elif value is None:
        text = body[:4096].decode("utf-8", "replace")
        what = (
            "an HTML page" if re.search(r"<(!doctype|html)", text, re.IGNORECASE) else "something that is not JSON"
        )
        what += f" ({quote(text, site)})"
    else:
        what = "JSON without choices"
    return ModelBadAnswer(
        f"The server at {site.url} answered with {what} instead of a chat completion.{site.hint}"
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: out of ``Retry-After-Ms``, or ``Retry-After`` in seconds or as an HTTP date (RFC 9110)."""
    said = headers.get("retry-after", "")
    for text, unit in ((headers.get("retry-after-ms", ""), 0.001), (said, 1.0)):
        try:
            seconds = float(text) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        return max(parsedate_to_datetime(said).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None


def quote(text: str, site: Site) -> str:
    """A stranger's words for a message of ours: on one line, without keys, not too long."""
    if len(site.secret) >= 4:
        text = text.replace(site.secret, "[key]")
    text = _SECRETS.sub("[key]", text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"
