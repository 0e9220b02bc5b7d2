"""What can go wrong between orra and a model's server: one error per cause, whatever shape the server gives it.

ModelError
├── ModelAuthFailed        401, 403
├── ModelNotFound          the server is right, the model's name is not
├── ModelUnreachable       no connection, or one that broke before the answer was complete
├── ModelTimeout           the deadline passed
├── ModelRateLimited       429, or another status with the words for it: later, perhaps
├── ModelQuotaExhausted    429 or 402: not before someone pays
├── ModelContextOverflow   the prompt is longer than the model's context
├── ModelOverloaded        5xx: loading, overloaded or broken
├── ModelContentFiltered   the server's filter took offence at the request or the answer
├── ModelBadAnswer         an answer, but not a chat completion
│   └── EmptyStream        a stream that was opened and closed again, with nothing in it
└── ModelRefusedRequest    any other 4xx; :mod:`planengine.llm.dialects` may know how to ask instead
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from planengine.exceptions import ModelError
from planengine.llm.refusals import Refusal, Site, asked_pause, pause_in, quote, read_json, read_refusal


class ModelAuthFailed(ModelError):
    code = "model_auth"


class ModelNotFound(ModelError):
    code = "model_not_found"


class ModelUnreachable(ModelError):
    """``was_there``: the server had taken the request, so that it may be back soon."""

    code = "model_unreachable"
    retryable = True

    def __init__(self, message: str, *, retryable: bool | None = None, was_there: bool = False) -> None:
        super().__init__(message, retryable=retryable)
        self.was_there = was_there


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
    """``refusal``: what the server said; the answer's limit may be what does not fit, and not the prompt."""

    code = "model_context_overflow"

    def __init__(self, message: str, *, refusal: Refusal) -> None:
        super().__init__(message)
        self.refusal = refusal


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


class EmptyStream(ModelBadAnswer):
    """Some servers say what is wrong only where no stream was asked for."""


class ModelRefusedRequest(ModelError):
    """``refusal``: what the server said, from which may follow how it wants to be asked instead. ``may_be_form``:
    where that does not follow, it may still be how it was asked."""

    code = "model_refused_request"

    def __init__(self, message: str, *, refusal: Refusal, may_be_form: bool = False) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.may_be_form = may_be_form


_OVERFLOW = re.compile(
    r"maximum (context|prompt|input) length|context_length_exceeded|exceed_context_size"
    r"|context (size|window|length)|`inputs` tokens|max_model_len|too many tokens|model token limit"
    r"|\b(prompt|inputs?|messages)\b(?:(?!schema)[^.]){0,60}\b(too (long|large)|exceeds?|longer than)\b"
    r"|`?inputs`? must have less than|input length should be|reduce the length of the"
    r"|request body too large",
    re.IGNORECASE,
)
_OVERFLOW_KINDS = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_QUOTA = re.compile(
    r"insufficient[ _](quota|balance|funds|credit)|exceeded your current quota|credit balance is too low"
    r"|billing (hard )?limit|account is suspended|out of ([a-z]+ ){0,2}credits",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"rate[ _-]?limit|too many (concurrent )?requests|(requests|tokens) per (second|minute|hour|day)|throttl",
    re.IGNORECASE,
)
_RATE_KINDS = frozenset(
    {"rate_limit_exceeded", "rate_limit_error", "rate_limited", "too_many_requests", "resource_exhausted"}
)
# However long one waits, a request of this size stays above the limit.
_OVER_RATE = re.compile(r"request too large.{0,300}\bper (minute|day)", re.IGNORECASE | re.DOTALL)
_NO_MODEL = re.compile(
    r"\bmodel\b.{0,200}?\bnot (be )?(exist|found)|no such model|no endpoints found for"
    r"|not a valid model|model (id|name|identifier) is (invalid|not valid|unknown)"
    r"|\b(invalid|unknown) model( id| name)?\s*($|[:'\"`])",
    re.IGNORECASE | re.DOTALL,
)
_NO_MODEL_KINDS = frozenset({"model_not_found", "model_not_available", "invalid_model", "deploymentnotfound"})
# Which some servers tell with a status that says nothing of it.
_NO_KEY = re.compile(
    r"\b(invalid|incorrect|missing|no) api[ _-]?key\b|\bapi[ _-]?key (is )?(not valid|invalid|missing|required)",
    re.IGNORECASE,
)
# A router's 404: the model is there, and nobody who offers it takes the request as it was put.
_NO_ROUTE = re.compile(r"no (endpoints|allowed providers|providers?) (were )?(found|available|are)", re.IGNORECASE)
_LOADING = re.compile(r"\bload(ing)?\b|not ready|warming|starting", re.IGNORECASE)
# What comes with 400 or 422, or with the 500 of a server that does not catch it: a chat template's own words,
# llama-cpp-python's for a field that it does not know, and those of grammars.
_REFUSED = re.compile(
    r"(conversation )?roles? (must|should) alternate|system (role|message).{0,40}support"
    r"|^\d+ validation errors?\b|response_format|json[_ ]schema|\bgrammars?\b|guided[_ ]|xgrammar|outlines",
    re.IGNORECASE,
)
_FILTERS = frozenset(
    {"content_filter", "content_policy_violation", "responsibleaipolicyviolation", "invalid_prompt"}
)
_FORM_STATUSES = frozenset({400, 422, 501})
# Not 401 and 402: these say enough by themselves.
_LATER = frozenset({408, 409, 425, 498})


