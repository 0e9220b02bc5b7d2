"""Whether the model carries out what it must not, as the first plan that needs it would find out."""

from __future__ import annotations

import time

from planengine.drafting.probing import Trust, ask_once, probe
from planengine.evaluation.endpoints.findings import Finding, State
from planengine.planners.protocol import Planner

_HELD = (
    "With LLM_TRUST=probe its plans with side effects need every word of the request accounted for by the names, "
    "descriptions and examples of the services; its reads are served."
)
_TRUSTED = "With LLM_TRUST=probe its plans are believed."
_OPEN = "It is asked before its first plan that leaves words of a request unaccounted for."


def ask_traps(planner: Planner, *, seconds: float) -> Trust:
    """``seconds`` for all of it."""
    return probe(planner, ask_once, deadline=time.monotonic() + seconds)


def judge_trust(trust: Trust | None) -> Finding:
    """``None``: it was not asked."""
    if trust is None:
        return Finding("trust", State.UNKNOWN, "not asked: --traps does", _OPEN)
    told = f"carried out {trust.wrong} of {trust.asked} requests that must not be carried out"
    if not trust.known:
        return Finding(
            "trust", State.UNKNOWN, f"{told}, and did not get further ({trust.failed or 'time'})", _OPEN
        )
    if trust.trusted:
        return Finding("trust", State.OK, told, _TRUSTED)
    examples = "; ".join(f'"{each["action"]}" → {", ".join(each["chose"])}' for each in trust.examples)
    return Finding("trust", State.NOTE, f"{told}: {examples}", _HELD)


def verdict(trust: Trust | None) -> str | None:
    """For programs: ``trusted``, ``held``, or ``None`` where it is not known."""
    if trust is None or not trust.known:
        return None
    return "trusted" if trust.trusted else "held"
