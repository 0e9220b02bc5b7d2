"""How often a request is taken for the right use case, and a service for the one that does what is named."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measuring import table
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.embeddings.embedders import get_embedder
from planengine.grounding.coverage import cover
from planengine.grounding.reading import read_grounding
from planengine.grounding.registry import Kept
from planengine.grounding.specs import GroundingSpec
from planengine.planners.relevance import relevance_by
from planengine.requests import PlanRequest
from planengine.reuse.trial import try_out

FOLDER = Path(__file__).parent
HALVES = ("the half it was chosen on", "the other half")
VALUES: dict[str, Json] = {
    "order_id": "ORD-1042",
    "size": "XL",
    "patient_id": "P-771",
    "date": "2026-05-04",
    "prescription_id": "RX-9",
    "email": "ana@example.com",
    "amount": 250,
    "account": "ACC-44",
    "iban": "DE02120300000000202051",
    "card_id": "C-8821",
    "customer_id": "CUST-5",
    "version": "2.4.1",
    "application": "billing",
}


def run() -> None:
    table.heading("Which service does what is named, by meaning alone")
    table.line("", "right", "another", "one of none")
    for half, name in enumerate(HALVES):
        counted, asked = _coverage(half)
        figures = (f"{counted[kind]} of {asked}" for kind in ("right", "another", "none"))
        table.line(name, *figures)
    table.heading("Which use case a request is taken for, of 12 with one wording each")
    table.line("", "same: found", "another", "other: taken")
    for half, name in enumerate(HALVES):
        matched = _matching(half)
        same, other = matched["same"], matched["other"]
        table.line(
            name, f"{matched['right']} of {same}", str(matched["another"]), f"{matched['taken']} of {other}"
        )


def _coverage(half: int) -> tuple[Counter[str], int]:
    """Each capability is looked for among all services, and among those without the one that has it."""
    counted: Counter[str] = Counter()
    asked = 0
    relevance = relevance_by(get_embedder())
    for given in list(_read("catalogues").values())[half::2]:
        for capability, service in given["capabilities"].items():
            asked += 1
            found = cover([capability], _catalogue(given["services"]), relevance.by_meaning).of(capability)
            counted["right"] += found.services == {service}
            counted["another"] += bool(found.services - {service})
            others = {name: text for name, text in given["services"].items() if name != service}
            counted["none"] += bool(
                cover([capability], _catalogue(others), relevance.by_meaning).of(capability).doers
            )
    return counted, asked


def _catalogue(services: dict[str, str]) -> Catalogue:
    schema = {"type": "object", "properties": {}}
    return catalogue_from(
        {
            "name": name,
            "type": "service",
            "description": text,
            "input_schema": schema,
            "output_schema": schema,
            "revertible": False,
            "annotations": {},
            "examples": [],
            "capabilities": [],
        }
        for name, text in services.items()
    )


def _matching(half: int) -> Counter[str]:
    use_cases = _read("wordings")["use_cases"]
    specs = [Kept("", spec) for spec in _specs(use_cases)]
    counted: Counter[str] = Counter()
    known = {each["action"] for each in use_cases}
    for use_case in use_cases[half::2]:
        for kind in ("same", "other"):
            for text in use_case[kind]:
                if text in known:
                    continue
                counted[kind] += 1
                found = try_out(specs, _request(text), Catalogue([]))["match"]["use_case"]
                counted["right"] += kind == "same" and found == use_case["action"]
                counted["another"] += kind == "same" and found not in (None, use_case["action"])
                counted["taken"] += kind == "other" and found is not None
    return counted


def _specs(use_cases: list[dict[str, Any]]) -> Iterator[GroundingSpec]:
    for name in dict.fromkeys(each["spec"] for each in use_cases):
        own = [each for each in use_cases if each["spec"] == name]
        given = [{member: each[member] for member in ("action", "intent", "capabilities")} for each in own]
        yield read_grounding(name, {"domain": name, "version": "1", "mode": "strict", "use_cases": given})


def _request(text: str) -> PlanRequest:
    fields = re.findall(r"\{(\w+)\}", text)
    action = re.sub(r"\{(\w+)\}", lambda found: str(VALUES[found[1]]), text)
    return PlanRequest(action, {name: VALUES[name] for name in fields})


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text())
