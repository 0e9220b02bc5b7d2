from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.contest import Contest
from cache.guards import GUARDS, check_guards
from cache.readings import Reading
from cache.templates.templates import Template, make_template
from cache.words import LONGEST_WORD


def refusal(asked: str, cached: str, **params: Any) -> str | None:
    """The guard that refuses, both ways round: which of two requests came first must not matter."""
    one, other = make_template(asked, params), make_template(cached, params)
    found, reverse = check_guards(one, other), check_guards(other, one)
    assert (found is None) == (reverse is None)
    if found is None:
        return None
    assert found.reason.endswith(".")
    return found.guard


@pytest.mark.parametrize(
    ("asked", "cached", "guard"),
    [("email", "sms", "choices"), ("email", "dove", "choices"), ("dove", "owl", None)],
)
def test_a_value_that_may_decide_what_is_done_must_be_the_same(asked: str, cached: str, guard: str | None) -> None:
    def template(channel: str) -> Template:
        return make_template("Tell the guest", {"channel": channel}, discriminating_terms={"email", "sms"})

    found = check_guards(template(asked), template(cached))
    assert (found and found.guard) == guard


@pytest.mark.parametrize(
    ("asked", "cached", "guard"),
    [
        ("Refund the guest for the broken lamp", "Do not refund the guest for the broken lamp", "polarity"),
        ("Mail the guest", "Don't mail the guest", "polarity"),
        ("You can close the room", "You cannot close the room", "polarity"),
        ("Move the stock from cellar to attic", "Move the stock from attic to cellar", "direction"),
        ("Send the list before the meeting", "Send the list after the meeting", "antonym"),
        ("Approve the leave", "Reject the leave", "antonym"),
        ("List the approved requests", "List the rejected requests", "antonym"),
        ("Subscribe ann to it", "Unsubscribe ann from it", "antonym"),
        ("Show the complete forms", "Show the incomplete forms", "antonym"),
        ("Turn the heating on", "Turn the heating off", "antonym"),
        ("Log out the user", "Log in the user", "antonym"),
        ("Show the account of ann", "Delete the account of ann", "effect"),
        ("Please cancel the room", "Please pay the room", "effect"),
        ("Estimate delivery and notify the buyer", "Estimate delivery", "effect"),
        ("Make the bed and water the plants", "Make the bed", "clause"),
        ("Remove all notes", "Remove notes", "scope"),
        ("Remove notes except drafts", "Remove notes", "scope"),
        ("Remove notes unless they are new", "Remove notes if they are new", "scope"),
        ("Bring at most 5 chairs", "Bring at least 5 chairs", "scope"),
        ("Bring 5 kg of rice", "Bring 5 lb of rice", "unit"),
        ("Weigh out $5", "Weigh out €5", "unit"),
        ("Find hotels in Oslo", "Find hotels in Rome", "name"),
        ("Move 3 to shelf 4", "Move to shelf 4 another 3", "literals"),
        ("Refund ORD-5", "Refund INV-5", "literals"),
        ("Remind ann on 2031-05-06", "Remind ann at 5:30 pm", "literals"),
    ],
)
def test_near_misses_are_refused(asked: str, cached: str, guard: str) -> None:
    assert refusal(asked, cached) == guard


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("Please issue a refund for order ORD-123", "Refund order ORD-456"),
        ("Don't mail the guest", "Do not mail the guest"),
        ("Cancel every booking", "Please cancel all bookings"),
        ("Could you move $5 to savings", "I want to move 7 dollars to savings"),
        ("Tell me if the shop is open", "Check whether the shop is open"),
        ("Turn on the heating", "Turn the heating on"),
        ("What's the price of the lamp", "Show the price of the lamp"),
        ("On 2031-05-06 move 3 boxes", "Move 5 boxes on 2031-06-07"),
        ("The weather in Oslo", "Weather in Oslo?"),
    ],
)
def test_paraphrases_pass(asked: str, cached: str) -> None:
    assert refusal(asked, cached) is None


def test_roles_of_params_must_agree() -> None:
    places = {"start": "Oslo", "goal": "Rome"}
    assert refusal("Fly from Oslo to Rome", "Fly to Rome from Oslo", **places) is None
    assert refusal("Fly from Oslo to Rome", "Fly from Rome to Oslo", **places) == "direction"


