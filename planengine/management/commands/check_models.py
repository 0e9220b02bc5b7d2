"""Probes what is configured: "does my model's server work, and what will orra make of it?"."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from planengine.drafting.planner_choice import configured_endpoint, current_planner
from planengine.drafting.probe import traps
from planengine.drafting.probing import PROBE_SECONDS
from planengine.embeddings.embedders import Embedder, get_embedder
from planengine.evaluation.endpoints.asking import answered, observe
from planengine.evaluation.endpoints.embedding_checks import judge_embeddings, observe_embeddings
from planengine.evaluation.endpoints.findings import Checked, exit_code
from planengine.evaluation.endpoints.judging import judge_planner
from planengine.evaluation.endpoints.local import check_composer
from planengine.evaluation.endpoints.report import report
from planengine.evaluation.endpoints.trusting import ask_traps, judge_trust, verdict
from planengine.llm.endpoint import tidy_url
from planengine.llm.exchange import OPENAI_URL


class Command(BaseCommand):
    help = (
        "Ask the planning model and the embedding model a few small questions and tell what works. Exit code: 0 "
        "when everything does, 1 when something does not, 2 when it is configured wrongly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--traps",
            action="store_true",
            help=f"ask the planning model, too, at most {len(traps())} requests that must not be carried out",
        )
        parser.add_argument("--seconds", type=float, default=60.0, help="for each question at most (default 60)")

    def handle(self, *args: Any, **options: Any) -> None:
        seconds = options["seconds"]
        if not 0 < seconds <= 3600:
            raise CommandError("--seconds must be above 0 and at most 3600.", returncode=2)
        try:
            checked = [_check_planner(seconds, ask=options["traps"]), _check_embeddings(seconds)]
        except ValueError as error:  # an address or a key that cannot be used
            raise CommandError(str(error), returncode=2) from None
        code = exit_code(checked)
        if options["json"]:
            self.stdout.write(json.dumps({"exit_code": code, "checks": [each.as_dict() for each in checked]}))
        else:
            for line in report(checked):
                self.stdout.write(line)
        if code:
            sys.exit(code)


def _check_planner(seconds: float, *, ask: bool) -> Checked:
    if not settings.LLM_MODEL:
        return check_composer(current_planner(), seconds=settings.PLANNING_DEADLINE_SECONDS)
    endpoint = configured_endpoint()
    observed = observe(
        endpoint,
        attempts=settings.PLANNING_ATTEMPTS,
        plan_seconds=settings.PLANNING_DEADLINE_SECONDS,
        seconds=seconds,
    )
    checked = judge_planner(endpoint, observed)
    if not answered(observed.outcome):
        return checked
    trust = ask_traps(current_planner(), seconds=PROBE_SECONDS) if ask else None
    return replace(
        checked,
        findings=(*checked.findings, judge_trust(trust)),
        facts=checked.facts | {"trust": verdict(trust)},
    )


def _check_embeddings(seconds: float) -> Checked:
    embedder: Embedder = get_embedder()
    local = not settings.EMBEDDINGS_MODEL and not settings.EMBEDDINGS_API_BASE_URL
    base_url = tidy_url(settings.EMBEDDINGS_API_BASE_URL)
    observed = observe_embeddings(
        embedder, base_url=base_url, api_key=settings.EMBEDDINGS_API_KEY, in_process=local, seconds=seconds
    )
    where = "in process" if local else f"at {base_url.partition('?')[0] or OPENAI_URL}"
    return judge_embeddings(f"{embedder.name} {where}", embedder.floor, observed)
