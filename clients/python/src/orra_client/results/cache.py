"""What the cache holds, would do and did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orra_client.reading import Json, Result
from orra_client.results.plans import ExecutionPlan


@dataclass(frozen=True)
class Entry(Result):
    """``template`` is the action with its slots as ``{name}``. A refusal has no plan."""

    id: str
    kind: str = "plan"
    template: str = ""
    action: str = ""
    plan: Json = None
    services: Json = None
    reusable: bool = False
    contested: bool = False
    planned_by: Json = None
    hits: int = 0
    pinned: bool = False
    last_used_at: datetime | None = None
    quarantined_at: datetime | None = None
    quarantine_reason: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Evicted(Result):
    evicted: int = 0


@dataclass(frozen=True)
class Explanation(Result):
    """``decision``: ``exact``, ``semantic``, ``example`` or ``miss``; ``what_to_do`` makes of a miss a hit next
    time; ``candidates`` are the entries that were looked at."""

    decision: str = ""
    reason: str = ""
    entry_id: str | None = None
    similarity: float | None = None
    template: str = ""
    floor: float = 0.0
    plan: ExecutionPlan | None = None
    votes: Mapping[str, Json] | None = None
    what_to_do: tuple[str, ...] = ()
    candidates: tuple[Mapping[str, Json], ...] = ()
    grounding: Mapping[str, Json] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CacheStats(Result):
    """``raw`` has more."""

    requests: int = 0
    hits: Mapping[str, int] = field(default_factory=dict)
    hit_rate: float | None = None
    misses: int = 0
    misses_by_reason: Mapping[str, int] = field(default_factory=dict)
    would_be_hits: int = 0
    calls_saved: int = 0
    tokens_saved: int = 0
    entries: int = 0
    quarantined_entries: int = 0
    refusals: int = 0
    counter_examples: int = 0
    observed_wrong_hit_rate: Mapping[str, Json] = field(default_factory=dict)
    reported_wrong_hits: int = 0
    hits_by_meaning: str = ""
