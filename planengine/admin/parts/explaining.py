"""The cache's decision about a request, in words."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from orra.base.strictjson import Json

MAX_CANDIDATES = 50

DECISIONS = {
    "exact": "hit, same template",
    "semantic": "hit, same meaning",
    "miss": "miss",
    "bypass": "bypassed",
    "refresh": "refreshed",
    "replay": "replayed",
}

REASONS = {
    "same_template": "An entry has exactly this template; no search by meaning was needed.",
    "same_flight": "It came while the same was being planned with other values, and has its part in the outcome.",
    "same_meaning": "The entry nearest in meaning passed every guard and its plan is valid with these values.",
    "model_check": "A guard objected to an entry's wording alone, and a model was asked: it means the same.",
    "only_exact_templates": "No entry has this template, and the project takes no hits by meaning (threshold 1).",
    "no_embedding": "No entry has this template, and no embedding was to be had for a search by meaning.",
    "refused": "There were similar entries, but a guard objected to each of them (see below).",
    "nothing_similar": "No entry is as similar as the project's threshold wants.",
    "nothing_cached": "The cache holds nothing for this project, embedding model, planner and grounding.",
    "bypass": "The request asked for the cache to be neither read nor written.",
    "refresh": "The request asked to be planned anew; the result replaces the entry.",
    "replay": "An operator or a client had a chosen entry filled with these values.",
}

VERDICTS = {
    "yes": " But a model was asked, and says that both mean the same.",
    "no": " A model was asked, and says that they do not mean the same.",
    "unclear": " A model was asked, and gave no clear answer.",
}


@dataclass(frozen=True)
class Candidate:
    """An entry that was looked at. ``there`` says whether it still exists."""

    entry_id: str
    template: str
    similarity: str
    guard: str
    reason: str
    there: bool


@dataclass(frozen=True)
class Explanation:
    decision: str
    reason: str
    similarity: str
    entry_id: str
    entry_there: bool
    refused: tuple[Candidate, ...]


def entries_named(decision: Json) -> set[str]:
    """Ids of the entries that a stored decision speaks of."""
    ids = [_text(decision, "entry_id"), *(_text(guard, "entry_id") for guard in _guards(decision))]
    return {entry_id for entry_id in ids if entry_id and "\x00" not in entry_id}


def explain(decision: Json, *, there: Container[str]) -> Explanation:
    """A stored decision in words; ``there`` are the entries that still exist. Never raises."""
    kind, reason = _text(decision, "decision"), _text(decision, "reason")
    return Explanation(
        decision=DECISIONS.get(kind, kind),
        reason=REASONS.get(reason, reason),
        similarity=_similarity(decision),
        entry_id=_text(decision, "entry_id"),
        entry_there=_text(decision, "entry_id") in there,
        refused=tuple(
            Candidate(
                entry_id=_text(guard, "entry_id"),
                template=_text(guard, "template"),
                similarity=_similarity(guard),
                guard=_text(guard, "guard"),
                reason=_text(guard, "reason") + VERDICTS.get(_text(guard, "model_check"), ""),
                there=_text(guard, "entry_id") in there,
            )
            for guard in _guards(decision)
        ),
    )


def _guards(decision: Json) -> list[Json]:
    guards = decision.get("guards") if isinstance(decision, dict) else None
    return guards[:MAX_CANDIDATES] if isinstance(guards, list) else []


def _text(member_of: Json, name: str) -> str:
    found = member_of.get(name) if isinstance(member_of, dict) else None
    return found if isinstance(found, str) else ""


def _similarity(member_of: Json) -> str:
    found = member_of.get("similarity") if isinstance(member_of, dict) else None
    return f"{found:.4f}" if isinstance(found, int | float) and not isinstance(found, bool) else ""
