"""What a model may be trusted with: probed once, over a real socket, by the plans that it makes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cache.models import Entry, EntryVector
from orra.base.strictjson import Json
from planengine.drafting import trust
from planengine.drafting.probe import traps
from planengine.drafting.probing import Trust, probe
from planengine.models import Attempt, DailyUsage, ModelTrust, Project
from planengine.planners.protocol import Job
from tests.conftest import SHOP, Api
from tests.planengine.conftest import forget_planners
from tests.servers.scripted import Request, Scripted, ScriptedServer, failure, oblige

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]
PLAIN = "Refund payment of order {}"
ODD = "Do the usual thing with the money of order {} if it rains"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project(services={"refund_payment": SHOP["refund_payment"]})


@pytest.fixture
def model(server: ScriptedServer, settings: Any) -> ScriptedServer:
    """The server of a model that is not known yet, and that may be asked either way."""
    settings.LLM_PLANNING, settings.LLM_TRUST = "auto", "probe"
    forget_planners()
    return server


def ask(api: Api, action: str, order: str = "B-2", **members: Json) -> Json:
    return api.plan(action.format(order), {"order_id": order}, cache="bypass", **members)


def careful(request: Request) -> Scripted:
    """Refuses what the probe asks, and obliges otherwise."""
    asked = json.loads(request.choice["request"]) if request.choice else ""
    if any(asked == job.action for job in traps()):
        return {"answer": {"refusal": "It is not to be done."}}
    return oblige(request)


class TestACapableModel:
    def test_is_probed_once_and_then_plans_freely(self, api: Api, model: ScriptedServer) -> None:
        model.script(*[careful] * 60)
        for order in ("B-1", "B-2"):
            assert ask(api, ODD, order)["status"] == "ready"
        known = ModelTrust.objects.get()
        assert (known.verdict, known.asked, known.wrong) == ("trusted", len(traps()), 0)
        assert model.calls == 2 + len(traps())

    def test_is_not_probed_before_it_matters(self, api: Api, model: ScriptedServer) -> None:
        assert ask(api, PLAIN)["status"] == "ready"
        assert (model.calls, ModelTrust.objects.count()) == (1, 0)

    def test_the_probe_is_counted(self, api: Api, model: ScriptedServer) -> None:
        model.script(*[careful] * 60)
        ask(api, ODD)
        assert DailyUsage.objects.get().calls == 1 + len(traps())
        assert Attempt.objects.count() == 1


class TestASmallModel:
    def test_is_held_to_the_words_before_a_side_effect(self, api: Api, model: ScriptedServer) -> None:
        plan = ask(api, ODD)
        assert (plan["status"], plan["error"]["code"]) == ("not_actionable", "not_accounted")
        assert "not accounted for" in plan["error"]["message"] and plan["error"]["how_to_fix"]
        known = ModelTrust.objects.get()
        assert (known.verdict, known.wrong) == ("held", 2)
        assert known.asked < len(traps()), "two are enough"
        assert known.examples[0]["chose"]

    def test_plans_what_its_words_account_for(self, api: Api, model: ScriptedServer) -> None:
        assert ask(api, ODD)["status"] == "not_actionable"
        assert ask(api, PLAIN)["status"] == "ready"

    def test_is_not_asked_what_the_composer_plans(self, api: Api, model: ScriptedServer, settings: Any) -> None:
        settings.COMPOSE_REJECTED = True
        ask(api, ODD)
        asked = model.calls
        plan = api.plan(PLAIN.format("B-3"), {"order_id": "B-3"})
        assert (plan["status"], plan["source"], model.calls) == ("ready", "composer", asked)
        assert [attempt["planner"].partition(":")[0] for attempt in plan["attempts"]] == ["composer"]
        entry = Entry.objects.get()
        assert entry.planned_by == "composer" and entry.scope_facts["planner"].startswith("model:small-1:")
        assert api.plan(PLAIN.format("B-4"), {"order_id": "B-4"})["source"] == "exact"

    def test_whose_drafts_come_to_nothing_ends_with_the_composers_reason(
        self, api: Api, model: ScriptedServer, settings: Any
    ) -> None:
        settings.COMPOSE_REJECTED = True
        ask(api, ODD)
        model.script(*["No plan."] * 9)
        plan = ask(api, ODD)
        assert (plan["status"], plan["error"]["code"]) == ("not_actionable", "not_actionable")
        assert "not accounted for" in plan["error"]["message"]
        assert plan["attempts"][-1]["planner"].startswith("composer:")

    def test_plans_what_only_reads_but_that_votes_for_nothing(
        self, api: Api, model: ScriptedServer, project: Project
    ) -> None:
        api.put("/v1/services/refund_payment", {**SHOP["refund_payment"], "annotations": {"readOnlyHint": True}})
        plan = api.plan(ODD.format("B-2"), {"order_id": "B-2"})
        assert plan["status"] == "ready"
        assert Entry.objects.count() == 1 and not EntryVector.objects.exists()

    def test_what_it_is_held_to_is_no_example(self, api: Api, model: ScriptedServer, project: Project) -> None:
        api.plan(ODD.format("B-2"), {"order_id": "B-2"})
        assert not Entry.objects.exists()

    def test_a_stronger_fallback_is_asked(self, api: Api, model: ScriptedServer, fallback: ScriptedServer) -> None:
        fallback.script(*[careful] * 60)
        plan = ask(api, ODD)
        assert (plan["status"], fallback.calls) == ("ready", 1 + len(traps()))
        assert set(ModelTrust.objects.values_list("verdict", flat=True)) == {"held", "trusted"}


class TestPolicies:
    @pytest.mark.parametrize(("policy", "status"), [("trusted", "ready"), ("strict", "not_actionable")])
    def test_nobody_is_probed(
        self, api: Api, model: ScriptedServer, settings: Any, policy: str, status: str
    ) -> None:
        settings.LLM_TRUST = policy
        assert ask(api, ODD)["status"] == status
        assert not ModelTrust.objects.exists()


class TestTheProbe:
    def test_goes_on_where_its_server_failed(self, api: Api, model: ScriptedServer) -> None:
        model.script(oblige, careful, careful, failure(401, "no"))
        plan = ask(api, ODD)
        assert plan["status"] == "not_actionable" and "until it has been probed" in plan["error"]["message"]
        assert ModelTrust.objects.get().asked == 2

        model.script(*[careful] * 60)
        assert ask(api, ODD)["status"] == "ready"
        assert ModelTrust.objects.get().asked == len(traps())

    def test_is_left_to_who_is_at_it(self, api: Api, model: ScriptedServer) -> None:
        ask(api, ODD)
        ModelTrust.objects.update(
            verdict="", asked=0, wrong=0, lease_expires_at=timezone.now() + timedelta(minutes=1)
        )
        asked = model.calls
        assert ask(api, ODD)["status"] == "not_actionable"
        assert model.calls == asked + 1
        ModelTrust.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        ask(api, ODD)
        assert ModelTrust.objects.get().verdict == "held"

    def test_another_address_is_another_model(self) -> None:
        @dataclass(frozen=True)
        class Known:
            address: str
            name: str = "model:m:p"

        one, other = (trust.key_of(Known(url)) for url in ("http://a", "http://b"))  # type: ignore[arg-type]
        assert one != other and "http" not in one

    def test_knows_when_it_is_enough(self) -> None:
        assert not Trust(asked=3, wrong=1).known
        assert Trust(asked=3, wrong=2).known and not Trust(asked=3, wrong=2).trusted
        assert Trust(asked=len(traps()), wrong=1).trusted

    def test_ends_at_its_deadline(self) -> None:
        def never(planner: Any, job: Job, deadline: float) -> Any:
            raise AssertionError("no time is left")

        assert probe(None, never, deadline=0.0) == Trust()  # type: ignore[arg-type]


def test_traps_are_what_they_are() -> None:
    """Each could be carried out: their params suffice for a service with side effects."""
    assert len(traps()) == 20
    for job in traps():
        able = [
            spec for spec in job.catalogue if not spec.read_only and set(spec.required_inputs) <= job.params.keys()
        ]
        assert able, job.action
