"""``python -m benchmarks [PART …]``: all parts, or the ones named."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import signal
import sys
import time

from benchmarks.environment import fresh_database

PARTS = ("exact_hit", "embedding", "pure_parts", "by_meaning", "prompt_sizes", "slow_model")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What orra costs on this machine.")
    parser.add_argument("part", nargs="*", help=f"one of {', '.join(PARTS)}; all when none is named")
    chosen = parser.parse_args().part or PARTS
    if unknown := sorted(set(chosen) - set(PARTS)):
        parser.error(f"unknown part {unknown[0]!r}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that everything is stopped
    started = time.perf_counter()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    with fresh_database() as data_dir:
        from benchmarks import (
            by_meaning,
            embedding,
            exact_hit,
            prompt_sizes,
            pure_parts,
            slow_model,
        )  # they need Django to be set up

        logging.disable(logging.INFO)
        if "exact_hit" in chosen:
            exact_hit.run()
        if "embedding" in chosen:
            embedding.run(data_dir)
        if "pure_parts" in chosen:
            pure_parts.run()
        if "by_meaning" in chosen:
            by_meaning.run()
        if "prompt_sizes" in chosen:
            prompt_sizes.run()
        if "slow_model" in chosen:
            slow_model.run()
    print(f"\n{time.perf_counter() - started:.0f} seconds")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
