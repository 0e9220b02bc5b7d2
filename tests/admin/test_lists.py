from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cache.models import CacheJob, Entry, EntryUse, EntryVector, ObservedWord, Reembedding, ScopeVersion, Verdict
from orra.operators import pages as shared
from planengine.grounding import registry as groundings
from planengine.models import (
    AlertNotice,
    AlertRule,
    ApiKey,
    Attempt,
    Breaker,
    CalibratedFloor,
    DailyUsage,
    Figure,
    Flight,
    Follower,
    Grounding,
    Heartbeat,
    HitCheck,
    KeyUse,
    Label,
    LoginFailure,
    ModelTrust,
    Plan,
    Project,
    RegressionResult,
    RegressionRun,
    SavedRequest,
    Service,
    ServiceVersion,
    Tally,
    TallyMark,
    Turn,
    UseCaseVector,
)
from tests.admin.conftest import CHAIN
from tests.admin.pages import body, list_of, text
from tests.planengine.grounding.specs import spec

MODELS = (
    Project,
    ApiKey,
    Service,
    Plan,
    Attempt,
    AlertRule,
    Entry,
    Breaker,
    CacheJob,
    CalibratedFloor,
    DailyUsage,
    Flight,
    Follower,
    Grounding,
    Heartbeat,
    HitCheck,
    Label,
    LoginFailure,
    ModelTrust,
    Reembedding,
    RegressionRun,
    SavedRequest,
    Tally,
    TallyMark,
    Verdict,
)
# Parts of an entry, shown on its page, the words of a scope's examples and the version of a scope, the vectors of
# groundings, the versions of a service, the results of a run, what the first page is made of, what a rule shows
# by itself.
PARTS = (
    *(EntryUse, EntryVector, ObservedWord, ScopeVersion, RegressionResult, ServiceVersion, UseCaseVector),
    *(Figure, AlertNotice, KeyUse, Turn),
)


def test_every_model_has_a_list() -> None:
    ours = {model for model in apps.get_models() if model._meta.app_label in ("planengine", "cache")}
    assert ours == {*MODELS, *PARTS}
    for model in MODELS:
        listed = site.get_model_admin(model)
        assert (listed.search_fields and listed.list_filter) or model is TallyMark, model  # which is one row


@pytest.fixture
def fill_tables(
    make_project: Callable[..., Project], make_entry: Callable[..., Entry], make_plan: Callable[..., Plan]
) -> Callable[[int], None]:
    def make(count: int) -> None:
        for number in range(count):
            project = make_project(f"project {number} of {count}")
            ApiKey.issue(project, name="a key")
            entry = make_entry(
                project, f"Look {count} times at order {number}", {}, {**CHAIN, "tasks": CHAIN["tasks"][:2]}
            )
            plan = make_plan(project, cache_entry_id=entry.pk, cache={"decision": "miss", "reason": "refused"})
            Attempt.objects.create(plan=plan, number=1, planner="composer", seconds=0.1)
            name, now = f"{number} of {count}", timezone.now()
            flight = Flight.objects.create(
                fingerprint=name, project=project, leader_id=plan.pk, token=1, started_at=now, lease_expires_at=now
            )
            Follower.objects.create(plan=plan, flight=flight, identity=name, since=now)
            Breaker.objects.create(endpoint=name, failures=3, retry_at=now)
            CalibratedFloor.objects.create(
                embedding_model=name, floor=0.8, tolerance=0.01, measured_on="f", measured={}, measured_at=now
            )
            CacheJob.objects.create(project=project, kind="evict", estimate=1, rows=1)
            DailyUsage.objects.create(project=project, day=now.date())
            groundings.apply(project, spec())
            HitCheck.objects.create(project=project, plan=plan, origin="sample", verdict="right")
            LoginFailure.objects.create(id=name, name=name, address="192.0.2.1", failures=1, last_at=now)
            Label.objects.create(project=project, origin="miss", odds=-3.0, wrong=False)
            AlertRule.objects.create(project=project, measure="failures", threshold=0.1)
            Heartbeat.objects.create(name=name, kind="worker", began_at=now, seen_at=now)
            ModelTrust.objects.create(planner=name, verdict="held", asked=2, wrong=2)
            kept = SavedRequest.objects.create(project=project, name=name, action="Do it")
            run = RegressionRun.objects.create(project=project)
            RegressionResult.objects.create(run=run, saved=kept, name=name)
            Reembedding.objects.create(embedding_model=name, token=1, lease_expires_at=now)
            Tally.objects.create(project=project, hour=now, decision="miss", requests=1, tokens_saved=0)
            TallyMark.objects.create(counted_until=now)
            Verdict.objects.create(
                **{"project": project, "asked_key": name, "cached_key": name, "model": "m", "answer": "yes"},
                **{"asked_template": "a", "cached_template": "b", "expires_at": now},
            )

    return make


