"""``python -m versions [--changes 3] [--before REVISION]``: upgrades to this code from the release before, or from
before each of the newest changes of the tables, and back. Exit code 1 when something did not hold."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from orra.base.release import CODE_DIR
from versions import history
from versions.rounds import PHASE_SECONDS, CannotRun, Upgrade, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m versions", description="Two releases side by side.")
    parser.add_argument("--changes", type=int, default=0, help="from before each of so many changes of the tables")
    parser.add_argument("--before", help="a commit or tag to upgrade from (the release before)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=PHASE_SECONDS, help="that each phase takes, or more")
    parser.add_argument("--keep-logs", type=Path, help="a folder for what the processes log")
    options = parser.parse_args()
    if why := history.why_none():
        print(f"There is no older code to run: {why}.")
        return 0
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    holds = True
    for before, about in _befores(options):
        try:
            upgrade = _play(before, options)
        except CannotRun as error:
            print(f"\nfrom {before[:12]} {' '.join(about)}\n  left out, for it cannot be run: {error}", flush=True)
            continue
        holds &= upgrade.holds
        print("\n".join(_told(before, about, upgrade)), flush=True)
    return 0 if holds else 1


def _befores(options: argparse.Namespace) -> list[tuple[str, Sequence[str]]]:
    if options.changes:
        return [(change.before, change.migrations) for change in history.changes(options.changes)]
    return [(options.before or history.release_before(), ())]


def _play(before: str, options: argparse.Namespace) -> Upgrade:
    folder = Path(tempfile.mkdtemp(prefix="orra-versions-"))
    try:
        return play(history.get(before, folder), CODE_DIR, folder, seed=options.seed, seconds=options.seconds)
    finally:
        if options.keep_logs:
            for log in folder.glob("*.log"):
                place = options.keep_logs / before.rstrip("^")[:10]
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(log, place)
        shutil.rmtree(folder, ignore_errors=True)


def _told(before: str, about: Sequence[str], upgrade: Upgrade) -> list[str]:
    found = upgrade.found
    lines = [
        f"\nfrom {before[:12]}{'^' if before.endswith('^') else ''} {' '.join(about)}",
        f"  {'holds' if upgrade.holds else 'DOES NOT HOLD'}: accepted {found.accepted}, ended {found.ended}, "
        f"lost {found.lost}, wrong {found.wrong}",
        f"  migrated in {upgrade.migrated_in:.1f} s (slowest hit meanwhile {upgrade.slowest_hit:.2f} s), the new "
        f"release ready {upgrade.ready_after:.1f} s after",
        *(f"  {name}: {number}" for name, number in upgrade.phases.items()),
        *(f"  stored by {who}: {told}" for who, told in upgrade.hits.items()),
        f"  sources: {dict(found.sources)}, failures: {dict(found.failures)}",
        *(f"  ! {text}" for text in (*upgrade.broken, *found.broken)),
        *(f"  ! {who}: {text}" for who, told in upgrade.complaints.items() for text in told),
    ]
    return lines


if __name__ == "__main__":
    began = time.monotonic()
    try:
        status = main()
    except KeyboardInterrupt:
        status = 130
    print(f"\n{time.monotonic() - began:.0f} s")
    sys.exit(status)
