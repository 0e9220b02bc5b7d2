"""Lists of tables that grow without end: read by key, never counted, each filter by an index."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.many_rows import bulk, history
from cache.models import Entry, EntryUse
from orra.base.database.time_limits import TooSlow, limited
from orra.operators import keyset
from planengine.models import Attempt, DailyUsage, HitCheck, Label, Plan, Project, Tally
from tests.admin.pages import body, list_of, text

MANY = 6_000
RARE = 60  # rows of a rare kind, all of them the oldest there are
# What a page may read of a table: its own rows, once more for the row behind it, and some that it passes over.
MOST_READ = 700


def links(page: str) -> dict[str, str]:
    found = re.findall(r'<a href="([^"]+)"(?: rel="(next|prev)")>', page)
    return {name: link.replace("&amp;", "&") for link, name in found}


def ids(client: Client, path: str) -> list[Any]:
    return [row.pk for row in client.get(path).context["cl"].result_list]


@pytest.fixture
def plans(shop: Project, make_plan: Callable[..., Plan]) -> list[str]:
    """130 plans, newest first, some of one moment."""
    now = timezone.now()
    made = [
        make_plan(shop, f"Do {number}", created_at=now - timedelta(seconds=number // 4)) for number in range(130)
    ]
    return [plan.pk for plan in sorted(made, key=lambda plan: (plan.created_at, plan.pk), reverse=True)]


def test_every_row_is_on_one_page_there_and_back(operator: Client, plans: list[str]) -> None:
    path, seen, pages = list_of(Plan, status__exact="failed", q="Do"), [], []
    while path:
        pages.append(ids(operator, path))
        seen += pages[-1]
        next_link = links(body(operator, path)).get("next")
        path = list_of(Plan) + next_link if next_link else ""
        assert not path or ("status__exact=failed" in path and "q=Do" in path)
    assert seen == plans
    assert [len(page) for page in pages] == [50, 50, 30]
    last = list_of(Plan, status__exact="failed", q="Do")
    for _ in range(2):
        last = list_of(Plan) + links(body(operator, last))["next"]
    for page in (pages[1], pages[0]):
        last = list_of(Plan) + links(body(operator, last))["prev"]
        assert ids(operator, last) == page
    assert "prev" not in links(body(operator, last))


def test_rows_that_come_meanwhile_shift_nothing(
    operator: Client, plans: list[str], shop: Project, make_plan: Callable[..., Plan]
) -> None:
    second = list_of(Plan) + links(body(operator, list_of(Plan)))["next"]
    make_plan(shop)
    assert ids(operator, second) == plans[50:100]
    assert "50 plans on this page" in text(body(operator, second))


def test_a_page_neither_counts_nor_skips(operator: Client, plans: list[str]) -> None:
    second = list_of(Plan) + links(body(operator, list_of(Plan)))["next"]
    for path in (list_of(Plan), second):
        with CaptureQueriesContext(connection) as captured:
            body(operator, path)
        said = " ".join(query["sql"] for query in captured)
        assert "COUNT(" not in said and "OFFSET" not in said


@pytest.mark.parametrize("token", ["x", "e30=", "W10=", "WzEsIDJd", "bnVsbA==", "é", "WyJ4IiwgInkiXQ=="])
def test_a_place_that_is_none_leads_to_the_beginning(token: str, operator: Client, plans: list[str]) -> None:
    answer = operator.get(list_of(Plan, older_than=token))
    assert answer.status_code == 302 and answer["Location"].endswith("?e=1")


def test_words_are_looked_for_part_by_part(
    operator: Client, plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "WINDOW", 40)
    Plan.objects.filter(pk__in=[plans[3], plans[95]]).update(action="Find me")
    path, seen, steps = list_of(Plan, q="find ME"), [], 0
    while path:
        page = body(operator, path)
        seen += ids(operator, path)
        steps += 1
        path = list_of(Plan) + links(page)["next"] if "next" in links(page) else ""
        assert ("Look through older ones" in page) == bool(path)
    assert seen == [plans[3], plans[95]] and steps == 4


def test_an_id_is_looked_up_wherever_it_is(
    operator: Client, plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "WINDOW", 10)
    assert ids(operator, list_of(Plan, q=plans[-1])) == [plans[-1]]
    assert ids(operator, list_of(Plan, q=f" {plans[-1]} ")) == [plans[-1]]


def test_what_takes_too_long_is_given_up_and_said(
    operator: Client, plans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(self: Any, *args: Any, **more: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    with monkeypatch.context() as patched:
        patched.setattr(keyset, "LIST_SECONDS", 0.05)
        patched.setattr(keyset.KeysetChangeList, "_look", slowly)
        page = text(body(operator, list_of(Plan)))
    assert "This was given up after 0.1 seconds." in page and "search by an id" in page
    assert len(ids(operator, list_of(Plan))) == 50


def test_a_time_limit_ends_with_its_block(db: None) -> None:
    with limited(seconds=60), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("1min",)
    with pytest.raises(TooSlow), limited(seconds=0.01), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_an_action_takes_rows_and_not_the_list(operator: Client, entry: Entry) -> None:
    chosen = {"action": "pin", "_selected_action": [entry.pk], "select_across": "1", "index": "0"}
    operator.post(list_of(Entry), chosen)
    assert not Entry.objects.get().pinned


@pytest.fixture
def filled(entry: Entry, make_plan: Callable[..., Plan]) -> Iterator[Project]:
    """Many rows of each table, of two projects; the oldest of each are of the rare kinds."""
    shop = entry.project
    crowd = Project.objects.create(name="crowd")
    rare = f"nth > {MANY - RARE}"
    moment = "now() - nth * interval '1 minute'"
    of_project = f"CASE WHEN {rare} THEN '{shop.pk}' ELSE '{crowd.pk}' END"
    numbers = range(1, MANY + 1)
    one_of_fifty = "'ce_' || left(md5((nth %% 50)::text), 24)"
    plan = make_plan(shop, status="ready", plan={}, source="exact", decision="exact")
    history.fill(
        plan,
        numbers,
        moment=moment,
        hour=moment,
        key=f"{10 * MANY} - nth",
        project=of_project,
        plans={
            "status": f"CASE WHEN {rare} THEN 'failed' ELSE 'ready' END",
            "plan": f"CASE WHEN {rare} THEN NULL ELSE original.plan END",
            "source": f"CASE WHEN {rare} THEN 'model' ELSE 'exact' END",
            "decision": f"CASE WHEN {rare} THEN 'miss' ELSE 'exact' END",
            "cache_mode": f"CASE WHEN {rare} THEN 'bypass' ELSE 'use' END",
            "cache_entry_id": f"CASE WHEN {rare} THEN '{entry.pk}' ELSE {one_of_fifty} END",
        },
    )
    entry_id = "'ce_' || left(md5(nth::text), 24)"
    Entry.objects.filter(pk=entry.pk).update(planned_by="model", services={"order_lookup": 1})
    bulk.copy_rows(
        entry,
        numbers,
        id=entry_id,
        project_id=of_project,
        template_key="encode(sha256(nth::text::bytea), 'hex')",
        created_at=moment,
        kind=f"CASE WHEN {rare} THEN 'refusal' ELSE 'plan' END",
        planned_by=f"CASE WHEN {rare} THEN 'composer' ELSE 'model' END",
        pinned=rare,
        contested=rare,
        identity=f"CASE WHEN {rare} THEN 'x' ELSE '' END",
        quarantined_at=f"CASE WHEN {rare} THEN now() ELSE NULL END",
        expires_at=f"CASE WHEN {rare} THEN now() ELSE now() + interval '1 day' END",
        services=f"CASE WHEN {rare} THEN '{{\"notify\": 1}}'::jsonb ELSE '{{\"order_lookup\": 1}}'::jsonb END",
    )
    bulk.copy_rows(EntryUse.objects.get(pk=entry.pk), numbers, entry_id=entry_id)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield shop


def rows_read(client: Client, model: type[Any], path: str) -> int:
    """How many rows of the model's table the slowest query of a page looks at."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        body(client, path)
    table = model._meta.db_table
    asked = [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"]]
    assert asked
    most = 0
    for statement in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
            [[told]] = cursor.fetchall()
        plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
        most = max(most, sum(_read(node) for node in _nodes(plan) if node.get("Relation Name") == table))
    return most


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _read(node: dict[str, Any]) -> int:
    passed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + passed) * node["Actual Loops"])


