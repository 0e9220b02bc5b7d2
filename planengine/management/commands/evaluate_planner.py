"""Measures the planner on labelled requests: "is this model good enough for my catalogue?"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.embeddings import get_embedder
from planengine.planner_choice import current_planner
from planengine.planner_evaluation import PlannerUnusable, RowsUnusable, evaluate, read_rows, report
from planengine.planners.base import Planner
from planengine.planners.composer import Composer


class Command(BaseCommand):
    help = (
        "Plan labelled requests and count right services and right wiring. FILE has one JSON object a line: "
        "{action, params, services, expected: [{service, input}]}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
        parser.add_argument("--limit", type=int, help="only the first so many rows")
        parser.add_argument("--planner", choices=("composer", "model"), help="default: the one that is configured")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        try:
            rows = read_rows(options["file"], limit=options["limit"])
            planner = _planner(options["planner"])
            figures = evaluate(
                planner,
                rows,
                attempts=settings.PLANNING_ATTEMPTS,
                seconds=settings.PLANNING_DEADLINE_SECONDS,
                progress=self._show_progress,
            )
        except (RowsUnusable, PlannerUnusable) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(figures.as_dict()))
            return
        for line in report(figures, planner=planner.name):
            self.stdout.write(line)

    def _show_progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            told = f"{done:,} of {total:,}" if done < total else ""
            self.stderr.write(f"\r{told:<30}\r", ending="")
            self.stderr.flush()


def _planner(wanted: str | None) -> Planner:
    if wanted == "composer":
        return Composer(get_embedder())
    if wanted == "model" and not settings.LLM_MODEL:
        raise CommandError(
            "No model is configured: set LLM_MODEL and LLM_API_BASE_URL, or use --planner composer."
        )
    return current_planner()
