"""Planning with small models that run here: the new way, and whole plans beside it, in one run.

The requests are those that come with orra, its traps, and, with a folder of labelled requests, those of its
planners. ``make models`` fetches weights and server.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from socket import socket
from typing import TextIO

import httpx2

from benchmarks.measuring import table
from benchmarks.planning import models
from orra.base.strictjson import Json
from orra.embedded.processes import child
from planengine.drafting.composing import beside
from planengine.drafting.generation import Outcome, overseen
from planengine.drafting.overseeing import Overseer
from planengine.drafting.planner_choice import composer, planner_of
from planengine.drafting.probing import Trust, ask_once, probe
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.planners import rows as planner_rows
from planengine.evaluation.planners.measuring import Figures, Result, plan_row
from planengine.evaluation.planners.rows import Row
from planengine.llm.endpoint import Endpoint
from planengine.llm.families import Sampling
from planengine.planners.protocol import Planner
from planengine.planners.relevance import relevance_by

SECONDS = 120.0
ATTEMPTS = 3
START_SECONDS = 120.0
STOP_SECONDS = 60.0
# Whole plans take a small model up to a minute each.
MOST_WHOLE = 10


# The model's own choice, believed; held to the words of the request, the composer ahead of it; whole plans; and of
# the requests for which there are whole plans, what comes of them when it is held.
ALONE, HELD, WHOLE, SAME = "alone", "held", "whole", "same"
OWN = "own requests"


@dataclass
class Measured:
    """Figures as ``evaluate_planner`` tells them, by model, requests and way; what each probe showed, by model."""

    figures: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    trust: dict[str, Trust] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """So many requests of each kind, spread evenly, are asked of the model ``alone`` (all of orra's own, and all
    where it is ``None``), which is also how many traps there are, and are planned as ``whole`` plans."""

    alone: int | None = None
    whole: int = MOST_WHOLE


def run(data: Path | None, *, limits: Limits, after_each: Callable[[Measured], None]) -> Measured:
    """All requests are planned as orra plans with the first model, orra's own with the others, too. What came of
    each row is left beside the models, in ``rows.jsonl``. ``after_each`` gets what is known so far."""
    found = Measured()
    if not models.is_there():
        print("The models are not there: make models")
        return found
    sets = list(_sets(data, limits.alone))
    with (models.FOLDER / "rows.jsonl").open("w", encoding="utf-8") as rows:
        for weights in models.MODELS:
            asked = sets if weights is models.MODELS[0] else sets[:1]
            with served(weights) as url:
                endpoint = Endpoint(weights.name, base_url=url, sampling=Sampling(temperature=0))
                _measure(endpoint, asked, limits, found, rows, after_each)
    return found


def _measure(
    endpoint: Endpoint,
    sets: Sequence[tuple[str, Sequence[Row]]],
    limits: Limits,
    found: Measured,
    written: TextIO,
    after_each: Callable[[Measured], None],
) -> None:
    selecting, whole = planner_of(endpoint, planning="auto"), planner_of(endpoint, planning="full")
    trust = found.trust[endpoint.model] = probe(selecting, ask_once, deadline=time.monotonic() + 600)
    table.heading(f"{endpoint.model}, {_told(trust)}")
    table.line("", "right", "wrong", "with side effects", "refused rightly", "median", "prompt tokens")

    def show(name: str, way: str, results: Iterable[Result]) -> None:
        figures = Figures(tuple(results), attempts=ATTEMPTS)
        found.figures[endpoint.model, name, way] = _as_dict(figures)
        _show(f"{name}, {way}", found.figures[endpoint.model, name, way])
        for result in figures.results:
            written.write(json.dumps(_row(endpoint.model, name, way, result), ensure_ascii=False) + "\n")
        written.flush()
        after_each(found)

    for name, rows in sets:

        @cache
        def alone(number: int, rows: Sequence[Row] = rows) -> Result:
            return _asked(selecting, rows[number])

        show(name, ALONE, (alone(number) for number in _spread(len(rows), None if name == OWN else limits.alone)))
        held = [
            _held(row, partial(alone, number), selecting, trust) if not trust.trusted else alone(number)
            for number, row in enumerate(rows)
        ]
        show(name, HELD, held)
        some = _spread(len(rows), limits.whole)
        show(name, WHOLE, (_asked(whole, rows[number]) for number in some))
        show(name, SAME, (held[number] for number in some))


def _spread(count: int, limit: int | None) -> list[int]:
    """``limit`` of the numbers below ``count``, at even distances."""
    taken = min(limit or count, count)
    return [number * count // taken for number in range(taken)]


def _sets(data: Path | None, limit: int | None) -> Iterator[tuple[str, Sequence[Row]]]:
    yield OWN, planner_rows.own_rows()
    yield "traps", planner_rows.trap_rows(limit=limit)
    if data is not None:
        for path in sorted(data.glob("planner-*.jsonl")):
            yield path.stem, planner_rows.read_rows(path)
        for path in sorted(data.glob("hospital-requests.jsonl")):
            services = path.with_name("hospital-services.jsonl")
            yield path.stem, planner_rows.read_rows(path, services=services)


def _asked(planner: Planner, row: Row) -> Result:
    return plan_row(planner, row, attempts=ATTEMPTS, seconds=SECONDS)


def _held(row: Row, alone: Callable[[], Result], planner: Planner, trust: Trust) -> Result:
    """What comes of a row with a model that is held: the composer's plan, else the model's, overseen. ``alone``
    gives what came of it with the model alone, and is asked only where it counts."""
    seconds = 0.0

    def ask() -> Outcome:
        nonlocal seconds
        began = time.perf_counter()
        asked = alone()
        seconds += asked.seconds - (time.perf_counter() - began)  # it may have been asked before
        outcome = asked.outcome
        if outcome.plan is None:
            return outcome
        seen = Overseer(planner, row.job, relevance_by(get_embedder()), lambda: trust)(outcome.plan)
        return overseen(outcome.plan, seen, outcome.trials)

    started = time.perf_counter()
    outcome = beside(composer(), row.job, ask, held=True)
    return Result(row, outcome, seconds + time.perf_counter() - started)


def _as_dict(figures: Figures) -> dict[str, Json]:
    prompts = sorted(
        trial.draft.usage.prompt_tokens
        for result in figures.results
        for trial in result.outcome.trials
        if trial.draft.usage.prompt_tokens
    )
    return figures.as_dict() | {"prompt_tokens_p50": prompts[len(prompts) // 2] if prompts else 0}


def _row(model: str, name: str, way: str, result: Result) -> dict[str, Json]:
    failure = result.outcome.failure
    return {
        "model": model,
        "requests": name,
        "way": way,
        "line": result.row.line,
        "action": result.row.job.action,
        "expected": [call.service for call in result.row.expected],
        "status": result.outcome.status,
        "services": [call.service for call in result.calls],
        "right": result.right,
        "wrong": result.wrong,
        "failure": f"{failure.code}: {failure.message}" if failure else "",
        "seconds": round(result.seconds, 2),
        "trials": [
            [trial.planner or trial.draft.way, trial.draft.answer[:500], round(trial.seconds, 2)]
            for trial in result.outcome.trials
        ],
    }


def _show(name: str, figures: dict[str, Json]) -> None:
    table.line(
        name,
        f"{figures['right']} of {figures['plannable']}",
        str(figures["wrong"]),
        str(figures["wrong_side_effects"]),
        f"{figures['refused_right']} of {figures['n'] - figures['plannable']}",
        f"{figures['seconds_p50']:.1f} s",
        f"{figures['prompt_tokens_p50']:,}",
    )


def _told(trust: Trust) -> str:
    return f"{'trusted' if trust.trusted else 'held'} ({trust.wrong} of {trust.asked} traps carried out)"


@contextmanager
def served(weights: models.Weights) -> Iterator[str]:
    """The base URL of a server that has loaded the weights, stopped at the end."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threads = str(_threads())
    command = [models.python(), "-m", "llama_cpp.server", "--model", weights.path, "--model_alias", weights.name]
    command += ["--n_ctx", "8192", "--n_threads", threads, "--n_threads_batch", threads]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with (
        (models.FOLDER / "server.log").open("wb") as log,
        child([str(part) for part in command], stop_seconds=STOP_SECONDS, stdout=log, stderr=log) as process,
    ):
        url = f"http://127.0.0.1:{port}/v1"
        _wait(f"{url}/models", process)
        _have_a_word(url, weights.name)
        yield url


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(url, timeout=1.0).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"The server of the models did not start; see {models.FOLDER / 'server.log'}.")


def _have_a_word(url: str, model: str) -> None:
    """A server that was built for another processor starts well, and dies of its first token."""
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
    try:
        httpx2.post(f"{url}/chat/completions", json=body, timeout=START_SECONDS).raise_for_status()
    except httpx2.HTTPError as error:
        raise SystemExit(
            f"The server of the models gives no answer ({error}); see {models.FOLDER / 'server.log'}."
        ) from None


@cache
def _threads() -> int:
    """``MODEL_THREADS``, else every core: fewer where other work goes on, or threads wait for one another."""
    return int(os.environ.get("MODEL_THREADS", os.cpu_count() or 1))
