"""Which use case applies to a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.grounding import registry
from planengine.grounding.matching.lookup import match, prepare, try_match
from planengine.grounding.matching.votes import EXACT, NONE, SAME_MEANING, SAME_WORDS, UNKNOWN, Match
from planengine.grounding.reading import read_grounding
from planengine.grounding.registry import Kept
from planengine.models import Project, UseCaseVector
from tests.planengine.grounding.embedding import Counting, counted, forget

SHOP = ["Refund order {order_id}", "Cancel order {order_id}", "Where is order {order_id}?"]
CLINIC = ["Book an appointment for patient {patient_id} on {date}", "Renew the prescription {prescription_id}"]
ORDER = {"order_id": "ORD-17"}


@pytest.fixture
def embedder() -> Iterator[Counting]:
    with counted() as counting:
        yield counting


@pytest.fixture
def bare(make_project: Callable[..., Project]) -> Project:
    return make_project(services={})


def put(project: Project, name: str, actions: list[Any], *, version: str = "1", mode: str = "strict") -> None:
    use_cases: list[Json] = [each if isinstance(each, dict) else {"action": each} for each in actions]
    given = {"domain": name, "version": version, "mode": mode, "use_cases": use_cases}
    registry.apply(project, read_grounding(name, given))


def found(project: Project, action: str, params: dict[str, Json] | None = None) -> Match:
    return match(project, make_template(action, ORDER if params is None else params))


def label(matched: Match) -> str:
    """Name and version of what applies."""
    return matched.grounded.spec.label if matched.grounded else ""


def use_case(matched: Match) -> str:
    return matched.grounded.use_case.action if matched.grounded else ""


class TestWords:
    def test_the_very_words_need_no_embedding(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        matched = found(bare, "refund order ORD-99.", {"order_id": "ORD-99", "message": "It is on its way"})
        assert (matched.how, use_case(matched), label(matched)) == (EXACT, SHOP[0], "shop 1")
        assert embedder.asked == [] and not UseCaseVector.objects.exists()

    def test_another_wording_of_the_use_case_is_as_good(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", [{"action": SHOP[0], "also": ["I want my money back for {order_id}"]}])
        assert found(bare, "I want my money back for ORD-17").how == EXACT

    def test_words_that_say_nothing_make_no_difference(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        matched = found(bare, "Please refund the order ORD-17, thanks")
        assert (matched.how, use_case(matched)) == (SAME_WORDS, SHOP[0])
        assert matched.similarity is not None and 0.8 < matched.similarity < 1

    def test_a_value_without_a_param_does_not_hide_the_use_case(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", [{"action": "Refund the damaged order", "also": [SHOP[0]]}])
        assert found(bare, "Refund the damaged order", {}).how == EXACT

    @pytest.mark.parametrize(
        ("action", "value"),
        [
            ("Refund order ORD-17", "an id"),
            ("Refund order 17", "a number"),
            ('Refund order "the red one"', "quoted"),
        ],
    )
    @pytest.mark.parametrize("params", [{}, {"order_id": None}, {"note": "none of the text"}])
    def test_a_value_that_no_param_holds_stands_for_a_variable(
        self, bare: Project, embedder: Counting, action: str, value: str, params: dict[str, Json]
    ) -> None:
        """A planner may read it in the text, and its plan is held to the use case all the same."""
        put(bare, "shop", SHOP)
        assert (found(bare, action, params).how, use_case(found(bare, action, params))) == (EXACT, SHOP[0])
        assert embedder.asked == []
        asked = f"Please {action[0].lower()}{action[1:]}, thanks"
        assert (found(bare, asked, params).how, use_case(found(bare, asked, params))) == (SAME_WORDS, SHOP[0])

    @pytest.mark.parametrize(
        ("wording", "action", "how"),
        [
            (SHOP[0], "REFUND ORDER ORD-17", EXACT),
            (SHOP[0], "Refund Order ORD-17", EXACT),
            (SHOP[0], "PLEASE REFUND ORDER ORD-17", SAME_WORDS),
            (SHOP[0], "Please Refund the Order ORD-17", SAME_WORDS),
            ("REFUND ORDER {order_id}", "Please refund order ORD-17", SAME_WORDS),
            ("Ship {order_id} to US", "Ship ORD-17 to us", EXACT),
            ("Ship {order_id}", "Ship ORD-17 to US", NONE),
        ],
    )
    def test_upper_and_lower_case_let_nothing_escape(
        self, bare: Project, embedder: Counting, wording: str, action: str, how: str
    ) -> None:
        put(bare, "shop", [wording])
        assert found(bare, action).how == how

    def test_values_at_each_others_places_are_not_the_very_words(self, bare: Project, embedder: Counting) -> None:
        put(bare, "talks", ["Let {host} interview {guest}"])
        people: dict[str, Json] = {"host": "Ann", "guest": "Bob"}
        assert found(bare, "Let Ann interview Bob", people).how == EXACT
        assert found(bare, "Let Bob interview Ann", people).how == NONE

    @pytest.mark.parametrize(
        "action",
        [
            "Do not refund order ORD-17",
            "Has order ORD-17 been refunded?",
            "Refund order ORD-17 only if it was damaged",
            "Cancel the refund of order ORD-17",
            "Reship order ORD-17",
        ],
    )
    def test_words_that_turn_it_do(self, bare: Project, embedder: Counting, action: str) -> None:
        put(bare, "shop", SHOP[:1])
        matched = found(bare, action)
        assert (matched.how, matched.scope) == (NONE, "")
        assert matched.near[0].wording == SHOP[0] and "accounted for" in matched.near[0].why_not

    def test_other_words_are_accepted_by_the_votes(self, bare: Project, embedder: Counting) -> None:
        also = ["Renew prescription {prescription_id} of the patient", "Extend prescription {prescription_id}"]
        put(bare, "clinic", [{"action": CLINIC[1], "also": also, "intent": "A patient needs more of a medicine."}])
        matched = found(bare, "Extend the medicine of prescription RX-9", {"prescription_id": "RX-9"})
        assert (matched.how, use_case(matched)) == (SAME_MEANING, CLINIC[1])
        assert matched.risk is not None and matched.risk <= 0.03

    def test_a_project_that_tolerates_nothing_takes_the_same_words_only(
        self, make_project: Callable[..., Project], embedder: Counting
    ) -> None:
        bare = make_project(services={}, wrong_hit_tolerance=0.0)
        also = ["Renew prescription {prescription_id} of the patient", "Extend prescription {prescription_id}"]
        put(bare, "clinic", [{"action": CLINIC[1], "also": also, "intent": "A patient needs more of a medicine."}])
        params: dict[str, Json] = {"prescription_id": "RX-9"}
        assert found(bare, "Please extend prescription RX-9", params).how == SAME_WORDS
        assert found(bare, "Extend the medicine of prescription RX-9", params).how == NONE


class TestSeveral:
    """Faults of the original: any grounding made every other action fail, and the first near enough won."""

    def test_two_groundings_do_not_disturb_each_other(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        put(bare, "clinic", CLINIC)
        assert label(found(bare, "Please cancel order ORD-17")) == "shop 1"
        params: dict[str, Json] = {"patient_id": "P-1", "date": "2026-05-04"}
        booked = found(bare, "Book an appointment for the patient P-1 on 2026-05-04", params)
        assert label(booked) == "clinic 1"

    def test_what_none_covers_is_no_error(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        put(bare, "clinic", CLINIC)
        matched = found(bare, "Translate the manual of the teapot into Portuguese", {})
        assert (matched.how, matched.grounded) == (NONE, None)

    @pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
    def test_the_best_wins_whatever_comes_first(
        self, bare: Project, embedder: Counting, names: tuple[str, str]
    ) -> None:
        put(bare, names[0], ["Refund the whole order {order_id}"])
        put(bare, names[1], ["Refund order {order_id}"])
        assert label(found(bare, "Please refund order ORD-17")) == f"{names[1]} 1"

    def test_of_the_same_words_the_stricter_holds(self, bare: Project, embedder: Counting) -> None:
        put(bare, "a", SHOP, mode="advisory")
        put(bare, "b", SHOP, mode="strict")
        assert label(found(bare, "Refund order ORD-17")) == "b 1"
        assert label(found(bare, "Please refund order ORD-17")) == "b 1"

    @pytest.mark.parametrize(
        ("advice", "action", "params"),
        [
            ("Please refund order {order_id}", "Please refund order ORD-17", ORDER),
            ("Please refund order {order_id}", "Please refund order ORD-17, thanks", ORDER),
            ("Refund the order {order_id}", "Refund the order ORD-17", ORDER),
            ("REFUND ORDER {order_id}", "REFUND ORDER ORD-17", ORDER),
            ("Refund order: {order_id}", "Refund order: ORD-17", ORDER),
            ('Refund order "{order_id}"', 'Refund order "ORD-17"', ORDER),
            ("Refund order ORD-17", "Refund order ORD-17", {}),
        ],
    )
    def test_advice_in_the_same_words_does_not_take_away_what_is_strict(
        self, bare: Project, embedder: Counting, advice: str, action: str, params: dict[str, Json]
    ) -> None:
        put(bare, "a", [advice], mode="advisory")
        assert label(found(bare, action, params)) == "a 1"
        put(bare, "b", SHOP)
        matched = found(bare, action, params)
        assert (label(matched), use_case(matched)) == ("b 1", SHOP[0])

    @pytest.mark.parametrize(
        ("advice", "action", "params"),
        [
            ("Refund {amount}", "Refund 20", {"amount": 20}),
            ("Refund order {order_id} to the card", "Refund order ORD-17 to the card", ORDER),
            ("Do not refund order {order_id}", "Do not refund order ORD-17", ORDER),
        ],
    )
    def test_advice_about_something_else_holds(
        self, bare: Project, embedder: Counting, advice: str, action: str, params: dict[str, Json]
    ) -> None:
        put(bare, "a", [advice], mode="advisory")
        put(bare, "b", [*SHOP, "Refund {order_id}"])
        assert label(found(bare, action, params)) == "a 1"

    def test_another_projects_groundings_are_not_seen(
        self, bare: Project, make_project: Callable[..., Project], embedder: Counting
    ) -> None:
        put(make_project("another", services={}), "shop", SHOP)
        assert found(bare, "Refund order ORD-17").how == NONE


class TestCost:
    def test_a_project_without_groundings_pays_nothing(self, bare: Project, embedder: Counting) -> None:
        with CaptureQueriesContext(connection) as queries:
            assert found(bare, "Refund order ORD-17") == Match()
        assert (len(queries), embedder.asked) == (0, [])

    def test_use_cases_are_embedded_once_for_all_processes(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        found(bare, "Please refund order ORD-17")
        assert [*embedder.asked[1:]] == ["Refund order {order_id}", *SHOP[1:]]
        forget()
        embedder.asked.clear()
        found(bare, "Kindly refund order ORD-17")
        found(bare, "Kindly cancel order ORD-17")
        assert embedder.asked == ["Kindly refund order {order_id}", "Kindly cancel order {order_id}"]

    def test_a_template_that_was_seen_costs_nothing(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        found(bare, "Please refund order ORD-17")
        embedder.asked.clear()
        with CaptureQueriesContext(connection) as queries:
            again = found(bare, "Please refund order ORD-18", {"order_id": "ORD-18"})
        assert (label(again), len(queries), embedder.asked) == ("shop 1", 0, [])

    def test_a_new_version_embeds_its_own_wordings_only(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        put(bare, "clinic", CLINIC)
        found(bare, "Please refund order ORD-17")
        embedder.asked.clear()
        put(bare, "shop", [*SHOP, "Reship order {order_id}"], version="2")
        assert label(found(bare, "Please refund order ORD-17")) == "shop 2"
        assert not any("patient" in text for text in embedder.asked)

    def test_they_can_be_embedded_before_anybody_asks(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        prepare(bare)
        embedder.asked.clear()
        found(bare, "Please refund order ORD-17")
        assert embedder.asked == ["Please refund order {order_id}"]


class TestWithoutEmbeddings:
    def test_the_very_words_are_still_found(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        embedder.down = True
        assert found(bare, "Refund order ORD-17").how == EXACT

    def test_what_may_be_strict_is_not_known_and_not_remembered(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        embedder.down = True
        matched = found(bare, "Please refund order ORD-17")
        assert (matched.how, matched.grounded, matched.scope) == (UNKNOWN, None, UNKNOWN)
        embedder.down = False
        assert label(found(bare, "Please refund order ORD-17")) == "shop 1"

    def test_advice_is_done_without(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP, mode="advisory")
        embedder.down = True
        assert found(bare, "Please refund order ORD-17").how == NONE
        bare.grounding_required = True
        assert found(bare, "Please refund order ORD-17").how == UNKNOWN

    def test_vectors_of_another_length_are_made_anew(self, bare: Project, embedder: Counting) -> None:
        put(bare, "shop", SHOP)
        prepare(bare)
        UseCaseVector.objects.filter(use_case=1).update(embedding=[1.0, 0.0])
        forget()
        embedder.asked.clear()
        assert label(found(bare, "Please refund order ORD-17")) == "shop 1"
        assert embedder.asked[1:] == [SHOP[1]]
        [kept] = UseCaseVector.objects.filter(use_case=1)
        assert len(kept.embedding) == embedder.dimensions


@pytest.mark.django_db
def test_trying_uses_kept_vectors_and_keeps_none(bare: Project, embedder: Counting) -> None:
    put(bare, "shop", SHOP)
    put(bare, "clinic", CLINIC)
    prepare(bare)
    stored = UseCaseVector.objects.count()
    held = registry.groundings_of(bare)
    asked = make_template("Please refund the order ORD-17", ORDER)
    for _ in range(2):
        forget()
        embedder.asked.clear()
        assert try_match(held, asked, 0.01) == match(bare, asked)
        assert embedder.asked == [asked.embedding_text] * 2
    unapplied = [Kept("", each.spec) for each in held]
    assert try_match(unapplied, asked, 0.01) == match(bare, asked)
    assert try_match([], asked, 0.01) == Match()
    assert UseCaseVector.objects.count() == stored
