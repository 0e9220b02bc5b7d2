"""Older code, out of the repository's own history."""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from orra.base.release import CODE_DIR

PATHS = ("planengine/migrations/0*.py", "cache/migrations/0*.py")
LOCK = "requirements.lock"


@dataclass(frozen=True)
class Change:
    """A commit that added migrations to tables that were as ``before`` has them."""

    commit: str
    migrations: tuple[str, ...]

    @property
    def before(self) -> str:
        return f"{self.commit}^"


def why_none() -> str:
    """Why there is no history here; empty where there is."""
    try:
        told = _git("rev-parse", "--is-shallow-repository").strip()
    except (OSError, subprocess.CalledProcessError):
        return "this is no git repository"
    return "this is a shallow clone: `git fetch --unshallow` gets its history" if told == "true" else ""


def release_before() -> str:
    """The newest release's tag; while there is none, the commit before the newest change of the tables."""
    try:
        return _git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^").strip()
    except subprocess.CalledProcessError:
        return changes(1)[0].before


def changes(most: int) -> list[Change]:
    """The newest so many changes of the tables, the newest first."""
    told = _git(
        *("log", "--first-parent", "-m", "--diff-filter=A", "--name-only", "--format=commit %H", "--", *PATHS)
    )
    found = []
    for piece in told.split("commit ")[1:]:
        commit, *files = piece.split()
        found.append(Change(commit, tuple(sorted(f"{Path(file).parts[0]}.{Path(file).stem}" for file in files))))
    return found[:most]


def get(commit: str, folder: Path) -> Path:
    """The code of ``commit`` in a new folder in ``folder``."""
    place = folder / _git("rev-parse", "--short", f"{commit}^{{commit}}").strip()
    place.mkdir()
    archive = subprocess.Popen(["git", "archive", commit], cwd=CODE_DIR, stdout=subprocess.PIPE)
    assert archive.stdout is not None
    with tarfile.open(fileobj=archive.stdout, mode="r|") as files:
        files.extractall(place, filter="data")
    if archive.wait():
        raise OSError(f"git archive {commit} failed")
    return place


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CODE_DIR, capture_output=True, text=True, check=True)
    return done.stdout
