"""What happened to a plan, as server-sent events: derived from its rows, which are the truth.

    queued ─ cache ─┬─ attempt_started ─ answered ─ problems_found ─ retry ─ attempt_started ─ … ─┬─ ready
                    │                  └ attempt_failed                                           ├─ not_actionable
                    └─ (a hit) ───────────────────────────────────────────────────────────────────┴─ failed

Nothing is stored for them. An event's id is its place: the attempt's id and the step within it, or before or after
all attempts. So it is the same whenever and in whichever process the plan is told, and a client goes on where it
was. ``progress`` and ``following`` tell how things are now: they have no id and are not told again.

The model's own words are told where the project wants that (``event_contents``): in ``answered`` all of them, in
``progress`` the latest, which is what an attempt's row holds while its call lasts. Each text says ``from`` which
character on it is, so that a client knows what it has missed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from cache import decisions
from orra.base.strictjson import Json

MAX_PROBLEMS = 5
MAX_TEXT = 500
WORDS = ("reasoning", "answer")
HIT_DECISIONS = ("exact", "semantic", "example", "replay")
KEEP_ALIVE = b": still here\n\n"
# How long a client whose stream broke waits before it comes back.
OPENING = b"retry: 1000\n\n"


class Place(NamedTuple):
    """Where in a plan's story an event stands."""

    attempt: int
    step: int

    def __str__(self) -> str:
        return f"{'end' if self.attempt == END else self.attempt}.{self.step}"


END = 2**63
# The step with which an attempt's call has ended, well or not.
ENDED = 2
BEFORE_ALL = Place(-1, 0)
LAST = Place(END, 1)
_PLACE = re.compile(r"(\d{1,19}|end)\.(\d)", re.ASCII)


