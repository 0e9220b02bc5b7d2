from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from cache.models import Entry
from planengine.catalogue import registry
from planengine.models import ApiKey, Attempt, DailyUsage, Label, Plan, Project, Service
from planengine.reuse.learning import learn
from tests.admin.pages import address, body, fill, list_of, page_of, text


def test_a_project_leads_to_everything_of_its_own(operator: Client, project: Project) -> None:
    page = body(operator, page_of(project))
    for part in (Plan, Entry, Service, ApiKey):
        assert f'href="{list_of(part, project=project.pk)}"' in page


def test_the_list_counts_services_and_entries(operator: Client, entry: Entry) -> None:
    page = body(operator, list_of(Project))
    assert f'<a href="{list_of(Service, project=entry.project_id)}">5</a>' in page
    assert f'<a href="{list_of(Entry, project=entry.project_id)}">1</a>' in page


def test_settings_are_changed_and_the_revision_is_left_alone(operator: Client, project: Project) -> None:
    form = operator.get(page_of(project)).context["adminform"].form
    registry.remove(Service.objects.filter(project=project)[0])  # while the page was open
    revision = Project.objects.get().catalogue_revision
    operator.post(page_of(project), fill(form, cache_ttl_seconds="60", similarity_threshold="0.9"))
    changed = Project.objects.get()
    assert (changed.cache_ttl_seconds, changed.similarity_threshold) == (60, 0.9)
    assert changed.catalogue_revision == revision


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("cache_ttl_seconds", "0"),
        ("cache_ttl_seconds", "forever"),
        ("cache_max_entries", "-1"),
        ("tokens_per_day", "-1"),
        ("similarity_threshold", "1.5"),
        ("similarity_threshold", "nan"),
        ("wrong_hit_tolerance", ""),
        ("catalogue_policy", "lenient"),
        ("name", ""),
    ],
)
def test_a_bad_setting_is_refused_at_its_field(field: str, typed: str, operator: Client, project: Project) -> None:
    before = Project.objects.values().get()
    form = operator.get(page_of(project)).context["adminform"].form
    answer = operator.post(page_of(project), fill(form, **{field: typed}))
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Project.objects.values().get() == before


def test_a_budget_is_shown_beside_what_was_used(operator: Client, project: Project) -> None:
    DailyUsage.objects.create(
        project=project,
        day=datetime.now(UTC).date(),
        calls=12,
        unknown_calls=2,
        prompt_tokens=3_000,
        completion_tokens=500,
        estimated_tokens=70,
        reserved_tokens=1_000,
        cost="1.25",
    )
    form = operator.get(page_of(project)).context["adminform"].form
    operator.post(page_of(project), fill(form, tokens_per_day="200000"))

    page = text(body(operator, page_of(project)))

    assert Project.objects.get().tokens_per_day == 200_000
    assert "4,570 tokens; resets at" in page
    assert "12 calls, 3,500 tokens and about 70 in 2 calls that told none, cost 1.2500" in page


def test_a_project_is_added(operator: Client, db: None) -> None:
    path = list_of(Project) + "add/"
    form = operator.get(path).context["adminform"].form
    operator.post(path, fill(form, name="new"))
    assert Project.objects.get().name == "new"


def test_deleting_a_project_counts_what_goes_with_it_and_asks(
    operator: Client, served: Plan, rejected: Plan, make_project: Callable[..., Project]
) -> None:
    project = served.project
    kept = make_project("kept")
    page = text(body(operator, address(project, "delete")))
    assert "Are you sure" in page
    for line in ("plans: 2", "entries: 1", "services: 5", "API keys: 0"):
        assert line in page
    operator.post(address(project, "delete"), {"post": "yes"})
    assert list(Project.objects.all()) == [kept]
    assert not Plan.objects.exists()
    assert not Attempt.objects.exists()
    assert not Entry.objects.exists()
    assert set(Service.objects.values_list("project", flat=True)) == {kept.pk}


def test_an_operator_reopens_hits_by_meaning(operator: Client, project: Project) -> None:
    Project.objects.update(semantic_closed_at=timezone.now())

    answer = operator.post(list_of(Project), {"action": "reopen", "_selected_action": [project.pk]}, follow=True)

    assert "open again" in answer.content.decode()
    assert Project.objects.get().semantic_closed_at is None


def test_what_was_learned_is_shown_beside_what_was_observed(operator: Client, project: Project) -> None:
    page = text(body(operator, page_of(project)))
    assert "nothing yet: the risk is as the shipped prior has it" in page and "predicted and observed" not in page
    Label.objects.bulk_create(
        Label(project=project, origin="miss", odds=at - 10.0, wrong=at >= 18) for at in range(20)
    )
    learn(project)

    page = text(body(operator, page_of(project)))

    assert "by 20 observations" in page
    assert re.search(r"Tenth Predicted Observed wrong Of 1 \d+\.\d\d% 0\.00% 2 2 ", page)
    assert re.search(r"10 \d+\.\d\d% 100\.00% 2", page)
    listed = text(body(operator, list_of(Label, project=project.pk)))
    assert "20 labels" in listed and "a miss that was planned" in listed
    label = Label.objects.latest("pk")
    assert "Predicted risk" in text(body(operator, page_of(label)))
    assert operator.post(page_of(label), {"wrong": "on"}).status_code == 403