@pytest.mark.parametrize("cached", [{}, {"id": 1}, {"id": "1", "note": "x"}, {"ID": "1"}])
def test_fields_and_their_types_must_agree(cached: dict[str, Any]) -> None:
    found = check_guards(make_template("Show it", {"id": "1"}), make_template("Show it", cached))
    assert found is not None
    assert found.guard == "fields"


def test_an_ambiguous_value_matches_only_its_like() -> None:
    ambiguous = make_template("Flights of Oslo", {"start": "Oslo", "goal": "Oslo"})
    clear = make_template("Flights of Oslo", {"start": "Oslo", "goal": "Rome"})
    found = check_guards(clear, ambiguous)
    assert found is not None
    assert found.guard == "slots"


def test_words_that_the_plan_holds_must_be_in_the_action() -> None:
    cached = make_template("Play some smooth jazz", {})
    asked = make_template("Play some smooth folk", {})
    found = check_guards(asked, cached, text_constants=("smooth jazz",))
    assert found is not None
    assert found.guard == "text"
    assert check_guards(cached, cached, text_constants=("smooth",)) is None


@pytest.mark.parametrize(
    ("asked", "cached", "guard"),
    [
        ("How do I prune roses?", "How do I prune hydrangeas?", "words"),
        ("How do I fold a shirt?", "How do I fold a paper shirt?", "words"),
        ("Explain tides", "Explain tides in detail", "words"),
        ("Fold the map", "How do I fold the map?", "mood"),
        ("When do I plant leeks?", "Why do I plant leeks?", "words"),
        ("How many eggs go into it?", "How much egg goes into it?", "words"),
        ("Does stress cause acne?", "Does acne cause stress?", "order"),
        ("Is oak harder than pine?", "Is pine harder than oak?", "order"),
        ("Can oil stand in for butter?", "Can butter stand in for oil?", "order"),
    ],
)
def test_questions_that_ask_for_another_thing_are_refused(asked: str, cached: str, guard: str) -> None:
    assert refusal(asked, cached) == guard
    assert refusal(cached, asked) == guard


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("How do I prune roses?", "What is the best way to prune roses?"),
        ("How do I prune roses?", "Hi, could you please show me how to prune roses? Thanks!"),
        ("boiling point of acetone", "What is the boiling point of acetone?"),
        ("What is a tide?", "Explain tides"),
        ("What is the difference between a newt and a frog?", "How do frogs and newts differ?"),
        ("Which is lighter, oak or pine?", "Which is lighter, pine or oak?"),
        ("In Excel, how do I freeze a row?", "How do I freeze a row in Excel?"),
        ("Why do tides turn?", "What is the reason tides turn?"),
        ("How do I sharpen a knife properly?", "how do i sharpn a knife"),
        ("What colour is jade?", "What color is jade?"),
    ],
)
def test_questions_in_other_words_pass(asked: str, cached: str) -> None:
    assert refusal(asked, cached) is None
    assert refusal(cached, asked) is None


def test_words_around_several_params_are_wording_but_what_is_done_is_not() -> None:
    params = {"place": "Oslo", "people": "four"}
    assert (
        refusal("Book a table in Oslo for four", "I need a reservation in Oslo for four people", **params) is None
    )
    assert refusal("Book a table in Oslo for four", "Cancel the table in Oslo for four", **params) == "effect"
    assert (
        refusal("Which boats leave Oslo with four", "Book boats that leave Oslo with four", **params) == "effect"
    )


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_judged_and_passes_itself(asked: str, cached: str) -> None:
    template = make_template(asked, {})
    assert check_guards(template, template) is None
    assert check_guards(template, template, contest=Contest.CONTESTED) is None
    found = check_guards(template, make_template(cached, {}))
    assert found is None or found.guard in dict(GUARDS)


_words = st.lists(
    st.sampled_from(
        [
            "how",
            "do",
            "i",
            "what",
            "is",
            "the",
            "difference",
            "between",
            "paid",
            "cancelled",
            "keep",
            "has",
            "will",
            "get",
            "show",
            "their",
            "and",
            "or",
            "not",
            "show",
            "refund",
            "notify",
            "order",
            "report",
            "in",
            "of",
            "to",
            "from",
            "before",
            "after",
            "all",
            "only",
            "unpaid",
            "paid",
            "5",
            "kg",
            "please",
            "thanks",
            "python",
            "java",
            "better",
            "than",
            ",",
            ".",
            "?",
            "wrte",
            "write",
            "delete",
        ]
    ),
    max_size=14,
).map(" ".join)


