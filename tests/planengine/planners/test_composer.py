"""What the composer plans, what it refuses to plan and how it says so, and that it never breaks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.catalogue.field_names import Likeness, compare, stems_of, words_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.embeddings.embedders import get_embedder
from planengine.exceptions import EmbeddingUnavailable
from planengine.planners.composer.composer import Composer
from planengine.planners.protocol import Job
from planengine.planners.relevance import Floats
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


def refusal(composer: Composer, action: str, params: Mapping[str, Json], *services: ServiceSpec) -> str:
    plan, verdict = compose(composer, action, params, Catalogue(services))
    assert verdict.not_actionable is not None, wiring_of(plan)
    return verdict.not_actionable


def wiring_of(plan: Json) -> dict[str, dict[str, str]]:
    services = {task["id"]: task["service"] for task in plan["tasks"][1:]}

    def origin(reference: str) -> str:
        task, _, field = reference.removeprefix("$").partition(".")
        return field if task == "task0" else f"{services[task]}.{field}"

    return {
        task["service"]: {name: origin(reference) for name, reference in task["input"].items()}
        for task in plan["tasks"][1:]
    }


def order_of(plan: Json) -> list[set[str]]:
    services = {task["id"]: task.get("service") for task in plan["tasks"]}
    return [{services[task] for task in group} for group in plan["parallel_groups"]]


# --- the right plan, or none


def judge(case: Case, plan: Json, verdict: Verdict, catalogue: Catalogue) -> None:
    """A refusal is no mistake; another plan is one, unless it is known and only reads."""
    if verdict.not_actionable is not None:
        return
    assert verdict.problems == ()
    assert plan["tasks"][0]["input"] == case.params
    if wiring_of(plan) != case.plan:
        assert case.reads_instead, wiring_of(plan)
        assert all(spec.read_only for name in wiring_of(plan) if (spec := catalogue.get(name)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.domain}: {case.action}")
def test_every_case_is_planned_rightly_or_refused(composer: Composer, case: Case) -> None:
    plan, verdict = compose(composer, case.action, case.params, case.catalogue)
    judge(case, plan, verdict, case.catalogue)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.domain}: {case.action}")
def test_without_vectors_nothing_is_changed_that_should_not_be(case: Case) -> None:
    plan, verdict = compose(Composer(NoEmbedder()), case.action, case.params, case.catalogue)
    if verdict.not_actionable is None and wiring_of(plan) != case.plan:
        assert all(spec.read_only for name in wiring_of(plan) if (spec := case.catalogue.get(name)))


@pytest.mark.parametrize("case", [case for case in CASES if case.plan], ids=lambda case: case.action)
def test_services_of_other_fields_distract_nobody(composer: Composer, case: Case) -> None:
    others = [spec for domain, specs in DOMAINS.items() if domain != case.domain for spec in specs]
    catalogue = Catalogue([*others, *case.catalogue])
    plan, verdict = compose(composer, case.action, case.params, catalogue)
    judge(case, plan, verdict, catalogue)


def test_most_that_can_be_planned_is_planned(composer: Composer) -> None:
    to_plan = [case for case in CASES if case.plan]
    planned = [case for case in to_plan if compose(composer, case.action, case.params, case.catalogue)[1].plan]
    assert len(planned) >= 0.75 * len(to_plan)


# --- which services


def test_no_services_at_all(composer: Composer) -> None:
    assert "No services are registered" in refusal(composer, "Cancel order ORD-17", {"order_id": "ORD-17"})


@pytest.mark.parametrize("action", ["", "   ", "...", "\n", "??"])
def test_an_action_without_words(composer: Composer, action: str) -> None:
    refusal(composer, action, {"order_id": "ORD-17"}, *SHOP)


def test_params_that_no_service_takes_are_the_developers_error(composer: Composer) -> None:
    params = {"query": "a used laptop for college", "budget": "800", "category": "laptop"}
    plan, verdict = compose(composer, "Search for what suits: a used laptop for college", params, Catalogue(SHOP))
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
    action, params = "Find free meeting rooms in Porto", {"city": "Porto", "day": "2030-01-02"}
    plan, verdict = compose(composer, action, params, catalogue)
    assert verdict.problems == ()
    assert wiring_of(plan) == {"find_free_rooms": {"city": "city", "day": "day"}}


def test_of_equals_none_is_chosen_and_both_are_named(composer: Composer) -> None:
    told = refusal(
        composer,
        "Look up the exchange rate",
        {"currency": "CHF"},
        service("get_rate", "Looks up an exchange rate.", "currency", "rate:number"),
        service("getRate", "Looks up an exchange rate.", "currency", "rate:number"),
    )
    assert "nothing tells which" in told and "'get_rate'" in told and "'getRate'" in told


def test_two_services_that_could_give_the_same_are_not_chosen_between(composer: Composer) -> None:
    told = refusal(
        composer,
        "Close the ticket",
        {"title": "Printer"},
        service("close_ticket", "Closes a ticket.", "ticket_id", "closed_at"),
        service("find_ticket_by_title", "Finds a ticket.", "title", "ticket_id"),
        service("find_ticket_by_topic", "Finds a ticket.", "title", "ticket_id"),
    )
    assert "find_ticket_by_title" in told and "find_ticket_by_topic" in told


def test_what_most_services_are_about_tells_none_of_them(composer: Composer) -> None:
    tasks = [
        service("complete_task", "Mark a task as complete.", "item", "ok:boolean"),
        service("fail_task", "Mark a task as failed.", "item", "ok:boolean"),
    ]
    assert wiring_of(compose(composer, "Mark task K9 as complete", {"item": "K9"}, Catalogue(tasks))[0]) == {
        "complete_task": {"item": "item"}
    }
    for action in ("Mark task K9 as ❌", "Task K9", "Mark task K9 as not failed"):
        refusal(composer, action, {"item": "K9"}, *tasks)


# --- what an input is given


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
        annotations={"readOnlyHint": True},
    )
    plan, verdict = compose(composer, "What is the weather in Porto?", {"city": "Porto"}, Catalogue([spec]))
    assert verdict.problems == ()
    assert plan["tasks"][0]["input"] == {"city": "Porto", "unit": "celsius"}
    assert wiring_of(plan) == {"get_weather": {"city": "city", "unit": "unit"}}


def test_an_optional_input_takes_no_param_that_another_service_requires(composer: Composer) -> None:
    catalogue = Catalogue(
        [
            service("find_restaurants", "Finds vegan restaurants in a city.", "city", "names:array"),
            service("get_schedule", "Gets a sports team's next games.", "team", "games:array", optional="city"),
        ]
    )
    action = "Find vegan restaurants in Porto and get the next games of the team Lions"
    plan, _ = compose(composer, action, {"city": "Porto", "team": "Lions"}, catalogue)
    assert wiring_of(plan) == {"find_restaurants": {"city": "city"}, "get_schedule": {"team": "team"}}


def test_a_missing_input_says_what_to_send(composer: Composer) -> None:
    assert refusal(composer, "Refund the payment", {}, *SHOP).endswith("named 'order_id'.")
    told = refusal(composer, "Restock product P-9", {"product_id": "P-9", "quantity": "many"}, *SHOP)
    assert told.endswith("Send a value that fits.")


def test_what_nearly_gives_a_missing_input_is_named(composer: Composer) -> None:
    book = service("book_appointment", "Books an appointment.", "patient_id slot_id", "appointment_id")
    slots = service("find_free_slots", "Finds free slots.", "department", "earliest_slot_id")
    told = refusal(composer, "Book an appointment for patient P-1", {"patient_id": "P-1"}, book, slots)
    assert "'find_free_slots' gives 'earliest_slot_id'" in told and "'slot_id'" in told


def test_who_wants_something_done_is_not_answered_with_a_look(composer: Composer) -> None:
    lift = service(
        "get_lift_status", "Tells whether a ski lift is open and how long one waits.", "lift", "open:boolean"
    )
    close = service("close_lift", "Closes a ski lift for everybody, with the reason.", "lift reason", "closed_at")
    assert refusal(composer, "Close lift Sur", {"lift": "Sur"}, lift, close).endswith("named 'reason'.")
    plan, _ = compose(composer, "Is lift Sur open?", {"lift": "Sur"}, Catalogue([lift, close]))
    assert wiring_of(plan) == {"get_lift_status": {"lift": "lift"}}


def test_a_service_that_is_not_known_to_only_read_is_not_added_unasked(composer: Composer) -> None:
    told = refusal(
        composer,
        "Cancel the order",
        {},
        service("cancel_order", "Cancels an order.", "order_id", "ok:boolean"),
        service("open_order", "Opens an order for a ticket.", "ticket_no", "order_id"),
    )
    assert "'open_order'" in told and "readOnlyHint" in told


def test_services_that_need_each_other_are_a_missing_input_and_no_endless_chain(composer: Composer) -> None:
    told = refusal(
        composer,
        "Get the first part",
        {},
        service("get_first_part", "Gets the first part.", "second_part", "first_part"),
        service("get_second_part", "Gets the second part.", "first_part", "second_part"),
    )
    assert "needs" in told


# --- before a side effect every word is accounted for

CANCEL = service("cancel_appointment", "Cancels an appointment of a patient.", "appointment_id", "ok:boolean")
A_1 = {"appointment_id": "A-1"}


@pytest.mark.parametrize(
    "action",
    [
        "Cancel appointment A-1",
        "Could you please cancel the appointment A-1?",
        "cancel A-1",
        "Cancel the patient's appointment A-1",
    ],
)
def test_what_is_said_in_its_own_words_is_done(composer: Composer, action: str) -> None:
    assert wiring_of(compose(composer, action, A_1, Catalogue([CANCEL]))[0]) == {
        "cancel_appointment": {"appointment_id": "appointment_id"}
    }


@pytest.mark.parametrize(
    ("action", "word"),
    [
        ("Do not cancel appointment A-1", "not"),
        ("Appointment A-1 must not be cancelled", "not"),
        ("Was appointment A-1 cancelled?", "was"),
        ("Cancel all appointments but A-1", "all"),
        ("Cancel appointment A-1 if it rains", "if"),
        ("Undo the cancellation of appointment A-1", "undo"),
        ("Un-cancel appointment A-1", "Un-cancel"),
        ("Cancel the cancellation of appointment A-1", "cancellation"),
        ("Cancel the reminder for appointment A-1", "reminder"),
        ("Cancel appointment A-1 ❌", "❌"),
        ("Cancel appointment A-1 and A-2", "A-2"),
        ("Bitte Termin A-1 nicht absagen, cancel appointment A-1", "nicht"),
        ("No canceles la cita A-1, cancel appointment A-1", "No"),
        ("Ne pas annuler, cancel appointment A-1", "pas"),
    ],
)
def test_a_word_that_nothing_accounts_for_is_told(composer: Composer, action: str, word: str) -> None:
    assert f"'{word.casefold()}'" in refusal(composer, action, A_1, CANCEL).casefold()


@pytest.mark.parametrize(
    ("action", "word"),
    [
        ("Cancel the appointment of Carol", "Carol"),
        ("Cancel the appointment of carol", "carol"),
        ("Cancel the appointment for my wife", "wife"),
        ("Please cancel the appointment of Eve, please", "Eve"),
        ("Den Termin von Carol absagen", "Carol"),
        ("Cancela la cita de Carol", "Carol"),
        ("Annuler le rendez-vous de Carole", "Carole"),
    ],
)
def test_another_name_where_the_value_would_stand_is_told(composer: Composer, action: str, word: str) -> None:
    taught = service(
        "cancel_appointment",
        "Cancels the appointment of a patient.",
        "patient",
        "ok:boolean",
        examples=(
            "Cancel the appointment of {patient}",
            "Den Termin von {patient} absagen",
            "Cancela la cita de {patient}",
            "Annuler le rendez-vous de {patient}",
        ),
    )
    told = refusal(composer, action, {"patient": "Bob Jones"}, taught)
    assert f"'{word}'" in told
    assert "does not say the value of 'patient'" in told and "as the param has it" in told


def test_a_value_that_params_share_is_said_of_each(composer: Composer) -> None:
    visit = service("cancel_visit", "Cancels a visit of a patient and a contact.", "patient contact", "ok:boolean")
    params = {"patient": "Bob Jones", "contact": "Bob Jones"}
    told = refusal(composer, "Cancel the visit of Bob Jones and Carol", params, visit)
    assert "'Carol'" in told and "does not say" not in told


@pytest.mark.parametrize("action", ["Appointment A-1", "The appointment A-1 of the patient, please"])
def test_what_it_is_about_is_no_order(composer: Composer, action: str) -> None:
    patients = service("find_patient", "Looks a patient up.", "patient_id", "name")
    refusal(composer, action, A_1, CANCEL, patients)


def test_what_a_service_does_not_do_is_no_word_for_it(composer: Composer) -> None:
    refusal(composer, "Ship order ORD-17", {"order_id": "ORD-17"}, *SHOP)


def test_an_example_makes_the_next_one_work(composer: Composer) -> None:
    assert "example to 'cancel_appointment'" in refusal(composer, "Call appointment A-1 off", A_1, CANCEL)
    taught = service(
        "cancel_appointment",
        "Cancels an appointment.",
        "appointment_id",
        "ok:boolean",
        examples=("Call appointment {appointment_id} off", "Bitte sagen Sie den Termin {appointment_id} ab"),
    )
    for action in (
        "Call appointment A-1 off",
        "Please call appointment A-1 off",
        "Bitte sagen Sie den Termin A-1 ab",
    ):
        plan, _ = compose(composer, action, A_1, Catalogue([taught]))
        assert wiring_of(plan) == {"cancel_appointment": {"appointment_id": "appointment_id"}}
    refusal(composer, "Bitte sagen Sie den Termin A-1 nicht ab", A_1, taught)


def test_the_word_before_a_value_must_fit_its_name(composer: Composer) -> None:
    archive = service("archive_mail", "Archives mail from a date on.", "from_date", "count:integer")
    day = {"from_date": "2030-01-02"}
    assert compose(composer, "Archive mail from 2030-01-02", day, Catalogue([archive]))[1].plan
    assert "'to " in refusal(composer, "Archive mail up to 2030-01-02", day, archive)


def test_what_a_message_says_is_not_asked_for(composer: Composer) -> None:
    sms = service("send_sms", "Sends a text message to a phone number.", "phone message", "message_id")
    action = "Send a text message to +49 170 123 that we are not open on Monday"
    params = {"phone": "+49 170 123", "message": "We are not open on Monday."}
    assert compose(composer, action, params, Catalogue([sms]))[1].plan


def test_reading_does_no_harm_and_needs_no_account(composer: Composer) -> None:
    weather = service("get_weather", "Gives the weather forecast of a city.", "city", "forecast")
    action = "Will I need an umbrella with the weather forecast of Porto, or would a hat do?"
    assert compose(composer, action, {"city": "Porto"}, Catalogue([weather]))[1].plan


# --- order


def test_independent_tasks_run_side_by_side_and_dependent_ones_after_another(composer: Composer) -> None:
    plan, _ = compose(
        composer, "Refund order ORD-17 and notify the customer", {"order_id": "ORD-17"}, Catalogue(SHOP)
    )
    assert order_of(plan) == [{"get_order"}, {"issue_refund", "get_customer"}, {"notify_customer"}]


DOORS = (
    service("lock_door", "Locks a door.", "door", "ok:boolean"),
    service("arm_alarm", "Arms the alarm of a zone.", "zone", "ok:boolean"),
    service("send_sms", "Sends a text message to a phone number.", "phone message", "message_id"),
)


@pytest.mark.parametrize(
    ("action", "groups"),
    [
        ("Lock the door D-1 and arm the alarm of zone Z-1", [{"lock_door"}, {"arm_alarm"}]),
        ("Arm the alarm of zone Z-1, then lock the door D-1", [{"arm_alarm"}, {"lock_door"}]),
    ],
)
def test_side_effects_keep_the_order_in_which_they_are_stated(
    composer: Composer, action: str, groups: list[set[str]]
) -> None:
    plan, verdict = compose(composer, action, {"door": "D-1", "zone": "Z-1"}, Catalogue(DOORS))
    assert verdict.plan is not None, verdict
    assert order_of(verdict.plan) == groups == order_of(plan)
    assert [task["after"] for task in verdict.plan["tasks"] if "after" in task] in ([["task1"]], [["task2"]])


def test_a_message_comes_after_what_it_announces(composer: Composer) -> None:
    params = {"phone": "+49 170 123", "message": "Locked.", "door": "D-1"}
    action = "Send a text message to +49 170 123 and lock the door D-1"
    plan, _ = compose(composer, action, params, Catalogue(DOORS))
    assert order_of(plan) == [{"lock_door"}, {"send_sms"}]


# --- how it works


def test_the_same_request_is_composed_the_same_way_whatever_the_order_of_services(composer: Composer) -> None:
    for case in CASES[::4]:
        plan, _ = compose(composer, case.action, case.params, case.catalogue)
        turned, _ = compose(composer, case.action, case.params, Catalogue(reversed(tuple(case.catalogue))))
        if plan["tasks"][0]["id"] == turned["tasks"][0]["id"] == "task0":
            assert wiring_of(plan) == wiring_of(turned)


def test_services_are_embedded_once() -> None:
    embedder = CountingEmbedder()
    composer, catalogue = Composer(embedder), Catalogue(SHOP)
    for action in ("Refund order ORD-17", "Cancel order ORD-18"):
        compose(composer, action, {"order_id": action.split()[-1]}, catalogue)
    assert sum("payment" in text and "card" in text for text in embedder.asked) == len(
        {text for text in embedder.asked if "payment" in text and "card" in text}
    )


def test_its_name_tells_the_embedder_and_its_version() -> None:
    assert Composer(CountingEmbedder()).name == "composer:7:letters"


_words = st.sampled_from(
    ["refund", "order", "ORD-17", "and", "then", "not", "the", "{x}", "\ue000", "❌", ",", ".", "和"]
)


@settings(max_examples=150, deadline=None)
@given(
    action=st.one_of(st.text(max_size=60), st.lists(_words, max_size=14).map(" ".join)),
    params=st.dictionaries(
        st.sampled_from(["order_id", "message", "x"]),
        st.one_of(st.text(max_size=12), st.integers(), st.none(), st.lists(st.text(max_size=4), max_size=3)),
        max_size=3,
    ),
)
def test_whatever_is_asked_a_plan_or_a_reason_comes_back(action: str, params: dict[str, Any]) -> None:
    plan, verdict = compose(Composer(CountingEmbedder()), action, params, Catalogue(SHOP))
    assert verdict.plan or verdict.not_actionable or verdict.problems
    assert isinstance(plan["tasks"], list)


@pytest.mark.parametrize(
    "text", ["and " * 3_000, "a, " * 3_000, ". " * 5_000, "'" * 5_000, "x-" * 4_000, "cancel " * 2_000]
)
def test_nasty_texts_take_no_long(text: str) -> None:
    started = time.process_time()
    compose(Composer(CountingEmbedder()), text, {"order_id": "ORD-17"}, Catalogue(SHOP))
    assert time.process_time() - started < 6


@pytest.mark.parametrize(
    ("given_name", "wanted", "likeness"),
    [
        ("orderId", "order_id", Likeness.EXACT),
        ("order", "order_id", Likeness.IDENTIFIER),
        ("customer_email", "email", Likeness.NARROWER),
        ("id", "order_id", Likeness.WIDER),
        ("from_city", "city", None),
        ("email", "phone", None),
    ],
)
def test_names_that_mean_the_same(given_name: str, wanted: str, likeness: Likeness | None) -> None:
    context = stems_of("the order of a customer")
    assert compare(given_name, wanted, given_context=context, wanted_context=context) == likeness


@given(st.text(max_size=40), st.text(max_size=40))
def test_comparing_names_never_breaks_and_a_name_is_like_itself(left: str, right: str) -> None:
    compare(left, right, given_context=(), wanted_context=())
    assert compare(left, left, given_context=(), wanted_context=()) == Likeness.EXACT
    assert isinstance(words_of(left), tuple)


class TestReasons:
    """Why it chose what it chose."""

    def test_each_service_and_the_next_best_set_are_told(self, composer: Composer) -> None:
        planned = 0
        for case in CASES:
            job = Job(case.action, case.params, case.catalogue)
            draft = composer.draft(job, feedback=None, deadline=time.monotonic() + 10)
            if not draft.reasons:
                continue
            planned += 1
            *services, last = draft.reasons.split("\n")
            plan: Json = draft.plan
            called = {task["service"] for task in plan["tasks"] if "service" in task}
            assert {line.partition(":")[0] for line in services} == called
            assert last.startswith(("Next best: ", "No other set"))
        assert planned > len(CASES) / 4

    def test_a_refusal_is_its_own_reason(self, composer: Composer) -> None:
        draft = composer.draft(
            Job("Fly to the moon", {}, Catalogue(SHOP)), feedback=None, deadline=time.monotonic()
        )
        plan: Json = draft.plan
        assert draft.reasons == "" and "error" in plan["tasks"][0]["input"]


@pytest.mark.parametrize(
    ("action", "plain", "params", "description", "schema"),
    [
        ("Ship parcel P3 to us", "Ship parcel P3 to US", {"parcel": "P3"}, "Ship a parcel to US.", {}),
        ("Hand parcel P3 to it", "Hand parcel P3 to IT", {"parcel": "P3"}, "Hand a parcel to IT.", {}),
        ("Διαγραφή parcel P3;", "Διαγραφή parcel P3", {"parcel": "P3"}, "Διαγραφή parcel.", {}),
        ("// Remove parcel P3", "Remove parcel P3", {"parcel": "P3"}, "Remove a parcel.", {}),
        ("Remove parcel P3'", "Remove parcel P3", {"parcel": "P3"}, "Remove a parcel.", {}),
        (
            "Hold parcels with weight < 20",
            "Hold parcels with weight > 20",
            {"weight": 20, "sign": ">"},
            "Hold parcels with weight by a sign.",
            {"sign": {"type": "string", "enum": ["<", ">"]}},
        ),
        (
            "Tag parcel P3 with 🔴",
            "Tag parcel P3 with 🟢",
            {"parcel": "P3", "tag": "🟢"},
            "Tag a parcel.",
            {"tag": {"type": "string", "enum": ["🔴", "🟢"]}},
        ),
        (
            "Limit parcel P3 to 5 Mb",
            "Limit parcel P3 to 5 MB",
            {"parcel": "P3", "size": "5 MB"},
            "Limit a parcel to a size.",
            {},
        ),
    ],
)
def test_a_sign_or_a_case_that_says_something_else_is_not_passed_over(
    composer: Composer, action: str, plain: str, params: dict[str, Json], description: str, schema: dict[str, Json]
) -> None:
    fields = {name: schema.get(name, {"type": "number" if name == "weight" else "string"}) for name in params}
    changing = replace(
        service("change_parcel", description, "", ""),
        input_schema={"type": "object", "properties": fields, "required": list(fields)},
    )
    assert refusal(composer, action, params, changing)
    assert wiring_of(compose(composer, plain, params, Catalogue([changing]))[0])
