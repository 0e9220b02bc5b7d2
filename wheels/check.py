"""``make wheel-check``: the wheels of ``dist/`` installed in a new environment, and used from an empty folder.

Ends with 1 and what went wrong when something did. ``--locked`` installs the versions of
``dist/requirements.lock`` instead of what pip chooses.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
import venv
from pathlib import Path

DIST = Path(__file__).resolve().parents[1] / "dist"
WHEELS = sorted(map(str, DIST.glob("*.whl")))
UNWANTED = {"torch", "sentence-transformers", "transformers"}
PROJECT = tomllib.loads((DIST.parent / "pyproject.toml").read_text())["project"]
COMMANDS = list(PROJECT["entry-points"]["orra.commands"])
PAGES = ("/readyz", "/docs", "/v1/schema", "/admin/login/", "/static/planengine/admin.css")
READY_SECONDS = 120


class Failed(Exception):
    """What is wrong with the wheels."""


class Place:
    """An empty folder with an environment beside it, and nothing configured."""

    def __init__(self, folder: Path) -> None:
        self.here = folder / "empty"
        self.here.mkdir()
        self.bin = folder / "environment" / "bin"
        venv.create(folder / "environment", with_pip=True)
        configured = re.compile(
            r"(ORRA|LLM|EMBEDDINGS|CHECK|PYTHON|DJANGO)|(DATABASE_URL|BROKER_URL|SECRET_KEY|PORT)$"
        )
        kept = {name: value for name, value in os.environ.items() if not configured.match(name)}
        self.variables = {**kept, "XDG_DATA_HOME": str(folder / "data"), "PORT": "0"}
        self.data = folder / "data" / "orra"

    def run(self, program: str, *arguments: str, **variables: str) -> str:
        """What it says. Raises :class:`Failed` unless it ends with 0."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.here,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode or "Traceback" in done.stdout:
            raise Failed(f"{program} {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout


def install(place: Place, *, locked: bool) -> None:
    began = time.monotonic()
    if locked:
        place.run("pip", "install", "--no-deps", "--require-hashes", "-r", str(DIST / "requirements.lock"))
        place.run("pip", "install", "--no-deps", "--no-index", *WHEELS)
    else:
        place.run("pip", "install", *WHEELS)
    installed = {package["name"].lower() for package in json.loads(place.run("pip", "list", "--format=json"))}
    if found := installed & UNWANTED:
        raise Failed(f"An installation brings {', '.join(sorted(found))}.")
    size = sum(
        path.stat().st_size for path in place.bin.parent.rglob("*") if path.is_file() and not path.is_symlink()
    )
    say(f"{len(installed)} packages, {size / 1e6:.0f} MB on disk, in {time.monotonic() - began:.0f} s; no torch")


def look_at_help(place: Place) -> None:
    told = place.run("orra", "--help")
    if missing := [name for name in COMMANDS if not re.search(rf"^ +{name} ", told, re.MULTILINE)]:
        raise Failed(f"`orra --help` does not know {', '.join(missing)}.")
    if f"orra {PROJECT['version']}" not in (version := place.run("orra", "--version")):
        raise Failed(f"`orra --version` says {version!r}.")
    place.run("orra", "manage", "help")
    say(f"`orra --help` lists {len(COMMANDS)} commands of the server; {version.strip()}")


def play_demo(place: Place) -> None:
    began = time.monotonic()
    place.run("orra", "demo")
    say(f"`orra demo` came out as told, in {time.monotonic() - began:.0f} s")


def run_up(place: Place) -> None:
    """Until it is interrupted as Ctrl-C does it: every process of the terminal's group at once."""
    log = place.here.with_name("up.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [place.bin / "orra", "up"],
            cwd=place.here,
            env=place.variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = _url_when_ready(place, process)
        for page in PAGES:
            urllib.request.urlopen(url + page, timeout=30).read()
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"`orra up`: {error}\n{log.read_text()}") from None
    finally:
        process.kill()
    if status or "Traceback" in log.read_text():
        raise Failed(f"`orra up` ended with {status}:\n{log.read_text()}")
    say(f"`orra up` answered at {', '.join(PAGES)} and stopped on Ctrl-C")


def _url_when_ready(place: Place, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            run = json.loads((place.data / "run.json").read_text())
        except (OSError, ValueError):
            run = {}
        if run.get("ready") and run.get("pid") == process.pid:
            return str(run["url"])
        time.sleep(0.05)
    raise OSError(f"it is not ready (exit code {process.poll()})")


def keep_and_bring_back(place: Place) -> None:
    place.run("orra", "backup", "all.dump")
    place.run("orra", "restore", "all.dump", ORRA_DATA_DIR=str(place.data.with_name("another")))
    say("`orra backup` and `orra restore` into a new data directory")


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def main() -> None:
    locked = "--locked" in sys.argv[1:]
    # Not below a folder of its user's alone: a Postgres that root starts runs as another user.
    with tempfile.TemporaryDirectory(prefix="orra-wheel-") as folder:
        place = Place(Path(folder))
        try:
            install(place, locked=locked)
            look_at_help(place)
            play_demo(place)
            run_up(place)
            keep_and_bring_back(place)
        except Failed as failed:
            sys.exit(str(failed))
    print("The wheels are good.")


if __name__ == "__main__":
    main()
