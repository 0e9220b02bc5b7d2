"""Runs a plan's steps: each once all that it needs is done, side by side where nothing keeps them apart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from orra_client.carrying.checking import Check, checks_of
from orra_client.carrying.facts import Services, facts_by_name
from orra_client.carrying.graph import Graph, Step, graph_of, resolve
from orra_client.carrying.handlers import Function, Handler, HttpHandler, checked_handlers
from orra_client.carrying.outcomes import Outcome, Run, Status
from orra_client.carrying.performing import CANCELLED, Hook, Means, fault_of, perform
from orra_client.carrying.progress import Progress
from orra_client.exchange import Retries
from orra_client.reading import Json
from orra_client.results.plans import ExecutionPlan, Plan

log = logging.getLogger("orra_client")

USUAL_RETRIES = Retries(times=2)

Callback = Callable[[Outcome], Any]


def run(
    plan: Plan | ExecutionPlan | Mapping[str, Any],
    handlers: Mapping[str, Handler],
    *,
    services: Services | None = None,
    dry_run: bool = False,
    before_destructive: Hook | None = None,
    on_step: Callback | None = None,
    max_parallel: int = 8,
    retries: Retries = USUAL_RETRIES,
    check: bool = True,
) -> Run:
    """Carries a plan out and tells what became of each step; a step that fails raises nothing.

    ``handlers``: what does the work, by service: a function that takes the inputs as a dict and returns the output
    as one (ordinary ones run in threads), or an HTTP address. ``services`` say what is known of effects and
    schemas: only what is idempotent is tried again, and inputs and outputs are held against the schemas unless
    ``check`` is false. ``before_destructive`` is asked before each step that may destroy something, one at a time:
    anything but ``True`` refuses it. ``on_step`` hears of each step when it begins and when it is over.
    ``dry_run``: nobody is called.

    Raises :class:`~orra_client.errors.PlanFailed`, :class:`PlanInvalid` and
    :class:`~orra_client.errors.NotConfigured` before anything is done. When it is interrupted (Ctrl-C), no other
    step begins, those in threads are waited for, and the exception's ``run`` tells how far it came.
    """
    carrying = run_async(
        plan,
        handlers,
        services=services,
        dry_run=dry_run,
        before_destructive=before_destructive,
        on_step=on_step,
        max_parallel=max_parallel,
        retries=retries,
        check=check,
    )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_here(carrying)
    with ThreadPoolExecutor(1) as beside:  # in a notebook there is a loop already
        return beside.submit(asyncio.run, carrying).result()


async def run_async(
    plan: Plan | ExecutionPlan | Mapping[str, Any],
    handlers: Mapping[str, Handler],
    *,
    services: Services | None = None,
    dry_run: bool = False,
    before_destructive: Hook | None = None,
    on_step: Callback | None = None,
    max_parallel: int = 8,
    retries: Retries = USUAL_RETRIES,
    check: bool = True,
) -> Run:
    """As :func:`run`, for coroutines. When it is cancelled, handlers that are coroutines are, too."""
    if max_parallel < 1:
        raise ValueError("max_parallel must be 1 or more.")
    facts = facts_by_name(services)
    graph = graph_of(plan, facts)
    called = {step.service for step in graph.steps}
    chosen = checked_handlers(handlers, called)
    inputs, outputs = checks_of(facts, called) if check else ({}, {})
    if dry_run:
        return _dry_run(graph, inputs, on_step)
    async with _workshop(chosen.values(), max_parallel) as (http, threads):
        means = Means(graph, chosen, inputs, outputs, before_destructive, retries, http, threads, asyncio.Lock())
        return await _carry_out(means, on_step, max_parallel)


@contextlib.asynccontextmanager
async def _workshop(
    handlers: Iterable[Function | HttpHandler], max_parallel: int
) -> AsyncIterator[tuple[httpx2.AsyncClient | None, ThreadPoolExecutor]]:
    """An HTTP client where an address is to be called, and threads."""
    threads = ThreadPoolExecutor(max_parallel + 1, thread_name_prefix="orra-step")  # one for the hook
    try:
        if any(isinstance(handler, HttpHandler) for handler in handlers):
            async with httpx2.AsyncClient() as http:
                yield http, threads
        else:
            yield None, threads
    finally:
        threads.shutdown(wait=False)


def _run_here(carrying: Awaitable[Run]) -> Run:
    so_far: list[Run] = []

    async def watched() -> Run:
        try:
            return await carrying
        except asyncio.CancelledError as cancelled:
            so_far.extend(filter(None, [getattr(cancelled, "run", None)]))
            raise

    try:
        return asyncio.run(watched())
    except KeyboardInterrupt as interrupted:
        if so_far:
            interrupted.run = so_far[0]  # type: ignore[attr-defined]
        raise


async def _carry_out(means: Means, on_step: Callback | None, max_parallel: int) -> Run:
    progress = Progress(means.graph.steps)
    outputs: dict[str, Mapping[str, Json]] = {}
    running: dict[asyncio.Task[Outcome], Step] = {}
    try:
        while True:
            while len(running) < max_parallel and (step := progress.next()):
                _tell(on_step, Outcome(step.task, step.service, Status.RUNNING, step.input))
                running[asyncio.create_task(perform(step, dict(outputs), means))] = step
            if not running:
                return progress.result()
            over, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(over, key=lambda each: running[each].task):
                _end(progress, _outcome_of(task, running.pop(task)), outputs, on_step)
    except asyncio.CancelledError as cancelled:
        for outcome in progress.skip_the_rest(CANCELLED):
            _tell(on_step, outcome)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for task, step in running.items():
            _end(progress, _outcome_of(task, step), outputs, on_step)
        cancelled.run = progress.result()  # type: ignore[attr-defined]
        raise


def _end(
    progress: Progress, outcome: Outcome, outputs: dict[str, Mapping[str, Json]], on_step: Callback | None
) -> None:
    if outcome.output is not None:
        outputs[outcome.task] = outcome.output
    for each in progress.end(outcome):
        _tell(on_step, each)


def _outcome_of(task: asyncio.Task[Outcome], step: Step) -> Outcome:
    if task.cancelled():
        why = "The run was cancelled while it was at work: nobody knows how far it came."
        return Outcome(step.task, step.service, Status.INTERRUPTED, step.input, why=why)
    return task.result()


def _tell(on_step: Callback | None, outcome: Outcome) -> None:
    """A callback that fails must not stop what has begun."""
    if on_step is not None:
        try:
            on_step(outcome)
        except Exception:
            log.exception("on_step failed for %s", outcome.task)


def _dry_run(graph: Graph, inputs: Mapping[str, Check], on_step: Callback | None) -> Run:
    """As far as it can be told: an input that comes from another step is not known yet."""
    progress = Progress(graph.steps)
    while step := progress.next():
        known = resolve(step, graph.constants, {})
        fault = "" if step.needs else fault_of(inputs, step, known)
        status = Status.FAILED if fault else Status.WOULD_RUN
        why = fault and f"Its input does not fit the service's schema, {fault}"
        for outcome in progress.end(Outcome(step.task, step.service, status, known, why=why)):
            _tell(on_step, outcome)
    return progress.result()