@pytest.mark.parametrize("model", MODELS)
def test_a_list_needs_as_many_queries_for_many_rows_as_for_few(
    model: type[Any], operator: Client, fill_tables: Callable[[int], None]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            body(operator, list_of(model))
        return len(captured)

    fill_tables(2)
    queries()  # fills the caches of content types
    few = queries()
    fill_tables(5)
    assert model.objects.count() >= 7
    assert queries() == few <= 9  # a time limit within the test's own transaction is four of them


@pytest.mark.parametrize("model", MODELS)
def test_the_index_leads_to_every_list(model: type[Any], operator: Client) -> None:
    page = body(operator, "/admin/")
    assert f'href="{list_of(model)}"' in page
    assert "orra" in text(page)


@pytest.mark.parametrize(
    ("model", "search", "found"),
    [
        (Plan, "refund", "Refund order ORD-5"),
        (Attempt, "tiny", "model:1:tiny"),
        (Entry, "labels", "labels for order"),
        (Service, "print_lab", "Print labels for an order."),
        (Project, "shop", "shop"),
        (ApiKey, "first", "sk-orra-v1-"),
    ],
)
def test_search_finds_and_leaves_out(
    model: type[Any], search: str, found: str, operator: Client, entry: Entry, rejected: Plan
) -> None:
    ApiKey.issue(entry.project, name="first")
    page = text(body(operator, list_of(model, q=search)))
    assert found in page
    nothing = text(body(operator, list_of(model, q="zebra crossing")))
    assert found not in nothing
    assert f"0 {model._meta.verbose_name_plural}" in nothing


def test_a_plan_is_found_by_its_id_its_entry_and_its_project(
    operator: Client, served: Plan, rejected: Plan
) -> None:
    for wanted in (served.pk, served.cache_entry_id):
        page = body(operator, list_of(Plan, q=wanted or ""))
        assert served.pk in page
        assert rejected.pk not in page
    assert "2 plans" in text(body(operator, list_of(Plan, q=served.project_id)))


@pytest.mark.parametrize(
    "chosen",
    [
        {"status__exact": "ready"},
        {"source__exact": "exact"},
        {"decision": "exact"},
        {"cache_mode__exact": "use", "decision": "exact"},
    ],
)
def test_plans_are_filtered(chosen: dict[str, str], operator: Client, served: Plan, rejected: Plan) -> None:
    page = body(operator, list_of(Plan, **chosen))
    assert served.pk in page
    assert rejected.pk not in page


def test_plans_of_a_project_and_of_an_entry(
    operator: Client, served: Plan, make_project: Callable[..., Project], make_plan: Callable[..., Plan]
) -> None:
    other = make_plan(make_project("another"))
    for chosen in ({"project": served.project_id}, {"entry": served.cache_entry_id or ""}):
        page = body(operator, list_of(Plan, **chosen))
        assert served.pk in page
        assert other.pk not in page


def test_a_plan_s_line_shows_where_it_came_from(operator: Client, served: Plan) -> None:
    line = text(body(operator, list_of(Plan)).split("<tbody>")[1].split("</tbody>")[0])
    for part in ("ready", "cache, exact template", "Print 5 labels", "shop", "hit, same template"):
        assert part in line


@pytest.mark.parametrize(
    ("chosen", "counted"), [({"outcome": "problems"}, 3), ({"outcome": "accepted"}, 0), ({"outcome": "error"}, 1)]
)
def test_attempts_are_filtered_by_outcome(
    chosen: dict[str, str], counted: int, operator: Client, rejected: Plan
) -> None:
    problem = {"code": "unreachable", "message": "No answer."}
    Attempt.objects.create(
        plan=rejected, number=4, planner="m", seconds=1, error_code="unreachable", problems=[problem]
    )
    noun = "attempt" if counted == 1 else "attempts"
    assert f"{counted} {noun}" in text(body(operator, list_of(Attempt, **chosen)))


@pytest.mark.parametrize("state", ["usable", "expired", "quarantined"])
def test_entries_are_filtered_by_state(
    state: str, operator: Client, entry: Entry, make_entry: Callable[..., Entry]
) -> None:
    lookup = {**CHAIN, "tasks": CHAIN["tasks"][:2], "parallel_groups": [["task1"]]}
    stale = make_entry(entry.project, "Look up order ORD-17", {"order_id": "ORD-17", "copies": 2}, lookup)
    quarantined = make_entry(entry.project, "Search for ORD-17", {"order_id": "ORD-17", "copies": 2}, lookup)
    Entry.objects.filter(pk=stale.pk).update(expires_at=timezone.now())
    Entry.objects.filter(pk=quarantined.pk).update(quarantined_at=timezone.now())
    page = body(operator, list_of(Entry, state=state))
    shown = {row.pk for row in (entry, stale, quarantined) if row.pk in page}
    assert shown == {{"usable": entry, "expired": stale, "quarantined": quarantined}[state].pk}


def test_entries_are_filtered_by_service_pin_planner_and_reuse(operator: Client, entry: Entry) -> None:
    assert entry.pk in body(operator, list_of(Entry, service="notify"))
    assert "uses the service" in text(body(operator, list_of(Entry, service="notify")))
    for chosen in (
        {"service": "refund_payment"},
        {"pinned__exact": "1"},
        {"planned_by": "model"},
        {"serves": "identical"},
    ):
        assert entry.pk not in body(operator, list_of(Entry, **chosen))
    assert entry.pk in body(operator, list_of(Entry, serves="template", planned_by="composer", pinned__exact="0"))


def test_an_entry_s_line_shows_its_template_with_the_slots_marked(operator: Client, entry: Entry) -> None:
    page = body(operator, list_of(Entry))
    assert '<mark class="orra-slot">{order_id}</mark> and tell the customer' in page


@pytest.mark.parametrize(("column", "model"), [(1, Project), (4, Project), (3, Service)])
def test_lists_can_be_ordered(
    column: int, model: type[Any], operator: Client, served: Plan, rejected: Plan
) -> None:
    for order in (str(column), f"-{column}"):
        body(operator, list_of(model, o=order))


def test_a_long_list_is_not_counted_to_its_end(
    operator: Client, make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "MAX_COUNTED", 3)
    for number in range(3):
        make_project(f"project {number}")
    assert "There may be more than these" in text(body(operator, list_of(Project)))
    assert "There may be more than these" not in text(body(operator, list_of(ApiKey)))


@pytest.mark.parametrize("model", MODELS)
def test_a_filter_with_nul_is_refused(model: type[Any], operator: Client) -> None:
    assert operator.get(list_of(model, project="p_\x00")).status_code == 400
    assert operator.get(list_of(model, q="\x00")).status_code == 400
    chosen = {"action": "delete_selected", "_selected_action": "\x00", "index": "0"}
    assert operator.post(list_of(model), chosen).status_code == 400
    assert operator.get(list_of(model) + "p_%00/change/").status_code == 302  # no such row


def test_attempts_of_a_project(
    operator: Client, rejected: Plan, make_project: Callable[..., Project], make_plan: Callable[..., Plan]
) -> None:
    other = make_plan(make_project("another"))
    Attempt.objects.create(plan=other, number=1, planner="m", seconds=1)
    page = body(operator, list_of(Attempt, project=other.project_id))
    assert other.pk in page and rejected.pk not in page
    assert "1 attempt" in text(page)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
@pytest.mark.django_db(transaction=True)
def test_a_moment_that_the_database_does_not_know_is_refused(
    operator: Client, fill_tables: Callable[[int], None], moment: str
) -> None:
    fill_tables(1)
    assert operator.get(list_of(Plan, created_at__gte=moment)).status_code == 400
    body(operator, list_of(Plan))
