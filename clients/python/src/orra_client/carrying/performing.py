"""One step: its inputs, the question whether it may run, its handler, its output."""

from __future__ import annotations

import asyncio
import copy
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import httpx2

from orra_client.carrying.checking import Check
from orra_client.carrying.graph import Graph, Step, Unresolved, resolve
from orra_client.carrying.handlers import Function, HandlerFailed, HttpHandler, in_its_own_way
from orra_client.carrying.outcomes import Outcome, Status
from orra_client.exchange import Retries
from orra_client.reading import Json

MOST_CHARACTERS = 500
CANCELLED = "The run was cancelled."

# May a destructive step run? True: yes. A text is the reason why not.
Hook = Callable[[Step], "bool | str | Awaitable[bool | str]"]


@dataclass(frozen=True)
class Means:
    """What a run works with; ``http`` where an address is among the handlers. Whoever asks the hook holds
    ``asking``."""

    graph: Graph
    handlers: Mapping[str, Function | HttpHandler]
    inputs: Mapping[str, Check]
    outputs: Mapping[str, Check]
    hook: Hook | None
    retries: Retries
    http: httpx2.AsyncClient | None
    threads: ThreadPoolExecutor
    asking: asyncio.Lock


async def perform(step: Step, outputs: Mapping[str, Mapping[str, Json]], means: Means) -> Outcome:
    """What becomes of a step; ``outputs`` are those of the steps before it. It raises nothing but
    CancelledError."""
    began = time.monotonic()
    outcome = Outcome(step.task, step.service, Status.FAILED, step.input)
    try:
        inputs = resolve(step, means.graph.constants, outputs)
    except Unresolved as error:
        return replace(outcome, why=str(error), error=error)
    outcome = replace(outcome, input=inputs)
    if fault := fault_of(means.inputs, step, inputs):
        return replace(outcome, why=f"Its input does not fit the service's schema, {fault}")
    try:
        why = await _refusal(replace(step, input=copy.deepcopy(inputs)), means)
    except asyncio.CancelledError:
        return replace(outcome, status=Status.SKIPPED, why=CANCELLED)
    if why:
        return replace(outcome, status=Status.REFUSED, why=why)
    outcome = await _call(step, outcome, means)
    return replace(outcome, seconds=time.monotonic() - began)


async def _refusal(step: Step, means: Means) -> str:
    """Why the step may not run; "": it may."""
    if means.hook is None or not step.facts.destructive:
        return ""
    async with means.asking:
        try:
            said = await in_its_own_way(means.hook, step, means.threads)
        except Exception as error:
            return f"The hook before destructive steps failed: {_words(error)}"
        _go_on_unless_cancelled()  # an ordinary function was waited for
    if said is True:
        return ""
    return said if isinstance(said, str) and said else "The hook before destructive steps refused it."


async def _call(step: Step, outcome: Outcome, means: Means) -> Outcome:
    """Calls the handler, again only where that is known to do no harm."""
    times = means.retries.times if step.facts.idempotent else 0
    key = str(uuid.uuid4())
    while True:
        outcome = replace(outcome, calls=outcome.calls + 1)
        try:
            given = await _given(means, step, copy.deepcopy(dict(outcome.input)), key)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            outcome = replace(outcome, why=_words(error), error=error)
            pause = means.retries.pause(outcome.calls, None) if outcome.calls <= times else None
            if pause is None or not getattr(error, "retryable", True) or not await _slept(pause):
                return outcome
            continue
        return _judged(step, replace(outcome, why="", error=None), {} if given is None else given, means)


async def _slept(seconds: float) -> bool:
    """Whether it could, and the run was not cancelled meanwhile."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        return False
    return not _is_cancelled()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _go_on_unless_cancelled() -> None:
    if _is_cancelled():
        raise asyncio.CancelledError


async def _given(means: Means, step: Step, inputs: dict[str, Json], key: str) -> Json:
    handler = means.handlers[step.service]
    if isinstance(handler, HttpHandler):
        assert means.http is not None
        return await handler.call(means.http, inputs, key)
    return await in_its_own_way(handler, inputs, means.threads)


def _judged(step: Step, outcome: Outcome, given: Json, means: Means) -> Outcome:
    if not isinstance(given, Mapping):
        return replace(outcome, why=f"It gave no object, but a {type(given).__name__}.")
    output = dict(given)
    if fault := fault_of(means.outputs, step, output):
        return replace(outcome, output=output, why=f"What it gave does not fit the service's schema, {fault}")
    return replace(outcome, status=Status.DONE, output=output)


def fault_of(checks: Mapping[str, Check], step: Step, value: Mapping[str, Json]) -> str:
    check = checks.get(step.service)
    return check(value) if check else ""


def _words(error: BaseException) -> str:
    said = str(error) if isinstance(error, HandlerFailed) else f"{type(error).__name__}: {error}"
    return said if len(said) <= MOST_CHARACTERS else said[: MOST_CHARACTERS - 1] + "…"
