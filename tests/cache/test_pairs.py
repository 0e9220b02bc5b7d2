"""Pairs of requests of which it is known whether one plan serves both, through the cache's ordinary paths.

``independent.jsonl`` was written without knowledge of the guards, ``own.jsonl`` with it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cache import lookup
from cache.lookup import Decision, Policy, Request, Scope
from cache.templates import Template
from orra.strictjson import Json, canonical
from planengine.catalogue import Catalogue, ServiceSpec
from planengine.embeddings import Embedder, get_embedder
from planengine.models import Project
from planengine.validation import validate

PAIRS = Path(__file__).parent / "pairs"
LEAST_SERVED = 0.8


@dataclass(frozen=True)
class Asked:
    action: str
    params: Mapping[str, Json]

    @property
    def line(self) -> str:
        return f"{self.action!r} {json.dumps(dict(self.params), ensure_ascii=False)}"


@dataclass(frozen=True)
class Pair:
    a: Asked
    b: Asked
    same: bool
    category: str


@dataclass(frozen=True)
class Outcome:
    """``faults`` is what a served plan has wrong: values of the other request, or not this one's."""

    pair: Pair
    decision: Decision
    faults: str

    @property
    def line(self) -> str:
        told = [
            f"{seen.refusal.guard}: {seen.refusal.reason}" for seen in self.decision.candidates if seen.refusal
        ]
        similarity = self.decision.similarity or 0.0
        return (
            f"  [{self.pair.category}] {self.decision.reason} {similarity:.2f} {' '.join(told)} {self.faults}\n"
            f"      {self.pair.a.line}\n      {self.pair.b.line}"
        )


def read_pairs(name: str) -> list[Pair]:
    rows = [json.loads(line) for line in (PAIRS / name).read_text("utf-8").splitlines()]
    return [Pair(Asked(**row["a"]), Asked(**row["b"]), row["same"], row["category"]) for row in rows]


def literal_fields(template: Template) -> dict[str, Json]:
    """The free literals as a planner would put them into task0."""
    return {f"literal_{at}": slot.raw for at, slot in enumerate(template.literals)}


def stand_in_plan(request: Request) -> Json:
    """One task of one service, which takes every param and every free literal."""
    constants = {**request.params, **literal_fields(request.template)}
    task = {"id": "task1", "service": "answer", "input": {field: f"$task0.{field}" for field in constants}}
    return {
        "tasks": [{"id": "task0", "input": constants}, task],
        "parallel_groups": [["task1"]],
    }


def catalogue_for(request: Request) -> Catalogue:
    inputs: dict[str, Json] = dict.fromkeys([*request.params, *literal_fields(request.template)], {})
    return Catalogue(
        [
            ServiceSpec(
                id="answer",
                name="answer",
                type="service",
                description="answers",
                version=1,
                input_schema={"type": "object", "properties": inputs},
                output_schema={"type": "object"},
                revertible=False,
            )
        ]
    )


def faults_of(plan: Json, asked: Request) -> str:
    """What the served plan has wrong. Its task0 must hold this request's params under their own names and its
    literals, and nothing else; its task must take each of them."""
    constants, taken = plan["tasks"][0]["input"], plan["tasks"][1]["input"]
    own = {field: value for field, value in constants.items() if field in asked.params}
    others = [value for field, value in constants.items() if field not in asked.params]
    literals = literal_fields(asked.template).values()
    if canonical(own) != canonical(dict(asked.params)):
        return f"holds the params {own}"
    if sorted(map(canonical, others)) != sorted(map(canonical, literals)):
        return f"holds the literals {others}"
    if sorted(taken.values()) != sorted(f"$task0.{field}" for field in constants):
        return f"takes {taken}"
    return ""


def judge(number: int, pair: Pair, *, project: Project, embedder: Embedder) -> Outcome:
    scope = Scope(project.pk, embedding_model=embedder.name, planner=f"pair {number}")
    planned, asked = (Request(scope, side.action, side.params) for side in (pair.a, pair.b))
    catalogue = catalogue_for(planned)

    def embed(text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = embedder.embed([text])[0]
        return vector

    def objection(plan: Json) -> str | None:
        verdict = validate(plan, catalogue=catalogue, params=asked.params, action=asked.action)
        return None if verdict.plan is not None else "; ".join(problem.message for problem in verdict.problems)

    verdict = validate(stand_in_plan(planned), catalogue=catalogue, params=planned.params, action=planned.action)
    assert verdict.plan is not None, (pair.a, verdict.problems)
    lookup.store(
        planned,
        verdict.plan,
        vector=embed(planned.template.embedding_text),
        ttl_seconds=600,
        services={"answer": 1},
        planned_by="stand-in",
        cost={},
    )
    decision = lookup.find(asked, Policy(accept=objection, embed=embed, floor=embedder.floor))
    return Outcome(pair, decision, faults_of(decision.plan, asked) if decision.hit else "")


def table(outcomes: Sequence[Outcome]) -> str:
    """Per category, and each pair that went wrong or was missed."""
    rows: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        rows[outcome.pair.category].append(outcome)
    lines = [f"{'':24}{'served (same)':>16}{'refused (other)':>18}"]
    for category, of_it in sorted(rows.items()):
        same = [outcome.decision.hit for outcome in of_it if outcome.pair.same]
        other = [not outcome.decision.hit for outcome in of_it if not outcome.pair.same]
        lines.append(
            f"{category:24}{f'{sum(same)} of {len(same)}' if same else '–':>16}"
            f"{f'{sum(other)} of {len(other)}' if other else '–':>18}"
        )
    wrong = [o for o in outcomes if o.decision.hit and (o.faults or not o.pair.same)]
    missed = [o for o in outcomes if o.pair.same and not o.decision.hit]
    lines += ["Served wrongly", *(outcome.line for outcome in wrong)]
    lines += ["Missed", *(outcome.line for outcome in missed)]
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["independent.jsonl", "own.jsonl"])
def test_pairs_that_want_the_same_plan_share_one_and_no_others(name: str, project: Project) -> None:
    pairs = read_pairs(name)
    embedder = get_embedder()
    scope = Scope(project.pk, embedding_model=embedder.name, planner="")
    embedder.embed(
        [Request(scope, side.action, side.params).template.embedding_text for p in pairs for side in (p.a, p.b)]
    )

    outcomes = [judge(at, pair, project=project, embedder=embedder) for at, pair in enumerate(pairs)]

    report = table(outcomes)
    served = [outcome.decision.hit for outcome in outcomes if outcome.pair.same]
    assert not any(outcome.decision.hit for outcome in outcomes if not outcome.pair.same), report
    assert not any(outcome.faults for outcome in outcomes), report
    assert sum(served) >= LEAST_SERVED * len(served), report


def test_there_are_pairs_of_both_sorts_and_every_kind() -> None:
    files: dict[str, list[Any]] = {name: read_pairs(name) for name in ("independent.jsonl", "own.jsonl")}
    every = [pair for pairs in files.values() for pair in pairs]
    assert len(every) >= 400
    assert len(files["independent.jsonl"]) * 2 >= len(every)
    assert len({pair.category for pair in every}) >= 12
