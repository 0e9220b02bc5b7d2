"""The findings of a check: sentences for an operator, states for a script."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orra.base.strictjson import Json


class State(StrEnum):
    """``NOTE`` works, but differently from what one may expect; ``MISCONFIGURED`` is mended in orra's variables,
    ``FAILS`` elsewhere; ``UNKNOWN`` could not be found out."""

    OK = "ok"
    NOTE = "note"
    UNKNOWN = "unknown"
    FAILS = "fails"
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True)
class Finding:
    """``seen`` is what the server did, ``then`` what orra does about it."""

    name: str
    state: State
    seen: str
    then: str = ""

    def as_dict(self) -> dict[str, Json]:
        return {"name": self.name, "state": self.state.value, "seen": self.seen, "then": self.then}


@dataclass(frozen=True)
class Checked:
    """All that was found of one ``part``: ``planner`` or ``embeddings``. ``facts`` are figures for programs, by
    name; what is not known is ``None``."""

    part: str
    subject: str
    findings: tuple[Finding, ...]
    facts: dict[str, Json]

    def as_dict(self) -> dict[str, Json]:
        return {
            "part": self.part,
            "subject": self.subject,
            "findings": [finding.as_dict() for finding in self.findings],
            "facts": self.facts,
        }


def exit_code(checked: Iterable[Checked]) -> int:
    """0 when all works, 1 when something does not, 2 when it is configured wrongly."""
    states = {finding.state for each in checked for finding in each.findings}
    if State.MISCONFIGURED in states:
        return 2
    return 1 if State.FAILS in states else 0
