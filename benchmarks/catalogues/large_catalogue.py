"""A catalogue of 500 services, and whether a prompt's share of it holds the ones that a request needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks.measuring import table
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.evaluation.planners.rows import own_catalogue, own_rows
from planengine.planners.focus import Focused
from planengine.planners.protocol import Draft, Feedback, Job

SIZE = 500
CONTEXT_TOKENS = 32_768
MOST_MILLISECONDS = 50
LEAST_FOUND = 0.99

THINGS = """
    contract vehicle patient course warehouse recipe lease grant vacancy petition podcast auction prescription
    manuscript itinerary pallet campaign voucher timesheet playlist survey questionnaire permit subsidy mortgage
    apartment harvest vaccine telescope turbine reservoir passport ballot chapter exhibit fixture greenhouse
    inspection jacket kiosk lantern membership newsletter orchestra proposal quotation
""".split()  # noqa: SIM905


@dataclass(frozen=True)
class Case:
    """``needed``: the services without which the request cannot be planned."""

    job: Job
    needed: frozenset[str]


class Shown:
    """Stands where a model would, to be shown services."""

    source, name, model, address = "model", "shown", "shown", ""

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        return Draft(plan=None)

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


def catalogue(size: int = SIZE) -> Catalogue:
    """The services that come with orra for evaluating models, among many for other things."""
    own = list(own_catalogue())
    others = [spec for thing in THINGS for spec in _services_for(thing)]
    return Catalogue([*own, *_FILES, *others][:size])


def cases(services: Catalogue) -> list[Case]:
    own = [
        Case(Job(row.job.action, row.job.params, services), frozenset(call.service for call in row.expected))
        for row in own_rows()
        if row.expected
    ]
    made = [case for thing in THINGS for case in _cases_for(thing, services)]
    return own + [case for case in made if all(services.get(name) for name in case.needed)]


def found_share(focused: Focused, asked: list[Case]) -> tuple[float, list[Case]]:
    """The share of needed services that are shown, and the cases that lack one."""
    there = needed = 0
    lacking = []
    for case in asked:
        shown = set(focused.shown(case.job).names)
        there += len(case.needed & shown)
        needed += len(case.needed)
        if not case.needed <= shown:
            lacking.append(case)
    return there / needed, lacking


def run() -> None:
    from planengine.embeddings.embedders import get_embedder  # needs Django to be set up

    services = catalogue()
    asked = cases(services)
    table.heading(f"{len(services)} services, {len(asked)} requests, {CONTEXT_TOKENS:,} tokens of context")
    table.line("", "measured", "limit", "")
    embedder = get_embedder()
    focused = Focused(Shown(), embedder, context_tokens=CONTEXT_TOKENS)
    started = time.perf_counter()
    focused.shown(asked[0].job)
    table.line("the first request, which embeds all, s", f"{time.perf_counter() - started:.1f}", "", "")
    share, lacking = found_share(focused, asked)
    complete = 1 - len(lacking) / len(asked)
    table.line("needed services shown", f"{share:.2%}", f"{LEAST_FOUND:.0%}", _at_least(share, LEAST_FOUND))
    table.line(
        "requests with all of them", f"{complete:.2%}", f"{LEAST_FOUND:.0%}", _at_least(complete, LEAST_FOUND)
    )
    table.line("services shown, median", f"{median(len(focused.shown(case.job)) for case in asked):.0f}", "", "")
    taken = list(_milliseconds(focused, asked, new=False))
    wall, p95 = (quantiles(times, n=20)[-1] for times in zip(*taken, strict=True))
    verdict = table.verdict(p95, MOST_MILLISECONDS)
    table.line("choosing, embeddings known, p95 ms of CPU", f"{p95:.1f}", f"{MOST_MILLISECONDS}", verdict)
    table.line("  by the clock, with what else runs here", f"{wall:.1f}", "", "")
    wall, _ = (quantiles(times, n=20)[-1] for times in zip(*_milliseconds(focused, asked, new=True), strict=True))
    table.line("  and with the request's texts to be embedded", f"{wall:.1f}", "", "")
    for context in (16_384, 8_192):
        share, _ = found_share(Focused(Shown(), embedder, context_tokens=context), asked)
        table.line(f"needed services shown in {context:,} tokens", f"{share:.2%}", "", "")


def _milliseconds(focused: Focused, asked: list[Case], *, new: bool) -> Iterator[tuple[float, float]]:
    """By the clock, and of this thread's CPU."""
    for number, case in enumerate(asked):
        job = Job(f"{case.job.action} ({number})", case.job.params, case.job.catalogue) if new else case.job
        started, own = time.perf_counter(), time.thread_time()
        focused.shown(job)
        yield (time.perf_counter() - started) * 1000, (time.thread_time() - own) * 1000


