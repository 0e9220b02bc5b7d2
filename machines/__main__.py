"""``python -m machines [--seed 7] [--setups valkey,rabbitmq] [--faults cut,worker]``: hosts that are cut off and
lost while clients are at work, and a table of what came of their requests. Exit code 1 when something did not
hold, 2 when it cannot run here."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from machines import network


def main() -> int:
    options = _options()
    if lacking := network.missing():
        print(f"machines: {lacking}", file=sys.stderr)
        return 2
    if network.is_entered():
        from machines.run import run  # what it opens is opened in the network that was entered

        return 0 if run(options.folder, options) else 1
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="orra-machines-"))
    folder.chmod(0o755)
    began = time.monotonic()
    same = ("--seed", str(options.seed), "--folder", str(folder))
    try:
        return network.enter([sys.executable, "-m", "machines", *sys.argv[1:], *same])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"\n{os.cpu_count()} cores, seed {options.seed}, {time.monotonic() - began:.0f} s")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m machines", description="Several hosts, cut off and lost.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1000))
    parser.add_argument("--setups", default="", help="valkey, rabbitmq, pgbouncer, separated by commas (all)")
    parser.add_argument("--faults", default="", help="names or their beginnings, separated by commas (all)")
    parser.add_argument("--without", default="", help="of these: moving, rates")
    parser.add_argument("--keep-logs", type=Path, help="a folder for all logs")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
