"""Hits by meaning that are answered where they arrive: what the view would answer, or left to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from orra.base.strictjson import Json
from planengine.api.hits import answering as hits
from planengine.lifecycle import hits as remembered
from planengine.models import Plan
from tests.api.teaching import REWORDED, teach
from tests.conftest import Api
from tests.orra.test_hits_over_asgi import ask, django, view

__all__ = ["django", "view"]

pytestmark = pytest.mark.django_db(transaction=True)

WORDINGS = (REWORDED, "Refund my order {}", "Kindly refund the order {}", "Please refund our order {}")
NEW = "Please refund this order {}"
CHANGING = ("id", "created_at", "finished_at", "timings_ms")


def body_of(words: str, order: str) -> bytes:
    return json.dumps({"action": words.format(order), "params": {"order_id": order}}).encode()


def told(plan: Json) -> Json:
    return {name: value for name, value in plan.items() if name not in CHANGING}


@pytest.fixture(autouse=True)
def new_wordings() -> Iterator[None]:
    hits.new_wordings.open()
    yield
    asyncio.run(hits.new_wordings.close())


@pytest.fixture
def known(api: Api) -> Api:
    teach(api)
    for words in WORDINGS:
        assert api.plan(words.format("ORD-2"), {"order_id": "ORD-2"})["source"] == "semantic", words
    return api


@pytest.mark.parametrize("words", [REWORDED, NEW], ids=["seen before", "new"])
def test_the_answer_is_the_views(known: Api, view: list[str], words: str) -> None:
    [(status, _, quick)] = ask(known.secret, body_of(words, "ORD-3"))
    assert view == []
    [(_, _, slow)] = ask(known.secret, body_of(words, "ORD-3"), quick=False)

    assert view == ["/v1/plans"]
    assert (status, quick["source"], told(quick)) == (201, "semantic", told(slow))
    assert known.get(f"/v1/plans/{quick['id']}").json() == quick
    assert (quick["timings_ms"]["embedding"] > 0) == (words == NEW)


def test_what_is_no_hit_is_planned(known: Api, view: list[str]) -> None:
    [(status, _, plan)] = ask(known.secret, body_of("Never refund the order {}", "ORD-3"))
    assert (status, plan["source"], view) == (202, None, ["/v1/plans"])


def test_a_change_counts_for_the_very_next_request(known: Api, view: list[str]) -> None:
    known.patch("/v1/project", {"wrong_hit_tolerance": 0})
    found = ask(known.secret, body_of(REWORDED, "ORD-4"), body_of(NEW, "ORD-5"))
    assert [plan["source"] for _, _, plan in found] == [None, None]
    assert len(view) == 2


def test_more_at_once_than_one_thread_embeds_soon_are_left_to_the_view(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "MOST_NEW_WORDINGS", 0)
    [(_, _, plan)] = ask(known.secret, body_of(NEW, "ORD-3"))
    assert (plan["source"], view) == ("semantic", ["/v1/plans"])


def test_a_lookup_that_fails_is_left_to_the_view(
    known: Api, view: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "by_meaning", lambda *_, **__: 1 / 0)
    [(_, _, plan)] = ask(known.secret, body_of(NEW, "ORD-3"))
    assert (plan["source"], view) == ("semantic", ["/v1/plans"])
    assert Plan.objects.filter(pk=plan["id"]).exists()
