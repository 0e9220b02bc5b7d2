"""200 groundings of 5 use cases each: what finding a request's use case costs."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from benchmarks.measuring import table
from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.embeddings.embedders import get_embedder
from planengine.grounding import registry
from planengine.grounding.matching.lookup import match, prepare
from planengine.grounding.reading import read_grounding
from planengine.models import Project, UseCaseVector

SPECS, USE_CASES, REQUESTS = 200, 5, 500
LIMIT_MS = 20.0

VERBS = ("refund", "cancel", "ship", "book", "renew", "track", "print", "check", "move", "sign")
THINGS = (
    *("order", "parcel", "invoice", "room", "flight", "contract", "licence", "ticket", "account", "policy"),
    *("vehicle", "machine", "sample", "warrant", "permit", "lease", "grant", "shift", "patient", "prescription"),
)
PLACES = ("store", "clinic", "depot", "airport", "office", "factory", "harbour", "library", "court", "farm")
AROUND = ("Please {}", "Could you {} now", "I want you to {}", "{}, thanks", "We need to {} today", "Kindly {}")


def run() -> None:
    project = Project.objects.create(name="groundings")
    patterns = list(_patterns())
    for number in range(SPECS):
        own = patterns[number * USE_CASES : (number + 1) * USE_CASES]
        use_cases: list[Json] = [{"action": action, "capabilities": ["do it"]} for action, _ in own]
        given = {"domain": "measuring", "version": "1", "mode": "strict", "use_cases": use_cases}
        registry.apply(project, read_grounding(f"spec-{number}", given))
    table.heading(f"Use cases: {SPECS} groundings × {USE_CASES}, {REQUESTS} requests")
    started = time.perf_counter()
    prepare(project)
    vectors = UseCaseVector.objects.count()
    table.line(f"embedding {vectors:,} wordings, once", f"{time.perf_counter() - started:.1f} s")
    requests = _requests(patterns)
    match(project, make_template(*requests[0]))  # what a process reads, it has read
    table.line("", "p50", "p95", "most", f"≤ {LIMIT_MS:g} ms")
    with_embedding = [_timed(project, action, params) for action, params in requests[1:]]
    _tell("new wordings, with the embedding of each", with_embedding)
    _tell("templates that were seen", [_timed(project, action, params) for action, params in requests[1:]])
    project.wrong_hit_tolerance = 0.02  # another question, so that nothing that was found counts
    for action, params in requests:
        get_embedder().embed([make_template(action, params).embedding_text])
    _tell(
        "new wordings, without it", [_timed(project, action, params) for action, params in requests[1:]], LIMIT_MS
    )
    if UseCaseVector.objects.count() != vectors:
        raise RuntimeError("Use cases were embedded again.")


def _timed(project: Project, action: str, params: dict[str, Json]) -> float:
    template = make_template(action, params)
    started = time.perf_counter()
    match(project, template)
    return (time.perf_counter() - started) * 1000


def _tell(name: str, measured: list[float], limit: float | None = None) -> None:
    spread = table.Spread.of(measured)
    figures = [f"{value:.2f} ms" for value in (spread.p50, spread.p95, spread.most)]
    table.line(name, *figures, *([] if limit is None else [table.verdict(spread.p95, limit)]))


def _patterns() -> Iterator[tuple[str, str]]:
    """Actions with their variable, all different."""
    made = 0
    for place in PLACES:
        for thing in THINGS:
            for verb in VERBS:
                if made == SPECS * USE_CASES:
                    return
                if (VERBS.index(verb) + THINGS.index(thing)) % 2:
                    made += 1
                    yield f"{verb.capitalize()} {thing} {{{thing}_id}} of the {place}", f"{thing}_id"


def _requests(patterns: list[tuple[str, str]]) -> list[tuple[str, dict[str, Json]]]:
    """Each in other words than any before it."""
    chosen = random.Random(7)
    found: dict[str, tuple[str, dict[str, Json]]] = {}
    while len(found) < REQUESTS + 1:
        pattern, field = chosen.choice(patterns)
        around = chosen.choice(AROUND)
        value = f"ID-{chosen.randrange(10_000)}"
        said = around.format(pattern[0].lower() + pattern[1:]).replace(f"{{{field}}}", value)
        found.setdefault(f"{around} {pattern}", (said, {field: value}))
    return list(found.values())
