"""The cache's decision about a request, in words."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from orra.base.strictjson import Json
from planengine.reuse.advice import advise, risk_in_words

MAX_CANDIDATES = 50
MAX_NAMES = 20

DECISIONS = {
    "exact": "hit, same template",
    "semantic": "hit, same meaning",
    "example": "hit, made by example",
    "miss": "miss",
    "bypass": "bypassed",
    "refresh": "refreshed",
    "replay": "replayed",
}

REASONS = {
    "same_template": "An entry has exactly this template; no search by meaning was needed.",
    "same_flight": "It came while the same was being planned with other values, and has its part in the outcome.",
    "same_meaning": "The nearest examples agree on a plan, clearly enough, and it is valid with these values.",
    "made_by_example": "The nearest examples agree on a plan for other params; it was wired anew for these.",
    "model_check": "Only the wording was against the proposal, and a model was asked: it means the same.",
    "only_exact_templates": "No entry has this template, and the project takes no hits by meaning now.",
    "no_embedding": "No entry has this template, and no embedding was to be had for a search by meaning.",
    "refused": "There was something near, but each of it was refused (see below).",
    "nothing_similar": "No example is as similar as the floor wants.",
    "nothing_cached": "There is no example for this project, embedding model, planner and grounding.",
    "bypass": "The request asked for the cache to be neither read nor written.",
    "refresh": "The request asked to be planned anew; the result replaces the entry.",
    "replay": "An operator or a client had a chosen entry filled with these values.",
}

VERDICTS = {
    "yes": " But a model was asked, and says that both mean the same.",
    "no": " A model was asked, and says that they do not mean the same.",
    "unclear": " A model was asked, and gave no clear answer.",
}

KINDS = {
    "plan": "planned before",
    "refusal": "refused: nothing could be planned",
    "counter": "found wrong",
    "sample": "an example given with the service",
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
class Example:
    """What voted: its template, what it led to, and how it came about."""

    entry_id: str
    template: str
    similarity: str
    services: str
    kind: str
    there: bool


@dataclass(frozen=True)
class Votes:
    """What the nearest examples proposed. Texts are empty where nothing is known."""

    services: str
    examples: str
    nearest: Example | None
    rival: Example | None
    margin: str
    other_services: str
    risk: str
    not_accounted_for: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    decision: str
    reason: str
    similarity: str
    entry_id: str
    entry_there: bool
    votes: Votes | None
    refused: tuple[Candidate, ...]
    what_to_do: tuple[str, ...]


def entries_named(decision: Json) -> set[str]:
    """Ids of the entries that a stored decision speaks of."""
    votes = _member(decision, "votes")
    named = [decision, *_guards(decision), _member(votes, "nearest"), _member(votes, "rival")]
    ids = [_text(each, "entry_id") for each in named]
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
        votes=_votes(_member(decision, "votes"), there),
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
        what_to_do=tuple(advise(decision)),
    )


def _votes(votes: Json, there: Container[str]) -> Votes | None:
    if not isinstance(votes, dict):
        return None
    count, margin = votes.get("examples"), votes.get("margin")
    return Votes(
        services=_names(votes, "services"),
        examples=str(count) if isinstance(count, int) else "",
        nearest=_example(votes.get("nearest"), there),
        rival=_example(votes.get("rival"), there),
        margin=f"{margin:.4f}" if isinstance(margin, int | float) else "",
        other_services=_names(votes, "other_services"),
        risk=risk_in_words(votes),
        not_accounted_for=tuple(_texts(votes, "not_accounted_for")),
    )


def _example(told: Json, there: Container[str]) -> Example | None:
    if not isinstance(told, dict):
        return None
    kind = _text(told, "kind")
    return Example(
        entry_id=_text(told, "entry_id"),
        template=_text(told, "template"),
        similarity=_similarity(told),
        services=_names(told, "services"),
        kind=KINDS.get(kind, kind),
        there=_text(told, "entry_id") in there,
    )


def _guards(decision: Json) -> list[Json]:
    guards = _member(decision, "guards")
    return guards[:MAX_CANDIDATES] if isinstance(guards, list) else []


def _names(member_of: Json, name: str) -> str:
    return ", ".join(dict.fromkeys(_texts(member_of, name)))


def _texts(member_of: Json, name: str) -> list[str]:
    found = _member(member_of, name)
    texts = [text for text in found if isinstance(text, str)] if isinstance(found, list) else []
    return texts[:MAX_NAMES]


def _member(member_of: Json, name: str) -> Json:
    return member_of.get(name) if isinstance(member_of, dict) else None


def _text(member_of: Json, name: str) -> str:
    found = _member(member_of, name)
    return found if isinstance(found, str) else ""


def _similarity(member_of: Json) -> str:
    found = _member(member_of, "similarity")
    return f"{found:.4f}" if isinstance(found, int | float) and not isinstance(found, bool) else ""
