"""Values of params that the text does not say, though a word of it may mean them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.models import Entry
from cache.plans.recipes import RecipeInvalid, read_unsaid
from cache.plans.unsaid import other_values, still_unsaid, unsaid_values
from cache.requests import Scope
from cache.templates.templates import make_template
from orra.base.strictjson import Json
from planengine.models import Project
from tests.cache.by_hand import Cache, Told, guards, stored

pytestmark = pytest.mark.django_db

BOOK = "Book a double room in {}"
WORDS = ("book", "room", "beds", "city")


@pytest.fixture
def cache(project: Project) -> Cache:
    return Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))


@pytest.fixture
def told(cache: Cache) -> Told:
    """What the cache is told of services."""
    assert isinstance(cache.services, Told)
    return cache.services


leaf = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["Bob", "Bob Jones", "A-1"])
held = st.dictionaries(st.sampled_from("abc"), leaf | st.lists(leaf, max_size=2), max_size=3)


def unsaid(action: str, **params: Json) -> dict[str, Json]:
    found = unsaid_values(make_template(action, params), params)
    return {".".join(map(str, path)): value for path, value in found}


class TestUnsaidValues:
    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({"beds": 2}, {"beds": 2}),
            ({"express": False, "limit": None}, {"express": False, "limit": None}),
            ({"patient": "Bob Jones"}, {"patient": "Bob Jones"}),
            ({"état": "très bien", "名": "東京"}, {"état": "très bien", "名": "東京"}),
            ({"order_id": "ORD-17", "mail": "room 12", "to": "ada@example.org"}, {"to": "ada@example.org"}),
            (
                {"on": "2026-12-01", "at": "09:00", "n": "12", "price": "10 €"},
                {"on": "2026-12-01", "at": "09:00", "n": "12", "price": "10 €"},
            ),
            ({"note": "a text of five words or more"}, {}),
            ({"sign": "==", "react": "👍", "none": " "}, {"sign": "==", "react": "👍"}),
            ({"to": ["ORD-1", "ORD-2"]}, {"to": 2}),
            ({"guest": {"first": "Ada", "age": 36}}, {"guest.first": "Ada", "guest.age": 36}),
        ],
    )
    def test_are_what_a_word_may_mean(self, params: dict[str, Json], expected: dict[str, Json]) -> None:
        assert unsaid("Do it for Christmas", **params) == expected

    def test_not_what_the_text_says(self) -> None:
        assert unsaid("Book 2 beds for Ada", beds=2, guest="Ada", nights=3) == {"nights": 3}
        assert unsaid("From Rome to Rome", origin="Rome", city="Rome") == {}

    @given(held)
    def test_a_request_has_no_other_values_than_itself(self, params: dict[str, Json]) -> None:
        template = make_template("Do it", params)
        found = unsaid_values(template, params)
        assert other_values(found, params) == ()
        assert still_unsaid(found, found) == found
        assert read_unsaid([[list(path), value] for path, value in found]) == found

    @given(held, held)
    def test_what_differs_is_what_is_not_still_unsaid(self, one: dict[str, Json], two: dict[str, Json]) -> None:
        first, second = (unsaid_values(make_template("Do it", each), each) for each in (one, two))
        others = {path for path, _ in other_values(second, one)}
        assert {path for path, _ in still_unsaid(second, first)} == {path for path, _ in second} - others

    @pytest.mark.parametrize(
        "stored", [None, {}, [1], [[[], 1]], [[["a"]]], [[["a"], []]], [[[1], 2]], [["a", 1]]]
    )
    def test_what_was_not_written_so_is_not_read(self, stored: Json) -> None:
        with pytest.raises(RecipeInvalid):
            read_unsaid(stored)


class TestServing:
    @pytest.fixture(autouse=True)
    def words(self, told: Told) -> None:
        told.words = WORDS

    def test_a_word_of_the_text_may_mean_the_value_that_is_another(self, cache: Cache) -> None:
        cache.store(BOOK, city="Rome", beds=2)
        decision = cache.find(BOOK, city="Oslo", beds=1)
        assert set(guards(decision)) == {"unsaid"}
        assert "'double' may mean 'beds'" in str(decision.candidates[0].refusal)
        assert cache.find(BOOK, city="Oslo", beds=2).hit

    def test_a_text_without_such_a_word_serves_any_value(self, cache: Cache) -> None:
        cache.store("Please book a room in {}", city="Rome", beds=2)
        assert cache.find("Please book a room in {}", city="Oslo", beds=1).kind == "exact"

    @pytest.mark.parametrize(
        ("action", "planned", "asked"),
        [
            ("Book a room in {} for Friday", {"day": "2026-03-06"}, {"day": "2026-03-09"}),
            ("Book Carol's room in {}", {"guest": "Carol Smith"}, {"guest": "Bob Jones"}),
            ("Book a room with breakfast in {}", {"breakfast": True}, {"breakfast": False}),
            ("Book a room without breakfast in {}", {"meals": None}, {"meals": 1}),
            ("Book a room for both of us in {}", {"ids": ["A-1", "A-2"]}, {"ids": ["A-1"]}),
            ("Забронируй двухместный номер в {}", {"beds": 2}, {"beds": 1}),
            ("在{}订一间双人房", {"beds": 2}, {"beds": 1}),
            ("Book a room in {} 👎", {"react": "👎"}, {"react": "👍"}),
            ("Book 2 rooms in {}", {"beds": 3}, {"beds": 4}),
            ("Book a double room in {}", {"room": {"beds": 2}}, {"room": {"beds": 1}}),
        ],
    )
    def test_of_every_kind(
        self, cache: Cache, told: Told, action: str, planned: dict[str, Any], asked: dict[str, Any]
    ) -> None:
        told.words = (*WORDS, "breakfast")
        cache.store(action, city="Rome", **planned)
        assert not cache.find(action, city="Oslo", **asked).hit
        assert cache.find(action, city="Oslo", **planned).hit

    def test_what_was_planned_with_another_value_varies(self, cache: Cache) -> None:
        cache.store(BOOK, city="Rome", beds=2, nights=3)
        cache.store(BOOK, city="Rome", beds=1, nights=3)
        assert cache.find(BOOK, city="Oslo", beds=4, nights=3).hit
        assert not cache.find(BOOK, city="Oslo", beds=4, nights=5).hit
        cache.store(BOOK, city="Rome", beds=2, nights=3)
        assert cache.find(BOOK, city="Oslo", beds=4, nights=3).hit

    def test_a_damaged_row_tells_nothing_of_what_varies(self, cache: Cache) -> None:
        entry = stored(cache.store(BOOK, city="Rome", beds=2))
        Entry.objects.filter(pk=entry.pk).update(recipe=entry.recipe | {"unsaid": "no list"})
        cache.store(BOOK, city="Rome", beds=1)
        assert not cache.find(BOOK, city="Oslo", beds=2).hit

    def test_nor_does_an_entry_in_other_words_serve_it(self, cache: Cache, told: Told) -> None:
        told.reading = True
        cache.store("Book a room in {}", city="Rome", beds=1)
        assert not cache.find(BOOK, city="Oslo", beds=2).hit
        assert cache.find("Book me a room in {}", city="Oslo", beds=2).hit

    def test_nor_one_of_the_same_value_where_a_word_is_new(self, cache: Cache, told: Told) -> None:
        told.reading = True
        cache.store("Book a double room in {}", city="Rome", beds=2)
        assert not cache.find("Book a single room in {}", city="Oslo", beds=2).hit

    def test_nor_one_whose_text_says_the_value(self, cache: Cache, told: Told) -> None:
        told.reading = True
        cache.store("Book a room with {} beds in {}", beds=1, city="Rome")
        assert not cache.find("Book a double room in {1}", beds=1, city="Oslo").hit

    def test_a_word_that_many_examples_have_means_no_one_value(self, cache: Cache) -> None:
        for number, wording in enumerate(
            ("Book {} a double room", "A double room in {}", "Double room, {}, book")
        ):
            few = cache.find("Please book a double room in {}", city="Oslo", beds=9)
            assert not few.hit
            cache.store(wording, degrees=number, city="Rome", beds=number)
        assert cache.find("Please book a double room in {}", city="Oslo", beds=9).hit

    def test_many_examples_are_enough_for_what_only_reads(self, cache: Cache, told: Told) -> None:
        told.reading, told.able = True, ("refund_payment", "cancel_order")
        for number, wording in enumerate(("Rooms in {}", "Find rooms in {}", "Which rooms has {}")):
            assert not cache.find("Find cosy rooms in {}", city="Oslo", beds=9).hit
            cache.store(wording, degrees=number, city="Rome", beds=number)
        assert cache.find("Find cosy rooms in {}", city="Oslo", beds=9).hit
