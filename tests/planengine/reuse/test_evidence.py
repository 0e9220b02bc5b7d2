"""What counts as evidence: that a component could not, or an order of events, tells nothing about a plan, and what
somebody said of it is not overruled by what a planner makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from cache.models import Entry, EntryVector
from orra.base.strictjson import Json
from planengine import tasks
from planengine.drafting import planner_choice, trust
from planengine.drafting.planner_choice import current_planner
from planengine.evaluation import shadow
from planengine.llm.client import Patience
from planengine.models import Breaker, HitCheck, Label, ModelTrust, Plan, Project
from planengine.reuse import freshness
from tests.conftest import SHOP, Api, object_schema
from tests.planengine import in_flight
from tests.planengine.conftest import forget_planners
from tests.planengine.reuse.refunds import PLEASE, WORDINGS, calling, refuse
from tests.servers.scripted import Request, Scripted, ScriptedServer, failure

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]
ODD = "Do the usual thing with the money of order {} if it rains"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """It tolerates whatever risk there is, so that no test hangs on one."""
    return make_project(wrong_hit_tolerance=1.0, recheck_share=0.0)


def ask(api: Api, action: str, order: str = "B-2", **members: Json) -> Json:
    return api.plan(action.format(order), {"order_id": order}, **members)


def teach(api: Api, server: ScriptedServer, *wordings: str) -> None:
    for wording in wordings or WORDINGS:
        server.script(calling("refund_payment"))
        assert ask(api, wording, "A-1", cache="refresh")["source"] == "model"


def called(plan: Json) -> list[str]:
    return [task["service"] for task in plan["plan"]["tasks"] if "service" in task]


def report(api: Api, plan: Json, verdict: str) -> None:
    assert api.post(f"/v1/plans/{plan['id']}/report", {"verdict": verdict}).status_code == 200


class TestWhatWasNotDecided:
    def test_a_check_whose_planner_failed_is_no_observation(self, api: Api, server: ScriptedServer) -> None:
        """It counted as a hit that was found right, and so let others through at a higher risk."""
        teach(api, server)
        hit = ask(api, PLEASE)
        assert hit["source"] == "semantic"
        server.script(failure(401, "Unauthorized"))

        shadow.check(hit["id"])

        assert HitCheck.objects.get().verdict == "undecided"
        assert not Label.objects.exists()

    def test_a_miss_that_the_composer_refuses_is_none(self, api: Api) -> None:
        """It knows the words of services only, and the examples know more."""
        report(api, ask(api, WORDINGS[0], "A-1"), "right_plan")
        refused = ask(api, "Refund order {} with glitter")
        assert (refused["status"], refused["source"]) == ("not_actionable", "composer")
        assert refused["cache"]["votes"]["services"] == ["refund_payment"]

        assert not Label.objects.exists()

    def test_nor_is_its_refusal_beside_a_model_that_is_held(
        self, api: Api, server: ScriptedServer, settings: Any
    ) -> None:
        """It was kept as the model's, and voted against plans."""
        teach(api, server)
        settings.LLM_TRUST, settings.COMPOSE_REJECTED = "probe", True
        ModelTrust.objects.create(planner=trust.key_of(current_planner()), asked=20, wrong=9, verdict="held")
        server.script(*["no plan"] * 5)
        refused = ask(api, ODD)

        assert (refused["status"], refused["error"]["code"]) == ("not_actionable", "not_actionable")
        assert refused["source"] == "composer"
        assert refused["cache"]["votes"]["services"] == ["refund_payment"]
        assert not Entry.objects.filter(kind="refusal").exists()
        assert not Label.objects.exists()


class TestWhatWasFoundWrong:
    def test_it_keeps_no_right_plan_from_serving_its_template(self, api: Api, server: ScriptedServer) -> None:
        """It counted as another plan of the template, so that each request of it was planned anew from then on."""
        server.script(calling("order_lookup"))
        report(api, ask(api, WORDINGS[0], "A-1"), "wrong_plan")
        server.script(calling("refund_payment"))
        assert called(ask(api, WORDINGS[0], "B-2")) == ["refund_payment"]

        later = ask(api, WORDINGS[0], "C-3", cache="only")

        assert (later["source"], called(later)) == ("exact", ["refund_payment"])

    def test_what_nobody_found_wrong_does(self, api: Api, server: ScriptedServer) -> None:
        for service, order in (("order_lookup", "A-1"), ("refund_payment", "B-2")):
            server.script(calling(service))
            ask(api, WORDINGS[0], order, cache="refresh")

        assert ask(api, WORDINGS[0], "C-3", cache="only")["plan"] is None


