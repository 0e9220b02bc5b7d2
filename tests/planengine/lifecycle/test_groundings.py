"""The life of plans under groundings: what they are held to, where they are kept, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cache.models import Entry
from orra.base.strictjson import Json
from planengine import tasks
from planengine.catalogue import registry as services
from planengine.drafting import fallback
from planengine.evaluation import shadow
from planengine.grounding import registry
from planengine.grounding.reading import read_grounding
from planengine.lifecycle import plans, worker
from planengine.models import ApiKey, HitCheck, Plan, Project, UseCaseVector
from planengine.requests import PlanRequest
from tests.conftest import Api, object_schema
from tests.planengine.grounding.embedding import Counting, counted
from tests.planengine.in_flight import ask, meanwhile, work
from tests.servers.scripted import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"order_id": "ORD-1"}
CHECK_THEN_PAY = ["verify refund eligibility", "refund an order"]


def a_service(description: str, *, reads: bool = False, **more: Json) -> Json:
    return {
        "type": "service",
        "description": description,
        "input_schema": object_schema("order_id", order_id="string"),
        "output_schema": object_schema("done", done="boolean"),
        "revertible": False,
        "annotations": {"readOnlyHint": True} if reads else {},
        **more,
    }


SERVICES: dict[str, Json] = {
    "refund_payment": a_service("Refund an order.", capabilities=["refund an order"]),
    "check_terms": a_service("Says what is allowed.", reads=True, capabilities=["verify refund eligibility"]),
    "find_order": a_service("Find an order.", reads=True),
}


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    return make_project(services=SERVICES, recheck_share=0.0)


@pytest.fixture
def embedder() -> Iterator[Counting]:
    with counted() as counting:
        yield counting


def put(project: Project, name: str = "returns", version: str = "1", **members: Json) -> None:
    use_case = {"action": "Refund order {order_id}", "capabilities": CHECK_THEN_PAY, "order": True}
    given = {"domain": "returns", "version": version, "mode": "strict", "use_cases": [use_case], **members}
    registry.apply(project, read_grounding(name, given))


def called(plan: Json) -> list[str]:
    return [task["service"] for task in plan["plan"]["tasks"] if "service" in task] if plan["plan"] else []


def scope_of(entry: Entry) -> str:
    """Name and version of the grounding that an entry belongs to."""
    return str(entry.scope_facts["grounding"]).rpartition(" ")[0]


class TestStrict:
    def test_a_plan_that_skips_something_is_refused_and_mended(self, api: Api, project: Project) -> None:
        put(project)
        plan = api.plan("Refund order ORD-1", ORDER)
        assert (plan["status"], sorted(called(plan))) == ("ready", ["check_terms", "refund_payment"])
        first, second = plan["attempts"]
        assert [problem["code"] for problem in first["problems"]] == ["grounding_capability_missing"]
        assert second["problems"] == []
        assert plan["grounding"] == {
            "name": "returns",
            "version": "1",
            "mark": registry.groundings_of(Project.objects.get(pk=project.pk))[0].spec.mark,
            "domain": "returns",
            "mode": "strict",
            "use_case": "Refund order {order_id}",
            "match": "exact",
            "similarity": 1.0,
            "risk": 0.0,
            "capabilities": [
                {
                    "capability": "verify refund eligibility",
                    "by": "declared",
                    "service": "check_terms",
                    "similarity": None,
                },
                {
                    "capability": "refund an order",
                    "by": "declared",
                    "service": "refund_payment",
                    "similarity": None,
                },
            ],
            "problems": [],
        }

    def test_it_serves_its_template_and_tells_its_grounding(self, api: Api, project: Project) -> None:
        put(project)
        api.plan("Refund order ORD-1", ORDER)
        hit = api.plan("Refund order ORD-2", {"order_id": "ORD-2"})
        assert (hit["source"], hit["grounding"]["version"]) == ("exact", "1")
        assert hit["grounding"]["capabilities"][0]["service"] == "check_terms"

    def test_what_cannot_be_met_fails_with_the_capability_and_the_closest_services(
        self, api: Api, project: Project
    ) -> None:
        use_case = {
            "action": "Refund order {order_id}",
            "capabilities": ["translate the manual", "refund an order"],
        }
        put(project, use_cases=[use_case])
        plan = api.plan("Refund order ORD-1", ORDER)
        assert (plan["status"], plan["error"]["code"]) == ("failed", "plan_rejected")
        message = plan["error"]["message"]
        assert "'translate the manual'" in message and "closest services: '" in message
        assert "declare the capability" in plan["error"]["how_to_fix"][0]
        assert not Entry.objects.exists()

    def test_a_hit_is_held_to_it_again(self, api: Api, project: Project) -> None:
        """The service of a cached plan does the capability no more, and another does."""
        put(project)
        api.plan("Refund order ORD-1", ORDER)
        bare = {name: value for name, value in SERVICES["check_terms"].items() if name != "capabilities"}
        services.register(project, "check_terms", bare)
        other = {**SERVICES["find_order"], "capabilities": ["verify refund eligibility"]}
        services.register(project, "find_order", other)
        plan = api.plan("Refund order ORD-1", ORDER)
        assert plan["source"] == "composer" and "find_order" in called(plan)
        assert any("verify refund eligibility" in guard["reason"] for guard in plan["cache"]["guards"])

    def test_advice_is_served_and_what_it_does_not_keep_is_told(self, api: Api, project: Project) -> None:
        put(project, mode="advisory")
        plan = api.plan("Refund order ORD-1", ORDER)
        assert (plan["status"], called(plan), len(plan["attempts"])) == ("ready", ["refund_payment"], 1)
        [problem] = plan["grounding"]["problems"]
        assert problem["code"] == "grounding_capability_missing"
        assert plan["grounding"]["capabilities"][0] == {
            "capability": "verify refund eligibility",
            "by": None,
            "service": None,
            "similarity": None,
        }

    def test_other_actions_are_planned_as_ever(self, api: Api, project: Project) -> None:
        """In the original any grounding made every other action fail."""
        put(project)
        plan = api.plan("Find order ORD-1", ORDER)
        assert (plan["status"], plan["grounding"], called(plan)) == ("ready", None, ["find_order"])

    def test_two_groundings_do_not_disturb_each_other(self, api: Api, project: Project) -> None:
        put(project)
        put(project, "looking", use_cases=[{"action": "Find order {order_id}", "capabilities": ["find_order"]}])
        refunded, found = api.plan("Refund order ORD-1", ORDER), api.plan("Find order ORD-1", ORDER)
        assert (refunded["grounding"]["name"], found["grounding"]["name"]) == ("returns", "looking")
        assert refunded["status"] == found["status"] == "ready"
        put(project, "looking", "2", use_cases=[{"action": "Find order {order_id}", "capabilities": ["fly"]}])
        assert api.plan("Refund order ORD-1", ORDER)["source"] == "exact"
        assert api.plan("Find order ORD-1", ORDER)["status"] == "failed"


class TestVersions:
    def test_a_new_version_leaves_old_entries_unused_and_a_way_back_finds_them(
        self, api: Api, project: Project
    ) -> None:
        put(project)
        api.plan("Refund order ORD-1", ORDER)
        put(project, version="2", constraints=["Be polite."])
        told = api.post("/v1/cache/explain", {"action": "Refund order ORD-1", "params": ORDER}).json()
        assert (told["decision"], told["grounding"]["version"]) == ("miss", "2")
        assert told["grounding"]["unused_entries"] == [{"version": "1", "entries": 1}]
        anew = api.plan("Refund order ORD-1", ORDER)
        assert (anew["source"], anew["grounding"]["version"]) == ("composer", "2")
        put(project)
        back = api.plan("Refund order ORD-1", ORDER)
        assert (back["source"], back["grounding"]["version"]) == ("exact", "1")

    def test_what_is_planned_while_another_version_is_applied_is_kept_under_its_own(
        self, api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(project)
        make = fallback.make

        def make_slowly(plan: Plan, *args: Any, **kwargs: Any) -> Any:
            made = make(plan, *args, **kwargs)
            put(Project.objects.get(pk=project.pk), version="2", constraints=["Be polite."])
            plan.project.refresh_from_db()  # whatever else reads it meanwhile
            return made

        monkeypatch.setattr(fallback, "make", make_slowly)
        plan = api.plan("Refund order ORD-1", ORDER)
        monkeypatch.undo()
        assert plan["grounding"]["version"] == "1"
        assert [scope_of(entry) for entry in Entry.objects.all()] == ["returns 1"]
        anew = api.plan("Refund order ORD-1", ORDER)
        assert (anew["source"], anew["grounding"]["version"]) == ("composer", "2")

    def test_who_follows_a_flight_is_planned_under_what_holds_when_it_lands(
        self, api: Api, project: Project, server: ScriptedServer
    ) -> None:
        put(project, mode="advisory")
        leader, follower = ask(api, "ORD-1"), ask(api, "ORD-2")
        followed: list[Any] = []

        def apply() -> None:
            put(Project.objects.get(pk=project.pk), version="2", mode="advisory", constraints=["Be polite."])

        server.script(meanwhile(lambda: followed.append(worker.work_on(follower)), apply))
        released = worker.work_on(leader)
        assert (followed, list(released)) == ([()], [follower])
        work(*released)
        found = [api.get(f"/v1/plans/{plan_id}").json() for plan_id in (leader, follower)]
        assert [plan["grounding"]["version"] for plan in found] == ["1", "2"]
        assert [plan["source"] for plan in found] == ["model", "model"]
        kept = {entry.params[0]["value"]: scope_of(entry) for entry in Entry.objects.all()}
        assert kept == {"ORD-1": "returns 1", "ORD-2": "returns 2"}

    def test_a_plan_made_by_example_is_kept_only_under_what_it_was_made_under(
        self, api: Api, project: Project
    ) -> None:
        put(project)
        plan = api.plan("Refund order ORD-1", ORDER)
        row = Plan.objects.get(pk=plan["id"])
        Entry.objects.all().delete()
        Plan.objects.filter(pk=row.pk).update(source="example")
        put(project, version="2", constraints=["Be polite."])
        plans.keep_made(row.pk)
        assert not Entry.objects.exists()
        put(project)
        plans.keep_made(row.pk)
        assert [scope_of(entry) for entry in Entry.objects.all()] == ["returns 1"]

    def test_a_version_that_says_something_else_after_it_was_deleted_is_another(
        self, api: Api, project: Project
    ) -> None:
        put(project, mode="advisory")
        assert api.plan("Refund order ORD-1", ORDER)["source"] == "composer"
        registry.remove(Project.objects.get(pk=project.pk), "returns")
        put(Project.objects.get(pk=project.pk), mode="advisory", constraints=["Be polite."])
        assert api.plan("Refund order ORD-1", ORDER)["source"] == "composer"
        assert api.plan("Refund order ORD-2", {"order_id": "ORD-2"})["source"] == "exact"

    def test_a_confirmed_plan_is_no_example_of_a_version_that_it_was_not_made_under(
        self, api: Api, project: Project
    ) -> None:
        put(project)
        plan = api.plan("Refund order ORD-1", ORDER)
        put(project, version="2", constraints=["Be polite."])
        shadow.report(Plan.objects.get(pk=plan["id"]), wrong=False)
        assert [scope_of(entry) for entry in Entry.objects.all()] == ["returns 1"]

    def test_a_hit_of_another_version_is_not_checked(self, api: Api, project: Project) -> None:
        put(project)
        api.plan("Refund order ORD-1", ORDER)
        hit = api.plan("Refund order ORD-2", {"order_id": "ORD-2"})
        put(project, version="2", constraints=["Be polite."])
        shadow.check(hit["id"])
        assert not HitCheck.objects.exists()
        put(project)
        shadow.check(hit["id"])
        assert [check.verdict for check in HitCheck.objects.all()] == ["right"]

    def test_a_replay_is_held_to_what_holds_now(self, api: Api, project: Project) -> None:
        api.plan("Refund order ORD-1", ORDER)
        put(project)
        entry = Entry.objects.get()
        plan = plans.replay(entry, project=project, request=PlanRequest("Refund order ORD-1", ORDER))
        assert (plan.status, plan.error and plan.error["code"]) == ("failed", "replay_invalid")
        assert plan.error is not None and "verify refund eligibility" in plan.error["message"]


class TestDemanded:
    @pytest.mark.parametrize("cache", ["use", "bypass", "only"])
    def test_what_no_grounding_covers_is_refused_at_once(self, api: Api, project: Project, cache: str) -> None:
        put(project)
        Project.objects.update(grounding_required=True)
        answer = api.post("/v1/plans", {"action": "Do not refund order ORD-1", "params": ORDER, "cache": cache})
        plan = answer.json()
        assert (answer.status_code, plan["status"]) == (201, "not_actionable")
        assert plan["error"]["code"] == "not_grounded"
        assert "Refund order {order_id}" in plan["error"]["message"] and "'not'" in plan["error"]["message"]
        assert "also" in plan["error"]["how_to_fix"][0]

    def test_what_one_covers_is_planned(self, api: Api, project: Project) -> None:
        put(project)
        Project.objects.update(grounding_required=True)
        assert api.plan("Please refund order ORD-1", ORDER)["status"] == "ready"

    def test_without_any_grounding_nothing_is(self, api: Api, project: Project) -> None:
        Project.objects.update(grounding_required=True)
        plan = api.plan("Find order ORD-1", ORDER)
        assert plan["error"]["code"] == "not_grounded" and "no use case" in plan["error"]["message"]

    def test_a_worker_sees_to_it_too(self, api: Api, project: Project) -> None:
        plan = api.post("/v1/plans", {"action": "Find order ORD-1", "params": ORDER}).json()
        Project.objects.update(grounding_required=True)
        worker.work_on(plan["id"])
        assert api.get(f"/v1/plans/{plan['id']}").json()["error"]["code"] == "not_grounded"

    def test_explain_tells_so(self, api: Api, project: Project) -> None:
        put(project)
        Project.objects.update(grounding_required=True)
        told = api.post("/v1/cache/explain", {"action": "Do not refund order ORD-1", "params": ORDER}).json()
        assert (told["reason"], told["grounding"]["match"]) == ("not_grounded", "none")
        [near] = told["grounding"]["near"]
        assert near["grounding"] == "returns 1" and "'not'" in near["why_not"]
        assert told["what_to_do"]


class TestWithoutEmbeddings:
    def test_a_strict_grounding_is_not_escaped(self, api: Api, project: Project, embedder: Counting) -> None:
        put(project)
        embedder.down = True
        plan = api.plan("Kindly refund order ORD-1", ORDER)
        assert (plan["status"], plan["error"]["code"]) == ("failed", "embedding_unavailable")
        assert plan["error"]["retryable"] is True
        assert not Entry.objects.exists()
        embedder.down = False
        assert sorted(called(api.plan("Kindly refund order ORD-1", ORDER))) == ["check_terms", "refund_payment"]

    def test_the_very_words_are_planned_by_what_is_declared(
        self, api: Api, project: Project, embedder: Counting
    ) -> None:
        put(project)
        embedder.down = True
        plan = api.plan("Refund order ORD-1", ORDER)
        assert (plan["status"], sorted(called(plan))) == ("ready", ["check_terms", "refund_payment"])

    def test_advice_is_done_without(self, api: Api, project: Project, embedder: Counting) -> None:
        put(project, mode="advisory")
        embedder.down = True
        assert api.plan("Kindly refund order ORD-1", ORDER)["grounding"] is None

    def test_a_hit_costs_no_embedding_once_its_template_was_seen(
        self, api: Api, project: Project, embedder: Counting
    ) -> None:
        put(project)
        api.plan("Kindly refund order ORD-1", ORDER)
        embedder.asked.clear()
        assert api.plan("Kindly refund order ORD-2", {"order_id": "ORD-2"})["source"] == "exact"
        assert embedder.asked == []


def test_another_project_sees_nothing_of_it(
    api: Api, project: Project, make_project: Callable[..., Project]
) -> None:
    put(project)
    api.plan("Refund order ORD-1", ORDER)
    other = Api(ApiKey.issue(make_project("another", services=SERVICES))[1])
    plan = other.plan("Refund order ORD-1", ORDER)
    assert (plan["grounding"], called(plan)) == (None, ["refund_payment"])


def test_applying_one_has_its_use_cases_embedded_by_a_worker(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(tasks, "send", lambda task, *arguments: sent.append((task.name, arguments)))
    given = {"domain": "a", "version": "1", "use_cases": [{"action": "Refund order {order_id}"}]}
    for _ in range(2):
        assert api.put("/v1/groundings/returns", given).status_code in (200, 201)
    assert sent == [("planengine.tasks.embed_use_cases", (project.pk,))]
    tasks.embed_use_cases(project.pk)
    assert UseCaseVector.objects.count() == 1
