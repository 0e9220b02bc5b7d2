"""Drafts held to a grounding: rejected, told what lacks, mended, or failed with a diagnosis."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue
from planengine.drafting.generation import Outcome, generate
from planengine.grounding.coverage import cover, named_in
from planengine.grounding.specs import Grounded, Mode, Rule, RuleKind
from planengine.planners.composer.composer import Composer
from planengine.planners.composer.oversight import unaccounted_for
from planengine.planners.protocol import Draft, Feedback, Job, Planner
from planengine.planners.relevance import Relevance
from planengine.validation.rules import validate
from tests.planengine.grounding.shop import REFUND, catalogue, check, grounded, near, plan_of, refund, tell
from tests.planengine.planners.test_focus import NoEmbedder
from tests.planengine.shop import TEXT, a_service

ORDER = {"order_id": "$task0.order_id"}
ALONE = plan_of(("give_back", ORDER))
UNORDERED = plan_of(("check_terms", ORDER), ("give_back", ORDER))
RIGHT = plan_of(("check_terms", ORDER), ("give_back", ORDER, ["task1"]))


@dataclass
class Drafting:
    """A model that answers with these drafts in turn; ``told`` is the feedback that it was given."""

    drafts: Sequence[Json]
    told: list[Feedback] = field(default_factory=list)
    source = name = model = "model"
    address = ""

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        if feedback is not None:
            self.told.append(feedback)
        return Draft(plan=self.drafts[min(len(self.told), len(self.drafts) - 1)], answer=str(len(self.told)))

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return ""

    def asks_again(self, feedback: Feedback) -> bool:
        return True


def job_of(held: Grounded | None, services: Catalogue = catalogue, action: str = "Give order ORD-1 back") -> Job:
    coverage = None if held is None else cover(named_in(held), services, near({}))
    return Job(action, {"order_id": "ORD-1"}, services, grounding=held, coverage=coverage)


def made(planner: Planner, job: Job, *, repair: bool = False) -> Outcome:
    return generate(planner, job, attempts=3, deadline=time.monotonic() + 60, repair=repair)


def services(outcome: Outcome) -> list[str]:
    return [task["service"] for task in (outcome.plan or {"tasks": []})["tasks"] if "service" in task]


class TestModels:
    def test_a_valid_plan_that_skips_something_is_rejected_and_told_what_to_write(self) -> None:
        planner = Drafting([ALONE, RIGHT])
        outcome = made(planner, job_of(grounded()))
        assert outcome.status == "ready" and services(outcome) == ["check_terms", "give_back"]
        [first, second] = outcome.trials
        assert [problem.code for problem in first.problems] == ["grounding_capability_missing"]
        assert second.problems == ()
        assert "Add a task that calls 'check_terms'" in planner.told[0].text

    def test_the_wrong_order_is_told_with_the_after_to_write(self) -> None:
        planner = Drafting([UNORDERED, RIGHT])
        outcome = made(planner, job_of(grounded()))
        assert outcome.plan is not None and outcome.plan["tasks"][2]["after"] == ["task1"]
        assert 'Write "after": ["task1"] in \'task2\'.' in planner.told[0].text

    def test_advice_rejects_nothing(self) -> None:
        outcome = made(Drafting([ALONE]), job_of(grounded(mode=Mode.ADVISORY)))
        assert (outcome.status, len(outcome.trials)) == ("ready", 1)

    def test_a_job_without_one_is_as_ever(self) -> None:
        assert made(Drafting([ALONE]), job_of(None)).status == "ready"

    def test_one_that_does_not_learn_is_repaired_by_what_only_reads(self) -> None:
        outcome = made(Drafting([ALONE]), job_of(grounded()), repair=True)
        assert outcome.repaired and outcome.plan is not None
        assert outcome.plan["tasks"][2] == {
            "id": "task2",
            "service": "give_back",
            "input": ORDER,
            "after": ["task1"],
        }

    def test_repair_adds_no_side_effect_that_nobody_chose(self) -> None:
        held = grounded(replace(REFUND, capabilities=("refund order", "scrap goods"), order=()))
        outcome = made(Drafting([ALONE]), job_of(held), repair=True)
        assert (outcome.status, outcome.failure and outcome.failure.code) == ("failed", "plan_rejected")

    def test_a_demanded_check_need_not_be_said(self) -> None:
        """The composer's rule, which models that are not trusted are held to, asks for words for what is done."""
        job = job_of(grounded(), Catalogue([check, refund]))
        relevance = Relevance(NoEmbedder())
        plan = validate(RIGHT, catalogue=job.catalogue, params=job.params, action=job.action).plan
        assert "check_terms" in unaccounted_for(plan, replace(job, grounding=None), relevance)
        assert unaccounted_for(plan, job, relevance) == ""


