"""One call until it is answered: what is sent, when it is sent again, and how the answer is read. Pure: a client
sends and sleeps."""

from __future__ import annotations

import json
import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from orra_client.calls.call import NO_BODY, Call, Pause
from orra_client.errors import NoAnswer, UnexpectedAnswer, problem_of
from orra_client.reading import Json

T = TypeVar("T")

TRANSIENT = frozenset({502, 503, 504})
REFUSED_FOR_NOW = 429


@dataclass(frozen=True)
class Retries:
    """``times``: how often a call is sent again at most. Before it is, a random time passes, up to ``first``
    seconds and each time twice as many, ``most`` in the end; what the engine says (``Retry-After``) counts
    instead, up to ``patience``."""

    times: int = 3
    first: float = 0.25
    most: float = 8.0
    patience: float = 60.0

    def pause(self, number: int, told: float | None) -> float | None:
        """Before the try after ``number`` ones; ``None``: it is not worth waiting for."""
        if told is not None:
            return told if told <= self.patience else None
        longest: float = min(self.first * 2 ** (number - 1), self.most)
        return random.uniform(0.5, 1.0) * longest


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NoReply:
    """``sent``: the engine may have seen the call."""

    why: str
    sent: bool = True


# It yields what is to be done and is sent what came of it; a pause brings nothing.
Exchange = Generator[Call[Any] | Pause, Reply | NoReply | None, T]


def exchange(call: Call[T], retries: Retries) -> Exchange[T]:
    """Raises :class:`~orra_client.errors.OrraError`."""
    number = 0
    while True:
        number += 1
        reply = yield call
        assert reply is not None
        again = number <= retries.times and may_help(call, reply)
        pause = retries.pause(number, retry_after_of(reply)) if again else None
        if pause is None:
            return read_reply(call, reply)
        yield Pause(pause)


def may_help(call: Call[Any], reply: Reply | NoReply) -> bool:
    """Whether to send it again."""
    if isinstance(reply, NoReply):
        return call.repeatable or not reply.sent
    return reply.status == REFUSED_FOR_NOW or (reply.status in TRANSIENT and call.repeatable)


def retry_after_of(reply: Reply | NoReply) -> float | None:
    """In seconds, where the engine says it, as a number or as a date."""
    said = "" if isinstance(reply, NoReply) else reply.headers.get("retry-after", "").strip()
    if not said:
        return None
    if said.isascii() and said.isdecimal() and len(said) < 10:
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def read_reply(call: Call[T], reply: Reply | NoReply) -> T:
    if isinstance(reply, NoReply):
        raise NoAnswer(reply.why)
    body = _json_of(reply)
    if reply.status >= 400:
        raise problem_of(reply.status, body, retry_after=retry_after_of(reply))
    if reply.status >= 300:
        where = reply.headers.get("location", "another address")
        raise UnexpectedAnswer(
            f"{call.method} {call.path} is redirected to {where[:200]}. Use the engine's own address."
        )
    if reply.status != 204 and body is NO_BODY:
        raise UnexpectedAnswer(
            f"{call.method} {call.path} was answered with something other than JSON. Is this the engine's address?"
        )
    return call.read(None if body is NO_BODY else body)


def _json_of(reply: Reply) -> Json:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return NO_BODY