def parse_place(text: str) -> Place | None:
    """The place that an event's id tells, ``None`` for what is no event's id."""
    found = _PLACE.fullmatch(text)
    return Place(END if found[1] == "end" else int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class Event:
    """``place`` is ``None`` for what is only so now, ``attempt_id`` is of the attempt whose progress it tells."""

    name: str
    data: Mapping[str, Json]
    place: Place | None = None
    attempt_id: int | None = None

    def encode(self) -> bytes:
        told = f"event: {self.name}\ndata: {json.dumps(self.data, ensure_ascii=False)}\n\n"
        return (f"id: {self.place}\n{told}" if self.place is not None else told).encode("utf-8", "replace")


@dataclass(frozen=True)
class AttemptFacts:
    """One planner call, as its row has it. ``seconds`` is ``None`` while it lasts. ``reasoning`` and ``answer``
    are empty where nobody is to hear of them."""

    id: int
    plan_id: str
    number: int
    planner: str
    problems: Json
    error_code: str
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_chars: int
    answer_chars: int
    seconds: float | None
    created_at: datetime
    reasoning: str = ""
    answer: str = ""


@dataclass(frozen=True)
class PlanFacts:
    """A plan, as its row has it. ``leader_id`` is the plan that it waits for, if it follows one."""

    id: str
    status: str
    source: str | None
    cache: Json
    cache_entry_id: str | None
    error: Json
    prompt_tokens: int | None
    completion_tokens: int | None
    created_at: datetime
    finished_at: datetime | None
    leader_id: str | None = None


@dataclass(frozen=True)
class Story:
    """A plan's events in their order, and what is so just now."""

    events: tuple[Event, ...]
    now: tuple[Event, ...] = field(default=())
    finished: bool = False

    def after(self, place: Place) -> list[Event]:
        return [event for event in self.events if event.place is not None and event.place > place]


def story_of(plan: PlanFacts, attempts: Sequence[AttemptFacts]) -> Story:
    """``attempts`` are the plan's, and its leader's while it follows one."""
    ordered = sorted(attempts, key=lambda attempt: attempt.id)
    finished = plan.finished_at is not None
    events = list(_beginning(plan))
    for attempt in ordered:
        events += _attempt(attempt)
    if finished:
        events += _ending(plan)
    return Story(tuple(events), () if finished else tuple(_now(plan, ordered)), finished)


def _beginning(plan: PlanFacts) -> Iterator[Event]:
    yield _event("queued", plan.id, plan.created_at, Place(0, 0))
    if plan.finished_at is None or _decision(plan).get("decision") not in HIT_DECISIONS:
        yield _event("cache", plan.id, plan.created_at, Place(0, 1), **_decision(plan))


def _attempt(attempt: AttemptFacts) -> Iterator[Event]:
    facts: dict[str, Json] = {"attempt": attempt.number, "planner": attempt.planner}
    if attempt.number > 1:
        yield _event("retry", attempt.plan_id, attempt.created_at, Place(attempt.id, 0), **facts)
    yield _event("attempt_started", attempt.plan_id, attempt.created_at, Place(attempt.id, 1), **facts)
    if attempt.seconds is None:
        return
    ended = attempt.created_at + timedelta(seconds=attempt.seconds)
    facts |= {"seconds": round(attempt.seconds, 3)}
    if attempt.error_code:
        facts |= {"error_code": attempt.error_code, **_words(attempt)}
        yield _event("attempt_failed", attempt.plan_id, ended, Place(attempt.id, ENDED), **facts)
    else:
        facts |= {"usage": _usage(attempt), **_words(attempt)}
        yield _event("answered", attempt.plan_id, ended, Place(attempt.id, ENDED), **facts)
    problems = attempt.problems if isinstance(attempt.problems, list) else []
    if problems:
        told: list[Json] = [_problem(problem) for problem in problems[:MAX_PROBLEMS]]
        facts = {"attempt": attempt.number, "count": len(problems), "problems": told}
        yield _event("problems_found", attempt.plan_id, ended, Place(attempt.id, 3), **facts)


def _ending(plan: PlanFacts) -> Iterator[Event]:
    at = plan.finished_at or plan.created_at
    decision = _decision(plan)
    if decision.get("decision") in HIT_DECISIONS:
        yield _event("cache", plan.id, at, Place(END, 0), **decision, entry_id=plan.cache_entry_id)
    error = plan.error if isinstance(plan.error, dict) else None
    told = error and {name: error.get(name) for name in ("code", "message", "how_to_fix", "retryable")}
    yield _event(plan.status, plan.id, at, LAST, source=plan.source, usage=_usage(plan), error=told)


def _now(plan: PlanFacts, attempts: Sequence[AttemptFacts]) -> Iterator[Event]:
    if plan.leader_id is not None:
        yield Event("following", {"plan_id": plan.id, "leader_id": plan.leader_id})
    last = attempts[-1] if attempts else None
    if last is not None and last.seconds is None and last.reasoning_chars + last.answer_chars:
        sizes: dict[str, Json] = {"reasoning_chars": last.reasoning_chars, "answer_chars": last.answer_chars}
        told = {"plan_id": last.plan_id, "attempt": last.number, **sizes, **_words(last)}
        yield Event("progress", told, attempt_id=last.id)


def unheard(now: Sequence[Event], shown: Sequence[Event]) -> list[Event]:
    """What is so now and was not ``shown`` before; of a text that goes on, only what is new."""
    before = {event.attempt_id: event for event in shown if event.attempt_id is not None}
    return [
        _rest(event, before[event.attempt_id]) if event.attempt_id in before else event
        for event in now
        if event not in shown
    ]


def _rest(event: Event, before: Event) -> Event:
    """The words without those that ``before`` had. A text that has become shorter is a new one: the server is
    asked again after a stream broke."""
    sizes = [(event.data[f"{name}_chars"], before.data[f"{name}_chars"]) for name in WORDS]
    if any(size < heard for size, heard in sizes):
        return event
    data = dict(event.data)
    for name, (_, heard) in zip(WORDS, sizes, strict=True):
        if name in data:
            begin = max(data[name]["from"], heard)
            data[name] = {"from": begin, "text": data[name]["text"][begin - data[name]["from"] :]}
    return replace(event, data={name: told for name, told in data.items() if name not in WORDS or told["text"]})


def _words(attempt: AttemptFacts) -> dict[str, Json]:
    """The words of a call: all of them once it has given its answer, until then the latest."""
    whole = attempt.seconds is not None and not attempt.error_code
    texts = zip(
        WORDS,
        (attempt.reasoning, attempt.answer),
        (attempt.reasoning_chars, attempt.answer_chars),
        strict=True,
    )
    return {name: {"from": 0 if whole else size - len(text), "text": text} for name, text, size in texts if text}


def _event(name: str, plan_id: str, at: datetime, place: Place, **facts: Json) -> Event:
    return Event(name, {"plan_id": plan_id, "at": at.isoformat(), **facts}, place)


def _decision(plan: PlanFacts) -> dict[str, Json]:
    cache = plan.cache if isinstance(plan.cache, dict) else {}
    return {name: cache.get(name) for name in ("decision", "reason", "similarity")} | {
        "votes": decisions.told(cache)["votes"]
    }


def _usage(facts: PlanFacts | AttemptFacts) -> dict[str, Json]:
    return {"prompt_tokens": facts.prompt_tokens, "completion_tokens": facts.completion_tokens}


def _problem(problem: Json) -> Json:
    if not isinstance(problem, dict):
        return {}
    told = {name: problem.get(name) for name in ("code", "message", "task", "field")}
    return {name: value[:MAX_TEXT] if isinstance(value, str) else None for name, value in told.items()}
