from __future__ import annotations

from typing import Any

import pytest

from planengine.catalogue import registry
from planengine.catalogue.registry import catalogue_of
from planengine.models import Project, Service
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
