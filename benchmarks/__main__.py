"""``python -m benchmarks [--full] [--write] [--data FOLDER] [PART …]``: all parts, or the ones named. Without a
folder of labelled requests, ``evaluation`` is left out."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import signal
import sys
import time
from pathlib import Path

from benchmarks.measuring.environment import fresh_database

MISSING = (
    "the requests to evaluate are no part of the project. Name a folder that has them: "
    'make bench ARGS="evaluation --data FOLDER". `manage.py evaluate_cache --help` tells their formats.'
)

PARTS = (
    "exact_hit",
    "by_meaning",
    "embedding",
    "pure_parts",
    "prompt_sizes",
    "weak_models",
    "large_catalogue",
    "groundings",
    "slow_model",
    "ledger",
    "fairness",
    "memory",
    "scale",
    "cleanup",
    "stats",
    "admin",
    "evaluation",
    "real_models",
)
# They need what is not there by itself.
ON_WISH = ("evaluation", "real_models")


def main() -> None:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that everything is stopped
    started = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    with fresh_database() as data_dir:
        logging.disable(logging.INFO)
        _measure(options.part or PARTS, data_dir, full=options.full, write=options.write)
        if options.data is not None and "real_models" not in options.part:
            _evaluate(options.data)
        if "real_models" in options.part:
            _run_real_models(options)
    print(f"\n{time.perf_counter() - started:.0f} seconds")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What orra costs on this machine.")
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(PARTS)}; all when none is named")
    parser.add_argument(
        "--full", action="store_true", help="a million entries and plans, 60,000 requests to a stack"
    )
    parser.add_argument("--write", action="store_true", help="put what scale measured into docs/benchmarks")
    parser.add_argument(
        "--data", type=Path, help="evaluation, real_models: the folder that has the labelled requests"
    )
    parser.add_argument("--limit", type=int, help="real_models: ask the models alone so many of each kind")
    parser.add_argument("--whole", type=int, help="real_models: whole plans for so many of each kind (10)")
    options = parser.parse_args()
    if unknown := sorted(set(options.part) - set(PARTS)):
        parser.error(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    if "evaluation" in options.part and options.data is None:
        parser.error(MISSING)
    if options.data is not None and not options.data.is_dir():
        parser.error(f"--data: there is no folder {options.data}")
    if options.data is not None and options.part and not set(ON_WISH) & set(options.part):
        parser.error("--data goes with the parts evaluation and real_models")
    return options


def _measure(chosen: list[str] | tuple[str, ...], data_dir: Path, *, full: bool, write: bool) -> None:
    # They need Django to be set up.
    from benchmarks.catalogues import large_catalogue
    from benchmarks.groundings import cost, rightness
    from benchmarks.hits import by_meaning, embedding, exact_hit, pure_parts
    from benchmarks.many_rows import admin, cleanup, scale, scale_page, stats
    from benchmarks.planning import prompt_sizes, weak_models
    from benchmarks.stack import fairness, ledger, memory, slow_model

    if "exact_hit" in chosen:
        exact_hit.run(data_dir)
    if "by_meaning" in chosen:
        by_meaning.run(data_dir)
    if "embedding" in chosen:
        embedding.run(data_dir)
    if "pure_parts" in chosen:
        pure_parts.run()
    if "prompt_sizes" in chosen:
        prompt_sizes.run()
    if "weak_models" in chosen:
        weak_models.run()
    if "large_catalogue" in chosen:
        large_catalogue.run()
    if "groundings" in chosen:
        cost.run()
        rightness.run()
    if "slow_model" in chosen:
        slow_model.run()
    if "ledger" in chosen:
        ledger.run(full=full)
    if "fairness" in chosen:
        fairness.run(full=full)
    if "memory" in chosen:
        memory.run(full=full)
    cleaned = cleanup.run(full=full) if "cleanup" in chosen else None
    counted = stats.run(full=full) if "stats" in chosen else None
    if "admin" in chosen:
        admin.run(full=full)
    if "scale" in chosen:
        scale.verdicts(
            scale.run(
                full=full,
                after_each=lambda sizes: scale_page.write(sizes, cleaned, counted) if write else None,
            )
        )


def _run_real_models(options: argparse.Namespace) -> None:
    from benchmarks.planning import real_models, real_models_page

    limits = real_models.Limits(options.limit, options.whole or real_models.MOST_WHOLE)
    real_models.run(options.data, limits=limits, after_each=real_models_page.write)


def _evaluate(data: Path) -> None:
    from benchmarks.labelled import evaluation, evaluation_page

    evaluation_page.write(evaluation.run(data))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