class TestWhatSomebodySaid:
    """A check is what one planner makes of a request once. Who asked, or an operator, knows better."""

    def test_a_confirmed_plan_is_not_put_away_by_a_check(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server, WORDINGS[0])
        report(api, ask(api, WORDINGS[0], "B-2"), "right_plan")
        hit = ask(api, WORDINGS[0], "C-3")
        server.script(refuse)

        shadow.check(hit["id"])

        assert HitCheck.objects.get(origin="sample").verdict == "undecided"
        assert ask(api, WORDINGS[0], "D-4", cache="only")["source"] == "exact"
        assert not Entry.objects.exclude(kind="plan").exists()

    def test_nor_when_it_is_planned_otherwise(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server, WORDINGS[0])
        hit = ask(api, WORDINGS[0], "B-2")
        report(api, ask(api, WORDINGS[0], "C-3"), "right_plan")
        server.script(calling("order_lookup"))

        shadow.check(hit["id"])

        assert HitCheck.objects.get(origin="sample").verdict == "undecided"
        assert called(ask(api, WORDINGS[0], "D-4", cache="only")) == ["refund_payment"]

    def test_nor_after_it_was_planned_anew_alike(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server, WORDINGS[0])
        report(api, ask(api, WORDINGS[0], "B-2"), "right_plan")
        teach(api, server, WORDINGS[0])
        hit = ask(api, WORDINGS[0], "C-3")
        server.script(refuse)

        shadow.check(hit["id"])

        assert ask(api, WORDINGS[0], "D-4", cache="only")["source"] == "exact"

    def test_it_is_not_confirmed_any_more_when_somebody_says_otherwise(
        self, api: Api, server: ScriptedServer
    ) -> None:
        planned = ask(api, WORDINGS[0])
        for verdict, confirmed in (("right_plan", True), ("wrong_plan", False), ("right_plan", True)):
            report(api, planned, verdict)
            assert (Entry.objects.plans().get().confirmed_at is not None) == confirmed

    def test_its_entry_stays_where_it_was_wrong_for_another_wording(
        self, api: Api, server: ScriptedServer
    ) -> None:
        teach(api, server)
        hit = ask(api, PLEASE)
        entry = Entry.objects.get(pk=hit["cache"]["entry_id"])
        report(api, ask(api, entry.action.replace("A-1", "{}"), "C-3"), "right_plan")
        server.script(refuse)

        shadow.check(hit["id"])

        assert HitCheck.objects.get(origin="sample").verdict == "wrong"
        assert Entry.objects.filter(kind="counter").count() == 1
        assert ask(api, PLEASE, "D-4", cache="only")["plan"] is None
        assert ask(api, entry.action.replace("A-1", "{}"), "D-4", cache="only")["source"] == "exact"

    def test_right_takes_back_what_a_check_did(self, api: Api, server: ScriptedServer) -> None:
        """The entry stayed in quarantine, and the model's refusal went on voting against the plan."""
        teach(api, server)
        hit = ask(api, PLEASE)
        voting = EntryVector.objects.count()
        server.script(refuse)
        shadow.check(hit["id"])
        assert Entry.objects.exclude(quarantined_at=None).count() == 1

        report(api, hit, "right_plan")

        assert not Entry.objects.exclude(quarantined_at=None).exists()
        assert not Entry.objects.exclude(kind="plan").exists()
        assert EntryVector.objects.count() == voting + 1  # and the request itself is an example now
        assert Label.objects.get().wrong, "a client that says right moves no risk"

    @pytest.mark.parametrize("verdict", ["right_plan", "wrong_plan"])
    def test_a_report_during_a_check_counts(self, api: Api, server: ScriptedServer, verdict: str) -> None:
        teach(api, server)
        hit = ask(api, PLEASE)

        def reported(request: Request) -> Scripted:
            report(api, hit, verdict)
            connection.close()
            return refuse(request) if verdict == "right_plan" else calling("refund_payment")(request)

        server.script(reported)

        shadow.check(hit["id"])

        assert HitCheck.objects.get().origin == "report"
        again = ask(api, PLEASE, "C-3", cache="only")
        assert (again["plan"] is not None) == (verdict == "right_plan")
        assert not Entry.objects.filter(kind="refusal").exists()
        assert Entry.objects.filter(action=PLEASE.format("B-2"), kind="plan").exists() == (verdict == "right_plan")

    def test_what_is_known_to_be_wrong_proves_nothing_against_another_plan(
        self, api: Api, server: ScriptedServer
    ) -> None:
        """Both plans were wrong then, and the reported one was an example again."""
        server.script(calling("order_lookup"))
        report(api, ask(api, PLEASE), "wrong_plan")
        teach(api, server)
        hit = ask(api, PLEASE)
        assert (hit["source"], called(hit)) == ("semantic", ["refund_payment"])
        server.script(calling("order_lookup"))

        shadow.check(hit["id"])

        assert HitCheck.objects.get(origin="sample").verdict == "undecided"
        assert ask(api, PLEASE, "C-3", cache="only")["source"] == "semantic"
        assert not EntryVector.objects.filter(
            entry__kind="plan", entry__skeleton_services=["order_lookup"]
        ).exists()


