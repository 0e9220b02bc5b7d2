"""What a client can move by what it asks and reports: its own project only, and towards refusing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cache.examples.observed import look_up
from cache.models import Entry, ObservedWord
from orra.base.strictjson import Json
from planengine.evaluation import shadow
from planengine.models import HitCheck, Label, Plan, Project
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.conftest import Api, object_schema
from tests.planengine.reuse.refunds import calling
from tests.servers.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]
WORDINGS = (
    "Refund order {}",
    "Issue a refund for order {}",
    "I want a refund of order {}",
    "Give the money back for order {}",
    "Refund the payment of order {}",
)
PLEASE = "Please refund the order {}"


def a_service(description: str) -> Json:
    return {
        "type": "service",
        "description": description,
        "input_schema": object_schema("order_id", order_id="string"),
        "output_schema": object_schema("done", done="boolean"),
        "revertible": False,
    }


SERVICES = {
    "refund_payment": a_service("Refund an order: give the customer the money back."),
    "cancel_order": a_service("Cancel an order."),
    "find_order": a_service("Find an order."),
    "print_order": a_service("Print an order."),
}


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """It tolerates much, so that no test hangs on a risk of 2 or 4 %."""
    return make_project(services=SERVICES, wrong_hit_tolerance=0.5, recheck_share=0.0)


@pytest.fixture
def other_api(make_project: MakeProject) -> Api:
    from planengine.models import ApiKey

    other = make_project("another", services=SERVICES, wrong_hit_tolerance=0.5, recheck_share=0.0)
    return Api(ApiKey.issue(other)[1])


def ask(api: Api, action: str, order: str = "B-2", **members: Json) -> Json:
    return api.plan(action.format(order), {"order_id": order}, **members)


def teach(api: Api, server: ScriptedServer, service: str = "refund_payment", *wordings: str) -> None:
    for wording in wordings or WORDINGS:
        server.script(calling(service))
        plan = ask(api, wording, "A-1", cache="refresh")
        assert services_of(plan) == [service]


def services_of(plan: Json) -> list[str]:
    return [task["service"] for task in plan["plan"]["tasks"] if "service" in task]


def risk(api: Api, action: str = PLEASE) -> float:
    body = {"action": action.format("B-2"), "params": {"order_id": "B-2"}}
    told = api.post("/v1/cache/explain", body).json()["votes"]
    return 1.0 if told is None else float(told["risk"])


def report_wrong(api: Api, plan: Json) -> None:
    assert api.post(f"/v1/plans/{plan['id']}/report", {"verdict": "wrong_plan"}).status_code == 200


class TestReports:
    def test_one_that_is_repeated_counts_once(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server)
        hit = ask(api, PLEASE)
        assert hit["source"] == "semantic"
        report_wrong(api, hit)
        once = risk(api, WORDINGS[1])

        for _ in range(10):
            report_wrong(api, hit)

        assert (Label.objects.count(), HitCheck.objects.count()) == (1, 1)
        assert Entry.objects.filter(kind="counter").count() == 1
        assert risk(api, WORDINGS[1]) == once

    def test_many_of_different_hits_move_the_project_towards_refusing(
        self, api: Api, other_api: Api, project: Project, server: ScriptedServer
    ) -> None:
        for each in (api, other_api):
            teach(each, server)
        before, other_before = risk(api), risk(other_api)
        for number in range(3):
            report_wrong(api, ask(api, WORDINGS[number], f"C-{number}"))

        assert risk(api) > before
        assert risk(other_api) == other_before
        assert ask(other_api, PLEASE)["source"] == "semantic"
        assert not Label.objects.exclude(project=project).exists()

    def test_a_flood_closes_hits_by_meaning_and_nothing_else(
        self, api: Api, other_api: Api, project: Project, server: ScriptedServer
    ) -> None:
        for each in (api, other_api):
            teach(each, server)
        hits = [ask(api, PLEASE, f"C-{number}") for number in range(4)]
        assert [hit["source"] for hit in hits] == ["semantic"] * 4
        Project.objects.filter(pk=project.pk).update(wrong_hit_tolerance=0.1)
        for hit in hits:
            report_wrong(api, hit)

        project.refresh_from_db()
        assert project.semantic_closed_at is not None
        exact = [ask(api, wording, "D-4")["source"] for wording in WORDINGS]
        assert "exact" in exact, "what nobody reported goes on"
        assert ask(other_api, PLEASE)["source"] == "semantic"

    def test_a_right_report_opens_nothing(self, api: Api, server: ScriptedServer) -> None:
        """However often a client says that all is well."""
        teach(api, server)
        before = risk(api, "Do not refund order {}")
        for number in range(10):
            plan = ask(api, PLEASE, f"C-{number}")
            shadow.report(Plan.objects.get(pk=plan["id"]), wrong=False)

        assert not Label.objects.exists()
        refused = ask(api, "Do not refund order {}", cache="only")
        assert refused["source"] != "semantic" and refused["plan"] is None
        assert before > 0

    def test_the_reports_of_one_project_are_none_of_anothers(
        self, api: Api, other_api: Api, server: ScriptedServer
    ) -> None:
        teach(api, server)
        hit = ask(api, PLEASE)
        assert other_api.post(f"/v1/plans/{hit['id']}/report", {"verdict": "wrong_plan"}).status_code == 404
        assert not Label.objects.exists() and not HitCheck.objects.exists()


class TestPlantedExamples:
    """A client that has a model plan what it likes, or confirms what it likes, near what others ask."""

    def test_many_near_duplicates_take_over_no_template_of_another_plan(
        self, api: Api, server: ScriptedServer
    ) -> None:
        """They outvote what is near, but before a side effect the words have to be theirs."""
        teach(api, server)
        teach(api, server, "cancel_order", *(f"Cancel {'the ' * number}order {{}}" for number in range(12)))

        for asked in (*WORDINGS, PLEASE):
            plan = ask(api, asked, "C-3", cache="only")
            assert plan["plan"] is None or services_of(plan) == ["refund_payment"], asked

    def test_not_even_with_the_words_of_another_plan(self, api: Api, server: ScriptedServer) -> None:
        """Then all that is near is contested, which is refusing."""
        teach(api, server)
        planted = (f"Refund {'so ' * number}order {{}} well" for number in range(1, 9))
        teach(api, server, "cancel_order", *planted)

        for asked in WORDINGS:
            identical = ask(api, asked, "A-1", cache="only")
            assert identical["plan"] is None or services_of(identical) == ["refund_payment"], asked
            plan = ask(api, asked, "C-3", cache="only")
            assert plan["plan"] is None or services_of(plan) == ["refund_payment"], asked

    def test_what_is_planted_in_a_project_is_no_example_of_another(
        self, api: Api, other_api: Api, server: ScriptedServer
    ) -> None:
        teach(other_api, server)
        before = risk(other_api)
        teach(api, server, "cancel_order", *WORDINGS, PLEASE)
        assert risk(other_api) == before
        assert services_of(ask(other_api, PLEASE)) == ["refund_payment"]

    def test_what_was_reported_does_not_come_back_by_planting_more(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server)
        report_wrong(api, ask(api, PLEASE))
        teach(
            api, server, "refund_payment", *(f"Please refund {'so ' * number}order {{}}" for number in range(1, 9))
        )
        server.script(*[calling("refund_payment")] * 3)

        plan = ask(api, PLEASE, "C-3")

        assert (plan["status"], plan["error"]["code"]) == ("not_actionable", "reported_wrong")


class TestPlantedWords:
    NEGATED = "Do not {} order {{}}"

    def plant(self, api: Api, server: ScriptedServer, wording: str) -> None:
        """In examples of many plans."""
        for service, verb in (("cancel_order", "cancel"), ("find_order", "find"), ("print_order", "print")):
            teach(api, server, service, wording.format(verb))

    def neutral(self, *words: str) -> frozenset[str]:
        scope = ObservedWord.objects.values_list("scope", flat=True).first()
        assert scope is not None
        return look_up(scope, words, "").neutral

    def test_a_word_that_many_plans_have_becomes_neutral(self, api: Api, server: ScriptedServer) -> None:
        teach(api, server)
        assert ask(api, "Refund order {} pronto", cache="only")["plan"] is None
        self.plant(api, server, "{} order {{}} pronto")
        assert self.neutral("pronto") == {"pronto"}
        assert ask(api, "Refund order {} pronto", cache="only")["source"] == "semantic"

    @pytest.mark.parametrize(
        ("planted", "asked", "word"),
        [
            ("Do not {} order {{}}", "Do not refund order {}", "not"),
            ("Never {} order {{}}", "Never refund order {}", "never"),
            ("{} order {{}}?", "Refund order {}?", "?"),
            ("{} every order like {{}}", "Refund every order like {}", "every"),
            ("{} order {{}} unless it rains", "Refund order {} unless it rains", "unless"),
            ("Storniere nicht {} order {{}}", "Storniere nicht refund order {}", "nicht"),
        ],
    )
    def test_a_turning_word_never_does(
        self, api: Api, server: ScriptedServer, planted: str, asked: str, word: str
    ) -> None:
        teach(api, server)
        self.plant(api, server, planted)
        assert self.neutral(word) == {word}, "it stands in examples of many plans"

        plan = ask(api, asked, cache="only")

        assert plan["plan"] is None or services_of(plan) != ["refund_payment"]

    def test_nor_are_planted_words_those_of_another_project(
        self, api: Api, other_api: Api, server: ScriptedServer
    ) -> None:
        teach(other_api, server)
        self.plant(api, server, "{} order {{}} pronto")
        assert ask(other_api, "Refund order {} pronto", cache="only")["plan"] is None

    def test_a_negation_that_a_model_misread_once_is_forgotten_with_the_report(
        self, api: Api, server: ScriptedServer
    ) -> None:
        """It stood in an example of refunding, so for a while it was accounted for."""
        teach(api, server)
        server.script(calling("refund_payment"))
        misread = ask(api, "Do not refund order {}", "A-1")
        assert services_of(misread) == ["refund_payment"]

        report_wrong(api, misread)

        for asked in (
            "Do not refund order {}",
            "Please do not refund the order {}",
            "Do not issue a refund of {}",
        ):
            plan = ask(api, asked, "C-3", cache="only")
            assert plan["plan"] is None, asked


def test_a_text_that_poses_as_a_template_is_only_a_text(
    api: Api, project: Project, server: ScriptedServer
) -> None:
    """Braces, names of slots and what looks like a literal's are words like others."""
    teach(api, server)
    for posing in ("Refund order {order_id}", "Refund {order_id} {}", "{#number} refund order {}"):
        request = PlanRequest(posing, {"order_id": "B-2"})
        decision = plan_cache.find(project, request)
        assert decision.kind != "exact" and not decision.hit, posing