class TestDiagnosis:
    def test_a_strict_grounding_that_cannot_be_met_names_the_capability_and_the_closest(self) -> None:
        held = grounded(replace(REFUND, capabilities=("ask the bank", "refund order"), order=()))
        table = {"ask the bank": {"check_terms": 0.31, "give_back": 0.22, "write_mail": 0.1}}
        job = replace(job_of(held), coverage=cover(named_in(held), catalogue, near(table)))
        outcome = made(Drafting([ALONE]), job)
        assert outcome.failure is not None and outcome.status == "failed"
        assert outcome.failure.code == "plan_rejected"
        for text in ("'ask the bank'", "'check_terms' (0.31)", "'give_back' (0.22)", "'returns 1'"):
            assert text in outcome.failure.message
        assert outcome.failure.how_to_fix[0].startswith("No registered service does 'ask the bank': register one")
        assert [problem.code for problem in outcome.failure.problems] == ["grounding_capability_missing"]

    def test_what_may_be_covered_counts_as_not_covered_where_it_must_be(self) -> None:
        held = grounded(replace(REFUND, capabilities=("ask the bank",), order=()))
        job = Job("Give order ORD-1 back", {"order_id": "ORD-1"}, catalogue, grounding=held)
        assert made(Drafting([ALONE]), job).status == "failed"

    def test_a_param_that_is_lacking_is_to_be_sent(self) -> None:
        held = grounded(replace(REFUND, action="Refund order {order_id} because of {reason}"))
        outcome = made(Drafting([RIGHT]), job_of(held))
        assert outcome.failure is not None
        assert "Send a param 'reason' with the request." in outcome.failure.how_to_fix


class TestComposer:
    composer = Composer(NoEmbedder())

    def test_it_is_mended_by_what_it_is_told(self) -> None:
        outcome = made(self.composer, job_of(grounded()))
        [first, second] = outcome.trials
        assert [problem.code for problem in first.problems] == ["grounding_capability_missing"]
        assert second.problems == () and services(outcome) == ["check_terms", "give_back"]
        assert outcome.plan is not None and outcome.plan["tasks"][2]["after"] == ["task1"]

    def test_what_is_added_may_need_more(self) -> None:
        """The check takes what only a look-up gives."""
        find = replace(a_service("find", {"order_id": TEXT}, {"place": TEXT}), annotations={"readOnlyHint": True})
        deep = replace(check, input_schema=find.output_schema)
        outcome = made(self.composer, job_of(grounded(), Catalogue([find, deep, refund])))
        assert services(outcome) == ["find", "check_terms", "give_back"]

    def test_a_rule_brings_what_comes_before(self) -> None:
        rule = Rule(RuleKind.REQUIRES, "verify refund eligibility", "refund order")
        held = grounded(replace(REFUND, capabilities=(), order=()), rule)
        assert services(made(self.composer, job_of(held))) == ["check_terms", "give_back"]

    def test_it_is_asked_once_more_and_no_oftener(self) -> None:
        """What cannot be wired is not added, and the diagnosis tells what lacks."""
        needy = replace(check, input_schema=tell.input_schema)
        outcome = made(self.composer, job_of(grounded(), Catalogue([needy, refund])))
        assert (outcome.status, len(outcome.trials)) == ("failed", 2)
        assert outcome.failure is not None and "'verify refund eligibility'" in outcome.failure.message

    def test_what_no_service_does_is_not_tried_again(self) -> None:
        held = grounded(replace(REFUND, capabilities=("ask the bank",), order=()))
        assert len(made(self.composer, job_of(held)).trials) == 1

    def test_the_same_job_without_a_grounding_is_planned_as_ever(self) -> None:
        assert services(made(self.composer, job_of(None))) == ["give_back"]
