"""Measures planners on labelled requests: "is this model good enough?"."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.drafting.generation import Oversee
from planengine.drafting.overseeing import PROBE, Overseer
from planengine.drafting.planner_choice import composer, current_planner, model_planner
from planengine.drafting.probing import PROBE_SECONDS, Trust, ask_once, probe
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.lines import RowsUnusable
from planengine.evaluation.planners.measuring import Figures, PlannerUnusable, Prices, evaluate
from planengine.evaluation.planners.report import report, shortfalls
from planengine.evaluation.planners.rows import Row, own_rows, read_rows, trap_rows
from planengine.llm.endpoint import tidy_url
from planengine.planners.composer.composer import Composer
from planengine.planners.protocol import Job, Planner
from planengine.planners.relevance import relevance_by


class Command(BaseCommand):
    help = (
        "Plan labelled requests and count right services and right wiring. FILE has one JSON object a line: "
        "{action, params, services, expected: [{service, input}]}. Without FILE the requests that come with orra "
        "are planned, and the exit code is 1 when a planner is not good enough; with FILE that is only printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--traps",
            action="store_true",
            help="instead of FILE: the 200 requests over five catalogues that come with orra, 120 of which must "
            "not be carried out",
        )
        parser.add_argument("--drafts", action="store_true", help="show what was written where it went wrong")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
        parser.add_argument("--limit", type=int, help="only so many rows, spread evenly over the file")
        parser.add_argument(
            "--services",
            type=Path,
            help="the services of all rows, one a line; else each row has its own",
        )
        parser.add_argument("--planner", choices=("composer", "model"), help="default: the one that is configured")
        parser.add_argument(
            "--model", action="append", default=[], help="a model to measure; twice to compare two side by side"
        )
        parser.add_argument(
            "--base-url",
            action="append",
            default=[],
            help="of the first --model, of the second; default: LLM_API_BASE_URL",
        )
        parser.add_argument(
            "--key-variable",
            action="append",
            default=[],
            metavar="NAME",
            help="the variable that holds the key for the first --base-url, for the second; without it a server "
            "other than the configured one gets no key",
        )
        for side, what in (("in", "prompt"), ("out", "completion")):
            parser.add_argument(
                f"--price-{side}",
                action="append",
                type=float,
                default=[],
                help=f"of a million {what} tokens, of the first model, of the second",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        file: Path | None = options["file"]
        try:
            rows = _read(options)
            planners = _planners(options)
            prices = [_prices(options, index) for index in range(len(planners))]
            measured: dict[str, Figures] = {}
            for (name, planner), price in zip(planners, prices, strict=True):
                trust = _Probed(planner)
                measured[name] = evaluate(
                    planner,
                    rows,
                    attempts=settings.PLANNING_ATTEMPTS,
                    seconds=settings.PLANNING_DEADLINE_SECONDS,
                    prices=price,
                    progress=self._show_progress,
                    composer=composer() if planner.model and settings.COMPOSE_REJECTED else None,
                    held=trust.held,
                    oversee=_oversight_of(trust),
                )
        except (RowsUnusable, PlannerUnusable) as error:
            raise CommandError(str(error), returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(measured)))
        else:
            for line in report(measured, drafts=options["drafts"]):
                self.stdout.write(line)
        if file is None and not options["traps"] and any(shortfalls(figures) for figures in measured.values()):
            sys.exit(1)

    def _show_progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            told = f"{done:,} of {total:,}" if done < total else ""
            self.stderr.write(f"\r{told:<30}\r", ending="")
            self.stderr.flush()


class _Probed:
    """What a probe of this run's own shows of a planner, asked for where it is needed first."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._trust: Trust | None = None

    def __call__(self) -> Trust:
        if self._trust is None:
            self._trust = probe(self._planner, ask_once, deadline=time.monotonic() + PROBE_SECONDS)
        return self._trust

    def held(self) -> bool:
        return settings.LLM_TRUST == PROBE and self._trust is not None and self._trust.held


def _oversight_of(trust: Callable[[], Trust]) -> Callable[[Planner, Job], Oversee]:
    """As production has it."""
    return lambda planner, job: Overseer(planner, job, relevance_by(get_embedder()), trust, settings.LLM_TRUST)


def _read(options: dict[str, Any]) -> list[Row]:
    file, services, limit = (options[name] for name in ("file", "services", "limit"))
    if options["traps"]:
        if file is not None or services is not None:
            raise CommandError("--traps are requests of their own: leave out FILE and --services.")
        return trap_rows(limit=limit)
    if file is None:
        if services is not None:
            raise CommandError("--services belongs to a FILE of requests.")
        return own_rows(limit=limit)
    return read_rows(file, limit=limit, services=services)


def _as_json(measured: dict[str, Figures]) -> dict[str, Any]:
    """One planner's figures as they are; of several, by name."""
    told = {
        name: figures.as_dict() | {"good_enough": not shortfalls(figures)} for name, figures in measured.items()
    }
    return next(iter(told.values())) if len(told) == 1 else told


def _planners(options: dict[str, Any]) -> list[tuple[str, Planner]]:
    models: Sequence[str] = options["model"]
    if not models:
        for option in ("base_url", "key_variable"):
            if options[option]:
                raise CommandError(f"--{option.replace('_', '-')} belongs to a --model.")
        planner = _configured(options["planner"])
        return [(planner.name, planner)]
    if options["planner"] == "composer":
        raise CommandError("The composer has no model: use either --planner composer or --model.")
    if len(models) > 2:
        raise CommandError("Two models can be compared at once.")
    for option in ("base_url", "key_variable"):
        if len(options[option]) > len(models):
            raise CommandError(f"There are more --{option.replace('_', '-')} than --model.")
    found = [_model(options, index) for index in range(len(models))]
    if len(found) == 2 and found[0][0] == found[1][0]:
        found = [(f"{name} ({index})", planner) for index, (name, planner) in enumerate(found, 1)]
    return found


def _configured(wanted: str | None) -> Planner:
    if wanted == "composer":
        return Composer(get_embedder())
    if wanted == "model" and not settings.LLM_MODEL:
        raise CommandError(
            "No model is configured: set LLM_MODEL and LLM_API_BASE_URL, or use --planner composer."
        )
    return current_planner()


def _model(options: dict[str, Any], index: int) -> tuple[str, Planner]:
    model = options["model"][index]
    urls: Sequence[str] = options["base_url"]
    try:
        base_url = tidy_url(urls[index]) if index < len(urls) else settings.LLM_API_BASE_URL
        planner = model_planner(model, base_url=base_url, api_key=_key_for(options, index, base_url))
    except ValueError as error:
        raise CommandError(str(error)) from None
    return model, planner


def _key_for(options: dict[str, Any], index: int, base_url: str) -> str:
    """The configured key goes to the configured server only."""
    if index < len(options["key_variable"]):
        name = options["key_variable"][index]
        if not os.environ.get(name):
            raise CommandError(f"The variable {name} is not set.")
        return os.environ[name].strip()
    return str(settings.LLM_API_KEY) if tidy_url(base_url) == tidy_url(settings.LLM_API_BASE_URL) else ""


def _prices(options: dict[str, Any], index: int) -> Prices | None:
    given = [options[side][index] if index < len(options[side]) else None for side in ("price_in", "price_out")]
    if given == [None, None]:
        return None
    if any(price is not None and price < 0 for price in given):
        raise CommandError("A price cannot be negative.")
    return Prices(prompt=given[0] or 0.0, completion=given[1] or 0.0)
