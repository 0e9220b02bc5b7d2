"""What a server says when it says no, read in any of the shapes that servers have for it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

from orra.base.strictjson import Json

MAX_QUOTED = 300
# Shorter ones are no keys, and would be found in many words.
LEAST_SECRET = 4

_SECRETS = re.compile(r"\b(sk|pk|hf|gsk|xai)[-_][\w*-]{6,}|(?<=[Bb]earer )\S+")
# "Please try again in 7.66s", "retry in 1m2.5s", "try again in 340ms".
_WAIT = re.compile(
    r"(?:try again|retry) in (?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?) ?(ms|s))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Site:
    """Where an answer came from, for messages: the URL that was called (without credentials), the model, and
    what the operator can change. ``secrets`` are never shown."""

    url: str
    model: str
    secrets: tuple[str, ...] = ()
    hint: str = ""


def site_at(base_url: str, path: str, *, model: str = "", key: str = "", hint: str = "") -> Site:
    """The site of a call. What the query of ``base_url`` holds may be a key as well, and servers repeat the
    address that they were asked at."""
    parts = urlsplit(base_url)
    pairs = [*parse_qsl(parts.query), *(pair.partition("=")[::2] for pair in parts.query.split("&"))]
    held = {key, *(value for name, value in pairs if name != "api-version")}
    secrets = sorted((secret for secret in held if len(secret) >= LEAST_SECRET), key=len, reverse=True)
    return Site(f"{parts.scheme}://{parts.netloc}{parts.path}{path}", model, tuple(secrets), hint)


@dataclass(frozen=True)
class Refusal:
    """``{"error": {...}}``, ``{"error": "..."}``, ``{"object": "error", ...}``, ``{"detail": ...}``, a list of one
    of these, or no JSON at all. ``status`` is the HTTP status that the body tells, which need not be the answer's.
    ``param`` is the field of the request that it names by itself, as OpenAI does. ``written``: what the model
    wrote and the server then refused to pass on, as Groq tells it beside the error; ``None`` where it does not."""

    message: str
    kinds: frozenset[str]
    status: int | None = None
    param: str = ""
    written: str | None = None


def read_refusal(body: bytes) -> Refusal:
    value = read_json(body)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = value[0]  # Gemini's
    if not isinstance(value, dict):
        return Refusal(value if isinstance(value, str) else body[:4096].decode("utf-8", "replace"), frozenset())
    inner = value.get("error") or value.get("errors")
    if isinstance(inner, list) and inner:
        inner = inner[0]
    source = inner if isinstance(inner, dict) else value
    message = next((source[key] for key in ("message", "error", "errors", "detail", "msg") if source.get(key)), "")
    holders = (source, value)
    kinds = {
        str(holder[key]).lower()
        for holder in holders
        for key in ("code", "type", "error_type", "status")
        if isinstance(holder.get(key), str)
    }
    told = (_status(holder.get(key)) for holder in holders for key in ("code", "status_code", "status"))
    param, written = source.get("param"), source.get("failed_generation")
    return Refusal(
        (message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)) + _upstream(source),
        frozenset(kinds),
        next((status for status in told if status is not None), None),
        param if isinstance(param, str) else "",
        written if isinstance(written, str) else None,
    )


def read_json(body: bytes) -> Json:
    """The body's JSON, or ``None``. Lenient: what is not used of a server's answer need not be storable."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def asked_pause(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds to wait: out of ``Retry-After-Ms``, or ``Retry-After`` in seconds or as an HTTP date (RFC 9110),
    or the message's words."""
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
        return pause_in(message)


def pause_in(message: str) -> float | None:
    """The seconds that a message asks to wait, in words."""
    found = _WAIT.search(message)
    if found is None or not (found[1] or found[2]):
        return None
    return 60.0 * int(found[1] or 0) + float(found[2] or 0) * (0.001 if (found[3] or "").lower() == "ms" else 1.0)


def quote(text: str, site: Site) -> str:
    """A stranger's words for a message of ours: on one line, without keys, not too long."""
    for secret in site.secrets:
        text = text.replace(secret, "[key]")
    text = _SECRETS.sub("[key]", text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…"


def _status(value: Json) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value, re.ASCII):
        return int(value)
    return value if type(value) is int and 400 <= value < 600 else None


def _upstream(source: dict[str, Json]) -> str:
    """What the provider said whose error a router (OpenRouter) passes on."""
    metadata = source.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f" ({raw[:4096]})" if isinstance(raw, str) and raw.strip() else ""
