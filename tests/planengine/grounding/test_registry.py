from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from planengine.exceptions import BadRequest, GroundingInvalid
from planengine.grounding import registry
from planengine.grounding.registry import groundings_of
from planengine.models import Grounding, Project, UseCaseVector
from tests.planengine.grounding.specs import returns, spec

pytestmark = pytest.mark.django_db


def holding(project: Project) -> list[tuple[str, str]]:
    """Name and version of what holds, as another process sees it."""
    return [(kept.spec.name, kept.spec.version) for kept in groundings_of(Project.objects.get(pk=project.pk))]


def test_what_was_applied_is_what_holds(project: Project) -> None:
    applied = registry.apply(project, spec())

    assert (applied.created, applied.changed) == (True, True)
    [kept] = groundings_of(project)
    assert (kept.id, kept.spec) == (applied.grounding.id, spec())


def test_a_newer_version_takes_the_place_of_the_older_which_is_kept(project: Project) -> None:
    registry.apply(project, spec(version="1.0"))

    registry.apply(project, spec(version="1.1", mode="advisory"))

    assert holding(project) == [("returns", "1.1")]
    assert list(Grounding.objects.order_by("version").values_list("version", "mode", "current")) == [
        ("1.0", "strict", False),
        ("1.1", "advisory", True),
    ]


def test_an_older_version_can_hold_again(project: Project) -> None:
    first = registry.apply(project, spec(version="1.0")).grounding
    registry.apply(project, spec(version="1.1"))

    back = registry.apply(project, spec(version="1.0"))

    assert (back.created, back.changed, back.grounding.pk) == (False, True, first.pk)
    assert holding(project) == [("returns", "1.0")]
    assert Grounding.objects.count() == 2


def test_applying_what_holds_changes_nothing(project: Project) -> None:
    registry.apply(project, spec())
    revision = project.groundings_revision

    again = registry.apply(project, spec())

    assert (again.created, again.changed) == (False, False)
    assert Project.objects.get(pk=project.pk).groundings_revision == revision


@pytest.mark.parametrize("current", [True, False])
def test_a_version_says_one_thing(project: Project, current: bool) -> None:
    registry.apply(project, spec())
    if not current:
        registry.apply(project, spec(version="2.0"))
    before = holding(project)
    other = returns(mode="advisory", constraints=["Be quick."])
    other["use_cases"][0]["capabilities"][0] = "check the order"
    other["use_cases"][0]["order"] = None

    with pytest.raises(GroundingInvalid) as refused:
        registry.apply(project, spec(**other))

    assert (refused.value.status, refused.value.code) == (409, "grounding_version_conflict")
    assert {each["field"] for each in refused.value.problems} == {
        "mode",
        "constraints",
        "use_cases[0].capabilities[0]",
        "use_cases[0].order",
    }
    assert "'use_cases[0].capabilities[0]'" in refused.value.message
    assert holding(project) == before


def test_every_change_raises_the_revision(project: Project) -> None:
    revisions = [project.groundings_revision]

    for change in (
        lambda: registry.apply(project, spec(version="1.0")),
        lambda: registry.apply(project, spec(version="1.1")),
        lambda: registry.apply(project, spec(version="1.0")),
        lambda: registry.remove(project, "returns"),
    ):
        change()
        revisions.append(Project.objects.get(pk=project.pk).groundings_revision)

    assert revisions == [0, 1, 2, 3, 4]
    assert project.groundings_revision == 4


def test_removing_takes_every_version_and_its_vectors(project: Project) -> None:
    row = registry.apply(project, spec(version="1.0")).grounding
    UseCaseVector.objects.create(grounding=row, use_case=0, wording=0, embedding_model="m", embedding=[0.0, 1.0])
    registry.apply(project, spec(version="1.1"))
    registry.apply(project, spec("other"))

    assert registry.remove(project, "returns")

    assert holding(project) == [("other", "1.0")]
    assert not UseCaseVector.objects.exists()
    assert not registry.remove(project, "returns")


def test_projects_share_nothing(project: Project, make_project: Callable[..., Project]) -> None:
    other = make_project("another")
    registry.apply(project, spec(mode="strict"))
    registry.apply(other, spec(mode="advisory"))

    assert not registry.remove(make_project("third"), "returns")

    assert [kept.spec.mode for kept in groundings_of(project)] == ["strict"]
    assert [kept.spec.mode for kept in groundings_of(other)] == ["advisory"]


def test_a_project_that_never_had_one_costs_no_query(project: Project, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert groundings_of(project) == ()


def test_what_holds_is_read_once(project: Project, django_assert_num_queries: Any) -> None:
    registry.apply(project, spec())
    caller = Project.objects.get(pk=project.pk)

    with django_assert_num_queries(1):
        first = groundings_of(caller)
        assert groundings_of(Project(pk=caller.pk, groundings_revision=caller.groundings_revision)) is first


def test_there_is_room_for_so_many(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_GROUNDINGS", 2)
    registry.apply(project, spec("a"))
    registry.apply(project, spec("b"))

    with pytest.raises(BadRequest) as refused:
        registry.apply(project, spec("c"))

    assert (refused.value.status, refused.value.code) == (409, "too_many_groundings")
    assert registry.apply(project, spec("a", version="2")).created


@pytest.mark.django_db(transaction=True)
def test_of_two_that_apply_one_version_at_once_one_is_told_of_a_conflict(project: Project) -> None:
    begin = Barrier(2)

    def apply(mode: str) -> int:
        try:
            begin.wait(timeout=20)
            registry.apply(Project.objects.get(pk=project.pk), spec(mode=mode))
            return 200
        except BadRequest as refused:
            return refused.status
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(apply, ("strict", "advisory")))

    assert answers == [200, 409]
    assert holding(project) == [("returns", "1.0")]
    assert Project.objects.get(pk=project.pk).groundings_revision == 1
