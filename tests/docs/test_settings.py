"""``docs/settings.md`` names every variable that is read, once, with the default that the code has."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import orra.settings  # noqa: F401 - it reads them all
from orra.base.environment.readers import known_variables
from tests.deploy.compositions import ROOT

# Other programs' that this one runs with.
OF_OTHERS = {"FORWARDED_ALLOW_IPS", "OTEL_EXPORTER_OTLP_ENDPOINT", "PROMETHEUS_MULTIPROC_DIR"}
READERS = {"number", "_number", "flag", "choice"}


def rows() -> Iterator[tuple[list[str], list[str]]]:
    """Of each row of the table its variables, and what it says of their defaults."""
    for line in (ROOT / "docs" / "settings.md").read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.split(" | ")]
            names = re.findall(r"`([A-Z_]+)`", cells[0])
            told = cells[1].split(", ")
            yield names, told if len(told) == len(names) else [cells[1]] * len(names)


def defaults(file: Path) -> Iterator[tuple[str, str]]:
    """The variables whose default stands in the code as it is, as the page would say it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in READERS:
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
        if all(isinstance(each, ast.Constant) for each in given[:2]):
            name, default = (ast.literal_eval(each) for each in given[:2])
            yield name, str(int(default) if isinstance(default, bool) else default)


def test_every_variable_is_named_once() -> None:
    named = Counter(name for names, _ in rows() for name in names)
    assert {*named} == known_variables | OF_OTHERS
    assert [name for name, times in named.items() if times > 1] == []


def test_defaults_are_those_of_the_code() -> None:
    told = {name: default for names, all_told in rows() for name, default in zip(names, all_told, strict=True)}
    found = dict(pair for file in ("settings.py", "embedded/runs.py") for pair in defaults(ROOT / "orra" / file))
    assert len(found) > 20
    # What 0 means is said beside it, or instead of it.
    other = {
        name: (default, told[name])
        for name, default in found.items()
        if default not in re.split(r"[\s:]", told[name]) and not (default == "0" and "none" in told[name])
    }
    assert other == {}
