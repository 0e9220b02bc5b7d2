"""Where somebody who listens to a plan is, and what to do when the stream breaks. Pure but for the clock."""

from __future__ import annotations

import json
import time
from typing import Protocol

from orra_client.calls.call import Call, nothing, path_of
from orra_client.errors import UnexpectedAnswer
from orra_client.exchange import TRANSIENT, NoReply, Reply, Retries, read_reply, retry_after_of
from orra_client.results.plans import FINISHED, Event

EVENT_STREAM = "text/event-stream"
NO_CONTENT = 204


class Heard(Protocol):
    """An event as it came; ``retry``: after how many milliseconds to come back."""

    @property
    def event(self) -> str: ...
    @property
    def data(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def retry(self) -> int | None: ...


class Listening:
    """``is_over``: the plan is finished, and all of it was heard. A stream that breaks is gone on with after the
    last event that came, until there was nothing for ``retries.patience`` seconds."""

    def __init__(self, plan_id: str, last_event_id: str, retries: Retries) -> None:
        self.is_over = False
        self._path = path_of("plans", plan_id, "events")
        self._last = last_event_id
        self._retries = retries
        self._failures = 0
        self._broken_since: float | None = None
        self._told: float | None = None

    def call(self) -> Call[None]:
        """What asks for the events that are still to come."""
        headers = {"Accept": EVENT_STREAM}
        if self._last:
            headers["Last-Event-ID"] = self._last
        return Call("GET", self._path, nothing, headers=headers)

    def hear(self, heard: Heard) -> Event | None:
        """The event that came; ``None`` for what only says how to listen."""
        self._failures, self._broken_since = 0, None
        if heard.retry is not None:
            self._told = heard.retry / 1000
        if not heard.data:
            return None
        self._last = heard.id or self._last
        self.is_over = heard.event in FINISHED
        return Event(heard.event, _data_of(heard), self._last)

    def pause(self, reply: Reply | NoReply | None) -> float:
        """For how many seconds to wait before listening again; ``reply`` is what came instead of events, ``None``
        where a stream ended too early. Raises :class:`~orra_client.errors.OrraError`."""
        if isinstance(reply, Reply):
            if reply.status == NO_CONTENT:
                self.is_over = True
                return 0.0
            if reply.status not in TRANSIENT:
                read_reply(self.call(), reply)
                raise UnexpectedAnswer("The answer is no stream of events. Is this the engine's address?")
        now = time.monotonic()
        self._broken_since = self._broken_since or now
        self._failures += 1
        told = retry_after_of(reply) if reply is not None else None
        pause = self._retries.pause(min(self._failures, 10), told if told is not None else self._told)
        if self._retries.times == 0 or pause is None or now + pause - self._broken_since > self._retries.patience:
            read_reply(self.call(), reply or NoReply("The stream of events ended before the plan was finished."))
        return pause or 0.0


def _data_of(heard: Heard) -> dict[str, object]:
    try:
        data = json.loads(heard.data)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise UnexpectedAnswer(f"The event {heard.event[:80]!r} has no JSON object as its data.")
    return data
