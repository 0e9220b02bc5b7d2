"""What one server and model want asked differently from the next: learnt from refusals, and remembered for a
while.

Nothing is asked of a server beforehand. The first request says everything the usual way; a refusal that names
one of its fields says what to leave out or to call otherwise; after one that names nothing, less and less is
said, until nothing is left that could be left out; what then worked is kept for that endpoint and model, in this
process.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orra.base.strictjson import Json
from planengine.llm.refusals import Refusal
from planengine.llm.structured_output import LADDER, Rung

KEPT_SECONDS = 3600.0
MAX_KEPT = 256

Message = dict[str, str]

_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
_SAMPLING = ("temperature", "top_p", "top_k")
_FORM = re.compile(
    r"response_format|json[_ ]?schema|json_object|structured[ _]outputs?|guided|grammar|outlines"
    r"|missing field `value`|(invalid|unsupported).{0,40}\bschema",
    re.IGNORECASE | re.DOTALL,
)
# OpenRouter's, when no provider of the model knows all that was sent: it does not say what of it.
_SOMETHING = re.compile(r"no (endpoints|providers?) (were )?found that (can )?(support|handle)", re.IGNORECASE)
_SCHEMA = re.compile(r"schema|strict|additionalProperties|grammar|keyword", re.IGNORECASE)
_ROLES = re.compile(
    r"roles? (must|should) alternate|(system|developer)['\"`]? (role|message)"
    r"|role['\"`]?:? ['\"`]?(system|developer)"
    r"|messages\[\d+\]\.role|does not support ['\"`](system|developer)",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(
    r"too large|at most|less than|exceeds?|maximum|must be (<|between|in)|valid range|per (minute|day)",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"max_?[a-z_]*tokens", re.IGNORECASE)
# The answer's share of what was asked for, as servers name it; Groq's rate limit counts it without naming it.
_ANSWER = re.compile(
    r"max_(new_|completion_|output_)?tokens|\bcompletion|\boutput\b|request too large.{0,300}\bper (minute|day)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Dialect:
    """``rungs`` and ``token_limits``: what is left to try, the one in use first. ``omitted``: fields that are
    not sent though they are wanted. ``limits_answers`` is false where the usual limit is more than the server
    gives; then its own is the only one. ``forces_sampling``: left out, the server takes values of its own
    instead of the model's. ``suspects_form``: the last answer came only when it was asked for in a weaker form of
    structured output."""

    rungs: tuple[Rung, ...] = LADDER
    token_limits: tuple[str, ...] = _TOKEN_LIMITS
    merges_roles: bool = False
    omitted: frozenset[str] = frozenset()
    limits_answers: bool = True
    forces_sampling: bool = False
    suspects_form: bool = False

    @property
    def rung(self) -> Rung:
        return self.rungs[0] if self.rungs else Rung.PROMPT

    @property
    def streams(self) -> bool:
        return "stream" not in self.omitted

    def unlearns(self, remembered: Dialect, *, first: Dialect) -> bool:
        """Whether this gives up what was once learnt by refusals of what is said ``first``."""
        return any(
            getattr(first, name) != getattr(remembered, name) != getattr(self, name)
            for name in ("rungs", "token_limits")
        )


def adapt(dialect: Dialect, refusal: Refusal, *, sent: Mapping[str, Json]) -> Dialect | None:
    """How to ask after a refusal of what was ``sent``; ``None`` when it names nothing that could be said
    otherwise. Every change leaves less to change, so that it ends."""
    by_param = refusal.param.partition(".")[0].partition("[")[0]
    told = by_param if by_param in sent and by_param not in ("model", "messages") else ""

    def names(*fields: str) -> list[str]:
        if told:
            return [told] if told in fields else []
        return [field for field in fields if field in sent and re.search(rf"\b{field}\b", refusal.message)]

    if is_limit_too_high(refusal, sent=sent):
        return without_limit(dialect, sent=sent)
    if limits := names(*_TOKEN_LIMITS):
        return replace(dialect, token_limits=tuple(name for name in dialect.token_limits if name not in limits))
    if dialect.limits_answers and _LIMIT.search(refusal.message):  # by another name than the one that was sent
        return without_limit(dialect, sent=sent)
    if disliked := names(*_SAMPLING, "stream_options"):
        return replace(dialect, omitted=dialect.omitted | set(disliked))
    unnamed = _SOMETHING.search(refusal.message) is not None
    names_form = unnamed or _FORM.search(refusal.message)
    if "response_format" in sent and (names("response_format") or (not told and names_form)):
        strict = "strict" in (sent["response_format"].get("json_schema") or {})
        return replace(dialect, rungs=_step_down(dialect.rungs, refusal.message, strict=strict))
    if unnamed and (bare := without_options(dialect, sent=sent)) is not None:
        return bare
    if names("stream") or ("stream" in sent and re.search(r"\bstreaming\b", refusal.message, re.IGNORECASE)):
        return replace(dialect, omitted=dialect.omitted | {"stream", "stream_options"})
    if not told and not dialect.merges_roles and _ROLES.search(f"{refusal.param} {refusal.message}"):
        return replace(dialect, merges_roles=True) if merge_roles(sent["messages"]) != sent["messages"] else None
    return None


def is_vague(refusal: Refusal) -> bool:
    """Whether it names nothing of the request that could be said otherwise."""
    said = f"{refusal.param} {refusal.message}"
    names = "|".join((*_SAMPLING, "stream"))
    return not any(found.search(said) for found in (_FORM, _LIMIT, _ROLES, re.compile(rf"\b({names})")))


def is_limit_too_high(refusal: Refusal, *, sent: Mapping[str, Json]) -> bool:
    """Whether it is the limit of the answer that is more than the server gives, whatever its name."""
    limited = any(name in sent for name in _TOKEN_LIMITS)
    named = refusal.param in _TOKEN_LIMITS or _ANSWER.search(refusal.message)
    return limited and bool(named and _TOO_MUCH.search(refusal.message))


def without_limit(dialect: Dialect, *, sent: Mapping[str, Json]) -> Dialect | None:
    """How to ask where the answer's limit may have been too high; ``None`` when there was none."""
    if not any(name in sent for name in _TOKEN_LIMITS):
        return None
    return replace(
        dialect, limits_answers=False, token_limits=dialect.token_limits if dialect.limits_answers else ()
    )


