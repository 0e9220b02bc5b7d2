"""What was found, as a table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from planengine.evaluation.endpoints.findings import Checked, Finding

WIDTH = 115
TITLES = {"planner": "Planning", "embeddings": "Embeddings"}


def report(checked: Iterable[Checked]) -> Iterator[str]:
    for each in checked:
        yield f"{TITLES[each.part]}: {each.subject}"
        for finding in each.findings:
            yield from _lines(finding)
        yield ""


def _lines(finding: Finding) -> Iterator[str]:
    """State, name, what was seen; below it what orra does."""
    indent = f"  {finding.state.value:<13}  {finding.name:<22}  "
    yield from textwrap.wrap(finding.seen, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent))
    if finding.then:
        hanging = " " * len(indent)
        yield from textwrap.wrap(
            finding.then, WIDTH, initial_indent=f"{hanging}→ ", subsequent_indent=f"{hanging}  "
        )