@given(_words, _words, st.sampled_from(Contest))
def test_either_may_be_the_cached_one(one: str, other: str, contest: Contest) -> None:
    first, second = make_template(one, {}), make_template(other, {})
    found, reverse = (check_guards(*pair, contest=contest) for pair in ((first, second), (second, first)))
    assert (found is None) == (reverse is None)


@pytest.mark.parametrize("unit", ["not ", "if ", "and x", "5 kg ", "from a to ", "N't ", "at most ", "Ann "])
def test_hostile_text_costs_little(unit: str) -> None:
    template = make_template(unit * (8000 // len(unit)), {})
    started = time.process_time()
    check_guards(template, template)
    assert time.process_time() - started < 3


def refusal_where_contested(asked: str, cached: str, **params: Any) -> str | None:
    one, other = make_template(asked, params), make_template(cached, params)
    found, reverse = (
        check_guards(one, other, contest=Contest.CONTESTED),
        check_guards(other, one, contest=Contest.CONTESTED),
    )
    assert (found is None) == (reverse is None)
    return found.guard if found else None


TRIP = {"place": "Oslo", "time": "noon"}


@pytest.mark.parametrize(
    ("asked", "cached", "params"),
    [
        ("Is there a ferry to Oslo at noon", "Book a ferry to Oslo at noon", TRIP),
        ("Take me to Oslo at noon", "Take a ferry to Oslo at noon", TRIP),
        ("Did I order a cab to Oslo", "Order a cab to Oslo", {"place": "Oslo"}),
        ("Tell me about Oslo", "Tell me about concerts in Oslo", {"place": "Oslo"}),
        ("Stop playing jazz", "Play jazz", {"genre": "jazz"}),
        ("I like jazz", "I would like jazz", {"genre": "jazz"}),
        ("Make it dark in the attic", "The attic is too dark", {"room": "attic"}),
        ("Is the attic on", "What is the attic", {"room": "attic"}),
        ("Letters from Ann", "Letters to Ann", {"who": "Ann"}),
        ("Letters from Ann", "Letters about Ann", {"who": "Ann"}),
        ("Did Ann call me", "Did I call Ann", {"who": "Ann"}),
        ("What happened at noon", "What is happening at noon", {"time": "noon"}),
        ("Get a cup", "Do a cup", {"item": "cup"}),
        ("Play jazz by Ann", "Play Ann jazz", {"genre": "jazz", "who": "Ann"}),
    ],
)
def test_every_word_counts_where_something_else_could_be_done(asked: str, cached: str, params: Any) -> None:
    assert refusal_where_contested(asked, cached, **params) is not None


@pytest.mark.parametrize(
    ("asked", "cached", "params"),
    [
        ("Could you please book a ferry to Oslo for noon?", "Book the ferry to Oslo at noon", TRIP),
        ("Do I have letters from Ann", "Are there any letters from Ann", {"who": "Ann"}),
        ("Check if there is a letter from Ann", "Is there a letter from Ann", {"who": "Ann"}),
        ("Turn the lamps off in the attic", "Switch off the attic lamps", {"room": "attic"}),
        ("I want to hear jazz", "I'd like to hear jazz", {"genre": "jazz"}),
        ("Remind me of Ann", "Set a reminder for Ann", {"who": "Ann"}),
        ("Can you purchase a tent", "Buy a tent, please", {"item": "tent"}),
    ],
)
def test_what_is_known_to_mean_the_same_still_serves(asked: str, cached: str, params: Any) -> None:
    assert refusal_where_contested(asked, cached, **params) is None


def refusal_where_settled(asked: str, cached: str, **params: Any) -> str | None:
    one, other = make_template(asked, params), make_template(cached, params)
    found, reverse = (check_guards(*pair, contest=Contest.SETTLED) for pair in ((one, other), (other, one)))
    assert (found is None) == (reverse is None)
    return found.guard if found else None


FILM = {"film_name": "Tideland", "cinema_name": "Rex"}


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("When is Tideland on at Rex", "Is Tideland on at Rex"),
        ("Show the current seats for Tideland at Rex", "Show the seats for Tideland at Rex"),
        ("Find Tideland at Rex", "What does Rex have of Tideland, find it"),
    ],
)
def test_where_there_is_no_other_plan_what_narrows_is_but_wording(asked: str, cached: str) -> None:
    assert refusal_where_settled(asked, cached, **FILM) is None


