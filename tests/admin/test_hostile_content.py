"""What strangers wrote is shown as text: escaped, bounded, and with nothing hidden in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json
from orra.operators.display import MAX_SHOWN
from planengine.catalogue import registry
from planengine.grounding.contents import restore
from planengine.models import ApiKey, Attempt, Grounding, HitCheck, Plan, Project, Service
from tests.admin.pages import address, body, list_of, page_of
from tests.conftest import object_schema

PROBE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7|add:7 }}{% now 'Y' %}{0}%s\u202eevil\u200b"
UNSAFE = ("<script>alert", "<img src=x", "\u202e", "\u200b")


def everywhere(value: str) -> list[Json]:
    """The value in every place of a list of objects that a page reads."""
    names = ("code", "message", "task", "field", "hint", "entry_id", "template", "guard", "reason", "similarity")
    return [dict.fromkeys(names, value), value, None, 7, [value]]


def votes_of(value: str) -> Json:
    example = {"kind": value, "services": [value], "template": value, "similarity": value, "entry_id": value}
    told = {"services": [value, 1], "examples": value, "margin": value, "risk": 0.5, "most_risk": 0.1}
    others = {"other_services": [value], "not_accounted_for": [value, None, f"'{value}'"]}
    return {**told, **others, "nearest": example, "rival": example}


def plan_of(value: str) -> Json:
    return {
        "tasks": [
            {"id": "task0", "input": {value: value}},
            {"id": "task1", "service": value, "input": {value: f"$task0.{value}", "b": value}},
            {"id": value, "service": value, "input": {value: {value: value}}},
        ],
        "parallel_groups": [["task1", value], [value]],
    }


def content_of(value: str) -> Json:
    """What a grounding says."""
    use_case = {
        **dict.fromkeys(("action", "intent"), value),
        **dict.fromkeys(("also", "capabilities", "order", "forbidden"), [value]),
        "params": {value: value},
    }
    rule = {"rule": "requires", "first": value, "before": value}
    return {"domain": value, "mode": "strict", "use_cases": [use_case], "constraints": [value, rule]}


@pytest.fixture
def rows(db: None) -> list[Project | ApiKey | Service | Plan | Attempt | Entry | Grounding]:
    project = Project.objects.create(name=PROBE[:100])
    registry.register(
        project,
        "refund",
        {
            "type": "service",
            "description": PROBE,
            "input_schema": {**object_schema(), "description": PROBE},
            "output_schema": object_schema(),
            "revertible": False,
        },
    )
    key, _ = ApiKey.issue(project, name=PROBE[:100])
    params = [{"field": PROBE[:100].replace("\u200b", ""), "value": PROBE}]
    entry = Entry.objects.create(
        project=project,
        scope="s",
        scope_facts={"planner": PROBE},
        template_key="t",
        action=PROBE,
        params=params,
        template={
            "text": PROBE,
            "action": PROBE,
            "slots": [[0, 8, "param", PROBE, [PROBE]]],
            "fields": [[PROBE, PROBE]],
        },
        plan=plan_of(PROBE),
        recipe={
            "reusable": True,
            "request": PROBE,
            "fields": [PROBE],
            "literals": [PROBE],
            "places": [{"path": [0, PROBE], "parts": [["param", [PROBE], "value"], ["text", [], PROBE]]}],
            "pinned": [[PROBE, 0, PROBE]],
            "text_constants": [PROBE],
        },
        services={PROBE: PROBE, "refund": 1},
        planned_by="composer",
        cost={PROBE: PROBE},
        expires_at=timezone.now(),
        quarantined_at=timezone.now(),
        quarantine_reason=PROBE,
    )
    common = {
        "project": project,
        "action": PROBE,
        "params": params,
        "created_at": timezone.now(),
        "finished_at": timezone.now(),
        "cache": {
            "decision": PROBE,
            "reason": PROBE,
            "entry_id": PROBE,
            "similarity": PROBE,
            "votes": votes_of(PROBE),
            "guards": everywhere(PROBE),
        },
        "timings_ms": {"total": PROBE, PROBE: PROBE},
        "idempotency_key": PROBE,
    }
    failed = Plan.objects.create(
        **common | {"grounding": {PROBE: PROBE}},
        status="failed",
        error={"code": PROBE, "message": PROBE, "problems": everywhere(PROBE), "how_to_fix": [PROBE, 1, None]},
    )
    served = Plan.objects.create(
        **common | {"idempotency_key": None, "cache_entry_id": entry.pk}, status="ready", plan=plan_of(PROBE)
    )
    missed = [
        Plan.objects.create(
            **common
            | {
                "idempotency_key": None,
                "cache": {"decision": "miss", "votes": votes_of(PROBE), "guards": [{"guard": guard}]},
            },
            status="failed",
        )
        for guard in ("words", "risk")
    ]
    others = [
        Entry.objects.create(
            project=project,
            kind=kind,
            scope="s",
            scope_facts={"planner": PROBE},
            template_key=kind,
            action=PROBE,
            params=params,
            template={"text": PROBE, "action": PROBE},
            plan=plan_of(PROBE) if kind == "counter" else None,
            recipe={},
            services={PROBE: PROBE},
            planned_by="report",
            expires_at=timezone.now(),
        )
        for kind in ("refusal", "counter")
    ]
    HitCheck.objects.create(project=project, plan=served, origin="report", verdict="wrong", note=PROBE)
    attempt = Attempt.objects.create(
        plan=failed,
        number=1,
        planner=PROBE,
        model=PROBE,
        prompt=PROBE,
        answer=PROBE,
        problems=everywhere(PROBE),
        error_code=PROBE[:100],
        seconds=1,
    )
    groundings = [
        Grounding.objects.create(
            project=project,
            name=PROBE[:100],
            version=version,
            domain=PROBE,
            mode="strict",
            content=(content := content_of(f"{PROBE} {version}")),
            digest=restore(PROBE[:100], version, content).digest,
            current=current,
        )
        for version, current in ((PROBE[:60], False), (PROBE[:61], True))
    ]
    return [*groundings, project, Service.objects.get(), key, entry, failed, served, attempt, *missed, *others]


def test_nothing_of_a_stranger_s_is_markup_on_any_page(operator: Client, rows: list[Any]) -> None:
    for row in rows:
        for path in (page_of(row), list_of(type(row))):
            page = body(operator, path)
            assert "&lt;script&gt;" in page, path
            assert not [unsafe for unsafe in UNSAFE[:2] if unsafe in page], path


def test_what_hides_or_turns_text_is_spelt_out(operator: Client, rows: list[Any]) -> None:
    for row in rows:
        if isinstance(row, Plan | Attempt | Entry | Grounding):
            page = body(operator, page_of(row)).split('id="content-main"')[1]
            assert "⟨U+202E⟩evil⟨U+200B⟩" in page
            assert not [page[page.index(unsafe) - 99 :][:99] for unsafe in UNSAFE if unsafe in page]


def test_confirmations_replays_and_messages_escape_too(operator: Client, rows: list[Any]) -> None:
    entry = next(row for row in rows if isinstance(row, Entry))
    project = next(row for row in rows if isinstance(row, Project))
    older, newer = (row for row in rows if isinstance(row, Grounding))
    told = {"domain": "d", "mode": "strict", "content": content_of(PROBE), "current": False}
    unlike = Grounding.objects.create(project=project, name=older.name, version="0", **told)
    form = {"action": PROBE, "value-0": PROBE, "kind-0": "json"}
    document = f'{{"domain": "x", "version": "1", "use_cases": [{{"action": {json.dumps(PROBE)}}}]}}'
    without_braces = document.replace("{{ 7|add:7 }}{% now 'Y' %}{0}", "")
    applied = {"project": project.pk, "name": "a", "document": without_braces}
    tried = {"action": PROBE, "params": json.dumps({"a": PROBE}), "plan": json.dumps(plan_of(PROBE))}
    pages = [
        operator.get(address(entry, "replay"), follow=True),
        operator.post(address(entry, "replay"), form, follow=True),
        operator.post(address(entry, "replay"), {**form, "kind-0": "text"}, follow=True),
        operator.post(address(entry, "replay"), {**form, "kind-0": "text", "store": "1"}, follow=True),
        operator.get(address(entry, "delete")),
        operator.get(address(project, "delete")),
        operator.get(address(entry, "history")),
        operator.get(list_of(Plan, q=PROBE)),
        operator.get(list_of(Plan, entry=PROBE)),
        operator.get(list_of(Entry, service=PROBE, project=PROBE)),
        operator.post(list_of(ApiKey) + "add/", {"project": project.pk, "name": PROBE[:60]}),
        operator.post(list_of(ApiKey) + "add/", {"project": PROBE, "name": PROBE}),
        operator.get(address(newer, "diff"), {"against": older.pk}),
        operator.get(address(newer, "delete")),
        operator.post(address(older, "hold")),
        operator.get(address(newer, "try_version"), {"use_case": "0"}),
        operator.post(address(newer, "try_version"), {"action": PROBE, "params": PROBE, "plan": PROBE}),
        operator.post(address(newer, "try_version"), tried),
        operator.post(list_of(Grounding) + "try/", {**tried, "project": project.pk}),
        operator.post(list_of(Grounding) + "try/", {**tried, "project": PROBE}),
        operator.get(list_of(Grounding) + "try/", {"project": PROBE}),
        operator.post(address(unlike, "hold"), follow=True),
        operator.get(list_of(Grounding) + "add/", {"of": older.pk, "project": PROBE}),
        operator.get(list_of(Grounding) + "add/", {"project": PROBE}),
        operator.post(list_of(Grounding) + "add/", applied),
        operator.post(list_of(Grounding) + "add/", {"project": PROBE, "name": PROBE, "document": PROBE}),
        operator.post(list_of(Grounding) + "add/", {**applied, "document": f'{{"{PROBE[:40]}": 1}}'}),
        operator.post(list_of(Grounding) + "add/", {**applied, "document": document}),
    ]
    for answer in pages:
        assert answer.status_code == 200
        assert not [unsafe for unsafe in UNSAFE[:2] if unsafe in answer.content.decode()]


def test_huge_content_is_cut(operator: Client, rows: list[Any]) -> None:
    huge = "x" * 400_000
    failed = next(row for row in rows if isinstance(row, Plan) and row.status == "failed")
    problems = [{"code": huge, "message": huge, "hint": huge} for _ in range(3)]
    Attempt.objects.update(prompt=huge, answer=huge, problems=problems)
    Plan.objects.filter(pk=failed.pk).update(action=huge, params=[{"field": huge, "value": [huge]}])
    entry = Entry.objects.plans().get()
    Entry.objects.update(action=huge, plan={**plan_of(huge), "filler": [huge] * 3})
    for path in (page_of(failed), page_of(failed.attempts.get()), page_of(entry), list_of(Plan), list_of(Entry)):
        page = body(operator, path)
        assert len(page) < 200_000, path
    assert f"({len(huge) - MAX_SHOWN:,} more characters)" in body(operator, page_of(failed))


@pytest.mark.parametrize(
    "stored",
    [
        None,
        7,
        "text",
        [],
        {},
        [[]],
        {"guards": 7},
        {"tasks": {"a": 1}},
        {"decision": "miss", "votes": {"nearest": 7}},
    ],
)
def test_rows_of_any_shape_can_be_looked_at(stored: Json, operator: Client, rows: list[Any]) -> None:
    failed = next(row for row in rows if isinstance(row, Plan) and row.status == "failed")
    columns = dict.fromkeys(("error", "grounding"), stored)
    if stored is not None:
        columns |= dict.fromkeys(("cache", "params", "timings_ms"), stored)
        Attempt.objects.update(problems=stored)
        Plan.objects.filter(status="ready").update(plan=stored)
        Entry.objects.update(
            plan=stored, template=stored, recipe=stored, services=stored, params=stored, cost=stored
        )
    Plan.objects.filter(pk=failed.pk).update(**columns)
    for row in rows:
        body(operator, page_of(row))
        body(operator, list_of(type(row)))
