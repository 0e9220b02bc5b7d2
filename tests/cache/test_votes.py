"""Lookups by the votes of examples, with a real database and small vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cache.examples.votes import Example
from cache.examples.wording import words_of_text
from cache.models import Entry
from cache.plans.skeletons import of_service
from cache.requests import Scope
from orra.base.strictjson import Json
from planengine.models import Project
from tests.cache.by_hand import PLEASE, REFUND, Cache, Told, at, guards, plan_with, stored

CANCEL = "Cancel order {}"
WORDINGS = ("Refund order {}", "Issue a refund for order {}", "Money back for order {}", "Repay order {}")


@pytest.fixture
def cache(project: Project) -> Cache:
    return Cache(Scope(project.pk, embedding_model="by hand", planner="tests"))


@pytest.fixture
def told(cache: Cache) -> Told:
    """What the cache is told of services."""
    assert isinstance(cache.services, Told)
    return cache.services


def test_what_examples_agree_on_is_served_with_the_requests_values(cache: Cache) -> None:
    for number, wording in enumerate(WORDINGS):
        cache.store(wording, degrees=5 * number, order_id="ORD-1")
    cache.store(CANCEL, degrees=80, service="cancel_order", order_id="ORD-1")

    decision = cache.find(PLEASE, order_id="ORD-2")

    assert (decision.kind, decision.reason) == ("semantic", "same_meaning")
    assert decision.plan == plan_with({"order_id": "ORD-2"})
    assert decision.judgement is not None
    vote = decision.judgement.vote
    assert (len(vote.examples), vote.services) == (4, ("refund_payment",))
    assert vote.rival is not None and vote.rival.services == ("cancel_order",)
    assert decision.as_dict()["votes"]["examples"] == 4


def test_more_examples_that_agree_make_it_less_risky(cache: Cache) -> None:
    cache.store(CANCEL, degrees=50, service="cancel_order", order_id="ORD-1")
    risks = []
    for number, wording in enumerate(WORDINGS):
        cache.store(wording, degrees=10 + number, order_id="ORD-1")
        risks.append(cache.find(PLEASE, order_id="ORD-2").risk or 0)
    assert all(risks)
    assert risks == sorted(risks, reverse=True)


def test_a_risk_beyond_the_tolerance_is_refused_and_told(cache: Cache) -> None:
    cache.store(REFUND, order_id="ORD-1")

    decision = cache.find(PLEASE, tolerance=0.0, order_id="ORD-2")

    assert (decision.kind, decision.reason, guards(decision)) == ("miss", "refused", ["risk"])
    votes = decision.as_dict()["votes"]
    assert votes["risk"] > votes["most_risk"] == 0
    assert "0.0% is tolerated" in str(decision.candidates[0].as_dict()["reason"])


def test_a_rival_service_without_an_example_makes_it_riskier(cache: Cache, told: Told) -> None:
    cache.store(REFUND, order_id="ORD-1")
    alone = cache.find(PLEASE, order_id="ORD-2").risk
    told.able = ("refund_payment", "cancel_order")

    decision = cache.find(PLEASE, order_id="ORD-2")

    assert alone is not None and decision.risk is not None
    assert decision.risk > alone
    assert decision.as_dict()["votes"]["other_services"] == ["cancel_order"]


class TestWords:
    def test_before_a_side_effect_a_word_that_nothing_accounts_for_is_told(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")

        decision = cache.find("Refund order {} with glitter", order_id="ORD-2")

        assert (decision.reason, guards(decision)) == ("refused", ["words"])
        assert "'glitter'" in str(decision.candidates[0].as_dict()["reason"])
        assert decision.as_dict()["votes"]["not_accounted_for"] == ["'glitter'"]

    def test_an_example_with_the_word_makes_the_next_request_work(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.store("Repay order {} with glitter", degrees=40, order_id="ORD-1")
        assert cache.find("Refund order {} with glitter", order_id="ORD-2").hit

    def test_also_one_that_is_too_far_to_vote(self, cache: Cache) -> None:
        cache.store("Do something with glitter about order {}", degrees=89, order_id="ORD-1")
        for number in range(32):
            cache.store(f"Refund order {{}} {'so ' * number}", degrees=number / 10, order_id="ORD-1")
        assert cache.find("Refund order {} glitter", order_id="ORD-2").hit

    def test_the_services_own_words_account_for_it(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.words = ("glitter",)
        assert cache.find("Refund order {} with glitter", order_id="ORD-2").hit

    def test_a_word_of_examples_of_many_plans_is_neutral(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        for number, service in enumerate(("alpha", "beta", "gamma")):
            cache.store(f"{service} pronto {{}}", degrees=60 + 10 * number, service=service, order_id="ORD-1")
        assert cache.find("Refund order {} pronto", order_id="ORD-2").hit

    def test_a_turning_word_never_is(self, cache: Cache, told: Told) -> None:
        told.words = ("not", "do")
        cache.store(REFUND, order_id="ORD-1")
        for number, service in enumerate(("alpha", "beta", "gamma", "delta")):
            cache.store(f"do not {service} {{}}", degrees=50 + 10 * number, service=service, order_id="ORD-1")

        decision = cache.find("Do not refund order {}", order_id="ORD-2")

        assert guards(decision) == ["words"]

    def test_of_services_that_only_read_a_few_examples_are_enough(self, cache: Cache, told: Told) -> None:
        told.reading, told.able = True, ("refund_payment", "cancel_order")
        cache.store(REFUND, order_id="ORD-1")
        few = cache.find("Refund order {} with glitter", order_id="ORD-2")
        for number, wording in enumerate(WORDINGS):
            cache.store(wording, degrees=number, order_id="ORD-1")
        more = cache.find("Refund order {} with glitter", order_id="ORD-2")

        assert guards(few) == ["words"]
        assert more.hit and more.judgement is not None and more.judgement.account is None

    def test_and_one_where_nothing_else_could_be_done(self, cache: Cache, told: Told) -> None:
        told.reading, told.able = True, ("refund_payment",)
        cache.store(REFUND, order_id="ORD-1")
        assert cache.find("Refund order {} with glitter", order_id="ORD-2").hit

    def test_unless_the_plan_holds_what_no_param_gave(self, cache: Cache, told: Told) -> None:
        """Then words decide it: ``>`` is "gt"."""
        told.reading, told.able = True, ("list_orders",)
        plan = plan_with({"total": 100, "operator": "gt"}, "list_orders")
        plan["tasks"][1]["input"] = {"total": "$task0.total", "operator": "gt"}
        plan["tasks"][0]["input"] = {"total": 100}
        assert stored(cache.store("List orders > {}", plan, total=100)).reusable

        assert guards(cache.find("List orders < {}", total=200)) == ["words"]
        assert cache.find("list orders > {} please", total=200).hit


class TestMadeByExample:
    MORE: dict[str, Any] = {"order_id": "ORD-2", "note": "late"}

    @pytest.fixture(autouse=True)
    def words(self, told: Told) -> None:
        told.words = ("refund", "order")

    def test_not_where_a_word_may_mean_what_no_example_says(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired, told.words = plan_with(self.MORE), ("refund",)
        assert not cache.find("Refund order {}", **self.MORE).hit

    def test_where_the_fields_differ_the_services_are_wired_anew(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired = plan_with(self.MORE)

        decision = cache.find("Refund order {}", **self.MORE)

        assert (decision.kind, decision.reason, decision.entry_id) == ("example", "made_by_example", None)
        assert decision.plan == told.wired

    def test_not_where_names_do_not_tell_how(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired = None
        assert guards(cache.find("Refund order {}", **self.MORE)) == ["fields"]

    def test_nor_where_it_would_be_another_skeleton(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired = plan_with(self.MORE, "cancel_order")
        assert not cache.find("Refund order {}", **self.MORE).hit

    def test_nor_where_it_is_not_valid(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired = plan_with(self.MORE)
        assert not cache.find("Refund order {}", accept=lambda plan: "No such note.", **self.MORE).hit

    def test_nor_where_the_text_holds_a_value_that_no_param_does(self, cache: Cache, told: Told) -> None:
        cache.store("Refund order {} after 3 days", order_id="ORD-1")
        told.wired = plan_with(self.MORE)
        assert not cache.find("Refund order {} after 4 days", **self.MORE).hit

    def test_nor_where_the_example_holds_what_names_cannot_tell(self, cache: Cache, told: Told) -> None:
        plan = plan_with({"order_id": "ORD-1"})
        plan["tasks"][1]["input"]["mode"] = "full"
        cache.store(REFUND, plan, order_id="ORD-1")
        told.wired = plan_with(self.MORE)
        assert not cache.find("Refund order {}", **self.MORE).hit

    def test_nor_where_examples_are_left_out(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        told.wired = plan_with(self.MORE)
        assert not cache.find("Refund order {}", without=["examples"], **self.MORE).hit

    def test_an_entry_with_the_requests_fields_comes_first(self, cache: Cache, told: Told) -> None:
        cache.store(REFUND, order_id="ORD-1")
        entry = stored(cache.store("Refund order {}, {}", degrees=10, order_id="ORD-1", note="late"))
        told.wired = plan_with(self.MORE)

        decision = cache.find("Refund order {}", **self.MORE)

        assert (decision.kind, decision.entry_id) == ("semantic", entry.pk)
        assert decision.plan == plan_with(self.MORE)

    def test_what_the_developer_of_a_service_gave_is_an_example(self, cache: Cache, told: Told) -> None:
        """Before anything was ever planned."""
        skeleton = of_service("refund_payment")
        told.wired = plan_with({"order_id": "ORD-2"})
        told.given = [
            Example(
                "sample", skeleton.digest, skeleton.services, "", words_of_text("refund order"), 0.97, wirable=True
            )
        ]

        decision = cache.find(REFUND, order_id="ORD-2")

        assert (decision.kind, decision.plan) == ("example", told.wired)
        assert decision.judgement is not None and decision.judgement.vote.nearest.kind == "sample"
        assert not cache.find(REFUND, without=["examples"], order_id="ORD-2").hit


class TestValues:
    def test_params_of_other_names_that_mean_the_same(self, cache: Cache) -> None:
        entry = stored(cache.store(REFUND, order_id="ORD-1"))

        decision = cache.find("Refund order {}", orderId="ORD-2")

        assert (decision.kind, decision.entry_id) == ("semantic", entry.pk)
        assert decision.plan["tasks"][0]["input"] == {"orderId": "ORD-2"}
        assert decision.plan["tasks"][1]["input"] == {"order_id": "$task0.orderId"}

    def test_params_whose_names_may_mean_another(self, cache: Cache) -> None:
        cache.store("Move {} to {}", source="A", target="B")
        assert not cache.find("Move {} to {}", first="A", second="B").hit

    @pytest.mark.parametrize(
        "asked",
        ["Refund order {} after 3 hours", "Refund order {} before 3 days", "Refund order {} after days"],
    )
    def test_literals_stand_between_the_same_words(self, cache: Cache, asked: str) -> None:
        cache.store("Refund order {} after 3 days", order_id="ORD-1")
        cache.services.words = ("hours", "before", "days", "after")  # type: ignore[attr-defined]
        assert not cache.find(asked, order_id="ORD-2").hit

    def test_services_that_cannot_take_the_params_have_no_vote(self, cache: Cache, told: Told) -> None:
        cache.store("Refund order {}, {}", order_id="ORD-1", note="late")
        told.unable = ("refund_payment",)
        decision = cache.find(REFUND, order_id="ORD-2")
        assert (decision.reason, decision.judgement) == ("nothing_similar", None)


class TestFloorAndScale:
    def test_beneath_the_floor_nothing_is_near(self, cache: Cache) -> None:
        cache.store(REFUND, order_id="ORD-1")
        cache.vector = at(40)
        assert cache.find(PLEASE, floor=0.8, order_id="ORD-2").reason == "nothing_similar"
        assert cache.find(PLEASE, floor=0.7, order_id="ORD-2").hit

    def test_the_floor_is_about_what_is_proposed(self, cache: Cache) -> None:
        """A refusal that is near brings nothing nearer."""
        cache.store(REFUND, degrees=40, order_id="ORD-1")
        cache.refuse("Do not refund order {}", order_id="ORD-1")
        decision = cache.find(PLEASE, floor=0.8, order_id="ORD-2")
        assert decision.reason == "nothing_similar"
        assert decision.similarity == pytest.approx(1.0, abs=1e-3)

    def test_distances_count_by_the_scale_of_the_embedding_model(self, cache: Cache) -> None:
        """Of a model that puts everything near, a little farther is far."""
        cache.store(REFUND, degrees=2, order_id="ORD-1")
        cache.store(CANCEL, degrees=12, service="cancel_order", order_id="ORD-1")

        usual = cache.find(PLEASE, order_id="ORD-2").judgement
        scaled = cache.find(PLEASE, scale=10.0, order_id="ORD-2").judgement

        assert usual is not None and scaled is not None
        assert usual.vote.numbers.margin == pytest.approx(np.cos(np.radians(2)) - np.cos(np.radians(12)), abs=2e-3)
        assert scaled.vote.numbers.margin == pytest.approx(10 * usual.vote.numbers.margin, abs=2e-2)
        assert scaled.risk < usual.risk


class TestVerdicts:
    """Somebody who understands wordings was asked."""

    def entry(self, cache: Cache) -> Entry:
        return stored(cache.store(REFUND, order_id="ORD-1"))

    @pytest.mark.parametrize("tolerance", [0.0, 1.0], ids=["risk", "words"])
    def test_a_yes_overrules_what_is_about_wording(self, cache: Cache, tolerance: float) -> None:
        entry = self.entry(cache)

        decision = cache.find(
            "Refund order {} with glitter",
            tolerance=tolerance,
            verdicts=lambda: {entry.template_key: "yes"},
            order_id="ORD-2",
        )

        assert (decision.kind, decision.reason, decision.entry_id) == ("semantic", "model_check", entry.pk)
        assert decision.plan == plan_with({"order_id": "ORD-2"})
        assert [candidate.verdict for candidate in decision.candidates] == ["yes"]

    @pytest.mark.parametrize(("known", "verdict"), [({}, "open"), ("no", "no"), ("unclear", "unclear")])
    def test_anything_else_does_not(self, cache: Cache, known: Any, verdict: str) -> None:
        entry = self.entry(cache)
        said = {entry.template_key: known} if known else {}
        decision = cache.find("Refund order {} with glitter", verdicts=lambda: said, order_id="ORD-2")
        assert not decision.hit
        assert [candidate.verdict for candidate in decision.candidates] == [verdict]

    @pytest.mark.parametrize(
        "asked",
        [
            "Do not refund order {}",
            "Refund order {}?",
            "Refund every order like {}",
            "Refund order {} again",
            "Refund order {} with 5 coupons",
        ],
    )
    def test_what_turns_the_request_is_no_matter_of_wording(self, cache: Cache, asked: str) -> None:
        entry = self.entry(cache)
        decision = cache.find(asked, verdicts=lambda: {entry.template_key: "yes"}, order_id="ORD-2")
        assert not decision.hit
        assert all(candidate.verdict is None for candidate in decision.candidates)

    def test_nobody_is_asked_about_a_plan_that_would_not_be_accepted(self, cache: Cache) -> None:
        entry = self.entry(cache)
        decision = cache.find(
            "Refund order {} with glitter",
            accept=lambda plan: "The service is gone.",
            verdicts=lambda: {entry.template_key: "yes"},
            order_id="ORD-2",
        )
        assert not decision.hit
        assert all(candidate.verdict is None for candidate in decision.candidates)
        entry.refresh_from_db()
        assert entry.quarantined_at is None, "to ask is not to serve"

    def test_what_was_found_wrong_is_not_overruled(self, cache: Cache) -> None:
        entry = self.entry(cache)
        cache.find_wrong("Refund order {} with glitter", order_id="ORD-1")
        decision = cache.find(
            "Refund order {} with glitter", verdicts=lambda: {entry.template_key: "yes"}, order_id="ORD-2"
        )
        assert not decision.hit


def test_an_ablation_without_words_serves_what_they_refuse(cache: Cache) -> None:
    cache.store(REFUND, order_id="ORD-1")
    assert not cache.find("Refund order {} with glitter", order_id="ORD-2").hit
    assert cache.find("Refund order {} with glitter", without=["words"], order_id="ORD-2").hit


def test_only_the_scopes_own_examples_vote(cache: Cache, make_project: Callable[..., Project]) -> None:
    cache.elsewhere(project_id=make_project("other").pk).store(REFUND, order_id="ORD-1")
    cache.elsewhere(grounding="shop 2").store(REFUND, order_id="ORD-1")
    decision = cache.find(PLEASE, order_id="ORD-2")
    assert (decision.reason, decision.judgement) == ("nothing_cached", None)


def test_what_is_told_of_the_votes_can_be_shown(cache: Cache) -> None:
    entry = stored(cache.store(REFUND, order_id="ORD-1"))
    cache.refuse("Do not refund order {}", degrees=30, order_id="ORD-1")

    votes: Json = cache.find(PLEASE, order_id="ORD-2").as_dict()["votes"]

    assert votes["nearest"] == {
        "kind": "plan",
        "services": ["refund_payment"],
        "template": "Refund order {order_id}",
        "similarity": pytest.approx(1.0, abs=1e-3),
        "entry_id": entry.pk,
    }
    assert votes["rival"]["kind"] == "refusal"
    assert 0 < votes["risk"] < votes["most_risk"] == 1
    assert votes["not_accounted_for"] == []
    assert "ORD-2" not in str(votes)