@pytest.mark.parametrize(
    ("asked", "cached", "guard"),
    [
        ("Find the seats for Tideland at Rex", "Do not find the seats for Tideland at Rex", "polarity"),
        ("Find the seats for Tideland at Rex", "Cancel the seats for Tideland at Rex", "effect"),
        ("Find the seats for Tideland at Rex", "Find the reviews of Tideland at Rex", "words"),
        ("Find all seats for Tideland at Rex", "Find seats for Tideland at Rex", "scope"),
        ("Find seats for Tideland at Rex and mail them", "Find seats for Tideland at Rex", "clause"),
    ],
)
def test_where_there_is_no_other_plan_it_may_still_not_be_wanted(asked: str, cached: str, guard: str) -> None:
    assert refusal_where_settled(asked, cached, **FILM) is not None


def test_params_that_name_two_sides_of_one_thing_keep_their_places() -> None:
    trip = {"from_city": "Oslo", "to_city": "Rome"}
    assert refusal_where_settled("Fly from Oslo to Rome", "Fly to Oslo from Rome", **trip) is not None
    assert refusal_where_settled("Find Tideland at Rex", "At Rex find Tideland", **FILM) is None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("How do I set cross origin resource sharing in Nginx?", "How do I set CORS in Nginx?"),
        ("what is the diference betwen a newt and a frog", "What is the difference between a newt and a frog?"),
        ("whats the boiling point of acetone", "What is the boiling point of acetone?"),
        ("At noon, what is on in the hall?", "What is on in the hall at noon?"),
    ],
)
def test_slips_and_short_forms_are_read_as_they_were_meant(asked: str, cached: str) -> None:
    assert refusal(asked, cached) is None


