from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from cache.models import Entry
from planengine.accounting.calibration import Tenth
from planengine.accounting.wrong_hits import Observed
from planengine.admin.project_parts.promise import plot, promise_of
from planengine.admin.project_parts.settings import SETTINGS
from planengine.catalogue import registry
from planengine.models import ApiKey, Attempt, DailyUsage, HitCheck, Label, Plan, Project, Service, Tally
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
    assert "4,570 tokens of 200,000, 195,430 left; calls in flight included; resets at" in page
    assert "3,570 tokens of" in page
    assert "12 calls, 2 of which told no tokens (about 70 are counted); cost 1.2500" in page


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


def test_a_budget_of_none_and_of_nothing(operator: Client, project: Project) -> None:
    assert "0 tokens, no limit" in text(body(operator, page_of(project)))
    Project.objects.update(tokens_per_day=0)
    page = body(operator, page_of(project))
    assert "0 tokens of 0, 0 left" in text(page) and "<meter" not in page


def test_each_setting_says_its_default_and_what_it_means(operator: Client, project: Project) -> None:
    form = operator.get(page_of(project)).context["adminform"].form
    assert set(form.fields) - {"name"} == set(SETTINGS)
    for name, field in form.fields.items():
        if name != "name":
            assert "Default: " in field.help_text, name
    assert form.fields["cache_ttl_seconds"].help_text.endswith("Default: 86,400.")
    assert "in seconds" in text(body(operator, page_of(project)))


@pytest.mark.parametrize(
    ("checked", "wrong", "tolerance", "verdict", "says"),
    [
        (0, 0, 0.01, "cannot be judged yet", "With none wrong it takes 381 checks"),
        (100, 0, 0.01, "cannot be judged yet (100 checks)", "between 0.00% and 3.70%"),
        (381, 0, 0.01, "holds", "All of that is within the promise."),
        (100, 20, 0.01, "is broken", "All of that is above what was promised."),
        (10, 0, 0.0, "cannot be judged yet (10 checks)", "never proven by samples"),
        (10, 10, 1.0, "holds", "within the promise"),
    ],
)
def test_a_promise_is_judged_by_its_whole_interval(
    checked: int, wrong: int, tolerance: float, verdict: str, says: str
) -> None:
    told = promise_of(Observed(checked, wrong), tolerance)
    assert told.verdict == verdict and says in told.sentence


def test_a_plot_stays_in_its_box_and_says_its_numbers() -> None:
    drawn = plot([Tenth(0.0, 0.0, 40), Tenth(0.01, 1.0, 40), Tenth(1.0, 0.0001, 40)], 0.01)
    assert [(point.x, point.y) for point in drawn.points] == [(56.0, 240.0), (234.0, 28.0), (412.0, 240.0)]
    assert drawn.points[1].told == "predicted 1.00%, observed 100.00% of 40"
    assert drawn.tolerance == 134.0 and drawn.up[2].at == 134.0
    assert [tick.text for tick in drawn.across] == ["0.01%", "0.10%", "1.00%", "10.00%", "100.00%"]


def test_promise_and_plot_are_on_the_page(
    operator: Client, project: Project, make_plan: Callable[..., Plan]
) -> None:
    plan = make_plan(project)
    HitCheck.objects.create(project=project, plan=plan, origin="sample", verdict="wrong")
    Label.objects.bulk_create(Label(project=project, origin="miss", odds=-5.0, wrong=False) for _ in range(20))
    ApiKey.issue(project, name="<b>first</b>")
    page = body(operator, page_of(project))
    assert "1 of 1 checked hits were wrong, 100.00%" in text(page)
    assert page.count('class="orra-point"') == 10 and "<meter" not in page
    assert "&lt;b&gt;first" in page and "<b>first" not in page
    assert "style=" not in page.partition('id="calibration"')[2].partition("</section>")[0]


def test_near_misses_are_told_in_words(operator: Client, project: Project) -> None:
    for guard, requests in (("risk", 124), ("", 5)):
        Tally.objects.create(
            **{"project": project, "hour": timezone.now(), "decision": "miss", "reason": "none", "guard": guard},
            **{"requests": requests, "tokens_saved": 0},
        )
    page = text(body(operator, page_of(project)))
    assert "Of the 129 misses of the last 7 days, 124 had an entry that similarity alone would have served" in page
    Tally.objects.filter(guard="risk").delete()
    assert "Of the 5 misses of the last 7 days none had" in text(body(operator, page_of(project)))
