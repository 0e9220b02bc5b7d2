"""A cache of plans by the rules that such caches commonly have. What they get wrong, tests hold beside ours on the
same requests: a test whose data the plain rules survive would prove nothing."""

from __future__ import annotations

import copy
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from orra.base.strictjson import Json
from planengine.embeddings.embedders import get_embedder

Params = Mapping[str, Json]


@dataclass(frozen=True)
class Kept:
    action: str
    params: Params
    plan: Json
    grounded: bool
    expires_at: float
    vector: NDArray[np.float32]


@dataclass
class PlainCache:
    """One vector for the raw text with the fields' names, one threshold, the nearest entry only, values put in
    wherever the old ones stood, grounded or not, and all of it in this object."""

    threshold: float = 0.95
    kept: list[Kept] = field(default_factory=list)

    @staticmethod
    def flight_of(action: str, params: Params) -> Hashable:
        """What requests must have in common to share one planning, and its plan."""
        return (action, *params)

    def store(
        self, action: str, params: Params, plan: Json, *, grounding: str = "", seconds: float = 3600
    ) -> None:
        """Whatever the planner wrote."""
        vector = self._vector(action, params)
        self.kept.append(Kept(action, params, plan, bool(grounding), time.monotonic() + seconds, vector))

    def find(self, action: str, params: Params, *, grounding: str = "") -> Json | None:
        vector = self._vector(action, params)
        candidates = [kept for kept in self.kept if kept.grounded == bool(grounding)]
        nearest = max(candidates, key=lambda kept: float(kept.vector @ vector), default=None)
        if nearest is None or nearest.vector @ vector <= self.threshold or nearest.expires_at <= time.monotonic():
            return None
        return self._with_values(nearest, params)

    def forget_all(self) -> None:
        """Some service changed."""
        self.kept.clear()

    @staticmethod
    def _with_values(kept: Kept, params: Params) -> Json:
        """Raises IndexError when the request has fewer params than the entry."""
        values = list(params.values())
        by_value = {str(value): values[position] for position, value in enumerate(kept.params.values())}
        plan = copy.deepcopy(kept.plan)
        constants = plan["tasks"][0]["input"]
        plan["tasks"][0]["input"] = {name: by_value.get(str(value), value) for name, value in constants.items()}
        return plan

    @staticmethod
    def _vector(action: str, params: Params) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = get_embedder().embed([" ".join([action, *params])])[0]
        return vector