def test_letters_that_are_no_initials_in_a_row_are_a_word_of_their_own() -> None:
    assert refusal("How do I set cross sharing of origin resources?", "How do I set CORS?") is not None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("Weather in Oslo", "What is the weather in Oslo"),
        ("Give me a forecast for Oslo", "What's the forecast for Oslo?"),
        ("I need the price of Oslo", "Tell me the price of Oslo"),
    ],
)
def test_a_fact_is_asked_for_by_its_name_where_something_else_could_be_done(asked: str, cached: str) -> None:
    assert refusal_where_contested(asked, cached, city="Oslo") is None
    assert refusal_where_contested("Price alert for Oslo", cached, city="Oslo") is not None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("Is there an alarm at noon?", "Set an alarm at noon"),
        ("Was the alarm at noon on?", "Will the alarm at noon be on?"),
        ("Can the alarm at noon be stopped?", "Is the alarm at noon stopped?"),
        ("Test the alarm of noon, sign it and stop it", "Test the alarm of noon and stop it"),
        ("Move the alarm of noon and mark the alarm as new", "Move the alarm of noon"),
        ("Test the alarm of noon and move it", "Move the alarm of noon"),
        ("Let the owner of noon mend their alarm", "Let noon mend the alarm of their owner"),
        ("Add another alarm at noon", "Add an alarm at noon"),
        ("Can I cancel the alarm at noon?", "Cancel the alarm at noon"),
        ("Can the alarm at noon be cancelled?", "Cancel the alarm at noon"),
        ("I need to know if the alarm at noon moves", "Move the alarm at noon"),
    ],
)
def test_what_is_asked_is_not_done_and_no_step_is_lost(asked: str, cached: str) -> None:
    for refused in (refusal(asked, cached, time="noon"), refusal_where_settled(asked, cached, time="noon")):
        assert refused is not None
    assert refusal_where_contested(asked, cached, time="noon") is not None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("Can the alarm at noon be started?", "Start the alarm at noon"),
        ("Could I hear the alarm of noon?", "Can I hear the alarm of noon, please?"),
        ("Can the alarm at noon be cancelled?", "Could the alarm at noon be cancelled?"),
        ("The alarm at noon has to be cancelled", "Cancel the alarm at noon"),
        ("I bought the alarm for noon", "I have bought the alarm for noon"),
        ("How is bread kept fresh?", "How do I keep bread fresh?"),
        ("What is the quickest way to peel an egg?", "What is the fastest way to peel an egg?"),
        ("How do I expose a k8s service?", "How do I expose a Kubernetes service?"),
        ("Excuse me, may I ask how I peel an egg?", "How do I peel an egg?"),
    ],
)
def test_forms_of_words_and_of_requests_are_wording(asked: str, cached: str) -> None:
    assert refusal(asked, cached, time="noon") is None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("I cancelled the alarm at noon", "Cancel the alarm at noon"),
        ("I already paid Ann at noon", "Pay Ann at noon"),
        ("Booked noon for Ann", "Book noon for Ann"),
        ("Show the booking of Ann at noon", "Book Ann at noon"),
        ("What has Ann ordered at noon", "What will Ann order at noon"),
        ("Did Ann pay at noon", "Ann should pay at noon"),
        ("Show the orders Ann made at noon", "Show the orders Ann will make at noon"),
        ("I want the cancelled alarm at noon", "I want the alarm at noon cancelled"),
        ("Get the invoice of Ann at noon", "Invoice Ann at noon"),
        ("I need the charge for Ann at noon", "Charge Ann at noon"),
        ("Get moved notes for Ann at noon", "Move notes for Ann at noon"),
        ("Keep Ann from working at noon", "Let Ann work at noon"),
        ("Can Ann work at noon", "Can Ann stop work at noon"),
        ("Is Ann seen anywhere but at noon", "Is Ann seen at noon"),
        ("Find meals similar to noon for Ann", "Find meals at noon for Ann"),
    ],
)
def test_what_was_done_or_is_kept_from_being_done_is_not_ordered(asked: str, cached: str) -> None:
    params = {"time": "noon", "person": "Ann"}
    for refused in (refusal, refusal_where_settled, refusal_where_contested):
        assert refused(asked, cached, **params) is not None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("We'd appreciate it if you booked noon for Ann", "Book noon for Ann"),
        ("I want the alarm at noon cancelled", "Cancel the alarm at noon"),
        ("I want a refund for noon to Ann", "Refund noon to Ann"),
        ("Issue the refund for noon to Ann", "Refund noon to Ann"),
    ],
)
def test_what_tells_of_a_deed_in_form_only_is_read_as_it_is_meant(asked: str, cached: str) -> None:
    assert refusal(asked, cached, time="noon", person="Ann") is None


@pytest.mark.parametrize(
    ("asked", "cached"),
    [
        ("Mail Brian the list", "Mail the brain list"),
        ("Find a hostel in Rome", "Find a hotel in Rome"),
        ("How do I sort a list in r?", "How do I sort a list?"),
        ("Is the bar open?", "Is the big air room open?"),
    ],
)
def test_no_word_is_taken_for_another_that_looks_like_it(asked: str, cached: str) -> None:
    assert refusal(asked, cached) is not None


def test_words_of_any_length_are_told_apart() -> None:
    long = "mail" * 1_000
    assert refusal(f"Post {long} to Ann", f"Post {long} to Ann") is None
    assert refusal(f"Post {long}a to Ann", f"Post {long}b to Ann") is not None
    assert refusal(f"{long}a the guest", f"Please {long}b the guest") is not None
    words = Reading(make_template(f"{long} {long}n't", {})).words
    assert max(len(word.text) for word in words) <= LONGEST_WORD


@pytest.mark.parametrize(
    "text", ["Let Ann's boss call their boss", "Show the boss of Ann and their boss", "Ann paid, will Ann pay"]
)
def test_a_text_about_a_param_passes_itself(text: str) -> None:
    template = make_template(text, {"person": "Ann"})
    for contest in Contest:
        assert check_guards(template, template, contest=contest) is None


def test_which_text_is_asked_decides_nothing_where_words_are_joined() -> None:
    pair = ("whether paid whether bar and pays and .", "whether pays and and paid . bar whether")
    assert refusal(*pair) == "order"
