"""Plans a project's saved requests anew, here and now: "has a change of services or model changed any plan?"."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orra.operators.display import brief
from planengine.evaluation.regression import runs
from planengine.exceptions import BadRequest
from planengine.models import Project, RegressionResult


class Command(BaseCommand):
    help = (
        "Plan the saved requests of a project with today's services and planner; tell what is not as expected. "
        "Nothing is stored but the run, which the admin shows. Exit code: 0 when all are as expected, 1 when any "
        "is not, 2 when there is nothing to run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(pk=options["project"].replace("\x00", "")).first()
        try:
            if project is None:
                raise BadRequest("There is no project with this id.")
            run = runs.start(project, by="run_saved_requests")
        except BadRequest as error:
            self.stderr.write(error.message)
            sys.exit(2)
        runs.note_enqueued([run.pk])
        runs.work_on(run.pk, slice_seconds=float("inf"))
        results = list(run.results.all())
        others = [result for result in results if result.verdict != RegressionResult.Verdict.SAME]
        for result in others:
            told = "; ".join(result.differences) or result.message or "not planned"
            self.stdout.write(f"{result.get_verdict_display()}: {brief(result.name)}: {brief(told, 400)}")
        self.stdout.write(f"{len(results) - len(others)} of {len(results)} as expected (run {run.pk}).")
        if others:
            sys.exit(1)
