"""``python -m containers``: builds the image of ``deploy/``, starts ``deploy/compose.yaml`` with it, and looks
whether everything holds that docs/deploying.md says. Exit code 1 when something does not. It makes containers,
networks, a volume and an image under names of their own, and removes them."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from containers import confined, ending, image, serving, standins, watched
from containers.engine import Engine, Failed, find, watched_health
from containers.site import Site, images

CHECKS: tuple[tuple[str, Callable[[Site], str]], ...] = (
    ("image", image.build),
    ("size", image.size),
    ("contents", image.contents),
    ("start", ending.start),
    ("processes", confined.processes),
    ("users", confined.others),
    ("ports", confined.reached),
    ("plans", serving.plan),
    ("events", serving.events),
    ("admin", serving.admin),
    ("catalogue", serving.large_catalogue),
    ("scraped", watched.scraped),
    ("dashboard", watched.dashboard),
    ("rules", watched.rules),
    ("metrics", watched.lint),
    ("two workers", ending.more_workers),
    ("drained", ending.drained),
    ("workers killed", ending.crashed),
    ("web killed", ending.web_crashed),
    ("web moved", ending.moved),
    ("broker lost", ending.broker_lost),
    ("secrets", confined.secrets_seen),
    ("down and up", ending.again),
)


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        engine = find(options.engine)
        print(engine.version(), flush=True)
        with (
            stood_in(engine, wanted=options.stand_ins, keep=options.keep or options.keep_stand_ins),
            new_folder(keep=options.keep) as folder,
        ):
            return look(Site(engine, folder, options.build_option), keep=options.keep)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1


def look(site: Site, *, keep: bool) -> int:
    """How many of :data:`CHECKS` do not hold; without an image or a start, there is no going on."""
    failures = 0
    try:
        site.lay_out()
        with watched_health(site.engine, site.label):
            for name, check in CHECKS:
                began = time.monotonic()
                try:
                    told = check(site)
                except (Failed, AssertionError, OSError) as failed:
                    failures += 1
                    told = f"DOES NOT HOLD: {failed}"
                print(f"  {name:<15}{time.monotonic() - began:6.1f} s  {told}", flush=True)
                if failures and check in (image.build, ending.start):
                    break
    finally:
        if not keep:
            site.remove()
    if keep:
        print(f"It runs at {site.url}, as {site.name}; its files are in {site.tree}.")
    print(f"{failures} of {len(CHECKS)} do not hold." if failures else "The containers are good.")
    return min(failures, 1)


@contextmanager
def new_folder(*, keep: bool) -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="orra-containers-")
    try:
        yield Path(folder)
    finally:
        if not keep:
            shutil.rmtree(folder)


@contextmanager
def stood_in(engine: Engine, *, wanted: bool, keep: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    began = time.monotonic()
    try:
        made = standins.build(engine, images())
        print(f"Stand-ins in {time.monotonic() - began:.0f} s: {', '.join(made) or 'all were there'}", flush=True)
        yield
    finally:
        if not keep:
            standins.remove(engine)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m containers", description="The containers of deploy/, looked at."
    )
    parser.add_argument("--engine", default="", choices=("docker", "podman"), help="the first that answers")
    parser.add_argument(
        "--stand-ins",
        action="store_true",
        help="make images of Debian's packages where the real ones are not there (as root; needs mmdebstrap)",
    )
    parser.add_argument(
        "--build-option", action="append", default=[], help="for the build, as --build-option=--network=host"
    )
    parser.add_argument("--keep-stand-ins", action="store_true", help="for the next time")
    parser.add_argument("--keep", action="store_true", help="leave all of it running")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
