"""Every word accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.examples.accounting import Account, Known, account
from cache.examples.wording import is_slot, words_of, words_of_text
from cache.languages import function_words, turning_words, word_lists
from cache.templates.templates import make_template

CANCEL = "Cancel the appointment {id}"
PARAMS = {"id": "x9", "from": "d1", "to": "d2", "a": "n1", "b": "n2"}


def words(text: str) -> tuple[str, ...]:
    """Of a text in which names of params stand in braces."""
    held = {name: value for name, value in PARAMS.items() if "{" + name + "}" in text}
    return words_of(make_template(text.format_map(held), held))


def told(asked: str, *examples: str, described: str = "") -> Account:
    known = Known(tuple(map(words, examples)), frozenset(described.split()))
    return account(words(asked), known)


# No word of any list, nor the beginning of one.
INVENTED = st.from_regex(r"zq[a-z]{2,9}", fullmatch=True).filter(lambda word: word not in function_words())
TURNING = st.sampled_from(sorted(word for word in turning_words() if len(words_of_text(f"so {word}")) == 2))
NEUTRALS = frozenset().union(*(each.neutral for each in word_lists()))
NEUTRAL = st.sampled_from(sorted(word for word in NEUTRALS if word.isalpha()))


class TestUnknown:
    @given(INVENTED, st.integers(0, 3))
    def test_a_word_that_nothing_has_is_not_accounted_for_wherever_it_stands(self, word: str, at: int) -> None:
        said = CANCEL.lower().split()
        found = told(" ".join([*said[:at], word, *said[at:]]), CANCEL)
        assert found.unknown == (word,)
        assert not found.settled
        assert f"'{word}'" in found.told

    @pytest.mark.parametrize("sign", ["✅", "❌", "🇩🇪", "<", ">", "&", "‰", "送", "भेजो", "مه", "mW"])
    def test_signs_and_words_of_any_script_are_words(self, sign: str) -> None:
        assert told(f"{CANCEL} {sign}", CANCEL).unknown
        assert not told(f"{CANCEL} {sign}", CANCEL, f"{CANCEL} {sign}").unknown

    @pytest.mark.parametrize(("one", "other"), [("mW", "MW"), ("PIN", "pin"), ("Polish", "polish"), ("Σ", "σ")])
    def test_case_counts(self, one: str, other: str) -> None:
        assert told(f"{CANCEL} {other}", f"{CANCEL} {one}").unknown == (other,)

    @given(INVENTED)
    def test_what_describes_the_service_accounts_for_a_word_in_any_case(self, word: str) -> None:
        assert not told(f"{CANCEL} {word}", CANCEL, described=word).unknown
        assert not told(f"{CANCEL} {word.title()}", CANCEL, described=word).unknown

    @given(INVENTED)
    def test_an_example_accounts_for_a_word(self, word: str) -> None:
        assert not told(f"{CANCEL} {word}", CANCEL, f"{word} it").unknown

    def test_a_literal_that_no_param_holds_is_accounted_for_by_an_example_only(self) -> None:
        assert told(f"{CANCEL} in 5 minutes", f"{CANCEL} in minutes").unknown
        assert not told(f"{CANCEL} in 5 minutes", f"{CANCEL} in 7 minutes").unknown

    def test_it_is_told_once_in_the_order_of_the_request(self) -> None:
        assert told(f"{CANCEL} zqb zqa zqb", CANCEL).unknown == ("zqb", "zqa")


class TestNeutral:
    def test_the_same_words_are_accounted_for(self) -> None:
        assert told(CANCEL, CANCEL) == Account()
        assert told(CANCEL, CANCEL).settled

    @pytest.mark.parametrize(
        "asked",
        [
            "Please cancel the appointment {id}, thanks!",
            "Could you cancel the appointment {id}?",
            "can you please cancel my appointment {id} ?",
            "I would like to cancel this appointment {id}",
            "cancel appointment {id}",
        ],
    )
    def test_courtesy_is_no_other_request(self, asked: str) -> None:
        assert told(asked, CANCEL).settled

    @given(INVENTED, INVENTED)
    def test_what_is_found_neutral_or_known_is_accounted_for(self, one: str, other: str) -> None:
        found = told(f"{CANCEL} {one} {other}", CANCEL)
        assert found.given(known=(), neutral={one, other}).settled
        assert found.given(known={one}, neutral={other}).settled
        assert found.given(known=(), neutral=()) == found


class TestTurning:
    @given(TURNING)
    def test_a_turning_word_is_accounted_for_by_an_example_only(self, word: str) -> None:
        asked = (*words_of_text(f"so {word}")[1:], *words(CANCEL))
        bare = Known((words(CANCEL),), frozenset({word.casefold()}))

        found = account(asked, bare)
        if not found.turning:  # a list may call neutral what turns in another language
            assert word.casefold() in NEUTRALS or any(word in each.beside for each in word_lists())
            return

        assert not found.settled and found.turned
        assert not found.given(known=(), neutral=set(asked)).settled
        assert account(asked, Known((asked,))).settled

    @pytest.mark.parametrize(
        "asked",
        [
            "Do not cancel the appointment {id}",
            "Don't cancel the appointment {id}",
            "Never cancel the appointment {id}",
            "Cancel the appointment {id}?",
            "Was the appointment {id} cancelled",
            "Why cancel the appointment {id}",
            "Cancel the appointment {id} unless it rains",
            "Cancel every appointment {id}",
            "Cancel the appointment {id} again",
            "Undo cancel the appointment {id}",
            "If it rains cancel the appointment {id}",
            "Could you not cancel the appointment {id}?",
            "Storniere nicht the appointment {id}",
            "No cancelar the appointment {id}",
        ],
    )
    def test_what_turns_is_told_and_nothing_else_lets_it_pass(self, asked: str) -> None:
        found = told(asked, CANCEL, described="cancel cancelled rains storniere cancelar not never")
        assert not found.settled
        assert found.turned
        everything = set(words(asked))
        assert not found.given(known=(), neutral=everything).settled

    def test_every_list_has_its_words_and_none_calls_one_both(self) -> None:
        assert len(word_lists()) >= 6
        for each in word_lists():
            assert each.turning and each.neutral and each.beside
            assert not each.turning & each.neutral, each.language


class TestPlaces:
    def test_a_role_word_before_a_value_is_the_one_of_an_example(self) -> None:
        found = told("List orders before {from}", "List orders since {from}")
        assert found.unknown and found.turned
        assert told("List orders before {from}", "List orders before {from}").settled

    def test_a_value_that_no_example_has_so_is_known_by_its_name(self) -> None:
        assert told("Book a trip to {to} from {from}", "Book a trip from {from}").settled
        assert not told("Book a trip from {to}", "Book a trip").settled

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Port it Rust to Go {id}", "Port it Go to Rust {id}"),
            ("Pump from well into tank {id}", "Pump from tank into well {id}"),
            ("Send what went to legal by the vendor {id}", "Send what went by legal to the vendor {id}"),
            ("Let {a} interview {b}", "Let {b} interview {a}"),
            ("Merge branch {a} into branch {b}", "Merge branch {b} into branch {a}"),
        ],
    )
    def test_the_same_words_in_another_order_are_not_the_same(self, one: str, other: str) -> None:
        found = told(other, one)
        assert found.reordered and not found.settled
        assert "the order of the words" in found.told
        assert not found.given(known=set(words(other)), neutral=set(words(other))).settled

    def test_values_behind_words_that_tell_their_roles_may_stand_in_any_order(self) -> None:
        assert told("Book a trip to {to} from {from}", "Book a trip from {from} to {to}").settled

    @given(st.permutations(["zqone", "zqtwo", "zqthree"]))
    def test_order_is_heeded_whatever_the_language(self, said: list[str]) -> None:
        found = told(" ".join(said), "zqone zqtwo zqthree")
        assert found.settled == (said == ["zqone", "zqtwo", "zqthree"])


class TestCapitalsAndSigns:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Ship {id} to US", "Ship {id} to us"),
            ("Ship {id} to us", "Ship {id} to US"),
            ("Ask IT about {id}", "Ask it about {id}"),
            ("Run git branch -d {id}", "Run git branch -D {id}"),
            ("Limit {id} to MB", "Limit {id} to Mb"),
        ],
    )
    def test_a_word_in_capitals_is_another_even_where_it_is_neutral_or_described(
        self, one: str, other: str
    ) -> None:
        found = told(other, one, described="us it d mb")
        assert not found.settled
        assert not found.given(known=(), neutral={"us", "it", "d", "D"}).settled

    def test_nor_is_a_neutral_word_in_capitals_neutral(self) -> None:
        assert told("Ship {id} to US", "Ship {id}").unknown == ("US",)
        assert told("Ship {id}", "Ship {id} to US").missing == ("US",)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("List what is = {id}", "List what is == {id}"),
            ("List what is == {id}", "List what is = {id}"),
            ("List what is == {id}", "List what is != {id}"),
            ("List ★★ near {id}", "List ★★★ near {id}"),
            ("Find what is tagged {id}", "Find what is tagged !{id}"),
            ("Find what is tagged {id}", "Find what is tagged -{id}"),
            ("Find {id} & tags", "Find {id} && tags"),
        ],
    )
    def test_how_often_a_sign_stands_and_what_it_stands_before_counts(self, one: str, other: str) -> None:
        found = told(other, one)
        assert not found.settled
        everything = set(words(one)) | set(words(other))
        assert not found.given(known=set(words(one)), neutral=everything - {"!", "-"}).settled

    def test_signs_that_only_part_words_are_none(self) -> None:
        assert told(
            "Cancel the well-known appointment {id}!", "cancel the well known - appointment {id} !"
        ).settled
        assert told("Wow!!! Cancel the appointment {id}", CANCEL, described="wow").settled
        assert told("Cancel the appointment {id} - I can't", f"{CANCEL} I can't").settled


class TestMissing:
    def test_what_every_example_says_is_missing(self) -> None:
        found = told("Delete the files {id}", "Delete the expired files {id}", "Delete expired files {id}")
        assert found.missing == ("expired",)
        assert found.told == ("no 'expired'",)

    def test_what_one_example_lacks_is_not(self) -> None:
        assert told("Delete the files {id}", "Delete the expired files {id}", "Delete files {id}").settled

    def test_what_is_neutral_is_not_missing(self) -> None:
        assert told("cancel appointment {id}", "Please cancel the appointment {id}").settled

    def test_a_missing_negation_is_never_neutral(self) -> None:
        found = told("Cancel the appointment {id}", "Do not cancel the appointment {id}")
        assert found.turned
        assert not found.given(known=set(found.missing), neutral=set(found.missing)).settled

    def test_without_an_example_nothing_is_missing_and_all_is_unknown(self) -> None:
        found = told(CANCEL)
        assert (found.missing, found.reordered) == ((), False)
        assert found.unknown == ("cancel", "appointment")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_judged_and_its_own_example_accounts_for_it(one: str, other: str) -> None:
    asked, said = words_of_text(one), words_of_text(other)
    found = account(asked, Known((said,)))
    assert all(each.endswith(asked) for each in found.unknown)  # a word, "3 × !", or "before {date}"
    assert all(not is_slot(word) for word in found.missing)
    assert account(asked, Known((asked,))).settled