def error_for(status: int, *, headers: Mapping[str, str], body: bytes, site: Site) -> ModelError:
    """The one error that an HTTP status and a body amount to. ``status`` 200 is for errors told with success."""
    refusal = read_refusal(body)
    if status < 400 and refusal.status is not None:
        status = refusal.status
    told = _told(refusal, site)
    if refusal.written is not None:
        return _refused(status, refusal, site)
    if refusal.kinds & _OVERFLOW_KINDS or (
        status in (200, 400, 413, 422, 500) and _OVERFLOW.search(refusal.message)
    ):
        return ModelContextOverflow(
            f"The prompt is longer than the context of the model {site.model!r}. Give the model a longer context, "
            f"or register fewer or shorter services.{told}",
            refusal=refusal,
        )
    if status == 402 or "insufficient_quota" in refusal.kinds or _is_used_up(status, refusal):
        return ModelQuotaExhausted(f"The quota or balance at {site.url} is used up.{told}")
    if refusal.kinds & _FILTERS:
        return content_filtered(site, told)
    if refusal.kinds & _NO_MODEL_KINDS or (status in (200, 400, 404, 422) and _NO_MODEL.search(refusal.message)):
        return _no_model(site, told)
    if _OVER_RATE.search(refusal.message):
        return ModelRefusedRequest(
            f"One request of this size is more than the rate limit at {site.url} allows: register fewer or "
            f"shorter services, or have the limit raised.{told}",
            refusal=refusal,
        )
    if status == 429 or (status != 401 and _is_rate_limit(refusal)):
        wait = asked_pause(headers, refusal.message)
        asked = f" It asks to wait {wait:g} s." if wait is not None else ""
        return ModelRateLimited(
            f"The server at {site.url} limits the rate of requests.{asked}{told}", retry_after=wait
        )
    if status in (401, 403) or (status in (200, 400, 422) and _NO_KEY.search(refusal.message)):
        return ModelAuthFailed(
            f"Authentication failed: API key may be required or invalid for this endpoint ({site.url}).{told}"
        )
    if status in _LATER or (status >= 500 and status != 501 and not _REFUSED.search(refusal.message)):
        return ModelOverloaded(
            f"The server at {site.url} cannot answer now (HTTP {status}).{told}",
            retry_after=asked_pause(headers, refusal.message),
            loading=status == 503 and bool(_LOADING.search(refusal.message)),
        )
    return _misplaced_or_refused(status, headers=headers, refusal=refusal, site=site)


def _is_used_up(status: int, refusal: Refusal) -> bool:
    """Whether money is missing, and not only patience: some call a limit per minute a quota too, and say for how
    long."""
    return status in (400, 403, 429) and bool(_QUOTA.search(refusal.message)) and pause_in(refusal.message) is None


def _is_rate_limit(refusal: Refusal) -> bool:
    return bool(refusal.kinds & _RATE_KINDS or _RATE.search(refusal.message))


def _told(refusal: Refusal, site: Site) -> str:
    said = quote(refusal.message, site)
    return f" The server says: {said}" if said else ""


def _refused(status: int, refusal: Refusal, site: Site) -> ModelRefusedRequest:
    return ModelRefusedRequest(
        f"The server at {site.url} refused the request (HTTP {status}).{_told(refusal, site)}",
        refusal=refusal,
        may_be_form=status in _FORM_STATUSES,
    )


def _misplaced_or_refused(status: int, *, headers: Mapping[str, str], refusal: Refusal, site: Site) -> ModelError:
    told = _told(refusal, site)
    if status == 404 and _NO_ROUTE.search(refusal.message):
        return _refused(status, refusal, site)
    if status == 404 and site.model and re.search(rf"(?<![\w-]){re.escape(site.model)}(?![\w-])", refusal.message):
        return _no_model(site, told)
    if status in (404, 405):
        return ModelBadAnswer(f"There is no chat completion API at {site.url} (HTTP {status}).{site.hint}{told}")
    if 300 <= status < 400:
        target = quote(headers.get("location", "another address"), site)
        return ModelBadAnswer(f"{site.url} redirects to {target}: set the base URL to the final address.")
    if status < 300:
        return ModelBadAnswer(f"The server at {site.url} answered with an error.{site.hint}{told}")
    return _refused(status, refusal, site)


def _no_model(site: Site, told: str) -> ModelNotFound:
    return ModelNotFound(f"The server at {site.url} does not offer the model {site.model!r}.{told}")


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
    elif body.startswith(b"\x1f\x8b"):
        what = "a compressed body, though none was asked for,"
    elif value is None:
        text = body[:4096].decode("utf-8", "replace")
        what = (
            "an HTML page" if re.search(r"<(!doctype|html)", text, re.IGNORECASE) else "something that is not JSON"
        )
        what += f" ({quote(text, site)})"
    else:
        what = f"JSON without choices ({quote(body[:4096].decode('utf-8', 'replace'), site)})"
    return ModelBadAnswer(
        f"The server at {site.url} answered with {what} instead of a chat completion.{site.hint}"
    )
