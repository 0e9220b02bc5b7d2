"""Planning with small models that run here: the new way, and whole plans beside it, in one run.

The requests are those that come with orra, its traps, and, with a folder of labelled requests, those of its
planners. ``make models`` fetches weights and server.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from socket import socket

import httpx2

from benchmarks import models, table
from orra.base.strictjson import Json
from planengine.drafting.generation import NOT_ACCOUNTED
from planengine.drafting.overseeing import Overseer
from planengine.drafting.planner_choice import composer, planner_of
from planengine.drafting.probing import Trust, ask_once, probe
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.expected import calls_agree, calls_of, services_agree
from planengine.evaluation.planners import rows as planner_rows
from planengine.evaluation.planners.measuring import Result, evaluate
from planengine.evaluation.planners.rows import Row
from planengine.llm.endpoint import Endpoint
from planengine.llm.families import Sampling
from planengine.planners.protocol import Job, Planner
from planengine.planners.relevance import relevance_by

SECONDS = 120.0
ATTEMPTS = 3
START_SECONDS = 120.0
# Whole plans take a small model half a minute each.
MOST_WHOLE = 8


@dataclass
class Measured:
    """Figures as ``evaluate_planner`` tells them, by model, requests and way; what each probe showed, by model."""

    figures: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    trust: dict[str, Trust] = field(default_factory=dict)


def run(data: Path | None, *, limit: int | None = None) -> Measured:
    """``limit``: so many rows of all but those that come with orra, spread evenly."""
    found = Measured()
    if not models.is_there():
        print("The models are not there: make models")
        return found
    sets = list(_sets(data, limit))
    for weights in models.MODELS:
        with served(weights) as url:
            endpoint = Endpoint(weights.name, base_url=url, sampling=Sampling(temperature=0))
            selecting = planner_of(endpoint, planning="auto")
            found.trust[weights.name] = probe(selecting, ask_once, deadline=time.monotonic() + 600)
            table.heading(f"{weights.name}, {_told(found.trust[weights.name])}")
            table.line("", "right", "wrong", "with side effects", "refused", "median", "prompt tokens")
            for name, rows in sets:
                figures = _plan(selecting, rows, found.trust[weights.name])
                found.figures[weights.name, name, "chosen"] = figures
                _show(name, figures)
            whole = planner_of(endpoint, planning="full")
            own = planner_rows.own_rows(limit=MOST_WHOLE)
            figures = _plan(whole, own, found.trust[weights.name], alone=True)
            found.figures[weights.name, "own requests", "whole"] = figures
            _show("own requests, whole plans", figures)
    return found


def _sets(data: Path | None, limit: int | None) -> Iterator[tuple[str, Sequence[Row]]]:
    yield "own requests", planner_rows.own_rows()
    yield "traps", planner_rows.trap_rows(limit=limit)
    if data is not None:
        for path in sorted(data.glob("planner-*.jsonl")):
            yield path.stem, planner_rows.read_rows(path, limit=limit)
        for path in sorted(data.glob("hospital-requests.jsonl")):
            services = path.with_name("hospital-services.jsonl")
            yield path.stem, planner_rows.read_rows(path, limit=limit, services=services)


def _plan(planner: Planner, rows: Sequence[Row], trust: Trust, *, alone: bool = False) -> dict[str, Json]:
    """``alone``: with nobody to plan what the model could not."""

    def oversee(planner: Planner, job: Job) -> Overseer:
        return Overseer(planner, job, relevance_by(get_embedder()), lambda: trust)

    figures = evaluate(
        planner,
        rows,
        attempts=ATTEMPTS,
        seconds=SECONDS,
        oversee=oversee,
        last_resort=None if alone else composer(),
    )
    prompts = sorted(
        trial.draft.usage.prompt_tokens
        for result in figures.results
        for trial in result.outcome.trials
        if trial.draft.usage.prompt_tokens
    )
    return figures.as_dict() | {
        "prompt_tokens_p50": prompts[len(prompts) // 2] if prompts else 0,
        "believed_right": sum(result.right or _is_held_though_right(result) for result in figures.results),
        "believed_wrong": sum(result.wrong or _is_held(result) for result in figures.results)
        - sum(_is_held_though_right(result) for result in figures.results),
    }


def _is_held(result: Result) -> bool:
    return result.outcome.failure is not None and result.outcome.failure.code == NOT_ACCOUNTED


def _is_held_though_right(result: Result) -> bool:
    """Whether the plan that was not believed is the expected one."""
    if not _is_held(result) or not result.row.expected:
        return False
    plan = result.outcome.trials[-1].draft.plan
    return services_agree(calls_of(plan), result.row.expected) and calls_agree(calls_of(plan), result.row.expected)


def _show(name: str, figures: dict[str, Json]) -> None:
    table.line(
        name,
        f"{figures['right']} of {figures['plannable']}",
        str(figures["wrong"]),
        str(figures["wrong_side_effects"]),
        str(figures["refused"]),
        f"{figures['seconds_p50']:.1f} s",
        f"{figures['prompt_tokens_p50']:,}",
        f"believed: {figures['believed_right']} right, {figures['believed_wrong']} wrong",
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
    log = (models.FOLDER / "server.log").open("wb")
    process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        _wait(f"{url}/models", process)
        yield url
    finally:
        process.terminate()
        process.wait()
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(url, timeout=1.0).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"The server of the models did not start; see {models.FOLDER / 'server.log'}.")


@cache
def _threads() -> int:
    """``MODEL_THREADS``, else every core: fewer where other work goes on, or threads wait for one another."""
    return int(os.environ.get("MODEL_THREADS", os.cpu_count() or 1))