def without_options(dialect: Dialect, *, sent: Mapping[str, Json]) -> Dialect | None:
    """How to ask with nothing that could be left out; ``None`` when that was so already."""
    optional = {*_SAMPLING, *_TOKEN_LIMITS, "stream_options"} & sent.keys() or {"stream"} & sent.keys()
    return replace(dialect, omitted=dialect.omitted | optional) if optional else None


def weaker_forms(rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
    """The forms to try when the ones of the first rung's kind do not do: after a schema an object, then none."""
    if rungs[:1] and rungs[0] in (Rung.STRICT_SCHEMA, Rung.SCHEMA, Rung.OBJECT_SCHEMA) and Rung.OBJECT in rungs:
        return rungs[rungs.index(Rung.OBJECT) :]
    return (Rung.PROMPT,)


def _step_down(rungs: tuple[Rung, ...], message: str, *, strict: bool) -> tuple[Rung, ...]:
    """``strict``: the schema was sent as a strict one, so that without the word it is another form."""
    refused, *left = rungs
    if refused is Rung.STRICT_SCHEMA and not (strict and _SCHEMA.search(message)):
        left = [rung for rung in left if rung is not Rung.SCHEMA]  # it is the type that is not known
    if "`value`" in message and Rung.VALUE in left:
        left = left[left.index(Rung.VALUE) :]
    return tuple(left)


def merge_roles(messages: Sequence[Message]) -> list[Message]:
    """The same chat with what only some templates allow said by the user: system and developer messages, and
    two of one role in a row."""
    merged: list[Message] = []
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if merged and merged[-1]["role"] == role:
            merged[-1] = {"role": role, "content": f"{merged[-1]['content']}\n\n{message['content']}"}
        else:
            merged.append({"role": role, "content": message["content"]})
    return merged


@dataclass(frozen=True)
class _Kept:
    dialect: Dialect
    server: str
    until: float


class Memory:
    """What was learnt of each endpoint and model, by ``(base URL, model)``. Any thread may use it.

    Forgotten after :data:`KEPT_SECONDS`, when an answer comes from other software (its ``Server`` header), and by
    :meth:`forget`, when the server was away or refuses what it took before: another may have come in its place.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, base_url: str, model: str) -> Dialect | None:
        with self._lock:
            kept = self._kept.get((base_url, model))
            return kept.dialect if kept is not None and time.monotonic() < kept.until else None

    def learn(self, base_url: str, model: str, dialect: Dialect, *, server: str) -> None:
        """That ``dialect`` was understood just now. Does not put off when it is forgotten."""
        with self._lock:
            kept = self._kept.get((base_url, model))
            if kept is not None and kept.server != server and kept.dialect == dialect:
                del self._kept[base_url, model]
            elif kept is None or kept.dialect != dialect or time.monotonic() >= kept.until:
                self._kept[base_url, model] = _Kept(dialect, server, time.monotonic() + KEPT_SECONDS)
                while len(self._kept) > MAX_KEPT:
                    self._kept.popitem(last=False)

    def forget(self, base_url: str, model: str) -> None:
        with self._lock:
            self._kept.pop((base_url, model), None)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


memory = Memory()