def _at_least(value: float, limit: float) -> str:
    return "ok" if value >= limit else "UNDER"


def _service(name: str, description: str, takes: str, gives: str) -> ServiceSpec:
    def schema(fields: str) -> dict[str, Json]:
        return {
            "type": "object",
            "properties": {field: {"type": "string"} for field in fields.split()},
            "required": fields.split(),
        }

    return ServiceSpec(
        id=f"s_{name}",
        name=name,
        type="service",
        description=description,
        version=1,
        input_schema=schema(takes),
        output_schema=schema(gives),
        revertible=False,
    )


_FILES = (
    _service("print_file", "Print a file on a printer.", "file_id printer", "printed_at"),
    _service("sign_file", "Sign a file electronically on behalf of a person.", "file_id signer", "signature_id"),
)


def _services_for(thing: str) -> list[ServiceSpec]:
    key = f"{thing}_id"
    return [
        _service(f"find_{thing}", f"Look up a {thing}: its owner and its value.", key, f"{thing}_owner value"),
        _service(f"create_{thing}", f"Create a new {thing} with a title for an owner.", "title owner", key),
        _service(f"rename_{thing}", f"Give a {thing} another title.", f"{key} title", "renamed"),
        _service(f"archive_{thing}", f"Archive a {thing} that is not needed any more.", key, "archived"),
        _service(f"export_{thing}", f"Export a {thing} as a file.", f"{key} format", "file_id"),
        _service(
            f"assign_{thing}", f"Assign a {thing} to a person who takes care of it.", f"{key} person", "assigned"
        ),
        _service(
            f"start_{thing}_review", f"Start the review of a {thing}.", f"{key} reviewer", f"{thing}_review_id"
        ),
        _service(
            f"end_{thing}_review",
            f"End the review of a {thing} with a verdict.",
            f"{thing}_review_id verdict",
            "ended",
        ),
        _service(f"count_{thing}s", f"Count the {thing}s of an owner.", "owner", "number_found"),
        _service(f"price_{thing}", f"Work out what a {thing} costs.", key, "price"),
    ]


def _cases_for(thing: str, services: Catalogue) -> Iterator[Case]:
    number = f"{thing[:2].upper()}-{len(thing) * 37}"
    key = {f"{thing}_id": number}

    def case(action: str, params: dict[str, Json], *needed: str) -> Case:
        return Case(Job(action, params, services), frozenset(needed))

    yield case(f"Put {thing} {number} away for good, nobody needs it", key, f"archive_{thing}")
    yield case(
        f"I want {number} on paper from the printer in the hall, as PDF",
        key | {"format": "pdf", "printer": "hall"},
        f"export_{thing}",
        "print_file",
    )
    yield case(
        f"Have Kim look over {thing} {number} and finish that with the verdict 'fine'",
        key | {"reviewer": "Kim", "verdict": "fine"},
        f"start_{thing}_review",
        f"end_{thing}_review",
    )
    yield case(
        f"Set up a {thing} called Aurora for Lee, and let Sam take care of it",
        {"title": "Aurora", "owner": "Lee", "person": "Sam"},
        f"create_{thing}",
        f"assign_{thing}",
    )
