"""Instances from written-out statements are those that the ORM gives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cache.models import Entry
from orra.base.database.rows import Rows
from planengine.models import ApiKey, Project, Scope, find_caller, open_project

pytestmark = pytest.mark.django_db


def test_what_is_read_is_what_the_orm_reads() -> None:
    stored = Entry.objects.create(
        project=Project.objects.create(name="rows"),
        scope="s",
        scope_facts={},
        template_key="k",
        action="Do it",
        params=[],
        template={"text": "ü"},
        plan={"tasks": [1.5, None]},
        recipe={},
        services={"a": 1},
        planned_by="model",
        cost={},
        expires_at=timezone.now() + timedelta(days=1),
    )
    rows = Rows(Entry, "plan", "id", "template", "expires_at")

    (found,) = rows.fetch(f"SELECT {rows.columns} FROM cache_entry WHERE id = %s", [stored.pk])

    for name in ("id", "template", "plan", "expires_at"):
        assert getattr(found, name) == getattr(stored, name)
    assert found.get_deferred_fields() == {
        field.attname
        for field in Entry._meta.concrete_fields
        if field.name not in ("id", "template", "plan", "expires_at")
    }
    assert found.action == "Do it"  # asked for when it is looked at


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="Entry has no field colour"):
        Rows(Entry, "id", "colour")


def test_a_caller_is_the_whole_project_and_its_key() -> None:
    project, secret = open_project(name="caller", tokens_per_day=5)
    key = ApiKey.objects.get(project=project)

    found = find_caller(secret)

    assert found is not None
    assert {field.attname: getattr(found, field.attname) for field in Project._meta.concrete_fields} == {
        field.attname: getattr(project, field.attname) for field in Project._meta.concrete_fields
    }
    assert (found.key_id, found.key_revoked_at, found.key_expired) == (key.pk, None, False)
    assert list(found.key_scopes) == key.scopes == Scope.values
    found.name = "another"
    found.save()
    assert Project.objects.get().name == "another"
    assert find_caller("sk-orra-v1-unknown") is None
