"""A small shop asks for plans: every part of the plan engine at work, with the outcome checked."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orra.demo import report
from orra.demo.client import DemoStopped
from orra.demo.engine import plan_engine
from orra.demo.next_steps import where_to_look
from orra.demo.performance import explain, open_shop, perform, repeatable
from orra.embedded.footprint import memory_of
from orra.embedded.processes import EmbeddedError
from orra.embedded.runs import running

# A model has its whole deadline, and the queue before it some time.
QUEUE_SECONDS = 30
NARROWEST, WIDEST = 80, 100


class Command(BaseCommand):
    help = (
        "Register a small shop's services, ask for plans and tell where each came from. Uses the running stack of "
        "this data directory, or starts one and stops it at the end; what was planned stays. Ends with 1 when "
        "something did not come out as it should."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._perform()
        except (DemoStopped, EmbeddedError) as error:
            raise CommandError(f"The demo cannot go on. {error}") from None
        except KeyboardInterrupt:
            raise CommandError("The demo was stopped before its end.", returncode=130) from None

    def _perform(self) -> None:
        width = min(max(shutil.get_terminal_size((WIDEST, 40)).columns, NARROWEST), WIDEST)
        configured = "model" if settings.LLM_MODEL else "composer"
        with plan_engine(settings.DATA_DIR, tell=self._tell) as engine:
            shop = open_shop(engine.url, operator_token=settings.OPERATOR_TOKEN, tell=self._tell)
            told = perform(
                shop.client,
                planner=configured if engine.started_here else None,
                patience=settings.PLANNING_DEADLINE_SECONDS + QUEUE_SECONDS,
                width=width,
                tell=self._tell,
            )
            if (run := running(settings.DATA_DIR)) is not None:
                self._tell(report.memory(memory_of(run, settings.DATA_DIR), width=width))
        explain(told, width=width, tell=self._tell)
        self._tell(report.title("Where to look next", width))
        self._tell(where_to_look(engine, project=shop.name, key=shop.api_key, again=repeatable(told)))
        if wrong := report.not_as_told(told, width=width):
            raise CommandError(wrong)

    def _tell(self, text: str) -> None:
        self.stdout.write(text + "\n")
        self.stdout.flush()
