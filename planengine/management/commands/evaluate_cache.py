"""Measures the cache on requests of one's own, beside a cache with a fixed threshold."""

from __future__ import annotations

import json
import logging
import signal
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orra.base.strictjson import Json
from planengine.embeddings import calibration
from planengine.embeddings.embedders import get_embedder
from planengine.evaluation.cache.bench import PARTS
from planengine.evaluation.cache.curve import calibrate_pairs, calibrate_stream
from planengine.evaluation.cache.replay import Options, evaluate_pairs, evaluate_stream
from planengine.evaluation.cache.report import curve_report, pair_report, stream_report
from planengine.evaluation.cache.rows import Pair, RowsUnusable, StreamRow, read_catalogue_rows, read_rows
from planengine.evaluation.services import Facts, read_services
from planengine.exceptions import EmbeddingUnavailable
from planengine.management.tables import tables
from planengine.models import Project

PROGRESS_EVERY = 50
TOLERANCE: float = Project._meta.get_field("wrong_hit_tolerance").default


class Command(BaseCommand):
    help = (
        "Replay requests through an empty cache and count hits, wrong hits and misses. FILE has one JSON object "
        "a line: {action, params, label} for a stream, {a, b, should_match, category} for pairs, and with "
        "--services {action, params, expected: [{service, input}]}."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
        parser.add_argument(
            "--services", type=Path, help="the services that `expected` names, a JSON object a line"
        )
        parser.add_argument("--limit", type=int, help="only the first so many rows")
        parser.add_argument(
            "--second-half", action="store_true", help="only the second half of the rows, into an empty cache"
        )
        parser.add_argument(
            "--without",
            type=_parts,
            default=frozenset(),
            metavar="PARTS",
            help=f"leave parts of the rule out, to see what each is worth: some of {', '.join(PARTS)}",
        )
        parser.add_argument("--no-baselines", action="store_true", help="without the simpler caches beside it")
        parser.add_argument(
            "--vectors", type=Path, metavar="FOLDER", help="keep the texts' vectors there, for the next run"
        )
        parser.add_argument(
            "--floor",
            type=float,
            help="lowest cosine similarity for a hit by meaning, 0 to 1; without it the embedding model's own",
        )
        parser.add_argument(
            "--calibrate",
            action="store_true",
            help="find the embedding model's floor: the lowest that keeps wrong hits within the tolerance",
        )
        parser.add_argument("--tolerance", type=float, help="the share of wrong hits to stay within (0.01)")
        parser.add_argument(
            "--floors", type=_floors, help="with --calibrate: the floors to look at, as in 0.9,0.85,0.8"
        )
        parser.add_argument(
            "--store", action="store_true", help="with --calibrate: have every process use the floor from now on"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _check(options)
        try:
            services = None if options["services"] is None else read_services(options["services"])
            rows = _read(options, services)
            with tables(), _quiet(), _terminated_like_interrupted():
                if options["calibrate"]:
                    self._calibrate(rows, options)
                else:
                    self._evaluate(rows, services, options)
        except (RowsUnusable, EmbeddingUnavailable) as error:
            raise CommandError(str(error)) from None

    def _evaluate(
        self, rows: list[StreamRow] | list[Pair], services: Sequence[Facts] | None, options: dict[str, Any]
    ) -> None:
        stream, pairs = _apart(rows)
        how = Options(
            services=services,
            floor=options["floor"],
            tolerance=options["tolerance"],
            without=options["without"],
            vectors=options["vectors"],
            baselines=not options["no_baselines"],
            progress=self._show_progress,
        )
        if pairs:
            of_pairs = evaluate_pairs(pairs, get_embedder(), how)
            self._tell(of_pairs.as_dict(), pair_report(of_pairs), as_json=options["json"])
        else:
            of_stream = evaluate_stream(stream, get_embedder(), how)
            self._tell(of_stream.as_dict(), stream_report(of_stream), as_json=options["json"])

    def _calibrate(self, rows: list[StreamRow] | list[Pair], options: dict[str, Any]) -> None:
        """A floor that cannot be told is an error, after the curve was shown."""
        stream, pairs = _apart(rows)
        embedder = get_embedder()
        tolerance = TOLERANCE if options["tolerance"] is None else options["tolerance"]
        how: dict[str, Any] = {
            "tolerance": tolerance,
            "floors": options["floors"],
            "progress": self._show_progress,
        }
        curve = calibrate_pairs(pairs, embedder, **how) if pairs else calibrate_stream(stream, embedder, **how)
        chosen, to_store = curve.chosen, options["store"] and curve.floor is not None
        if to_store and chosen is not None and curve.floor is not None:
            measured = {"rows": curve.n, "kind": curve.kind, **chosen.as_dict()}
            measured_on = options["file"].name
            calibration.store(
                embedder.name, curve.floor, measured=measured, measured_on=measured_on, tolerance=tolerance
            )
        in_use = calibration.floor_of(embedder)
        told = {
            "embedding_model": embedder.name,
            **curve.as_dict(),
            "stored": to_store,
            "in_use": {"floor": in_use.value, "from": in_use.origin},
        }
        self._tell(told, curve_report(curve), as_json=options["json"])
        if not options["json"]:
            stored = "Stored: " if to_store else ""
            self.stdout.write(
                f"{stored}{embedder.name} has the floor {in_use.value:.2f} ({in_use.origin.replace('_', ' ')})."
            )
        if curve.problem:
            raise CommandError(f"{curve.problem} Nothing was stored." if options["store"] else curve.problem)

    def _tell(self, figures: dict[str, Json], report: Iterator[str], *, as_json: bool) -> None:
        for line in [json.dumps(figures)] if as_json else report:
            self.stdout.write(line)

    def _show_progress(self, done: int, total: int) -> None:
        if self.stderr.isatty() and (done % PROGRESS_EVERY == 0 or done == total):
            told = f"{done:,} of {total:,}" if done < total else ""
            self.stderr.write(f"\r{told:<30}\r", ending="")
            self.stderr.flush()


def _floors(text: str) -> tuple[float, ...]:
    """Raises ``ValueError``, which argparse turns into an error of its own."""
    return tuple(float(part) for part in text.split(","))


def _parts(text: str) -> frozenset[str]:
    """Raises ``ArgumentTypeError``."""
    parts = frozenset(part.strip() for part in text.split(","))
    if unknown := sorted(parts.difference(PARTS)):
        raise ArgumentTypeError(f"there is no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    return parts


def _read(options: dict[str, Any], services: Sequence[Facts] | None) -> list[StreamRow] | list[Pair]:
    file, limit = options["file"], options["limit"]
    rows: list[StreamRow] | list[Pair]
    rows = read_catalogue_rows(file, services, limit=limit) if services else read_rows(file, limit=limit)
    return rows[len(rows) // 2 :] if options["second_half"] else rows


def _check(options: dict[str, Any]) -> None:
    limit, floor, floors, tolerance = (options[name] for name in ("limit", "floor", "floors", "tolerance"))
    if limit is not None and limit < 1:
        raise CommandError("--limit must be at least 1.")
    if not all(0 <= each <= 1 for each in [*([] if floor is None else [floor]), *(floors or ())]):
        raise CommandError("--floor and --floors must be between 0 and 1.")
    if tolerance is not None and not 0 < tolerance < 1:
        raise CommandError("--tolerance must be between 0 and 1: no number of hits shows that none is ever wrong.")
    if options["calibrate"] and floor is not None:
        raise CommandError("--floor is what --calibrate finds; to look at certain floors, use --floors.")
    if not options["calibrate"] and (options["store"] or floors is not None):
        raise CommandError("--store and --floors go with --calibrate.")
    if options["calibrate"] and (options["services"] or options["without"]):
        raise CommandError("--calibrate takes neither --services nor --without.")


def _apart(rows: list[StreamRow] | list[Pair]) -> tuple[list[StreamRow], list[Pair]]:
    """One of the two is empty."""
    return (
        [row for row in rows if isinstance(row, StreamRow)],
        [row for row in rows if isinstance(row, Pair)],
    )


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
