"""A Python client made of the API's description by a generator that others use: it has nothing to warn of, knows
every operation, and reads and writes every example."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from tests.deploy.compositions import ROOT

# `make test` puts it there.
TOOLS = ROOT / ".venv" / "generators" / "bin"
METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (TOOLS / "openapi-python-client").exists():
        pytest.skip("the generator is not there: `make test` installs it")
    made = tmp_path_factory.mktemp("description") / "openapi.json"
    made.write_bytes(OpenApiJsonRenderer().render(SchemaGenerator().get_schema(public=True)))  # type: ignore[no-untyped-call]
    return made


@pytest.fixture(scope="module")
def package(description: Path) -> Path:
    target = description.parent / "orra_generated"
    made = _run(
        *("openapi-python-client", "generate", "--meta", "none", "--fail-on-warning"),
        *("--path", str(description), "--output-path", str(target)),
    )
    assert made.returncode == 0, made.stdout
    assert "arning" not in made.stdout
    return target


def test_it_knows_every_operation(description: Path, package: Path) -> None:
    paths = json.loads(description.read_bytes())["paths"]
    wanted = {
        operation["operationId"]
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method in METHODS
    }
    assert wanted == {file.stem for file in package.glob("api/*/*.py")} - {"__init__"}


def test_it_reads_and_writes_every_example(description: Path, package: Path) -> None:
    came = _run("python", str(Path(__file__).with_name("round_trip.py")), str(description), str(package))
    assert came.returncode == 0, came.stdout
    found = json.loads(came.stdout)
    assert found["others"] == []
    assert found["alike"] > 500


def _run(tool: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / tool, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"},
    )
