"""What the cache is told of a project's services, and the examples that their developers gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cache.plans.skeletons import of_service
from cache.requests import fields_digest
from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.embeddings.embedders import Vectors, get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.relevance import describe
from planengine.reuse.samples import samples_of
from planengine.reuse.services import ProjectServices
from tests.planengine.shop import TEXT, a_service, find_customer, find_order, shop

LAMP = a_service("turn-on", {"room": TEXT}, {}, examples=["Light up the {room}", "Switch the lamp in {room} on"])
FAN = replace(a_service("cool", {"room": TEXT}, {}), annotations={"readOnlyHint": True})
HOUSE = Catalogue([LAMP, FAN])


class Counting:
    """The local embedder, and what it was asked; or one that is out of reach."""

    def __init__(self, *, fails: bool = False, name: str = "counting") -> None:
        self.name, self.dimensions, self.floor = name, get_embedder().dimensions, 0.5
        self.fails, self.texts = fails, list[str]()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.fails:
            raise EmbeddingUnavailable("It is out of reach.")
        self.texts += texts
        return get_embedder().embed(texts)


def services(catalogue: Catalogue, embedder: Counting | None = None, **params: Json) -> ProjectServices:
    return ProjectServices(catalogue, action="Do it", params=params, embedder=embedder or Counting())


def vector(text: str) -> NDArray[np.float32]:
    found: NDArray[np.float32] = get_embedder().embed([text])[0]
    return found


def test_services_take_what_their_inputs_name() -> None:
    assert services(shop, orderId="A-1").take(["find-order"])
    assert services(shop, order_id="A-1").take(["find-order"])
    assert services(shop, orderId="A-1").take(["find-order", "find-customer"])
    assert not services(shop, orderId="A-1").take(["find-customer"])
    assert not services(shop, orderId="A-1", colour="red").take(["find-order"])
    assert not services(shop, orderId="A-1").take(["gone"])


def test_rivals_are_named_with_how_near_their_descriptions_are() -> None:
    rivals = services(HOUSE, room="kitchen").rivals_of(["turn-on"], vector("Light up the room"))

    assert rivals.able == {"turn-on", "cool"}
    assert set(rivals.nearness) == {"turn-on", "cool"}
    said = vector(describe(LAMP)) @ vector("Light up the room")
    assert rivals.nearness["turn-on"] == pytest.approx(float(said), abs=1e-3)


def test_a_service_that_others_can_do_without_is_compared_all_the_same() -> None:
    rivals = services(HOUSE, room="kitchen", colour="red").rivals_of(["turn-on"], vector("Light"))
    assert (rivals.able, set(rivals.nearness)) == (frozenset(), {"turn-on"})


@pytest.mark.parametrize("asked", [vector("Light"), np.ones(3, np.float32)], ids=["out of reach", "other length"])
def test_without_a_comparable_vector_nothing_is_near(asked: NDArray[np.float32]) -> None:
    out_of_reach = len(asked) > 3
    rivals = services(HOUSE, Counting(fails=out_of_reach), room="kitchen").rivals_of(["turn-on"], asked)
    assert rivals.able == {"turn-on", "cool"}
    assert not rivals.nearness


def test_only_what_every_service_says_it_reads_is_only_read() -> None:
    asked = services(HOUSE, room="kitchen")
    assert asked.read_only(["cool"])
    assert not asked.read_only(["turn-on"]), "nothing is said of it"
    assert not asked.read_only(["cool", "turn-on"])
    assert not asked.read_only(["gone"])


def test_services_are_described_by_the_words_of_their_names() -> None:
    assert {"cool", "turn", "on", "room"} <= set(services(HOUSE).described(["cool", "turn-on"]))
    assert not services(HOUSE).described([])


def test_a_plan_is_wired_by_names_where_these_tell_how() -> None:
    catalogue = Catalogue([find_order, find_customer])
    wired = services(catalogue, orderId="A-1").wire(["find-customer", "find-order"])

    assert isinstance(wired, dict)
    inputs = {task["service"]: task["input"] for task in wired["tasks"] if "service" in task}
    order = next(task["id"] for task in wired["tasks"] if task.get("service") == "find-order")
    assert inputs == {
        "find-order": {"orderId": "$task0.orderId"},
        "find-customer": {"customerId": f"${order}.customerId"},
    }
    assert services(catalogue, colour="red").wire(["find-order"]) is None


class TestSamples:
    def test_each_example_is_one_of_its_service_with_its_similarity(self) -> None:
        asked = vector("Light up the {room}")

        found = samples_of(HOUSE, Counting(), asked)

        assert [each.template for each in found] == ["Light up the {room}", "Switch the lamp in {room} on"]
        assert found[0].similarity == pytest.approx(1.0, abs=1e-3)
        assert found[0].similarity > found[1].similarity > 0.3
        for each in found:
            assert (each.kind, each.skeleton) == ("sample", of_service("turn-on").digest)
            assert (each.services, each.entry_id, each.wirable) == (("turn-on",), "", True)
            assert each.fields == fields_digest(make_template("Light up x", {"room": "x"}))
        assert found[0].words == ("light", "up", "the", "{room}")

    def test_they_are_embedded_once_for_a_catalogue(self) -> None:
        embedder, catalogue = Counting(), Catalogue([LAMP])
        for _ in range(3):
            samples_of(catalogue, embedder, vector("Light"))
        assert len(embedder.texts) == 2

    def test_and_anew_for_another_model(self) -> None:
        catalogue = Catalogue([LAMP])
        for name in ("one", "other"):
            embedder = Counting(name=name)
            assert len(samples_of(catalogue, embedder, vector("Light"))) == 2
            assert len(embedder.texts) == 2

    def test_while_they_cannot_be_embedded_there_are_none(self) -> None:
        catalogue = Catalogue([LAMP])
        assert samples_of(catalogue, Counting(fails=True), vector("Light")) == []
        assert len(samples_of(catalogue, Counting(), vector("Light"))) == 2

    def test_vectors_of_another_length_are_not_compared(self) -> None:
        assert samples_of(HOUSE, Counting(), np.ones(3, np.float32)) == []

    def test_without_examples_there_are_none(self) -> None:
        embedder = Counting()
        assert samples_of(Catalogue([FAN]), embedder, vector("Light")) == []
        assert embedder.texts == []