class TestWhosePlansTheyAre:
    """A fallback's plans are its own: they are not served as the first model's, nor checked by it."""

    @pytest.fixture(autouse=True)
    def down(self, fallback: ScriptedServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first model's server is, and is left alone at once."""
        monkeypatch.setattr(planner_choice, "PATIENCE", Patience(retries=0))
        settings.LLM_BREAKER_FAILURES = 1
        forget_planners()

    def made(self, api: Api, server: ScriptedServer, fallback: ScriptedServer) -> Plan:
        """A plan that was made by an example of the fallback's, for it has a param more."""
        schema = object_schema("order_id", order_id="string", note="string")
        api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "input_schema": schema})
        server.script(failure(500, "Out of memory"))
        fallback.script(calling("refund_payment"))
        assert ask(api, WORDINGS[0])["source"] == "model"
        body = {"action": PLEASE.format("B-2"), "params": {"order_id": "B-2", "note": "late"}}
        plan_id = api.post("/v1/plans", body).json()["id"]
        tasks.generate_plan(plan_id)
        plan = Plan.objects.get(pk=plan_id)
        assert plan.source == "example"
        return plan

    def test_one_made_by_its_examples_is_kept_as_its_own(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        made = self.made(api, server, fallback)

        entry = Entry.objects.get(pk=made.stored_entry_id)
        assert (entry.planned_by, entry.scope_facts["planner"].split(":")[1]) == ("example", "second-1")
        assert not Entry.objects.filter(scope_facts__planner__contains="small-1").exists()

    def test_and_not_checked_by_the_first(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        made = self.made(api, server, fallback)
        Breaker.objects.all().delete()  # it answers again
        asked = server.calls
        server.script(refuse)

        shadow.check(made.pk)

        assert (server.calls, HitCheck.objects.count()) == (asked, 0)

    def test_one_that_is_reported_votes_no_more(
        self, api: Api, server: ScriptedServer, fallback: ScriptedServer
    ) -> None:
        server.script(failure(500, "Out of memory"))
        fallback.script(calling("order_lookup"))
        planned = ask(api, WORDINGS[0])
        assert called(planned) == ["order_lookup"]

        report(api, planned, "wrong_plan")

        assert not EntryVector.objects.filter(entry__kind="plan").exists()
        assert ask(api, PLEASE, "C-3", cache="only")["plan"] is None


class TestPlanningAnewForNothing:
    """That a new service seems to suit a request better is a reason to plan it anew, none to have no plan."""

    ASKED = "Kindly refund the poor customer's order {}"
    NEWER: Json = {
        **SHOP["refund_payment"],
        "description": "Kindly refund the poor customer order, after a question.",
    }

    @pytest.fixture
    def project(self, make_project: MakeProject) -> Project:
        return make_project(recheck_share=0.0)

    def marked(self, api: Api, project: Project, server: ScriptedServer, *, confirmed: bool = False) -> None:
        server.script(calling("refund_payment"))
        planned = ask(api, self.ASKED, "A-1")
        if confirmed:
            report(api, planned, "right_plan")
        assert api.put("/v1/services/question_customer", self.NEWER).status_code == 201
        assert freshness.mark_second_best(project.pk, "question_customer") == 1

    def test_the_plan_serves_while_the_model_is_down(
        self, api: Api, project: Project, server: ScriptedServer
    ) -> None:
        self.marked(api, project, server)
        server.script(failure(401, "Unauthorized"))

        plan = ask(api, self.ASKED, "B-2")

        assert (plan["status"], plan["source"], called(plan)) == ("ready", "exact", ["refund_payment"])
        server.script(calling("question_customer"))
        assert called(ask(api, self.ASKED, "C-3")) == ["question_customer"], "it is planned anew when it is back"
        assert called(ask(api, self.ASKED, "D-4", cache="only")) == ["question_customer"]

    def test_so_do_those_who_waited_for_it(self, api: Api, project: Project, server: ScriptedServer) -> None:
        self.marked(api, project, server)
        leader, *others = (in_flight.ask(api, order, action=self.ASKED) for order in ("B-2", "C-3", "D-4"))
        server.script(in_flight.meanwhile(lambda: in_flight.work(*others), then=failure(401, "Unauthorized")))
        asked = server.calls

        in_flight.work(leader)

        assert {in_flight.get(api, each)["source"] for each in (leader, *others)} == {"exact"}
        assert server.calls == asked + 1

    def test_a_model_that_refuses_is_believed(self, api: Api, project: Project, server: ScriptedServer) -> None:
        self.marked(api, project, server)
        server.script(refuse)
        assert ask(api, self.ASKED, "B-2")["status"] == "not_actionable"

    def test_but_not_against_what_somebody_said(self, api: Api, project: Project, server: ScriptedServer) -> None:
        self.marked(api, project, server, confirmed=True)
        server.script(refuse)

        assert called(ask(api, self.ASKED, "B-2")) == ["refund_payment"]

        assert not Entry.objects.filter(kind="refusal").exists()
        assert ask(api, self.ASKED, "C-3", cache="only")["source"] == "exact", "nothing better was found"

    def test_one_that_was_found_wrong_serves_nobody(
        self, api: Api, project: Project, server: ScriptedServer
    ) -> None:
        self.marked(api, project, server)
        report(api, {"id": Plan.objects.get().pk}, "wrong_plan")
        server.script(failure(401, "Unauthorized"))
        assert ask(api, self.ASKED, "B-2")["plan"] is None
