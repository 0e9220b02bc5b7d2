"""Writes accepted plans as lessons for fine-tuning a model."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from planengine.embeddings.embedders import get_embedder
from planengine.models import Project
from planengine.planners.composer.composer import Composer
from planengine.planners.focus import Focused
from planengine.training.export import Export, Summary, export


class Command(BaseCommand):
    help = (
        "Write accepted plans as JSON lines for fine-tuning: the chat as a model would be prompted today and the "
        "plan as its answer, one of each template. Values are made up unless --keep-values."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, help="a file to write; default: standard output")
        parser.add_argument(
            "--preferences", action="store_true", help="pairs of a rejected draft and the accepted plan"
        )
        parser.add_argument(
            "--project", action="append", default=[], help="an id; repeatable; default: all projects"
        )
        parser.add_argument("--since", help="only plans asked for since this day or time, such as 2031-05-01")
        parser.add_argument("--keep-values", action="store_true", help="write the requests' real values")
        parser.add_argument("--seed", type=int, help="make up the same values again")

    def handle(self, *args: Any, **options: Any) -> None:
        seed = secrets.randbits(128) if options["seed"] is None else options["seed"]
        focused = Focused(Composer(get_embedder()), get_embedder(), context_tokens=settings.LLM_CONTEXT_TOKENS)
        wanted = Export(
            shown=focused.shown,
            chance=random.Random(seed),
            preferences=options["preferences"],
            keep_values=options["keep_values"],
            since=_moment(options["since"]),
        )
        summary = Summary()
        with _opened(options["output"], default=self.stdout) as out, transaction.atomic():
            for project in _projects(options["project"]):
                for lesson in export(project, wanted, summary):
                    out.write(json.dumps(lesson, ensure_ascii=False) + "\n")
        self.stderr.write(_summary(summary))


def _summary(summary: Summary) -> str:
    skipped = "".join(f"; {count:,} skipped: {reason}" for reason, count in sorted(summary.skipped.items()))
    return f"{summary.written:,} written{skipped}"


def _projects(ids: list[str]) -> Iterator[Project]:
    projects = Project.objects.order_by("created_at", "id")
    if ids:
        projects = projects.filter(pk__in=ids)
        known = set(projects.values_list("pk", flat=True))
        if missing := [each for each in ids if each not in known]:
            raise CommandError(f"There is no project {missing[0]!r}.")
    return projects.iterator(chunk_size=100)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError("--since must be a day or a time such as 2031-05-01 or 2031-05-01T12:00:00Z.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


@contextmanager
def _opened(path: Path | None, *, default: Any) -> Iterator[IO[str] | Any]:
    if path is None:
        yield _Lines(default)
        return
    try:
        with path.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None


class _Lines:
    """Standard output without the line ends that Django adds."""

    def __init__(self, out: Any) -> None:
        self._out = out

    def write(self, text: str) -> None:
        self._out.write(text, ending="")
