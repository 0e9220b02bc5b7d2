"""What the nearest examples propose, and the numbers about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.examples.votes import COUNTER, NEAREST, REFUSAL, WIDEST, Example, Rivals, Vote, count_votes

FIELDS = "fields of the request"
SKELETONS = ("refund", "cancel", "find")


def example(skeleton: str, similarity: float, *, kind: str = "plan", **facts: Any) -> Example:
    services = () if kind == REFUSAL else (skeleton,)
    found = Example(kind, "" if kind == REFUSAL else skeleton, services, FIELDS, ("the", skeleton), similarity)
    return replace(found, **facts)


def counted(
    *examples: Example,
    words: Collection[str] = ("the",),
    rivals: Rivals | None = None,
    takes: Callable[[Sequence[str]], bool] = lambda services: True,
    scale: float = 1.0,
) -> Vote | None:
    ordered = sorted(examples, key=lambda each: -each.similarity)
    return count_votes(
        ordered,
        fields=FIELDS,
        words=words,
        rivals_of=lambda services: rivals or Rivals(frozenset(SKELETONS)),
        takes=takes,
        scale=scale,
    )


def vote(*examples: Example, **more: Any) -> Vote:
    found = counted(*examples, **more)
    assert found is not None
    return found


SIMILARITIES = st.floats(0, 1, width=32)
EXAMPLES = st.lists(
    st.builds(
        example,
        st.sampled_from(SKELETONS),
        SIMILARITIES,
        kind=st.sampled_from(["plan", "sample", REFUSAL, COUNTER]),
        fields=st.sampled_from([FIELDS, "others"]),
    ),
    max_size=NEAREST - 1,
)


@given(EXAMPLES)
def test_what_is_proposed_has_an_example_that_led_to_it(examples: list[Example]) -> None:
    found = counted(*examples)

    led = {each.skeleton for each in examples if each.kind in ("plan", "sample")}
    assert (found is None) == (not led)
    if found is not None:
        assert found.skeleton in led
        assert all(each.skeleton == found.skeleton for each in found.examples)
        assert all(each.kind in ("plan", "sample") for each in found.examples)
        assert [each.similarity for each in found.examples] == sorted(
            (each.similarity for each in found.examples), reverse=True
        )
        assert found.rival is None or found.rival.kind != "plan" or found.rival.skeleton != found.skeleton


@given(EXAMPLES)
def test_numbers_are_within_their_bounds(examples: list[Example]) -> None:
    found = counted(*examples)
    if found is None:
        return
    numbers = found.numbers
    for name in ("nearest", "nearer", "share", "only", "rival", "new_words", "same_fields"):
        assert 0 <= getattr(numbers, name) <= 1, name
    assert -1 <= numbers.margin <= WIDEST
    assert numbers.examples == pytest.approx(math.log1p(len(found.examples)))
    assert all(map(math.isfinite, numbers.values()))


@given(EXAMPLES, SIMILARITIES, st.sampled_from([REFUSAL, COUNTER]), st.sampled_from(SKELETONS))
def test_what_speaks_against_never_changes_the_proposal_nor_makes_it_clearer(
    examples: list[Example], similarity: float, kind: str, skeleton: str
) -> None:
    before = counted(*examples)
    after = counted(*examples, example(skeleton, similarity, kind=kind))

    assert (before is None) == (after is None)
    if before is None or after is None:
        return
    assert after.skeleton == before.skeleton
    assert after.examples == before.examples
    for name in ("margin", "nearer", "share", "of_fields"):
        assert getattr(after.numbers, name) <= getattr(before.numbers, name), name
    for name in ("nearest", "examples", "new_words", "same_fields", "only", "rival"):
        assert getattr(after.numbers, name) == getattr(before.numbers, name), name


@given(EXAMPLES, SIMILARITIES)
def test_a_counter_example_of_another_skeleton_says_nothing(examples: list[Example], similarity: float) -> None:
    before = counted(*examples)
    if before is not None:
        others = next(name for name in SKELETONS if name != before.skeleton)
        assert counted(*examples, example(others, similarity, kind=COUNTER)) == before


def test_a_counter_example_alone_proposes_nothing() -> None:
    assert counted(example("refund", 1.0, kind=COUNTER)) is None
    assert counted(example("refund", 1.0, kind=REFUSAL)) is None
    assert counted() is None


def test_a_counter_example_of_the_proposal_is_its_rival() -> None:
    found = vote(example("refund", 0.8), example("refund", 0.9, kind=COUNTER))
    assert found.rival is not None and found.rival.kind == COUNTER
    assert found.numbers.margin == pytest.approx(-0.1)
    assert found.numbers.rival == 0, "nothing else is proposed by anybody"


@given(EXAMPLES)
def test_examples_have_no_vote_whose_services_cannot_take_the_params(examples: list[Example]) -> None:
    others = [replace(each, fields="others") for each in examples]

    def takes(services: Sequence[str]) -> bool:
        return "cancel" not in services

    found = counted(*others, takes=takes)
    barred = None if found is None else found.barred
    assert (found and replace(found, barred=None)) == counted(
        *(each for each in others if "cancel" not in each.services), takes=takes
    )
    assert found is None or barred is None or barred.similarity > found.nearest.similarity


def test_the_nearest_that_has_no_vote_is_told() -> None:
    cancel, nearer, refund = (
        example(name, similarity, fields="others")
        for name, similarity in (("cancel", 0.8), ("cancel", 0.9), ("refund", 0.7))
    )

    def takes(services: Sequence[str]) -> bool:
        return "cancel" not in services

    assert vote(cancel, nearer, refund, takes=takes).barred == nearer
    assert vote(cancel, replace(refund, similarity=0.85), takes=takes).barred is None
    assert vote(nearer, refund).barred is None


def test_several_that_are_near_outweigh_one_that_is_a_little_nearer() -> None:
    near = [example("refund", 0.85 + number / 1000) for number in range(4)]
    assert vote(example("cancel", 0.87), *near).skeleton == "refund"
    assert vote(example("cancel", 0.99), *near).skeleton == "cancel"


def test_what_the_catalogue_could_do_besides() -> None:
    refund = example("refund", 0.9)

    alone = vote(refund, rivals=Rivals(frozenset({"refund"})))
    unseen = vote(refund, rivals=Rivals(frozenset({"refund", "cancel", "find"})))
    seen = vote(refund, example("cancel", 0.3), rivals=Rivals(frozenset({"refund", "cancel"})))

    assert (alone.numbers.only, alone.unseen) == (1, ())
    assert (unseen.numbers.only, unseen.unseen) == (0, ("cancel", "find"))
    assert (seen.numbers.only, seen.unseen, seen.numbers.rival) == (0, (), 1)


def test_descriptions_count_by_how_much_nearer_they_are_than_the_best_of_the_others() -> None:
    able = frozenset(SKELETONS)
    refund = example("refund", 0.9)

    near = Rivals(able, {"refund": 0.6, "cancel": 0.5, "find": 0.1})
    far = Rivals(able, {"refund": 0.4, "cancel": 0.5, "find": 0.1})

    assert vote(refund, rivals=near).numbers.described == pytest.approx(0.1)
    assert vote(refund, rivals=far).numbers.described == pytest.approx(-0.1)
    assert vote(refund, rivals=Rivals(able, {})).numbers.described == 0
    assert vote(refund, rivals=Rivals(able, {"refund": 0.1})).numbers.described == WIDEST


def test_distances_of_another_embedding_model_are_brought_to_scale() -> None:
    close = [example("refund", 0.98), example("cancel", 0.96)]
    usual = vote(*close)
    scaled = vote(*close, scale=5.0)
    assert usual.numbers.margin == pytest.approx(0.02)
    assert scaled.numbers.margin == pytest.approx(0.1)
    assert scaled.numbers.nearest == pytest.approx(0.9)


def test_words_that_no_example_of_the_skeleton_has_are_new() -> None:
    found = vote(example("refund", 0.9), example("cancel", 0.8), words=("the", "refund", "cancel", "now"))
    assert found.numbers.new_words == pytest.approx(0.5)
    assert vote(example("refund", 0.9), words=()).numbers.new_words == 0
