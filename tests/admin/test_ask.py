"""What would come of a request: told on a page, with nothing stored until it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from cache.examples.acceptance import least_tolerance, most_risk
from cache.models import Entry, EntryUse
from orra.base.strictjson import Json
from planengine.drafting.planner_choice import current_planner, fallback_planner
from planengine.models import Attempt, DailyUsage, Plan, Project
from planengine.requests import MAX_ACTION_CHARACTERS
from tests.admin.pages import body, logged, page_of, said, text
from tests.servers.scripted import Reply, ScriptedServer

ACTION = "Print 3 labels for order ORD-4 and tell the customer"
PARAMS = '{"order_id": "ORD-4", "copies": 3}'


def ask(client: Client, tenant: Project, button: str = "ask", **fields: str) -> Any:
    sent = {"project": tenant.pk, "action": ACTION, "params": PARAMS, "cache": "use"}
    return client.post(
        reverse("admin:planengine_ask"),
        {**sent, "planner": "configured", "seconds": "30", button: "1", **fields},
        follow=True,
    )


@pytest.fixture
def model(settings: Any) -> Iterator[ScriptedServer]:
    """The model server that orra is configured with for the test."""
    settings.LLM_PLANNING, settings.LLM_TRUST, settings.COMPOSE_REJECTED = "full", "trusted", False
    with ScriptedServer() as started:
        settings.LLM_MODEL, settings.LLM_API_BASE_URL, settings.LLM_API_KEY = "small-1", started.url, ""
        current_planner.cache_clear()
        fallback_planner.cache_clear()
        yield started
    current_planner.cache_clear()
    fallback_planner.cache_clear()


class TestTheCache:
    def test_a_hit_is_told_and_drawn_and_not_counted(self, operator: Client, entry: Entry) -> None:
        page = text(ask(operator, entry.project).content.decode())

        assert "hit, same template, similarity 1.0000" in page
        assert "It would be served" in page and 'order_id "ORD-4"' in page
        assert not Plan.objects.exists()
        assert EntryUse.objects.get(entry=entry).hits == 0

    def test_thresholds_can_be_tried_without_being_saved(self, operator: Client, entry: Entry) -> None:
        words = {"action": "Print 3 labels for ORD-4, then tell the customer about it"}
        strict = text(ask(operator, entry.project, tolerance="0", **words).content.decode())
        loose = text(ask(operator, entry.project, tolerance="1", **words).content.decode())
        far = text(ask(operator, entry.project, floor="1", **words).content.decode())

        assert "0.0% is tolerated" in strict and "100.0% is tolerated" in loose
        assert "Similarity floor 1.0000 (tried)" in far
        before = entry.project.wrong_hit_tolerance
        entry.project.refresh_from_db()
        assert entry.project.wrong_hit_tolerance == before

    def test_it_tells_which_tolerance_would_serve_what_only_risk_refuses(
        self, operator: Client, entry: Entry
    ) -> None:
        page = text(
            ask(
                operator, entry.project, tolerance="0", action="Print 3 labels for order ORD-4 and tell a customer"
            ).content.decode()
        )
        assert "would allow this risk, if nothing else speaks against it; the project's is 1.00%." in page

    @pytest.mark.parametrize("risk", [0.0, 0.001, 0.02, 0.3, 1.0])
    def test_the_least_tolerance_allows_just_this_risk(self, risk: float) -> None:
        tolerance = least_tolerance(risk)
        assert most_risk(tolerance) == pytest.approx(risk, abs=1e-9)

    def test_it_is_not_asked_where_the_mode_says_so(self, operator: Client, entry: Entry) -> None:
        page = text(ask(operator, entry.project, cache="bypass").content.decode())
        assert "With this cache mode the cache is not asked." in page


class TestTheForm:
    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"action": " "}, "`action` is empty"),
            ({"action": "x" * (MAX_ACTION_CHARACTERS + 1)}, "8,000 is the most"),
            ({"params": "{"}, "The JSON is malformed"),
            ({"params": "7"}, "`params` must be a list of {field, value} or an object."),
            ({"params": '{"a": 1, "a": 2}'}, "twice"),
            ({"params": json.dumps({"a": "x" * 200_001})}, "`params` is larger than 200,000 characters"),
            ({"params": json.dumps({str(number): 1 for number in range(101)})}, "100 is the most"),
            ({"params": "[" * 5_000}, "nested"),
            ({"project": "p_nobody"}, "Select a valid choice"),
            ({"project": "p_\x00"}, "Select a valid choice"),
            ({"cache": "never"}, "Select a valid choice"),
            ({"tolerance": "2"}, "less than or equal to 1"),
            ({"floor": "nan"}, "Enter a number"),
            ({"seconds": "300"}, "less than or equal to 30"),
            ({"planner": "model"}, "Select a valid choice"),
        ],
    )
    @pytest.mark.parametrize("button", ["ask", "dry_run", "send"])
    def test_what_the_api_refuses_is_told_beside_its_field(
        self, button: str, fields: dict[str, str], error: str, operator: Client, shop: Project
    ) -> None:
        answer = ask(operator, shop, button, **fields)

        assert answer.status_code == 200
        [name] = fields
        assert error in " ".join(answer.context["form"].errors[name])
        assert not Plan.objects.exists() and not LogEntry.objects.exists()

    def test_it_is_filled_from_a_plan(self, operator: Client, staff: Callable[..., Client], served: Plan) -> None:
        path = reverse("admin:planengine_ask", query={"plan": served.pk})
        assert "ORD-99&quot;" in body(operator, path)
        viewer = body(staff("planengine.view_plan"), path)
        assert "Print 5 labels for order ORD-99" in viewer
        assert "ORD-99&quot;" not in viewer
        assert "Plan it" not in viewer and "Send as a request" not in viewer
        for odd in ("o_nobody", "\x00", "<script>"):
            body(operator, reverse("admin:planengine_ask", query={"plan": odd}))

    def test_rights(self, staff: Callable[..., Client], entry: Entry) -> None:
        assert staff("cache.view_entry").get(reverse("admin:planengine_ask")).status_code == 403
        viewer = staff("planengine.view_plan")
        page = text(ask(viewer, entry.project).content.decode())
        assert "hit, same template" in page and "order_id text" in page
        assert "ORD-4" not in page.split("It would be served")[1]
        for button in ("dry_run", "send"):
            assert ask(viewer, entry.project, button).status_code == 403
        assert not Plan.objects.exists()

    def test_hostile_text_is_shown(self, operator: Client, shop: Project) -> None:
        probe = "<script>alert(1)</script>\u202e"
        page = ask(operator, shop, "dry_run", action=f"Look up {probe}", params=json.dumps({"a": probe}))
        content = page.content.decode()
        assert "<script>alert" not in content and "&lt;script&gt;alert" in content


class TestDryRuns:
    def test_the_composer_plans_and_says_why_and_nothing_is_stored(self, operator: Client, shop: Project) -> None:
        page = ask(operator, shop, "dry_run", action="Print 3 labels for order ORD-4", planner="configured")

        told = text(page.content.decode())
        assert "Dry run: a plan" in told
        assert "no model was called. Nothing is stored." in told
        assert "print_labels: nearest to 'Print 3 labels for order ORD-4'" in told
        assert not Plan.objects.exists() and not Attempt.objects.exists() and not Entry.objects.exists()
        told_of = "Planned a request without storing it: 0 model calls, 0 tokens, ready."
        assert logged() == logged(object_id=shop.pk) == [told_of]

    def test_a_models_drafts_are_told_with_what_they_cost(
        self, operator: Client, shop: Project, model: ScriptedServer, staff: Callable[..., Client]
    ) -> None:
        wrong: Json = {
            "tasks": [
                {"id": "task0", "input": {"order_id": "ORD-4"}},
                {"id": "task1", "service": "<script>alert(1)</script>", "input": {}},
            ]
        }
        model.script(wrong, wrong)
        page = ask(operator, shop, "dry_run", planner="model", action="Look up order ORD-4", params="")

        content = page.content.decode()
        assert "<script>alert" not in content
        told = text(content)
        assert "calls of a model" in told and "unknown_service" in told
        usage = DailyUsage.objects.get(project=shop)
        assert usage.calls == model.calls > 0
        assert usage.prompt_tokens == 120 * model.calls
        assert not Attempt.objects.exists() and not Plan.objects.exists()
        assert "Prompt" in told

        limited = staff("planengine.view_plan", "planengine.change_plan")
        told = text(ask(limited, shop, "dry_run", planner="model").content.decode())
        assert "Prompt and answer are contents, which you may not see." in told

    def test_the_time_is_limited_and_that_is_told(
        self, operator: Client, shop: Project, model: ScriptedServer
    ) -> None:
        model.script(*[Reply(then="hang")] * 9)
        told = text(ask(operator, shop, "dry_run", planner="model", seconds="1").content.decode())
        assert "The time did not suffice: the planner was stopped after" in told
        assert not Plan.objects.exists()

    def test_a_budget_that_is_used_up_allows_none(
        self, operator: Client, shop: Project, model: ScriptedServer
    ) -> None:
        Project.objects.filter(pk=shop.pk).update(tokens_per_day=10)
        told = text(ask(operator, shop, "dry_run", planner="model").content.decode())
        assert "budget_exceeded" in told
        assert model.calls == 0

    def test_the_composer_can_be_chosen_beside_a_model(
        self, operator: Client, shop: Project, model: ScriptedServer
    ) -> None:
        told = text(
            ask(
                operator, shop, "dry_run", planner="composer", action="Print 3 labels for order ORD-4"
            ).content.decode()
        )
        assert "Dry run: a plan" in told and model.calls == 0


class TestSending:
    def test_a_hit_is_served_at_once(self, operator: Client, entry: Entry) -> None:
        answer = ask(operator, entry.project, "send")

        plan = Plan.objects.get()
        assert answer.redirect_chain[-1][0] == page_of(plan)
        assert f"Sent as {plan.pk}." in said(answer)
        assert (plan.status, plan.source) == ("ready", "exact")
        assert logged(object_id=plan.pk) == ["Sent as a request by hand."]

    def test_a_miss_is_handed_to_workers(
        self, operator: Client, shop: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        monkeypatch.setattr("planengine.tasks.enqueue", told.append)
        ask(operator, shop, "send")
        plan = Plan.objects.get()
        assert plan.status == "pending" and told == [plan.pk]
