"""What a project's own requests teach it, and what planning hits again does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cache.examples.acceptance import Adjustment
from cache.models import Entry, EntryVector
from orra.base.strictjson import Json
from planengine import tasks
from planengine.evaluation import shadow
from planengine.models import HitCheck, Label, Plan, Project
from planengine.reuse import learning
from tests.conftest import Api, object_schema
from tests.planengine.reuse.refunds import PLEASE, WORDINGS, refuse
from tests.servers.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]
REFUND: Json = {
    "type": "service",
    "description": "Refund an order: give the customer the money back.",
    "input_schema": object_schema("order_id", order_id="string", note="string"),
    "output_schema": object_schema("refund_id", refund_id="string"),
    "revertible": True,
}


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """It tolerates whatever risk there is, so that no test hangs on one."""
    return make_project(services={"refund_payment": REFUND}, wrong_hit_tolerance=1.0, recheck_share=0.0)


def ask(api: Api, action: str, order: str = "B-2", **members: Json) -> Json:
    params = {"order_id": order, **members.pop("more", {})}
    return api.plan(action.format(order), params, **members)


def teach(api: Api, *wordings: str) -> None:
    for wording in wordings or WORDINGS:
        assert ask(api, wording, "A-1", cache="refresh")["source"] == "model"


class TestMisses:
    def test_one_that_is_planned_as_proposed_was_right(
        self, api: Api, project: Project, server: ScriptedServer
    ) -> None:
        teach(api)
        assert ask(api, "Refund order {} with glitter")["source"] == "model"

        label = Label.objects.first()
        assert label is not None
        assert (label.origin, label.wrong, label.project_id) == ("miss", False, project.pk)
        shown = Plan.objects.latest("created_at").cache
        assert label.odds == pytest.approx(shown["votes"]["log_odds"], abs=1e-3)

    def test_one_that_is_refused_was_not(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        server.script(refuse)
        assert ask(api, "Refund order {} with glitter")["status"] == "not_actionable"
        label = Label.objects.first()
        assert label is not None and label.wrong

    def test_one_whose_planner_failed_tells_nothing(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        before = Label.objects.count()
        server.script(*["no plan"] * 5)
        assert ask(api, "Refund order {} with glitter")["status"] == "failed"
        assert Label.objects.count() == before

    def test_one_of_which_nothing_was_proposed_tells_nothing(self, api: Api, server: ScriptedServer) -> None:
        ask(api, WORDINGS[0])
        assert not Label.objects.exists()

    def test_one_that_asked_for_a_new_plan_tells_nothing(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        assert not Label.objects.exists(), "nothing was looked up"


class TestLearning:
    @pytest.mark.parametrize(("wrong", "moves"), [(False, -1), (True, 1)])
    def test_labels_move_the_risk(self, project: Project, wrong: bool, moves: int) -> None:
        for _ in range(2 * learning.EVERY):
            learning.note_hit(project, {"votes": {"log_odds": -2.0}}, wrong=wrong, reported=False)

        project.refresh_from_db()
        moved = Adjustment.from_json(project.acceptance)
        assert learning.EVERY <= moved.labels <= 2 * learning.EVERY
        assert moved.shift * moves > 0.1

    def test_a_project_moves_its_own_risk_only(self, project: Project, make_project: MakeProject) -> None:
        other = make_project("other")
        for _ in range(learning.EVERY):
            learning.note_hit(project, {"votes": {"log_odds": -2.0}}, wrong=True, reported=True)
        other.refresh_from_db()
        assert not other.acceptance
        assert not Label.objects.filter(project=other).exists()

    def test_only_the_latest_labels_are_heeded(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(learning, "HEEDED", 10)
        for wrong in (True, False):
            for _ in range(10):
                Label.objects.create(project=project, origin="miss", odds=-2.0, wrong=wrong)
        learning.learn(project)
        moved = Adjustment.from_json(project.acceptance)
        assert (moved.labels, moved.shift < 0) == (10, True)

    @pytest.mark.parametrize("shown", [None, {}, [], {"votes": None}, {"votes": {}}, {"votes": {"log_odds": "x"}}])
    def test_a_hit_that_tells_no_odds_teaches_nothing(self, project: Project, shown: Json) -> None:
        learning.note_hit(project, shown, wrong=True, reported=False)
        assert not Label.objects.exists()

    def test_what_was_learned_decides(self, api: Api, project: Project, server: ScriptedServer) -> None:
        """A project whose proposals were mostly wrong is served less readily."""
        teach(api)
        risks = []
        for labels in (0, 200):
            for _ in range(labels):
                Label.objects.create(project=project, origin="sample", odds=-5.0, wrong=True)
            learning.learn(Project.objects.get(pk=project.pk))
            body = {"action": PLEASE.format("B-2"), "params": {"order_id": "B-2"}}
            risks.append(api.post("/v1/cache/explain", body).json()["votes"]["risk"])
        assert risks[0] < 0.1 < risks[1]


class TestHitsPlannedAgain:
    MORE = {"note": "late"}

    def made(self, api: Api) -> Plan:
        """A plan that was made by example, for it has a param more."""
        teach(api)
        hit = ask(api, PLEASE, more=self.MORE)
        assert hit["source"] == "example", hit
        return Plan.objects.get(pk=hit["id"])

    def test_a_plan_made_by_example_serves_its_template_and_votes_for_nothing(
        self, api: Api, server: ScriptedServer
    ) -> None:
        made = self.made(api)
        tasks.keep_made(made.pk)

        entry = Entry.objects.get(planned_by="example")
        assert not EntryVector.objects.filter(pk=entry.pk).exists()
        assert ask(api, PLEASE, "C-3", more=self.MORE)["source"] == "exact"
        assert ask(api, "Kindly " + PLEASE.lower(), "C-3", more=self.MORE)["cache"]["entry_id"] != entry.pk

    def test_what_is_made_by_example_takes_no_place(self, api: Api, server: ScriptedServer) -> None:
        made = self.made(api)
        assert ask(api, PLEASE, more=self.MORE, cache="refresh")["source"] == "model"
        tasks.keep_made(made.pk)
        tasks.keep_made(made.pk)
        assert Entry.objects.get(action=made.action).planned_by == "model"

    def test_a_plan_of_a_model_takes_the_place_of_one_made_by_example(
        self, api: Api, server: ScriptedServer
    ) -> None:
        made = self.made(api)
        tasks.keep_made(made.pk)
        assert ask(api, PLEASE, more=self.MORE, cache="refresh")["source"] == "model"
        entry = Entry.objects.get(action=made.action)
        assert (entry.planned_by, entry.identity) == ("model", "")
        assert EntryVector.objects.filter(pk=entry.pk).exists()

    def test_one_made_by_example_that_is_reported_serves_nobody(self, api: Api, server: ScriptedServer) -> None:
        made = self.made(api)
        tasks.keep_made(made.pk)
        shadow.report(made)
        later = ask(api, PLEASE, "C-3", more=self.MORE, cache="only")
        assert later["status"] == "failed"
        tasks.keep_made(made.pk)
        assert ask(api, PLEASE, "C-3", more=self.MORE, cache="only")["status"] == "failed"

    def test_one_kept_and_found_right_votes_from_then_on(self, api: Api, server: ScriptedServer) -> None:
        made = self.made(api)
        tasks.keep_made(made.pk)
        shadow.check(made.pk)
        assert EntryVector.objects.filter(entry__action=made.action).exists()

    def test_one_found_right_is_an_example_from_then_on(self, api: Api, server: ScriptedServer) -> None:
        plan = self.made(api)

        shadow.check(plan.pk)

        assert HitCheck.objects.get().verdict == "right"
        entry = Entry.objects.get(action=plan.action)
        assert (entry.kind, entry.planned_by) == ("plan", "model")
        assert EntryVector.objects.filter(pk=entry.pk).exists()
        assert ask(api, PLEASE, "C-3", more=self.MORE)["source"] == "exact"
        label = Label.objects.get()
        assert (label.origin, label.wrong) == ("sample", False)

    def test_one_found_wrong_does_not_come_back(self, api: Api, server: ScriptedServer) -> None:
        plan = self.made(api)
        server.script(refuse)

        shadow.check(plan.pk)

        assert HitCheck.objects.get().verdict == "wrong"
        assert set(Entry.objects.filter(action=plan.action).values_list("kind", flat=True)) == {
            "counter",
            "refusal",
        }
        label = Label.objects.get()
        assert (label.origin, label.wrong) == ("sample", True)
        later = ask(api, PLEASE, "C-3", more=self.MORE)
        assert later["source"] != "example"
        assert (later["status"], later["error"]["code"]) == ("not_actionable", "reported_wrong")
        assert later["error"]["how_to_fix"]

    def test_a_hit_by_meaning_found_wrong_puts_its_entry_away(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        hit = ask(api, PLEASE)
        assert hit["source"] == "semantic"
        server.script(refuse)

        shadow.check(hit["id"])

        entry = Entry.objects.get(pk=hit["cache"]["entry_id"])
        assert entry.quarantined_at is not None
        assert not EntryVector.objects.filter(pk=entry.pk).exists()
        assert Label.objects.get().wrong
        assert Entry.objects.get(kind="counter").skeleton == entry.skeleton

    def test_one_found_right_confirms_what_was_planned_again(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        hit = ask(api, PLEASE)

        shadow.check(hit["id"])

        assert EntryVector.objects.filter(entry__action=PLEASE.format("B-2")).exists()
        assert not Label.objects.get().wrong

    def test_a_hit_of_an_exact_template_teaches_nothing_of_the_votes(
        self, api: Api, server: ScriptedServer
    ) -> None:
        teach(api)
        hit = ask(api, WORDINGS[0])
        assert hit["source"] == "exact"
        shadow.check(hit["id"])
        assert not Label.objects.exists()

    def test_those_made_by_example_are_checked_more_often(self, api: Api, server: ScriptedServer) -> None:
        made = self.made(api)
        made.project.recheck_share = 1 / shadow.OF_EXAMPLES
        assert all(shadow.is_to_be_checked(made) for _ in range(20))


class TestReports:
    def test_a_client_that_says_right_moves_no_risk(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        hit = ask(api, PLEASE)
        for _ in range(3):
            shadow.report(Plan.objects.get(pk=hit["id"]), wrong=False)
        assert not Label.objects.exists()

    def test_one_that_says_wrong_does(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        hit = ask(api, PLEASE)
        for _ in range(3):
            shadow.report(Plan.objects.get(pk=hit["id"]))
        label = Label.objects.get()
        assert (label.origin, label.wrong) == ("report", True)

    def test_one_that_says_right_after_all_takes_it_back(self, api: Api, server: ScriptedServer) -> None:
        teach(api)
        hit = ask(api, PLEASE)
        shadow.report(Plan.objects.get(pk=hit["id"]))
        assert ask(api, PLEASE, "C-3")["source"] != "semantic"
        shadow.report(Plan.objects.get(pk=hit["id"]), wrong=False)

        assert not Label.objects.exists()
        assert not Entry.objects.filter(kind="counter").exists()
        assert ask(api, PLEASE, "D-4")["source"] in ("semantic", "exact")

    def test_right_makes_an_example_of_a_plan_that_voted_for_nothing(self, api: Api) -> None:
        """The composer's."""
        planned = ask(api, WORDINGS[0])
        assert planned["source"] == "composer"
        assert not EntryVector.objects.exists()

        shadow.report(Plan.objects.get(pk=planned["id"]), wrong=False)

        assert EntryVector.objects.get().entry.action == WORDINGS[0].format("B-2")
        assert ask(api, PLEASE, "C-3")["source"] == "semantic"

    def test_planning_the_same_anew_leaves_it_its_vote(self, api: Api) -> None:
        planned = ask(api, WORDINGS[0])
        shadow.report(Plan.objects.get(pk=planned["id"]), wrong=False)
        assert ask(api, WORDINGS[0], cache="refresh")["source"] == "composer"
        assert EntryVector.objects.count() == Entry.objects.count() == 1
        assert ask(api, PLEASE, "C-3")["source"] == "semantic"
