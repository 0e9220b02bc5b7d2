"""What one server and model want asked differently from the next: learnt from refusals, and remembered for a
while.

Nothing is asked of a server beforehand. The first request says everything the usual way; a refusal that names
one of its fields says what to leave out or to call otherwise; what then worked is kept for that endpoint and
model, in this process.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orra.base.strictjson import Json
from planengine.llm.errors import Refusal
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
_SCHEMA = re.compile(r"schema|strict|additionalProperties|grammar|keyword", re.IGNORECASE)
_ROLES = re.compile(
    r"roles? (must|should) alternate|(system|developer)['\"`]? (role|message)"
    r"|role['\"`]?:? ['\"`]?(system|developer)"
    r"|messages\[\d+\]\.role|does not support ['\"`](system|developer)",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(r"too large|at most|less than|exceeds?|maximum|must be <", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """``rungs`` and ``token_limits``: what is left to try, the one in use first. ``omitted``: fields that are
    not sent though they are wanted. ``forces_sampling``: left out, the server takes values of its own instead
    of the model's."""

    rungs: tuple[Rung, ...] = LADDER
    token_limits: tuple[str, ...] = _TOKEN_LIMITS
    merges_roles: bool = False
    omitted: frozenset[str] = frozenset()
    forces_sampling: bool = False

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

    if limits := names(*_TOKEN_LIMITS):
        # A limit that is too high is so under every name.
        left = () if _TOO_MUCH.search(refusal.message) else dialect.token_limits
        return replace(dialect, token_limits=tuple(name for name in left if name not in limits))
    if disliked := names(*_SAMPLING, "stream_options"):
        return replace(dialect, omitted=dialect.omitted | set(disliked))
    if "response_format" in sent and (names("response_format") or (not told and _FORM.search(refusal.message))):
        return replace(dialect, rungs=_step_down(dialect.rungs, refusal.message))
    if names("stream") or ("stream" in sent and re.search(r"\bstreaming\b", refusal.message, re.IGNORECASE)):
        return replace(dialect, omitted=dialect.omitted | {"stream", "stream_options"})
    if not told and not dialect.merges_roles and _ROLES.search(f"{refusal.param} {refusal.message}"):
        return replace(dialect, merges_roles=True) if merge_roles(sent["messages"]) != sent["messages"] else None
    return None


def _step_down(rungs: tuple[Rung, ...], message: str) -> tuple[Rung, ...]:
    refused, *left = rungs
    if refused is Rung.STRICT_SCHEMA and not _SCHEMA.search(message):
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
