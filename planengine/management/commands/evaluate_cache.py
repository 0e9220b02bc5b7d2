"""Measures the cache on requests of one's own, beside a cache with a fixed threshold."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError

from orra.embedded import filled_variables
from planengine.cache_evaluation.figures import PairFigures, StreamFigures
from planengine.cache_evaluation.replay import evaluate_pairs, evaluate_stream
from planengine.cache_evaluation.report import pair_report, stream_report
from planengine.cache_evaluation.rows import Pair, RowsUnusable, StreamRow, read_rows
from planengine.embeddings import get_embedder
from planengine.exceptions import EmbeddingUnavailable

PROGRESS_EVERY = 50


class Command(BaseCommand):
    help = (
        "Replay requests through an empty cache and count hits, wrong hits and misses. FILE has one JSON object a "
        "line: {action, params, label} for a stream, {a, b, should_match, category} for pairs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
        parser.add_argument("--limit", type=int, help="only the first so many rows")
        parser.add_argument("--floor", type=float, help="lowest cosine similarity for a hit by meaning, 0 to 1")

    def handle(self, *args: Any, **options: Any) -> None:
        limit, floor = options["limit"], options["floor"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1.")
        if floor is not None and not 0 <= floor <= 1:
            raise CommandError("--floor must be between 0 and 1.")
        try:
            rows = read_rows(options["file"], limit=limit)
            if "DATABASE_URL" in filled_variables():  # the embedded one, which may be new
                call_command("migrate", verbosity=0)
            with _quiet(), _terminated_like_interrupted():
                figures = self._evaluate(rows, floor)
        except (RowsUnusable, EmbeddingUnavailable) as error:
            raise CommandError(str(error)) from None
        except ProgrammingError as error:
            raise CommandError(f"The database lacks tables. Run `manage.py migrate` first. ({error})") from None
        if options["json"]:
            self.stdout.write(json.dumps(figures.as_dict()))
            return
        report = stream_report(figures) if isinstance(figures, StreamFigures) else pair_report(figures)
        for line in report:
            self.stdout.write(line)

    def _evaluate(self, rows: list[StreamRow] | list[Pair], floor: float | None) -> StreamFigures | PairFigures:
        pairs = [row for row in rows if isinstance(row, Pair)]
        if pairs:
            return evaluate_pairs(pairs, get_embedder(), floor=floor, progress=self._show_progress)
        stream = [row for row in rows if isinstance(row, StreamRow)]
        return evaluate_stream(stream, get_embedder(), floor=floor, progress=self._show_progress)

    def _show_progress(self, done: int, total: int) -> None:
        if self.stderr.isatty() and (done % PROGRESS_EVERY == 0 or done == total):
            told = f"{done:,} of {total:,}" if done < total else ""
            self.stderr.write(f"\r{told:<30}\r", ending="")
            self.stderr.flush()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log line of every stored entry."""
    loggers = [logging.getLogger(name) for name in ("cache", "planengine")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the command as Ctrl-C does, so that the temporary project is removed."""

    def stop(number: int, frame: object) -> NoReturn:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
