from __future__ import annotations

from typing import Any

import pytest

from planengine.catalogue import history, registry
from planengine.catalogue.registry import catalogue_of
from planengine.models import Project, Service, ServiceVersion
from tests.conftest import SHOP

pytestmark = pytest.mark.django_db

LOOKUP = SHOP["order_lookup"]


def lookup_as_read_by_another_process(project: Project) -> Any:
    """What a process makes of the service that has read the project anew, as each does for every request."""
    return catalogue_of(Project.objects.get(pk=project.pk)).get("order_lookup")


def test_a_service_that_ceases_to_be_read_only_is_so_no_more_in_a_catalogue_that_was_remembered(
    project: Project,
) -> None:
    registry.register(project, "order_lookup", {**LOOKUP, "annotations": {"readOnlyHint": True}})
    before = lookup_as_read_by_another_process(project)
    assert before.read_only

    registry.register(project, "order_lookup", {**LOOKUP, "annotations": {"readOnlyHint": False}})

    after = lookup_as_read_by_another_process(project)
    assert (after.read_only, after.destructive) == (False, True)
    assert (after.version, after.digest) == (before.version, before.digest)
    assert catalogue_of(project).get("order_lookup") is after


def test_new_examples_are_in_the_next_catalogue(project: Project) -> None:
    digest = catalogue_of(project).digest

    registry.register(project, "order_lookup", {**LOOKUP, "examples": ["Look at {order_id}"]})

    [example] = lookup_as_read_by_another_process(project).examples
    assert list(example.params) == ["order_id"]
    assert catalogue_of(project).digest == digest


def test_new_capabilities_are_in_the_next_catalogue(project: Project) -> None:
    before = lookup_as_read_by_another_process(project)

    registry.register(project, "order_lookup", {**LOOKUP, "capabilities": ["Look up an order"]})

    after = lookup_as_read_by_another_process(project)
    assert (before.capabilities, after.capabilities) == ((), ("Look up an order",))
    assert (after.version, after.digest) == (before.version, before.digest)


def test_what_is_left_out_is_as_if_never_said(project: Project) -> None:
    registry.register(project, "order_lookup", {**LOOKUP, "annotations": {"readOnlyHint": True}})

    registered = registry.register(project, "order_lookup", LOOKUP)

    assert (registered.changed, registered.service.version) == (True, 1)
    assert not lookup_as_read_by_another_process(project).read_only


def test_a_row_written_without_them_has_none(project: Project) -> None:
    Service.objects.bulk_create([Service(project=project, name="bare", input_schema={}, output_schema={})])

    row = Service.objects.get(name="bare")

    assert (row.annotations, row.examples, row.capabilities) == ({}, [], [])


def versions_of(name: str) -> list[tuple[int, list[str]]]:
    """Version and what changed, the oldest first."""
    return list(ServiceVersion.objects.filter(service__name=name).order_by("pk").values_list("version", "changed"))


def test_each_change_is_kept(project: Project) -> None:
    registry.register(project, "order_lookup", LOOKUP)  # changes nothing
    registry.register(project, "order_lookup", {**LOOKUP, "annotations": {"readOnlyHint": True}})
    registry.register(project, "order_lookup", {**LOOKUP, "revertible": True})

    assert versions_of("order_lookup") == [(1, []), (1, ["annotations"]), (2, ["revertible", "annotations"])]
    first, hinted, last = ServiceVersion.objects.filter(service__name="order_lookup").order_by("pk")
    assert first.facts == registry.complete(LOOKUP)
    assert hinted.facts["annotations"] == {"readOnlyHint": True}
    assert (last.facts["revertible"], last.facts["annotations"]) == (True, {})


def test_a_service_of_before_there_was_a_history_begins_with_what_it_said(project: Project) -> None:
    ServiceVersion.objects.all().delete()
    before = Service.objects.get(name="order_lookup")

    registry.register(project, "order_lookup", {**LOOKUP, "description": "Another."})

    first, second = ServiceVersion.objects.order_by("pk")
    assert (first.version, first.facts["description"]) == (1, LOOKUP["description"])
    assert first.created_at == before.updated_at
    assert (second.version, second.facts["description"]) == (2, "Another.")


def test_a_history_is_bounded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    for number in range(5):
        registry.register(project, "order_lookup", {**LOOKUP, "description": f"Text {number}."})

    assert [version for version, _ in versions_of("order_lookup")] == [4, 5, 6]
    assert versions_of("refund_payment") == [(1, [])]


def test_a_change_that_fails_leaves_no_version(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*asked: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(registry, "_raise_revision", fail)
    with pytest.raises(RuntimeError):
        registry.register(project, "order_lookup", {**LOOKUP, "revertible": True})

    assert versions_of("order_lookup") == [(1, [])]