LISTS = (Plan, Attempt, Entry, Label, HitCheck, DailyUsage, Tally)


def test_the_first_page_the_next_one_and_each_filter_alone_read_few_rows(
    operator: Client, filled: Project
) -> None:
    old = (timezone.now() - timedelta(minutes=MANY - RARE)).isoformat()
    filters: dict[type[Any], list[dict[str, str]]] = {
        Plan: [
            {"status__exact": "failed"},
            {"status__exact": "pending"},
            {"status__exact": "not_actionable"},
            {"source__exact": "model"},
            {"source__exact": "replay"},
            {"decision": "miss"},
            {"decision": "semantic"},
            {"cache_mode__exact": "bypass"},
            {"cache_mode__exact": "only"},
            {"project": filled.pk},
            {"entry": Entry.objects.get(template_key__isnull=False, project=filled, kind="plan").pk},
            {"created_at__lt": old, "created_at__gte": "2000-01-01T00:00:00+00:00"},
        ],
        Entry: [
            {"kind": "refusal"},
            {"kind": "counter"},
            {"state": "usable"},
            {"state": "expired"},
            {"state": "quarantined"},
            {"contested": "1"},
            {"pinned__exact": "1"},
            {"serves": "identical"},
            {"planned_by": "composer"},
            {"planned_by": "report"},
            {"project": filled.pk},
            {"service": "notify"},
            {"service": "nobody"},
        ],
        Attempt: [
            {"project": filled.pk},
            {"outcome": "problems"},
            {"outcome": "accepted"},
            {"outcome": "error"},
            {"outcome": "open"},
            {"created_at__lt": old, "created_at__gte": "2000-01-01T00:00:00+00:00"},
        ],
        Label: [
            {"project": filled.pk},
            {"wrong__exact": "1"},
            {"origin__exact": "report"},
            {"origin__exact": "sample"},
        ],
        HitCheck: [
            {"project": filled.pk},
            {"verdict__exact": "wrong"},
            {"verdict__exact": "undecided"},
            {"origin__exact": "report"},
            {"settled__exact": "1"},
            {"created_at__lt": old, "created_at__gte": "2000-01-01T00:00:00+00:00"},
        ],
        DailyUsage: [{"project": filled.pk}, {"day__lt": "2020-01-01", "day__gte": "2019-01-01"}],
        Tally: [
            {"project": filled.pk},
            {"decision": "bypass"},
            {"hour__lt": old, "hour__gte": "2000-01-01T00:00:00+00:00"},
        ],
    }
    read: dict[str, int] = {}
    for model in LISTS:
        first = list_of(model)
        later = first + links(body(operator, first))["next"]
        for path in (first, later, *(list_of(model, **chosen) for chosen in filters[model])):
            read[path] = rows_read(operator, model, path)
    assert {path: rows for path, rows in read.items() if rows > MOST_READ} == {}


def test_an_id_is_found_by_an_index(operator: Client, filled: Project) -> None:
    for model, searched in (
        (Plan, Plan.objects.first().pk),  # type: ignore[union-attr]
        (Plan, filled.pk),
        (Entry, Entry.objects.first().pk),  # type: ignore[union-attr]
        (Attempt, Plan.objects.first().pk),  # type: ignore[union-attr]
        (HitCheck, Plan.objects.first().pk),  # type: ignore[union-attr]
    ):
        assert rows_read(operator, model, list_of(model, q=searched)) <= MOST_READ


def test_words_are_looked_for_in_so_many_rows(
    operator: Client, filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset, "WINDOW", 500)
    for model in (Plan, Entry):
        assert rows_read(operator, model, list_of(model, q="no such words")) <= 500 + 60


def test_an_entry_s_page_reads_its_latest_plans_only(operator: Client, filled: Project) -> None:
    popular = f"ce_{hashlib.md5(b'7').hexdigest()[:24]}"
    assert Plan.objects.filter(cache_entry_id=popular).count() == MANY // 50 - 1
    path = list_of(Plan, entry=popular)
    assert rows_read(operator, Plan, path) <= 60
