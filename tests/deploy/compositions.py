"""The command lines and variables of Dockerfile and compose.yaml, as they are read there."""

from __future__ import annotations

import json
import re
import shlex
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)([^\\\n]*)", re.MULTILINE)


def default_command() -> list[str]:
    return _listed(r"^CMD (\[.*\])$")


def health_check() -> list[str]:
    return _listed(r"^HEALTHCHECK .*CMD (\[.*\])$")


def _listed(pattern: str) -> list[str]:
    found = re.findall(pattern, DOCKERFILE, re.MULTILINE)
    command: list[str] = json.loads(found[-1])
    return command


def image_environment() -> dict[str, str]:
    """Of the last stage."""
    last = DOCKERFILE.rpartition("\nFROM ")[2].replace("\\\n", " ")
    pairs = [pair for line in re.findall(r"^ENV (.*)$", last, re.MULTILINE) for pair in shlex.split(line)]
    return dict(pair.split("=", 1) for pair in pairs)


def service_environment(name: str) -> dict[str, str]:
    """With the defaults of what the reader's own environment may say, and without what only that says."""
    given: dict[str, str | None] = COMPOSE["services"][name]["environment"]
    said = {key: value for key, value in given.items() if value is not None}
    return {key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for key, value in said.items()}


def pinned(lock: str) -> dict[tuple[str, str], str]:
    """What a lock file pins: by name and version, everything about it but who wants it."""
    pieces = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text())
    found = {}
    for piece in pieces:
        if head := PINNED.match(piece):
            found[normal(head[1]), head[2]] = "\n".join(re.findall(r"sha256:[0-9a-f]{64}", piece))
    return found


def missing_modules() -> frozenset[str]:
    """Top-level modules that are installed here and are not in the image."""
    there = {name for name, _ in pinned("deploy/requirements.lock")} | {"pip"}
    by_module = packages_distributions()
    here = {normal(found.metadata["Name"]) for found in distributions()}
    assert there & here
    return frozenset(
        module
        for module, names in by_module.items()
        if module.isidentifier() and not {normal(name) for name in names} & there
    )


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
