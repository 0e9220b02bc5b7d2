"""The pages of examples: what is listed, and what operators say of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cache import storage
from cache.models import Entry, EntryVector
from orra.base.strictjson import Json
from planengine.admin.catalogue import example_rows
from planengine.admin.catalogue.dependents import latest_entries
from planengine.admin.catalogue.example_pages import examples_of
from planengine.catalogue import registry
from planengine.models import Plan, Project, Service
from planengine.requests import PlanRequest
from planengine.reuse import plan_cache
from tests.admin.pages import address, body, list_of, logged, page_of, said, text

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def service(shop: Project) -> Service:
    return Service.objects.get(project=shop, name="order_lookup")


def give(operator: Client, service: Service, example: str, **more: str) -> Any:
    path = address(service, "examples_change")
    return operator.post(path, {"example": example, **more}, follow=True)


def say(operator: Client, entry: Entry, **told: str) -> Any:
    return operator.post(reverse("admin:planengine_examples_entry", args=[entry.pk]), told, follow=True)


def keep_silent(entry: Entry) -> None:
    storage.stop_voting(entry)


def test_an_example_is_added_and_votes_in_the_next_catalogue(operator: Client, service: Service) -> None:
    answer = give(operator, service, "Where is order {order_id}?")
    assert "The example is added." in said(answer)
    service.refresh_from_db()
    assert (service.examples, service.version) == (["Where is order {order_id}?"], 1)
    assert "Where is order {order_id}?" in text(answer.content.decode())
    assert 'Example added: "Where is order' in LogEntry.objects.get().change_message


def test_an_example_with_params_is_added_as_an_object(operator: Client, service: Service) -> None:
    example = {"action": "Where is ORD-1?", "params": {"order_id": "ORD-1"}}
    give(operator, service, json.dumps(example))
    service.refresh_from_db()
    assert service.examples == [example]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", "empty"),
        ("Find {order}", "names no input of the service"),
        ('{"action": 5}', "needs an action"),
        ("x" * 1001, "1,000 is the most"),
        ("a\x00b {order_id}", "Nothing was changed"),
    ],
)
def test_a_faulty_example_is_refused(typed: str, fault: str, operator: Client, service: Service) -> None:
    answer = give(operator, service, typed)
    assert fault in said(answer)
    service.refresh_from_db()
    assert service.examples == [] and not LogEntry.objects.exists()


def test_one_twice_changes_nothing(operator: Client, service: Service) -> None:
    give(operator, service, "Show {order_id}")
    assert "Nothing changed" in said(give(operator, service, "Show {order_id}"))
    service.refresh_from_db()
    assert len(service.examples) == 1


def test_a_given_example_is_retracted(operator: Client, service: Service) -> None:
    for example in ("Show {order_id}", "Find {order_id}"):
        give(operator, service, example)
    page = operator.get(examples_of(service)).context
    shown = {each.template: each.digest for each in page["given"]}
    assert "removed" in said(give(operator, service, "", remove=shown["Show {order_id}"]))
    service.refresh_from_db()
    assert service.examples == ["Find {order_id}"]
    assert "Nothing changed" in said(give(operator, service, "", remove=shown["Show {order_id}"]))


def test_an_example_that_fits_no_more_is_shown_with_the_reason(operator: Client, service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(examples=["Show {order}"])
    page = text(body(operator, examples_of(service)))
    assert "does not fit" in page and "names no input" in page


def test_learned_ones_are_listed_by_service_with_their_votes(
    operator: Client, service: Service, entry: Entry, make_entry: Callable[..., Entry]
) -> None:
    other = make_entry(
        service.project,
        "Refund ORD-17",
        {"order_id": "ORD-17"},
        {
            "tasks": [
                {"id": "task0", "input": {"order_id": "ORD-17"}},
                {"id": "task1", "service": "refund_payment", "input": {"order_id": "$task0.order_id"}},
            ],
            "parallel_groups": [["task1"]],
        },
    )
    keep_silent(other)
    of_service, of_project = body(operator, examples_of(service)), body(operator, examples_of(service.project))
    assert page_of(entry) in of_service and page_of(other) not in of_service
    assert page_of(entry) in of_project and page_of(other) in of_project
    silent = body(operator, examples_of(service.project) + "&kind=silent")
    assert page_of(other) in silent and page_of(entry) not in silent
    voting = body(operator, examples_of(service.project) + "&kind=voting")
    assert page_of(entry) in voting and page_of(other) not in voting


def test_refusals_and_counter_examples_are_listed(operator: Client, shop: Project, entry: Entry) -> None:
    request = PlanRequest("Bake a cake", {})
    vector = plan_cache.embed("Bake a cake")
    refusal = plan_cache.keep_refusal(shop, request, vector=vector, planned_by="model")
    counter = plan_cache.keep_counter(shop, request, entry.plan, vector=vector)
    assert refusal is not None and counter is not None
    page = text(body(operator, examples_of(shop)))
    assert "Bake a cake refusal" in page and "Bake a cake counter-example" in page
    only = body(operator, examples_of(shop) + "&kind=counter")
    assert page_of(counter) in only and page_of(refusal) not in only


def test_an_entry_that_is_right_votes(operator: Client, entry: Entry) -> None:
    keep_silent(entry)
    answer = say(operator, entry, do="confirm")
    assert "Confirmed: it votes from now on." in said(answer)
    assert EntryVector.objects.filter(pk=entry.pk).exists()
    assert logged() == ["Confirmed: it votes from now on."]
    assert "votes already" in said(say(operator, entry, do="confirm"))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"quarantined_at": timezone.now()}, "in quarantine"),
        ({"identity": "x" * 64}, "identical request only"),
        ({"expires_at": timezone.now()}, "has expired"),
        ({"kind": "refusal"}, "holds a plan"),
        ({"scope": "0" * 64}, "another embedding model"),
    ],
)
def test_what_cannot_vote_is_not_confirmed(
    columns: dict[str, Any], why: str, operator: Client, entry: Entry
) -> None:
    keep_silent(entry)
    Entry.objects.update(**columns)
    assert why in said(say(operator, entry, do="confirm"))
    assert not EntryVector.objects.exists() and not LogEntry.objects.exists()


def test_an_entry_that_is_wrong_serves_nobody_and_counts_against_its_plan(
    operator: Client, entry: Entry, service: Service
) -> None:
    answer = say(operator, entry, do="wrong", note="it prints too much", service=service.pk)
    assert "Marked as wrong. it prints too much" in said(answer)
    assert answer.redirect_chain[-1][0] == examples_of(service)
    entry.refresh_from_db()
    assert entry.quarantined_at is not None and "it prints too much" in entry.quarantine_reason
    counter = Entry.objects.get(kind=Entry.Kind.COUNTER)
    assert counter.skeleton == entry.skeleton
    request = PlanRequest(
        "Print 3 labels for order ORD-5 and tell the customer", {"order_id": "ORD-5", "copies": 3}
    )
    assert not plan_cache.find(entry.project, request).hit
    assert "it prints too much" in LogEntry.objects.get().change_message


def test_an_example_is_evicted(operator: Client, entry: Entry) -> None:
    say(operator, entry, do="evict")
    assert not Entry.objects.exists() and LogEntry.objects.get().action_flag == DELETION


def test_rights_are_asked_for(staff: Callable[..., Client], entry: Entry, service: Service) -> None:
    viewer = staff("planengine.view_service", "cache.view_entry")
    Service.objects.filter(pk=service.pk).update(examples=["Show {order_id}"])
    page = body(viewer, examples_of(service))
    assert "Add the example" not in page and ">Remove<" not in page and 'name="do"' not in page
    for done in ("confirm", "wrong", "evict"):
        assert say(viewer, entry, do=done).status_code == 403
    assert give(viewer, service, "Find {order_id}").status_code == 403
    assert say(staff("cache.change_entry"), entry, do="evict").status_code == 403
    assert staff("cache.view_entry").get(examples_of(service)).status_code == 403
    assert "Left by requests" not in body(staff("planengine.view_service"), examples_of(service))
    assert Entry.objects.get().quarantined_at is None


def test_nothing_changes_on_get(operator: Client, entry: Entry, service: Service) -> None:
    assert operator.get(reverse("admin:planengine_examples_entry", args=[entry.pk])).status_code == 405
    assert operator.get(address(service, "examples_change")).status_code == 405


@pytest.mark.parametrize("query", ["&before=x", "&before=2026-01-01~a", "&before=~", "&before=9999999999"])
def test_a_place_that_is_none_is_not_found(query: str, operator: Client, shop: Project) -> None:
    assert operator.get(examples_of(shop) + query).status_code == 404


def test_pages_follow_one_another_without_a_gap(
    operator: Client, shop: Project, make_entry: Callable[..., Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_rows, "PAGE", 2)
    plan: Json = {
        "tasks": [
            {"id": "task0", "input": {"order_id": "ORD-17"}},
            {"id": "task1", "service": "order_lookup", "input": {"order_id": "$task0.order_id"}},
        ],
        "parallel_groups": [["task1"]],
    }
    words = ("Find", "Show", "Open", "Read", "Fetch")
    made = {make_entry(shop, f"{word} ORD-17", {"order_id": "ORD-17"}, plan).pk for word in words}
    seen: list[str] = []
    before, pages = "", 0
    while pages < 10:
        page = example_rows.learned(shop, before=before)
        seen += [row.entry.pk for row in page.rows]
        pages, before = pages + 1, page.older
        if not before:
            break
    assert (pages, len(seen), set(seen)) == (3, 5, made)


def test_what_is_looked_through_is_bounded_and_goes_on(
    shop: Project, make_entry: Callable[..., Entry], entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_rows, "LOOKED_THROUGH", 1)
    first = example_rows.learned(shop, kind="counter")
    assert first.rows == [] and first.older
    assert example_rows.learned(shop, kind="counter", before=first.older).older == ""


def test_a_project_is_chosen_first(operator: Client, shop: Project) -> None:
    page = body(operator, reverse("admin:planengine_examples"))
    assert f'href="?project={shop.pk}"' in page
    assert "There is no project with the id" in text(
        body(operator, reverse("admin:planengine_examples") + "?project=p_x")
    )
    assert operator.get(reverse("admin:planengine_examples") + "?project=%00").status_code == 400


def test_hostile_texts_are_shown_and_never_run(operator: Client, service: Service, entry: Entry) -> None:
    facts = {member: getattr(service, member) for member in registry.MEMBERS}
    registry.register(service.project, service.name, {**facts, "examples": [f"{HOSTILE} {{order_id}}"]})
    stored = {**entry.template, "text": HOSTILE}
    Entry.objects.update(template=stored, skeleton_services=[HOSTILE])
    page = body(operator, examples_of(service))
    assert HOSTILE not in page and "<script>alert" not in page and "\u202e" not in page
    assert page.count("&lt;script&gt;alert(") >= 3


def test_pages_are_in_the_navigation(operator: Client, service: Service, served: Plan) -> None:
    assert f'href="{reverse("admin:planengine_examples")}"' in body(operator, list_of(Plan))
    assert f'href="{examples_of(service)}"' in body(operator, page_of(service))


def test_no_page_reads_more_of_a_project_than_its_index_gives(
    operator: Client, service: Service, entry: Entry
) -> None:
    """With few rows Postgres would read them all anyway."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )
    with CaptureQueriesContext(connection) as captured:
        example_rows.learned(service.project, service=service.name, kind="counter")
        example_rows.learned(service.project)
        latest_entries(service)
    asked = [query["sql"] for query in captured.captured_queries if 'FROM "cache_entry"' in query["sql"]]
    assert len(asked) == 4
    for statement in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}")
            told = "\n".join(line for (line,) in cursor.fetchall())
        assert "Index" in told and "Seq Scan" not in told and "Sort" not in told, told
