"""Which services do what a grounding names."""

from __future__ import annotations

from dataclasses import replace

from planengine.catalogue.specs import Catalogue
from planengine.grounding.coverage import DECLARED, MEANING, cover, named_in
from planengine.grounding.specs import Rule, RuleKind
from tests.planengine.grounding import shop
from tests.planengine.grounding.shop import REFUND, catalogue, near


def test_what_is_declared_is_found_whatever_its_case_and_spaces() -> None:
    done = cover(["Verify  REFUND eligibility"], catalogue, None).of("verify refund ELIGIBILITY")
    assert (done.by, *done.services) == (DECLARED, "check_terms")


def test_a_services_own_name_declares_it() -> None:
    coverage = cover(["give_back", "Give back"], catalogue, None)
    assert coverage.of("give_back").services == coverage.of("give back").services == {"give_back"}


def test_what_is_declared_beats_what_is_similar() -> None:
    asked: list[str] = []

    def nearness(texts, services):  # type: ignore[no-untyped-def]
        asked.extend(texts)
        return near({"refund order": {"scrap": 0.99}})(texts, services)

    assert cover(["refund order"], catalogue, nearness).of("refund order").services == {"give_back"}
    assert asked == []  # nothing is embedded for what is declared


def test_several_services_may_declare_one_capability() -> None:
    other = replace(shop.scrap, name="voucher", capabilities=("refund order",))
    done = cover(["refund order"], Catalogue([*catalogue, other]), None).of("refund order")
    assert done.services == {"give_back", "voucher"}


def test_else_the_nearest_in_meaning_does_it_with_the_evidence() -> None:
    nearness = near(
        {"pay the money back": {"give_back": 0.71, "scrap": 0.4, "write_mail": 0.3, "check_terms": 0.2}}
    )
    done = cover(["pay the money back"], catalogue, nearness).of("pay the money back")
    assert (done.by, *done.services) == (MEANING, "give_back")
    assert [(doer.service, doer.similarity) for doer in done.doers] == [("give_back", 0.71)]


def test_a_service_is_taken_for_what_it_is_nearest_to_and_suspected_of_the_rest() -> None:
    """What gives the money back does not check whether it may."""
    nearness = near({"pay the money back": {"give_back": 0.71}, "verify the claim": {"give_back": 0.55}})
    coverage = cover(["pay the money back", "verify the claim"], catalogue, nearness)
    assert coverage.of("pay the money back").services == {"give_back"}
    verified = coverage.of("verify the claim")
    assert (verified.by, *verified.services, *verified.suspects) == ("", "give_back") and not verified.services


def test_what_declares_one_of_them_is_taken_for_no_other() -> None:
    nearness = near({"verify the claim": {"give_back": 0.71}})
    verified = cover(["refund order", "verify the claim"], catalogue, nearness).of("verify the claim")
    assert not verified.services and verified.suspects == {"give_back"}


def test_what_is_not_near_enough_is_told_and_does_not_count() -> None:
    nearness = near(
        {"pay the money back": {"give_back": 0.49, "scrap": 0.4, "write_mail": 0.3, "check_terms": 0.2}}
    )
    done = cover(["pay the money back"], catalogue, nearness).of("pay the money back")
    assert (done.by, done.services, done.suspects) == ("", frozenset(), frozenset())
    assert [doer.service for doer in done.closest] == ["give_back", "scrap", "write_mail"]


def test_where_two_are_as_near_neither_is_taken_for_it_and_both_are_suspected() -> None:
    nearness = near({"pay the money back": {"give_back": 0.7, "scrap": 0.68}})
    done = cover(["pay the money back"], catalogue, nearness).of("pay the money back")
    assert (done.by, *done.services, *sorted(done.suspects)) == ("", "give_back", "scrap")


def test_without_meaning_it_is_known_that_something_is_not_known() -> None:
    assert cover(["refund order"], catalogue, None).complete
    assert not cover(["refund order", "pay the money back"], catalogue, None).complete
    assert cover(["anything"], Catalogue([]), None).of("anything").by == ""


def test_all_that_a_use_case_and_the_rules_name_is_looked_for() -> None:
    use_case = replace(REFUND, forbidden=("scrap goods",))
    rules = (
        Rule(RuleKind.REQUIRES, "a", "b"),
        Rule(RuleKind.NEVER, "c", "d"),
        Rule(RuleKind.AT_MOST, "e", most=1),
        Rule(RuleKind.ONLY_IF, "f", "a_param"),
    )
    assert named_in(shop.grounded(use_case, *rules)) == [*REFUND.capabilities, "scrap goods", *"abcdef"]
