"""The dashboard: what it says, to whom, where its figures lead, and what it costs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks.many_rows import bulk
from benchmarks.many_rows.history import PLAN_ID
from planengine.accounting import tallies
from planengine.admin.dashboard import wording
from planengine.lifecycle import broker
from planengine.models import AlertNotice, AlertRule, Attempt, Breaker, Heartbeat, Plan, Project
from tests.admin.dashboard_rows import a_day, processes
from tests.admin.pages import body, page_of, text

INDEX = "/admin/"
MOST_QUERIES = 30


def links(page: str) -> dict[str, str]:
    """Where the figures lead, by their words."""
    found = re.findall(r'<a href="([^"]+)">([^<]+)</a>', page.partition('id="dashboard"')[2])
    return {words: href.replace("&amp;", "&") for href, words in found}


def listed(client: Client, href: str) -> int:
    """How many rows the list has, on all its pages."""
    shown = client.get(href).context["cl"]
    older = getattr(shown, "older_link", "")
    return int(shown.result_count) + (listed(client, urljoin(href, older)) if older else 0)


def test_figures_of_all_and_of_one_project(
    operator: Client, project: Project, make_project: Callable[..., Project]
) -> None:
    now = timezone.now()
    a_day(project, now, per_hour=2)
    a_day(make_project("other", services={}), now, per_hour=1)
    processes(now)

    for added in (False, True):
        if added:
            tallies.add_finished_plans(now + timedelta(minutes=2))
        one = text(body(operator, f"{INDEX}?window=24h&project={project.pk}"))
        # 24 hours of six hits and two misses
        assert "75.0 % of 192 requests from the cache: 48 exact, 48 by meaning, 48 made by example" in one
        assert "Plans not planned 144 saved by 144 hits; 129.6 k tokens of a model, 0.30 in money" in one
        assert "Wrong hits 1.39 % 1 of 72 checked hits" in one and "tolerated: 1.00 %" in one
        assert "Failed 12.5 % 24 of 192 plans" in one
        assert "nothing_similar 24 50.0 %" in one and "plan_rejected 24 100 %" in one
        assert "2 attempts 24 100 %" in one and "Model: 48 calls for plans, 42.7 k tokens" in one
        both = text(body(operator, f"{INDEX}?window=24h"))
        assert "of 312 requests" in both and "tolerated" not in both
        hour = text(body(operator, f"{INDEX}?window=1h&project={project.pk}"))
        assert "of 8 requests" in hour
        assert "All well" in one


def test_figures_lead_to_the_rows_that_they_count(operator: Client, project: Project) -> None:
    a_day(project, timezone.now(), per_hour=1)
    Plan.objects.filter(source="exact").first().delete()  # type: ignore[union-attr]
    page = body(operator, f"{INDEX}?window=7d&project={project.pk}")

    found = links(page)
    counts = {
        "Hit rate": 71,
        "Failed": 24,
        "nothing_similar": 24,
        "plan_rejected": 24,
        "cache, exact template": 23,
        "model": 24,
        "no plan": 24,
        "2 attempts": 48,
        "Wrong hits": 71,
        "Waiting now": 0,
        "Machinery": 0,
        "What the cache holds": 0,
        "Plans not planned": 0,  # not added to the tallies yet
    }
    assert {words: listed(operator, found[words]) for words in counts} == counts


def test_the_plots_have_the_numbers_that_the_table_says(operator: Client, project: Project) -> None:
    now = timezone.now()
    a_day(project, now, per_hour=1)
    page = body(operator, f"{INDEX}?project={project.pk}")

    series = json.loads(re.search(r'<script id="series" type="application/json">(.*?)</script>', page)[1])  # type: ignore[index]

    assert {len(values) for name, values in series.items() if isinstance(values, list)} == {25}
    assert sum(series["requests"]) == 24 * 5
    assert series["tolerance"] == 0.01
    assert series["wrong"][-1] == pytest.approx(1 / 72)
    assert series["wrong_low"][-1] < 1 / 72 < series["wrong_high"][-1]
    known = {name: [value for value in series[name] if value is not None] for name in ("hits_p50", "planned_p50")}
    assert len(known["hits_p50"]) == 24 and max(known["hits_p50"]) < min(known["planned_p50"])
    assert page.count('<tr><th scope="row">') >= 24


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda now, project: Heartbeat.objects.filter(kind="worker").delete(), "No worker is at work:"),
        (
            lambda now, project: Heartbeat.objects.filter(kind="beat").update(seen_at=now - timedelta(minutes=4)),
            "The beat is not at work (last seen 4 min ago)",
        ),
        (lambda now, project: Heartbeat.objects.filter(kind="ticks").delete(), "no tick has come through"),
        (
            lambda now, project: Heartbeat.objects.create(
                name="worker@gone:1", kind="worker", began_at=now, seen_at=now - timedelta(minutes=2)
            ),
            "1 process did not end in order: worker@gone:1",
        ),
        (
            lambda now, project: Breaker.objects.create(endpoint="tiny@0f", failures=3, retry_at=now),
            "The model tiny@0f is left alone after 3 failures in a row",
        ),
        (
            lambda now, project: Project.objects.update(semantic_closed_at=now),
            "Hits by meaning are closed in tests:",
        ),
        (
            lambda now, project: Plan.objects.create(
                project=project, action="Wait", created_at=now - timedelta(minutes=3)
            ),
            "A plan has waited for 3 min",
        ),
        (
            lambda now, project: AlertRule.objects.create(
                project=project,
                measure="failures",
                threshold=0.1,
                state="firing",
                since=now,
                value=0.5,
                judged_at=now,
            ),
            "An alert fires: tests: failed plans above.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    operator: Client, project: Project, make: Callable[..., Any], words: str
) -> None:
    now = timezone.now()
    processes(now, age=timedelta(0))
    assert "All well" in text(body(operator, INDEX))
    make(now, project)

    said = text(body(operator, INDEX))

    assert words in said
    assert "All well" not in said


def test_a_broker_that_is_away_is_said_once(operator: Client, monkeypatch: Any) -> None:
    asked: list[int] = []

    def away() -> bool:
        asked.append(1)
        return False

    monkeypatch.setattr(broker, "is_reachable", away)
    monkeypatch.setattr(broker, "_known", None)
    processes(timezone.now(), age=timedelta(0))
    Heartbeat.objects.filter(kind="ticks").delete()

    said = text(body(operator, INDEX))
    assert "The broker cannot be reached:" in said and "no tick" not in said
    body(operator, INDEX)
    assert len(asked) == 1
    monkeypatch.setattr(broker, "_known", None)


def test_who_may_not_see_statistics_sees_none(staff: Callable[..., Client], project: Project) -> None:
    a_day(project, timezone.now(), per_hour=1)

    nothing = body(staff("planengine.view_plan"), INDEX)
    assert 'id="dashboard"' not in nothing and "uPlot" not in nothing

    figures = body(staff("planengine.view_tally"), f"{INDEX}?project={project.pk}")
    assert "Hit rate" in figures and "Alerts" not in text(figures)
    assert "project.name" not in figures and "no such project" in figures
    assert set(links(figures)) <= {"Plans not planned", "Tallies", "View"}


@pytest.mark.parametrize(
    "query", ["project=nope", "project=%00", "window=x%27", "project=p_&project=%F0", "window="]
)
def test_whatever_the_address_says_there_is_a_page(operator: Client, query: str) -> None:
    assert "Hit rate" in body(operator, f"{INDEX}?{query}")


def test_hostile_names_are_text(operator: Client, project: Project, make_plan: Any) -> None:
    hostile = "</script><script>alert(1)</script>"
    Project.objects.update(name=hostile)
    make_plan(project, error={"code": hostile}, decision="miss", decision_reason=hostile[:40])
    Breaker.objects.create(endpoint=hostile, failures=3, retry_at=timezone.now())
    Heartbeat.objects.create(
        name=f"worker@{hostile}", kind="worker", began_at=timezone.now(), seen_at=timezone.now()
    )

    page = body(operator, f"{INDEX}?project={project.pk}")

    assert "<script>alert" not in page
    assert page.count("&lt;/script&gt;&lt;script&gt;alert(1)") >= 4
    assert "style=" not in page and "onclick" not in page
    assert "</script><b" not in page


def test_an_upgrade_says_what_is_not_known(operator: Client, project: Project) -> None:
    now = timezone.now()
    tallies.add_finished_plans(now)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE planengine_tallymark SET figures_since = %s", [now - timedelta(hours=2)])

    assert "of the time before only what the cache decided is known" in text(body(operator, INDEX))
    assert "of the time before" not in text(body(operator, f"{INDEX}?window=1h"))


@pytest.mark.parametrize("window", ["1h", "24h", "7d"])
def test_the_page_costs_few_queries_and_none_reads_all_plans(
    operator: Client, project: Project, window: str
) -> None:
    now = timezone.now()
    a_day(project, now, per_hour=1)
    like = Plan.objects.filter(source="exact").first()
    assert like is not None
    moment = "now() - interval '2 minutes' - nth * interval '20 seconds'"
    numbers = range(1, 20_001)
    bulk.copy_rows(like, numbers, id=PLAN_ID, finished_at=moment)
    attempt = Attempt.objects.first()
    assert attempt is not None
    bulk.copy_rows(attempt, numbers, id="1000000 + nth", plan_id=PLAN_ID)
    tallies.add_finished_plans(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    for query in (f"window={window}", f"window={window}&project={project.pk}"):
        with CaptureQueriesContext(connection) as queries:
            body(operator, f"{INDEX}?{query}")
        assert len(queries) <= MOST_QUERIES
        for each in queries.captured_queries:
            if not each["sql"].lstrip().startswith(("SELECT", "WITH")):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + each["sql"])
                plan = "\n".join(line for (line,) in cursor.fetchall())
            # Seven days are all the figures that there are here.
            for table in ("plan", "attempt", "tally", *(["figure"] if window != "7d" else [])):
                assert not re.search(rf"Seq Scan on planengine_{table}\b", plan), (each["sql"], plan)


def test_a_threshold_is_set_shown_and_changed(operator: Client, project: Project, settings: Any) -> None:
    settings.ALERT_WEBHOOK_URL = "https://hooks.example/very-secret"
    add = reverse("admin:planengine_alertrule_add")
    assert f'href="{add}?project={project.pk}"' in body(operator, page_of(project))
    wrong = operator.post(add, {"project": project.pk, "measure": "failures", "threshold": "20"})
    assert "This is a share" in wrong.content.decode()

    operator.post(add, {"project": project.pk, "measure": "failures", "threshold": "0.2"})
    rule = AlertRule.objects.get()
    assert (rule.measure, rule.threshold, rule.state) == ("failures", 0.2, "ok")

    now = timezone.now()
    AlertRule.objects.update(state="firing", since=now, value=0.5, judged_at=now)
    AlertNotice.objects.create(
        rule=rule, body={"event": "alert.firing"}, created_at=now, next_try_at=now, tries=1, last_error="HTTP 500"
    )
    operator.post(page_of(rule), {"project": project.pk, "measure": "failures", "threshold": "0.3"})
    rule.refresh_from_db()
    assert (rule.threshold, rule.state) == (0.3, "firing")  # the state is the tick's
    for page in (INDEX, page_of(project), page_of(rule), reverse("admin:planengine_alertrule_changelist")):
        said = body(operator, page)
        assert "fires" in text(said) and "very-secret" not in said
    assert "tried 1 times, HTTP 500" in text(body(operator, page_of(rule)))
    assert "failed plans above 30 %" in text(body(operator, page_of(project)))


def test_processes_are_listed_and_forgotten(operator: Client) -> None:
    processes(timezone.now(), age=timedelta(hours=1))
    page = body(operator, reverse("admin:planengine_heartbeat_changelist"))
    assert "worker@host:17" in page and "last seen" in page
    chosen = {"action": "delete_selected", "_selected_action": ["worker@host:17"], "post": "yes"}
    operator.post(reverse("admin:planengine_heartbeat_changelist"), chosen)
    assert not Heartbeat.objects.filter(kind="worker").exists()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (wording.duration(0.00412), "4.1 ms"),
        (wording.duration(0.9), "900 ms"),
        (wording.duration(1.0), "1 s"),
        (wording.duration(99.6), "100 s"),
        (wording.duration(300), "5 min"),
        (wording.duration(86_400), "24 h"),
        (wording.duration(None), "–"),
        (wording.percent(0.004), "0.40 %"),
        (wording.percent(1.0), "100 %"),
        (wording.brief_number(9_999), "9,999"),
        (wording.brief_number(1_240_000), "1.2 M"),
        (wording.size(11_400_000), "11.4 MB"),
        (wording.size(512), "512 B"),
    ],
)
def test_figures_are_told_as_people_read_them(told: str, expected: str) -> None:
    assert told.replace(wording.SPACE, " ") == expected
