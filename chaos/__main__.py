"""``python -m chaos [--seed 7] [--rounds 3] [--faults worker,broker]``: faults injected one at a time into a stack
that clients use, and a table of what came of their requests. Exit code 1 when something did not hold."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chaos import faults
from chaos.checks import Found
from chaos.faults import Fault
from chaos.rounds import Round, play
from chaos.site import Site, can_mount, running_site

ROUNDS = 3
MOST_TOLD = 8


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="orra-chaos-"))
    began = time.monotonic()
    played: list[Round] = []
    try:
        with running_site(folder, seed=options.seed, disk=can_mount(folder)) as site:
            try:
                for number, fault in enumerate(_order(options.chosen, site, options), start=1):
                    if options.seconds and time.monotonic() - began > options.seconds:
                        break
                    played.append(play(site, fault, number, seed=options.seed))
                    _tell(played[-1])
            finally:
                if options.keep_logs or not all(each.holds for each in played):
                    _keep_logs(site, options.keep_logs or Path(tempfile.mkdtemp(prefix="orra-chaos-logs-")))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{os.cpu_count()} cores, seed {options.seed}, {time.monotonic() - began:.0f} s\n")
    print("\n".join(table(options.chosen, played)))
    return 0 if all(each.holds for each in played) else 1


def _keep_logs(site: Site, folder: Path) -> None:
    shutil.copytree(site.data_dir / "logs", folder, dirs_exist_ok=True)
    shutil.copy(site.data_dir / "stack.log", folder)
    print(f"The stack's logs are kept in {folder}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Faults while clients are at work.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1000))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each fault ({ROUNDS})")
    parser.add_argument("--faults", default="", help="names or their beginnings, separated by commas")
    parser.add_argument("--seconds", type=float, help="begin no round after so many")
    parser.add_argument(
        "--keep-logs",
        type=Path,
        help="a folder for the stack's logs, which are kept anyway where something does not hold",
    )
    options = parser.parse_args()
    try:
        options.chosen = faults.chosen(options.faults)
    except ValueError as error:
        parser.error(f"--faults: {error}")
    return options


def _order(chosen: Sequence[Fault], site: Site, options: argparse.Namespace) -> list[Fault]:
    """Each as often as it is to be, in another order every time."""
    for fault in chosen:
        if missing := fault.missing(site):
            print(f"{fault.name}: left out, it {missing}")
    possible = [fault for fault in chosen if not fault.missing(site)]
    draw = random.Random(options.seed)
    return [fault for _ in range(options.rounds) for fault in draw.sample(possible, len(possible))]


def _tell(played: Round) -> None:
    found = played.found
    print(
        f"{played.number:4} {played.fault.name:22} accepted {found.accepted:5}  again {played.sent_again:4}  "
        f"hits after {in_words(played.hits_after)}  plans after {in_words(played.plans_after)}  "
        f"ended after {in_words(played.ended_after)}  "
        f"{'ok' if played.holds else 'DOES NOT HOLD'}  {_counted(found.sources)}  {_counted(found.failures)}",
        flush=True,
    )
    tell_broken(found)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def tell_broken(found: Found) -> None:
    for text in found.broken[:MOST_TOLD]:
        print(f"       {text}", flush=True)


def in_words(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


def table(chosen: Sequence[Fault], played: Sequence[Round]) -> list[str]:
    """In Markdown."""
    lines = [
        "| fault | rounds | accepted | ended | lost | wrong | failed | else | hits again after (p50, max) "
        "| plans again after | all ended after |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for fault in chosen:
        own = [each for each in played if each.fault is fault]
        if own:
            lines.append(_row(fault.about, own))
    return [*lines, _row("all", played)] if played else lines


def _row(name: str, played: Sequence[Round]) -> str:
    found = [each.found for each in played]
    cells = [
        name,
        len(played),
        *(
            f"{sum(getattr(each, column) for each in found):,}"
            for column in ("accepted", "ended", "lost", "wrong")
        ),
        f"{sum(each.failures.total() for each in found):,}",
        f"{sum(not each.holds and not each.found.lost and not each.found.wrong for each in played):,}",
        _spread([each.hits_after for each in played]),
        _spread([each.plans_after for each in played]),
        _spread([each.ended_after for each in played]),
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _spread(seconds: Sequence[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    if len(known) < len(seconds):
        return "not in time"
    return f"{statistics.median(known):.1f} s, {max(known):.1f} s"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
