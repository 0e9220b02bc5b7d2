"""The table of servers and cases in ``docs/model-servers.md``, written from a run of these tests.

python -m tests.model_servers.table
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.model_servers.cases import TITLES
from tests.servers.profiles import ALL

DOCUMENT = Path(__file__).parents[2] / "docs" / "model-servers.md"
BEGIN, END = "<!-- written by tests/model_servers/table.py -->", "<!-- end -->"

Played = dict[tuple[int, str], bool]


def render(played: Played) -> str:
    """``✓`` all of a case's tests passed at that server, ``✗`` one failed, empty: it does not arise there."""
    columns = [profile.title for profile in ALL]
    lines = ["| case | " + " | ".join(columns) + " |", "|---|" + ":-:|" * len(columns)]
    for number, title in TITLES.items():
        cells = [{True: "✓", False: "✗", None: ""}[played.get((number, profile.name))] for profile in ALL]
        lines.append(f"| {number}. {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def current() -> str:
    """The table that the document holds."""
    return DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


class Recorder:
    """A pytest plugin that keeps what became of each case at each server."""

    def __init__(self) -> None:
        self.played: Played = {}
        self._cases: dict[str, tuple[int, str]] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            for marker in item.iter_markers("case"):
                self._cases[item.nodeid] = (marker.args[0], item.callspec.params["profile"].name)

    def pytest_runtest_logreport(self, report: Any) -> None:
        case = self._cases.get(report.nodeid)
        if case is not None:
            self.played[case] = self.played.get(case, True) and report.passed


def main() -> int:
    recorder = Recorder()
    status = pytest.main(
        [str(Path(__file__).parent), "--deselect", "tests/model_servers/test_table.py"], [recorder]
    )
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{render(recorder.played)}\n{END}{after}", "utf-8")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
