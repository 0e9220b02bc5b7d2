"""Which services a prompt holds when there are too many for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.catalogues.large_catalogue import LEAST_FOUND, Shown, cases, catalogue, found_share
from planengine.catalogue.specs import Catalogue
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.focus import MAX_SHOWN, Focused
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.planners.relevance import Floats
from tests.planengine.shop import TEXT, a_service


class NoEmbedder:
    """Meaning is not to be had: words have to do."""

    name = "none"

    def embed(self, texts: Sequence[str]) -> Floats:
        raise EmbeddingUnavailable("none")


class Counting:
    """Every text lies elsewhere; counts the texts it is asked for."""

    name = "counting"

    def __init__(self) -> None:
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Floats:
        self.texts += len(texts)
        vectors = np.stack([np.random.default_rng(abs(hash(text)) % 2**32).normal(size=16) for text in texts])
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


LARGE = catalogue(500)
REFUND = Job("Refund order ORD-17 and archive contract CO-5", {"order_id": "ORD-17", "contract_id": "CO-5"}, LARGE)


def test_of_500_services_the_needed_ones_are_shown() -> None:
    focused = Focused(Shown(), get_embedder(), context_tokens=32_768)
    asked = cases(LARGE)
    share, lacking = found_share(focused, asked)
    assert len(LARGE) == 500 and len(asked) >= 200
    assert share >= LEAST_FOUND
    assert len(lacking) <= (1 - LEAST_FOUND) * len(asked), [case.job.action for case in lacking]


def test_what_a_service_needs_comes_with_it_even_without_meaning() -> None:
    shown = Focused(Shown(), NoEmbedder(), context_tokens=32_768).shown(REFUND)
    assert {"refund_payment", "find_order", "archive_contract"} <= set(shown.names)
    assert len(shown) <= MAX_SHOWN


@pytest.mark.parametrize("tokens", [4_096, 32_768])
def test_no_service_is_shown_without_what_could_give_its_inputs(tokens: int) -> None:
    shown = Focused(Shown(), NoEmbedder(), context_tokens=tokens).shown(REFUND)
    given = {*REFUND.params, *(output for spec in shown for output in spec.output_fields)}
    givable = {output for spec in LARGE for output in spec.output_fields}
    for spec in shown:
        assert set(spec.required_inputs) & givable <= given, spec.name


def test_a_small_catalogue_is_shown_whole() -> None:
    small = catalogue(MAX_SHOWN)
    embedder = Counting()
    assert Focused(Shown(), embedder, context_tokens=32_768).shown(replace(REFUND, catalogue=small)) is small
    assert embedder.texts == 0


@pytest.mark.parametrize("tokens", [4_096, 8_192, 32_768, 131_072])
def test_the_prompt_takes_at_most_half_of_the_context(tokens: int) -> None:
    job = replace(REFUND, catalogue=Focused(Shown(), NoEmbedder(), context_tokens=tokens).shown(REFUND))
    (message,) = build_messages(job, feedback=None)
    assert len(message["content"]) <= tokens * 4 / 2
    assert len(job.catalogue) >= 3


def test_a_service_that_is_longer_than_the_context_does_not_hide_the_others() -> None:
    long = replace(a_service("refund_payment_long", {"order_id": TEXT}, {}), description="Refund order. " * 3_000)
    job = replace(REFUND, catalogue=Catalogue([long, *LARGE]))
    shown = Focused(Shown(), NoEmbedder(), context_tokens=8_192).shown(job)
    assert "refund_payment_long" not in shown.names and "refund_payment" in shown.names


@pytest.mark.parametrize("services", [Catalogue([]), Catalogue(list(LARGE)[:1])])
def test_a_request_that_fills_the_context_alone_still_shows_what_there_is(services: Catalogue) -> None:
    job = Job("Refund it. " * 300, {"note": "x" * 20_000}, services)
    assert Focused(Shown(), NoEmbedder(), context_tokens=2_048).shown(job).names == services.names


def test_feedback_keeps_what_it_speaks_of_in_view() -> None:
    focused = Focused(Shown(), NoEmbedder(), context_tokens=32_768)
    told = Feedback(answer='{"service": "price_telescope"}', text="In 'task2', call 'rename_kiosk'.")
    assert {"price_telescope", "rename_kiosk"} <= set(focused.shown(REFUND, feedback=told).names)
    assert "price_telescope" not in focused.shown(REFUND).names


def test_services_are_embedded_once() -> None:
    embedder = Counting()
    focused = Focused(Shown(), embedder, context_tokens=32_768)
    focused.shown(REFUND)
    assert embedder.texts > 500
    embedder.texts = 0
    focused.shown(REFUND)
    assert embedder.texts < 10


def test_the_planner_is_given_what_is_shown_and_the_draft_tells_how_many() -> None:
    seen: list[Catalogue] = []

    class Planner(Shown):
        def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
            seen.append(job.catalogue)
            return Draft(plan=None)

    focused = Focused(Planner(), NoEmbedder(), context_tokens=32_768)
    draft = focused.draft(REFUND, feedback=None, deadline=time.monotonic() + 10)
    assert (focused.source, focused.name) == ("model", "shown")
    assert draft.services_shown == len(seen[0]) == MAX_SHOWN
