"""What the composer plans, what it refuses to plan, and that it never breaks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.clauses import read
from planengine.planners.composer.composer import Composer
from planengine.planners.composer.naming import Likeness, compare, stems_of, words_of
from planengine.planners.protocol import Job
from planengine.planners.relevance import Floats, with_fields_named
from planengine.planners.verbs import act_of_request, act_of_service
from planengine.validation.problems import Verdict
from planengine.validation.rules import validate
from tests.planengine.composed_cases import CASES, DOMAINS, SHOP, Case, service


class NoEmbedder:
    """An embedder whose endpoint is down."""

    name = "down"

    def embed(self, texts: Sequence[str]) -> Floats:
        raise EmbeddingUnavailable("No vectors now.")


class CountingEmbedder:
    """Unit vectors from the letters of a text; remembers what it was asked for."""

    name = "letters"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Floats:
        self.asked.extend(texts)
        counts = np.array([[1 + text.lower().count(letter) for letter in "abcdefghij"] for text in texts])
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(get_embedder())


def compose(
    composer: Composer, action: str, params: Mapping[str, Json], catalogue: Catalogue
) -> tuple[Json, Verdict]:
    draft = composer.draft(Job(action, params, catalogue), feedback=None, deadline=time.monotonic() + 10)
    return draft.plan, validate(draft.plan, catalogue=catalogue, params=params, action=action)


def wiring_of(plan: Json) -> dict[str, dict[str, str]]:
    services = {task["id"]: task["service"] for task in plan["tasks"][1:]}

    def origin(reference: str) -> str:
        task, _, field = reference.removeprefix("$").partition(".")
        return field if task == "task0" else f"{services[task]}.{field}"

    return {
        task["service"]: {name: origin(reference) for name, reference in task["input"].items()}
        for task in plan["tasks"][1:]
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.domain}: {case.action}")
def test_every_case_is_planned_rightly_or_refused_for_the_right_reason(composer: Composer, case: Case) -> None:
    plan, verdict = compose(composer, case.action, case.params, case.catalogue)
    if case.plan is None:
        assert verdict.not_actionable is not None, wiring_of(plan)
        assert case.because in verdict.not_actionable
    else:
        assert verdict.not_actionable is None
        assert verdict.problems == ()
        assert wiring_of(plan) == case.plan
        assert plan["tasks"][0]["input"] == case.params


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.domain}: {case.action}")
def test_without_vectors_no_case_is_planned_wrongly(case: Case) -> None:
    plan, verdict = compose(Composer(NoEmbedder()), case.action, case.params, case.catalogue)
    assert verdict.not_actionable is not None or wiring_of(plan) == case.plan


@pytest.mark.parametrize("case", [case for case in CASES if case.plan], ids=lambda case: case.action)
def test_services_of_other_fields_distract_nobody(composer: Composer, case: Case) -> None:
    others = [spec for domain, specs in DOMAINS.items() if domain != case.domain for spec in specs]
    plan, verdict = compose(composer, case.action, case.params, Catalogue([*others, *case.catalogue]))
    assert verdict.not_actionable is not None or wiring_of(plan) == case.plan


def test_independent_tasks_run_side_by_side_and_dependent_ones_after_another(composer: Composer) -> None:
    plan, _ = compose(
        composer, "Refund order ORD-17 and tell the customer", {"order_id": "ORD-17"}, Catalogue(SHOP)
    )
    services = {task["id"]: task.get("service") for task in plan["tasks"]}
    groups = [{services[task] for task in group} for group in plan["parallel_groups"]]
    assert groups == [{"get_order"}, {"issue_refund", "get_customer"}, {"notify_customer"}]


def test_no_services_at_all(composer: Composer) -> None:
    _, verdict = compose(composer, "Cancel order ORD-17", {"order_id": "ORD-17"}, Catalogue([]))
    assert verdict.not_actionable is not None
    assert "No services are registered" in verdict.not_actionable


@pytest.mark.parametrize("action", ["", "   ", "...", "\n", "??"])
def test_an_action_without_words(composer: Composer, action: str) -> None:
    _, verdict = compose(composer, action, {"order_id": "ORD-17"}, Catalogue(SHOP))
    assert verdict.not_actionable is not None


def test_params_that_no_service_takes_are_the_developers_error(composer: Composer) -> None:
    params = {"query": "a used laptop for college", "budget": "800", "category": "laptop"}
    plan, verdict = compose(composer, "I need a used laptop for college", params, Catalogue(SHOP))
    assert [task.get("service") for task in plan["tasks"]] == [None, "search_products"]
    assert plan["tasks"][0]["input"] == params
    assert [(problem.code, problem.field) for problem in verdict.problems] == [
        ("unused_param", "budget"),
        ("unused_param", "category"),
    ]


def test_of_nearly_equal_services_the_one_that_takes_all_params_is_chosen(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("find_rooms", "Finds meeting rooms.", "city", "rooms:array"),
            service("find_free_rooms", "Finds meeting rooms that are free.", "city day", "rooms:array"),
        ]
    )
    plan, verdict = compose(composer, "Find meeting rooms", {"city": "Porto", "day": "2030-01-02"}, catalogue)
    assert verdict.problems == ()
    assert wiring_of(plan) == {"find_free_rooms": {"city": "city", "day": "day"}}


def test_two_services_that_could_give_the_same_are_not_chosen_between(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("close_ticket", "Closes a ticket.", "ticket_id", "closed_at"),
            service("find_ticket_by_title", "Finds a ticket.", "title", "ticket_id"),
            service("find_ticket_by_topic", "Finds a ticket.", "title", "ticket_id"),
        ]
    )
    _, verdict = compose(composer, "Close the ticket", {"title": "Printer"}, catalogue)
    assert verdict.not_actionable is not None
    assert "find_ticket_by_title" in verdict.not_actionable
    assert "find_ticket_by_topic" in verdict.not_actionable


def test_a_verb_that_says_exactly_what_is_wanted_is_taken_at_its_word(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("download_video", "Downloads a video from a link.", "video_url", "video_file"),
            service("transcribe_speech", "Transcribes speech to text.", "video_file", "transcript"),
        ]
    )
    plan, _ = compose(composer, "Please transcribe the video at the link", {"video_url": "https://x"}, catalogue)
    assert wiring_of(plan) == {
        "download_video": {"video_url": "video_url"},
        "transcribe_speech": {"video_file": "download_video.video_file"},
    }


def test_an_input_with_only_one_value_becomes_a_constant(composer: Composer) -> None:
    unit = {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"const": "celsius"}}}
    spec = ServiceSpec(
        id="s_weather",
        name="get_weather",
        type="service",
        description="Gives the weather of a city.",
        version=1,
        input_schema=unit | {"required": ["city", "unit"]},
        output_schema={"type": "object"},
        revertible=False,
    )
    plan, verdict = compose(composer, "What is the weather in Porto?", {"city": "Porto"}, Catalogue([spec]))
    assert verdict.problems == ()
    assert plan["tasks"][0]["input"] == {"city": "Porto", "unit": "celsius"}
    assert wiring_of(plan) == {"get_weather": {"city": "city", "unit": "unit"}}


def test_of_equals_none_is_chosen(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("get_rate", "Looks up an exchange rate.", "currency", "rate:number"),
            service("getRate", "Looks up an exchange rate.", "currency", "rate:number"),
        ]
    )
    _, verdict = compose(composer, "Look up the exchange rate", {"currency": "CHF"}, catalogue)
    assert verdict.not_actionable is not None
    assert "nothing tells which" in verdict.not_actionable


def test_no_change_that_is_spoken_of_is_left_out(composer: Composer) -> None:
    params = {"order_id": "ORD-17", "message": "Hello!"}
    _, verdict = compose(
        composer, "Customer wants refund for ORD-17, pls handle + inform", params, Catalogue(SHOP)
    )
    assert verdict.plan is None


def test_a_missing_input_says_what_to_send(composer: Composer) -> None:
    _, verdict = compose(composer, "Refund the payment", {}, Catalogue(SHOP))
    assert verdict.not_actionable is not None
    assert verdict.not_actionable.endswith("named 'order_id'.")
    _, verdict = compose(
        composer, "Restock product P-9", {"product_id": "P-9", "quantity": "many"}, Catalogue(SHOP)
    )
    assert verdict.not_actionable is not None
    assert verdict.not_actionable.endswith("Send a value that fits.")


@pytest.mark.parametrize(
    ("text", "params", "named"),
    [
        ("Take Teardrop off Rainy Sunday", {"song": "Teardrop", "list": "Rainy Sunday"}, "Take song off list"),
        ("Track parcel 1Z99", {"trackingNumber": "1Z99"}, "Track parcel tracking number"),
        ("Lock the front and back doors", {"doors": ["front", "back"]}, "Lock the doors and doors doors"),
        ("Show 5 of 50", {"count": 5}, "Show count of 50"),
        ("Cancel it", {"order_id": "ORD-17"}, "Cancel it"),
    ],
)
def test_fields_are_named_in_their_values_places(text: str, params: dict[str, Json], named: str) -> None:
    assert with_fields_named(text, params) == named


@pytest.mark.parametrize(
    ("action", "params", "chosen"),
    [
        ("When was the founding of the Hansa?", {"event": "the Hansa"}, "event_date"),
        ("Where was the founding of the Hansa?", {"event": "the Hansa"}, "event_place"),
    ],
)
def test_the_first_word_of_a_question_tells_what_is_asked_for(
    composer: Composer, action: str, params: dict[str, Json], chosen: str
) -> None:
    catalogue = Catalogue(
        [
            service("event_date", "Looks an event up.", "event", "result"),
            service("event_place", "Looks an event up.", "event", "result"),
        ]
    )
    plan, verdict = compose(composer, action, params, catalogue)
    assert verdict.plan is not None
    assert [task.get("service") for task in plan["tasks"]] == [None, chosen]


def test_services_that_need_each_other_are_a_missing_input_and_no_endless_chain(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("print_label", "Prints a parcel's label.", "parcel_id", "label_id"),
            service("find_parcel", "Finds the parcel of a label.", "label_id", "parcel_id"),
        ]
    )
    _, verdict = compose(composer, "Print the parcel's label", {}, catalogue)
    assert verdict.not_actionable is not None


def test_what_forbids_every_service_is_refused(composer: Composer) -> None:
    catalogue = Catalogue([service("issue_refund", "Refunds an order.", "order_id", "refund_id")])
    action = "Show order ORD-17, but do not refund the order"
    _, verdict = compose(composer, action, {"order_id": "ORD-17"}, catalogue)
    assert verdict.not_actionable is not None and "forbids" in verdict.not_actionable


def test_the_same_request_is_composed_the_same_way_whatever_the_order_of_services(composer: Composer) -> None:
    action, params = "Refund order ORD-17 and tell the customer", {"order_id": "ORD-17"}
    forwards, _ = compose(composer, action, params, Catalogue(SHOP))
    backwards, _ = compose(composer, action, params, Catalogue(reversed(SHOP)))
    assert forwards == backwards


def test_services_are_embedded_once() -> None:
    embedder = CountingEmbedder()
    composer = Composer(embedder)
    for action in ("Cancel order ORD-17", "Refund order ORD-18"):
        compose(composer, action, {"order_id": "ORD-17"}, Catalogue(SHOP))
    described = [text for text in embedder.asked if "Cancels an order" in text]
    assert len(described) == 1


def test_its_name_tells_the_embedder_and_its_version() -> None:
    assert Composer(CountingEmbedder()).name.startswith("composer:")
    assert Composer(CountingEmbedder()).name != Composer(NoEmbedder()).name


STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


@settings(max_examples=200, deadline=None)
@given(
    action=st.text(STORABLE, max_size=200)
    | st.lists(
        st.sampled_from(
            ["refund", "order", "and", "do not", "the", "customer", ",", ".", "if", "'", "tell", "ORD-17"]
        )
    ).map(" ".join),
    params=st.dictionaries(
        st.sampled_from(["order_id", "orderId", "id", "email", "", "$task1.x", "näme"])
        | st.text(STORABLE, max_size=8),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(STORABLE, max_size=30)
        | st.lists(st.text(STORABLE, max_size=5), max_size=3),
        max_size=4,
    ),
)
def test_whatever_is_asked_a_plan_or_a_reason_comes_back(action: str, params: dict[str, Any]) -> None:
    """Params that no service takes, or with values that fit nowhere, are the only reasons for a rejected draft."""
    _, verdict = compose(Composer(CountingEmbedder()), action, params, Catalogue(SHOP))
    allowed = {"unused_param", "type_mismatch", "value_not_accepted"}
    assert {problem.code for problem in verdict.problems} <= allowed


@pytest.mark.parametrize(
    "text",
    ["and " * 2000, "'" * 8000, " " * 8000 + "x", "do not " * 1100, "a, " * 2600, "before " * 1100, "“" * 8000],
)
def test_reading_takes_no_longer_for_nasty_texts(text: str) -> None:
    started = time.process_time()
    read(text, {"a": "x y"})
    assert time.process_time() - started < 6


@pytest.mark.parametrize(
    ("action", "requests", "forbidden"),
    [
        ("Refund order ORD-17 and tell the customer", ["Refund order ORD-17", "tell the customer"], []),
        ("Compute the area and the perimeter of a square", ["Compute the area and the perimeter of a square"], []),
        ("Check the payment before refunding order O-1", ["Check the payment", "refunding order O-1"], []),
        ("Cancel order O-1 without notifying the customer", ["Cancel order O-1"], ["notifying the customer"]),
        ("I don't want you to charge the customer", [], ["charge the customer"]),
        ("Why was my order not shipped?", ["Why was my order not shipped?"], []),
        ('Write "stop, and then go" to the customer', ['Write "stop, and then go" to the customer'], []),
        ("The customer is angry. Refund order O-1. Let him know.", ["Refund order O-1", "Let him know"], []),
    ],
)
def test_an_action_is_read_request_by_request(action: str, requests: list[str], forbidden: list[str]) -> None:
    reading = read(action, {})
    assert [request.text for request in reading.requests] == requests
    assert [request.text for request in reading.forbidden] == forbidden


@pytest.mark.parametrize(
    ("request_text", "name", "description", "suits"),
    [
        ("cancel order 17", "cancel_order", "Cancels an order.", True),
        ("call off order 17", "cancel_order", "Cancels an order.", True),
        ("cancel order 17", "create_order", "Creates an order.", False),
        ("cancel order 17", "get_order", "Looks up an order.", False),
        ("show me order 17", "cancel_order", "Cancels an order.", False),
        ("issue a refund for order 17", "refund_payment", "Pays back a payment.", True),
        ("unlock the account", "lock_account", "Locks an account.", False),
        ("what is the status of the refund", "issue_refund", "Refunds a payment.", False),
        ("switch the bedroom lights off", "lights.turn_off", "Turns off the lights of a room.", True),
        ("switch the bedroom lights off", "lights.turn_on", "Turns on the lights of a room.", False),
        ("take the song off the list", "list.add_song", "Adds a song to a list.", False),
        ("remind me at nine", "reminder.create", "Creates a reminder.", True),
        ("get the new colleague onboarded", "employee.onboard", "Onboards a new hire.", True),
        ("delete some columns", "columns.modify", "This function allows deletion of columns.", True),
        ("is the shop open on Sunday", "shop.opening_hours", "Opening hours of the shop.", True),
        ("text the customer that the shop is closed", "close_ticket", "Closes a ticket.", False),
    ],
)
def test_what_is_asked_for_and_what_is_done_are_of_one_kind(
    request_text: str, name: str, description: str, suits: bool
) -> None:
    assert act_of_request(request_text).suits(act_of_service(name, description)) is suits


@pytest.mark.parametrize(
    ("given_name", "wanted", "around_given", "around_wanted", "likeness"),
    [
        ("orderId", "order_id", "", "", Likeness.EXACT),
        ("ORDER-ID", "order_id", "", "", Likeness.EXACT),
        ("order number", "order_id", "", "", Likeness.IDENTIFIER),
        ("customer_email", "email", "", "notify a customer", Likeness.NARROWER),
        ("birth_date", "date", "", "book a meeting", None),
        ("id", "order_id", "refund the order", "", Likeness.WIDER),
        ("id", "order_id", "refund the payment", "", None),
        ("to_city", "city", "", "from city to city", None),
        ("amount", "order_id", "", "", None),
    ],
)
def test_names_that_mean_the_same(
    given_name: str, wanted: str, around_given: str, around_wanted: str, likeness: Likeness | None
) -> None:
    found = compare(
        given_name, wanted, given_context=stems_of(around_given), wanted_context=stems_of(around_wanted)
    )
    assert found == likeness


@given(st.text(max_size=40), st.text(max_size=40))
def test_comparing_names_never_breaks_and_a_name_is_like_itself(left: str, right: str) -> None:
    compare(left, right, given_context=stems_of(right), wanted_context=stems_of(left))
    assert compare(left, left, given_context=(), wanted_context=()) == Likeness.EXACT
    assert all(words_of(left))
