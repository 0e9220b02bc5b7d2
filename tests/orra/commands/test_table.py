"""The commands of ``orra``: the same by entry points as without a package, told before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

import orra_command
from orra.base.release import CODE_DIR, release
from orra.commands.table import COMMANDS

PROJECT = tomllib.loads((CODE_DIR / "pyproject.toml").read_text())["project"]


def orra(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "orra", *arguments],
        cwd=CODE_DIR,
        capture_output=True,
        text=True,
    )


def test_entry_points_are_the_same_commands() -> None:
    functions = {name: f"{command.__module__}:{command.__name__}" for name, command in COMMANDS.items()}
    assert PROJECT["entry-points"]["orra.commands"] == functions
    assert all(command.__doc__ for command in COMMANDS.values())


def test_both_packages_bring_the_same_command() -> None:
    client = tomllib.loads((CODE_DIR / "clients" / "python" / "pyproject.toml").read_text())
    assert PROJECT["scripts"] == client["project"]["scripts"] == {"orra": f"{orra_command.__name__}:main"}
    assert orra_command.__name__ in client["tool"]["uv"]["build-backend"]["module-name"]


def test_help_lists_them_and_loads_none_of_what_they_need() -> None:
    told = orra("--help")
    assert told.returncode == 0
    assert all(f"\n  {name} " in told.stdout for name in COMMANDS)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines()}
    assert "orra" in loaded
    assert loaded.isdisjoint({"asyncio", "celery", "cache", "django", "numpy", "planengine", "psutil", "psycopg"})


def test_the_version_is_the_projects() -> None:
    assert orra("--version").stdout == f"orra {PROJECT['version']}\n"
    assert release() == PROJECT["version"]
    assert (CODE_DIR / "CHANGELOG.md").read_text().splitlines()[2].startswith(f"## {PROJECT['version']}")


@pytest.mark.parametrize("arguments", [(), ("fly",), ("--fly",)])
def test_a_wrong_call_lists_them_too(arguments: tuple[str, ...]) -> None:
    told = orra(*arguments)
    assert told.returncode == 2
    assert "\n  restore " in told.stderr
