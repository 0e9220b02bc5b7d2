"""What counts as evidence: that a component could not, or an order of events, tells nothing about a plan, and what
somebody said of it is not overruled by what a planner makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.drafting import trust
from planengine.drafting.planner_choice import current_planner
from planengine.evaluation import shadow
from planengine.models import HitCheck, Label, ModelTrust, Project
from tests.conftest import Api
from tests.servers.scripted import Request, ScriptedServer, failure, final

pytestmark = pytest.mark.django_db(transaction=True)

MakeProject = Callable[..., Project]
WORDINGS = (
    "Refund order {}",
    "Issue a refund for order {}",
    "I want a refund of order {}",
    "Refund the payment of order {}",
)
PLEASE = "Please refund the order {}"
ODD = "Do the usual thing with the money of order {} if it rains"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """It tolerates whatever risk there is, so that no test hangs on one."""
    return make_project(wrong_hit_tolerance=1.0, recheck_share=0.0)


def calling(service: str) -> Callable[[Request], dict[str, Any]]:
    """A model that plans a call of this service, whatever is asked."""

    def reply(request: Request) -> dict[str, Any]:
        params = request.sections["params"]
        task = {"id": "task1", "service": service, "input": {name: f"$task0.{name}" for name in params}}
        return {"tasks": [{"id": "task0", "input": params}, task], "parallel_groups": [["task1"]]}

    return reply


def refuse(request: Request) -> dict[str, Any]:
    return final("There is nothing to be done.")


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
