"""What a lookup decides, and what there is to tell about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cache.examples.judgement import Judgement
from cache.examples.votes import Example
from cache.reasons import Guard, Reason
from orra.base.strictjson import Json

# Of its votes, what only learning and who looks for faults want to know.
INTERNAL = frozenset({"numbers", "log_odds"})


@dataclass(frozen=True)
class Refusal:
    """``guard`` is for programs, ``reason`` for people."""

    guard: Guard
    reason: str


@dataclass(frozen=True)
class Candidate:
    """An entry that was looked at, and why it was not served. ``verdict`` is there where only its wording stood
    against it: ``yes`` (then it was served in spite of the refusal), ``no``, ``unclear``, or ``open`` while nobody
    knows."""

    entry_id: str
    template: str
    similarity: float
    refusal: Refusal | None
    verdict: str | None = None

    def as_dict(self) -> dict[str, Json]:
        return {
            "entry_id": self.entry_id,
            "template": self.template,
            "similarity": round(self.similarity, 4),
            "guard": self.refusal.guard if self.refusal else None,
            "reason": self.refusal.reason if self.refusal else None,
            **({"model_check": self.verdict} if self.verdict else {}),
        }


@dataclass(frozen=True)
class Grounds:
    """What a hit by meaning rests on besides its request's template and the rows of just that: it holds while the
    scope has this ``version``, before ``until``, for a template with this ``text`` to embed and these ``words``,
    and on the same ``floor`` and ``scale`` (:class:`cache.policy.Policy`). ``tried`` are the rows up to the one
    that served, each with what it was found by."""

    judgement: Judgement
    tried: tuple[tuple[Any, Example], ...]
    version: str
    until: datetime
    text: str
    words: tuple[str, ...]
    floor: float
    scale: float


@dataclass(frozen=True)
class Decision:
    """``kind`` is ``exact``, ``semantic``, ``example`` or ``miss``; ``plan`` holds the request's own values.
    ``cost`` is what planning the entry had cost, ``candidates`` are the ones looked at, best first. ``judgement``
    is there when examples voted. ``entries`` are the rows of the request's template that a hit rests on, and
    ``grounds`` what one by meaning rests on besides."""

    kind: str
    reason: Reason
    plan: Json = None
    entry_id: str | None = None
    similarity: float | None = None
    cost: Mapping[str, Json] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    judgement: Judgement | None = None
    vector: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    entries: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    grounds: Grounds | None = field(default=None, repr=False, compare=False)
    milliseconds: float = 0.0
    embedding_milliseconds: float = 0.0

    @property
    def hit(self) -> bool:
        return self.kind != "miss"

    @property
    def guard(self) -> str:
        """What refused the best candidate: the would-be hit, had similarity decided. Empty when nothing did."""
        return next((seen.refusal.guard for seen in self.candidates if seen.refusal), "")

    @property
    def risk(self) -> float | None:
        """The predicted risk of what the votes proposed."""
        return None if self.judgement is None else self.judgement.risk

    def as_dict(self) -> dict[str, Json]:
        """What a Plan shows of it."""
        return {
            "decision": self.kind,
            "entry_id": self.entry_id,
            "similarity": None if self.similarity is None else round(self.similarity, 4),
            "reason": self.reason,
            "votes": None if self.judgement is None else self.judgement.as_dict(),
            "guards": [candidate.as_dict() for candidate in self.candidates if candidate.refusal],
        }


def told(stored: Json) -> Json:
    """A decision as a Plan stored it, without what is internal. One of before there were votes has none."""
    if not isinstance(stored, dict):
        return stored
    votes = stored.get("votes")
    if isinstance(votes, dict):
        votes = {name: value for name, value in votes.items() if name not in INTERNAL}
    return {**stored, "votes": votes}
