"""``manage.py export_training_data``: lessons from accepted plans, without anybody's values."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json
from planengine.catalogue.registry import catalogue_of
from planengine.models import ApiKey, HitCheck, Plan, Project
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Job
from planengine.validation.rules import validate
from tests.conftest import Api
from tests.planengine.planners.test_prompts import sections_of
from tests.planengine.shop import a_draft
from tests.servers.scripted import ScriptedServer

REFUND = ("Refund order ORD-4711", {"order_id": "ORD-4711"})
INVENTED = a_draft({"order_id": "ORD-4711"}, ("refund_everything", {"order_id": "for ORD-4711 of Zebediah"}))
RENAMED = a_draft({"orderId": "ORD-4711"}, ("refund_payment", {"order_id": "$task0.orderId"}))


def export(*args: str, **options: Any) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("export_training_data", *args, stdout=out, stderr=StringIO(), **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def said_of(*args: str) -> str:
    err = StringIO()
    call_command("export_training_data", *args, stdout=StringIO(), stderr=err)
    return err.getvalue()


def asked_in(lesson: dict[str, Any]) -> tuple[str, dict[str, Json]]:
    """The action and the params of a lesson's prompt."""
    (message, *_) = lesson.get("messages") or lesson["prompt"]
    sections = sections_of(message["content"])
    return sections["request"], sections["params"]


def test_a_lesson_is_what_a_model_would_be_asked_and_the_plan(api: Api, project: Project) -> None:
    assert api.plan(*REFUND)["source"] == "composer"
    (lesson,) = export("--keep-values")
    job = Job(*REFUND, catalogue_of(project))
    assert [message["role"] for message in lesson["messages"]] == ["user", "assistant"]
    assert lesson["messages"][:1] == build_messages(job, feedback=None)
    assert json.loads(lesson["messages"][1]["content"]) == Plan.objects.get().plan


def test_no_value_leaves_and_the_plan_is_valid_for_the_made_up_request(api: Api, project: Project) -> None:
    api.plan(*REFUND)
    (lesson,) = export()
    assert "4711" not in json.dumps(lesson) and "ORD-" not in json.dumps(lesson)
    action, params = asked_in(lesson)
    assert action == f"Refund order {params['order_id']}"
    plan = json.loads(lesson["messages"][1]["content"])
    assert validate(plan, catalogue=catalogue_of(project), params=params, action=action).plan == plan


def test_one_seed_makes_up_the_same_values(api: Api) -> None:
    api.plan(*REFUND)
    assert export("--seed", "7") == export("--seed", "7") != export("--seed", "8")


def test_one_lesson_of_each_template(api: Api) -> None:
    for number in range(3):
        api.plan(f"Refund order ORD-{number}", {"order_id": f"ORD-{number}"}, cache="bypass")
    api.plan("Find the order", {"order_id": "ORD-1"})
    assert Plan.objects.filter(source="composer", status="ready").count() == 4
    assert len(export()) == 2
    assert "2 skipped: template known" in said_of()


def test_preferences_set_rejected_drafts_against_the_plan(api: Api, server: ScriptedServer) -> None:
    right = a_draft({"order_id": "ORD-4711"}, ("refund_payment", {"order_id": "$task0.order_id"}))
    server.script(INVENTED, RENAMED, right)
    api.plan(*REFUND)
    pairs = export("--preferences")
    assert [list(pair) for pair in pairs] == [["prompt", "chosen", "rejected"]] * 2
    assert "4711" not in json.dumps(pairs) and "Zebediah" not in json.dumps(pairs)
    assert pairs[0]["chosen"] == pairs[1]["chosen"]
    value = asked_in(pairs[0])[1]["order_id"]
    first, second = (json.loads(pair["rejected"][0]["content"]) for pair in pairs)
    assert first["tasks"][1]["service"] == "refund_everything"
    assert first["tasks"][0]["input"] == {"order_id": value}
    assert second["tasks"][0]["input"] == {"orderId": value}
    assert len(export()) == 1


def test_a_plan_without_a_rejected_draft_is_no_preference(api: Api) -> None:
    api.plan(*REFUND)
    assert export("--preferences") == []
    assert "1 skipped: no rejected draft" in said_of("--preferences")


def test_what_was_reported_wrong_teaches_nothing(api: Api) -> None:
    api.plan(*REFUND)
    hit = api.plan("Refund order ORD-5", {"order_id": "ORD-5"})
    assert hit["source"] == "exact"
    assert api.post(f"/v1/plans/{hit['id']}/report", {"verdict": "wrong_plan"}).status_code < 300
    assert export() == []
    Entry.objects.all().delete()
    assert HitCheck.objects.count() == 1
    assert export() == []


def test_what_is_in_quarantine_teaches_nothing(api: Api) -> None:
    api.plan(*REFUND)
    Entry.objects.update(quarantined_at=timezone.now())
    assert export() == []


def test_what_is_not_valid_today_teaches_nothing(api: Api) -> None:
    api.plan(*REFUND)
    api.delete("/v1/services/refund_payment")
    assert export() == []


def test_projects_and_times_can_be_chosen(api: Api, make_project: Callable[..., Project]) -> None:
    other = make_project("another")
    api.plan(*REFUND)
    Api(ApiKey.issue(other)[1]).plan(*REFUND)
    assert len(export()) == 2
    assert len(export("--project", other.pk)) == 1
    assert export("--since", "2999-01-01") == []
    assert len(export("--since", "2001-01-01T00:00:00Z")) == 2


@pytest.mark.parametrize("args", [("--project", "p_none"), ("--since", "soon"), ("--since", "2031-99-99")])
def test_bad_options_are_named(db: None, args: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=args[0] if args[0] == "--since" else args[1]):
        export(*args)


def test_a_file_can_be_written(api: Api, tmp_path: Path) -> None:
    api.plan(*REFUND)
    file = tmp_path / "lessons.jsonl"
    assert export("--output", str(file)) == []
    assert len(file.read_text().splitlines()) == 1
    with pytest.raises(CommandError, match="cannot be written"):
        export("--output", str(tmp_path / "no" / "folder"))


def test_rows_are_read_as_they_are_needed(
    api: Api, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        api.plan(f"Refund order ORD-{number}", {"order_id": f"ORD-{number}"}, cache="bypass")
    with django_assert_max_num_queries(8):
        export("--preferences")
