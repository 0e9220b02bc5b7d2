"""A scope's cache with small vectors made by hand, for tests of looking up and storing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from cache import lookup, storage
from cache.decisions import Decision
from cache.examples.judgement import Terms
from cache.examples.votes import Example, Rivals
from cache.models import Entry, EntryVector
from cache.policy import Policy, Services
from cache.requests import Request, Scope
from cache.storage import Source
from orra.base.strictjson import Json

Vector = NDArray[np.float32]
REFUND = "Refund order {}"
PLEASE = "Please refund the order {}"  # the same in other words


def at(degrees: float, dimensions: int = 2) -> Vector:
    """A unit vector; two of them are as similar as the cosine of the angle between them."""
    vector = np.zeros(dimensions, np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def plan_with(constants: Mapping[str, Json], service: str = "refund_payment") -> Json:
    task = {"id": "task1", "service": service, "input": {name: f"$task0.{name}" for name in constants}}
    return {"tasks": [{"id": "task0", "input": dict(constants)}, task], "parallel_groups": [["task1"]]}


@dataclass
class Told:
    """What is told of a project's services. They take anything, and have no side effects unless told so."""

    able: Collection[str] = ()
    nearness: Mapping[str, float] = field(default_factory=dict)
    reading: bool = False
    words: Collection[str] = ()
    given: Sequence[Example] = ()
    wired: Json = None
    unable: Collection[str] = ()

    def take(self, services: Sequence[str]) -> bool:
        return not set(services) & set(self.unable)

    def rivals_of(self, services: Sequence[str], vector: Vector) -> Rivals:
        return Rivals(frozenset(self.able), self.nearness)

    def read_only(self, services: Sequence[str]) -> bool:
        return self.reading

    def described(self, services: Sequence[str]) -> Collection[str]:
        return self.words

    def samples(self, vector: Vector) -> Sequence[Example]:
        return self.given

    def wire(self, services: Sequence[str]) -> Json | None:
        return self.wired


@dataclass
class Cache:
    """With a record of what was embedded."""

    scope: Scope
    vector: Vector = field(default_factory=lambda: at(0))
    embedded: list[str] = field(default_factory=list)
    services: Services = field(default_factory=Told)

    def embed(self, text: str) -> Vector | None:
        self.embedded.append(text)
        return self.vector

    def request(self, action: str, **params: Json) -> Request:
        return Request(self.scope, action.format(*params.values()), params)

    def store(
        self,
        action: str,
        plan: Json = None,
        *,
        degrees: float | None = 0,
        ttl_seconds: int = 60,
        service: str = "refund_payment",
        dependencies: str = "as they are",
        **params: Json,
    ) -> Entry | None:
        return storage.store(
            self.request(action, **params),
            plan_with(params, service) if plan is None else plan,
            vector=None if degrees is None else at(degrees),
            ttl_seconds=ttl_seconds,
            source=Source("model", {service: 1}, dependencies=dependencies),
        )

    def refuse(self, action: str, *, degrees: float = 0, **params: Json) -> Entry | None:
        """A planner refused it."""
        request = self.request(action, **params)
        return storage.keep_refusal(request, vector=at(degrees), ttl_seconds=60, source=Source("model"))

    def find_wrong(
        self, action: str, *, degrees: float | None = 0, service: str = "refund_payment", **params: Json
    ) -> Entry | None:
        """Somebody found that this service's plan is wrong for it."""
        return storage.keep_counter(
            self.request(action, **params),
            plan_with(params, service),
            vector=None if degrees is None else at(degrees),
            source=Source("report"),
        )

    def find(
        self,
        action: str,
        *,
        floor: float = 0.9,
        tolerance: float = 1.0,
        scale: float = 1.0,
        without: Collection[str] = (),
        accept: Callable[[Json], str | None] = lambda plan: None,
        valid: Callable[[Entry], bool] = lambda entry: False,
        verdicts: Callable[[], Mapping[str, str]] | None = None,
        **params: Json,
    ) -> Decision:
        """Without a ``tolerance`` no risk is too high."""
        policy = Policy(
            accept=accept,
            embed=self.embed,
            floor=floor,
            scale=scale,
            valid=valid,
            services=self.services,
            terms=Terms(tolerance=tolerance, without=frozenset(without)),
            verdicts=verdicts,
        )
        return lookup.find(self.request(action, **params), policy)

    def elsewhere(self, **scope: Any) -> Cache:
        """The cache of another scope."""
        return Cache(replace(self.scope, **scope))


def guards(decision: Decision) -> list[str]:
    return [candidate.refusal.guard for candidate in decision.candidates if candidate.refusal]


def stored(entry: Entry | None) -> Entry:
    assert entry is not None
    return entry


def expire(entry: Entry) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Entry.objects.filter(pk=entry.pk).update(expires_at=past)
    EntryVector.objects.filter(pk=entry.pk).update(expires_at=past)
