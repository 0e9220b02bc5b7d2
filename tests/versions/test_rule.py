"""A release's migrations leave the release before at work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now

from orra.base.database.migrating import AddIndexOnline, CascadesInDatabase
from versions import rule


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    return MigrationLoader(None)


@pytest.fixture(scope="module")
def tables() -> ProjectState:
    state = ProjectState()
    customer = migrations.CreateModel(
        "customer",
        [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20))],
        options={"indexes": [models.Index(fields=["name"], name="by_name")]},
    )
    customer.state_forwards("shop", state)
    return state


def faults(tables: ProjectState, operations: Sequence[Any], release_before: str = "") -> list[str]:
    made: Any = type("Migration", (Migration,), {"operations": operations, "release_before": release_before})
    return list(rule.faults(tables, [made("0002_more", "shop")]))


def field(name: str, kind: Any) -> migrations.AddField:
    return migrations.AddField("customer", name, kind)


def order(*more: Any) -> migrations.CreateModel:
    return migrations.CreateModel("order", [("id", models.BigAutoField(primary_key=True)), *more])


OF_CUSTOMER = models.ForeignKey("shop.customer", models.CASCADE)
CHECK = models.CheckConstraint(condition=models.Q(name__gt=""), name="named")

REFUSED = {
    "make it nullable, or give it a db_default": field("city", models.CharField(max_length=9, default="")),
    "every row may be written anew": field("since", models.DateTimeField(db_default=Now())),
    "while its index is built": field("email", models.CharField(max_length=9, null=True, unique=True)),
    "cannot delete what customer refers to": order(("customer", OF_CUSTOMER)),
    "expects the column as it was": migrations.AlterField("customer", "name", models.CharField(max_length=9)),
    "use AddIndexOnline": migrations.AddIndex("customer", models.Index(fields=["name"], name="again")),
    "use AddConstraintNotValid": migrations.AddConstraint("customer", CHECK),
    "nobody can see what it does": migrations.RunSQL("DROP TABLE shop_customer"),
    "nobody can see what it": migrations.SeparateDatabaseAndState([migrations.RunPython(print)], []),
    "the release before uses it": migrations.RemoveField("customer", "name"),
    "the release before uses": migrations.RenameField("customer", "name", "called"),
    "the release before": migrations.RenameModel("customer", "client"),
    "before uses it": migrations.DeleteModel("customer"),
    "uses it": migrations.RemoveIndex("customer", "by_name"),
    "in the release after": migrations.AlterModelTable("customer", "clients"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_the_release_before_trips_over_is_refused_unless_it_is_said_why_not(
    tables: ProjectState, why: str
) -> None:
    [fault] = faults(tables, [REFUSED[why]])

    assert fault.startswith("shop.0002_more: ")
    assert why in fault
    assert faults(tables, [REFUSED[why]], "Nothing has read it since the release before.") == []


def test_what_it_does_not_notice_is_taken(tables: ProjectState) -> None:
    longer = models.CharField(max_length=40, help_text="Another one.")
    operations = [
        field("city", models.CharField(max_length=9, null=True)),
        field("state", models.CharField(max_length=9, db_default="new")),
        migrations.AlterField("customer", "name", longer),
        AddIndexOnline("customer", models.Index(fields=["city"], name="by_city")),
        AddConstraintNotValid("customer", CHECK),
        order(("customer", OF_CUSTOMER)),
        CascadesInDatabase("order", "customer"),
        # Of a table that the release before does not know.
        migrations.AddField("order", "number", models.IntegerField(default=0)),
        migrations.RemoveField("order", "number"),
        migrations.AlterModelOptions("customer", {"ordering": ["name"]}),
    ]

    assert faults(tables, operations) == []


def test_the_migrations_since_the_release_before_leave_it_at_work(loader: MigrationLoader) -> None:
    tables, later = rule.since(rule.released(), loader)

    assert list(rule.faults(tables, later)) == []


def test_those_of_before_there_was_the_rule_broke_it(loader: MigrationLoader) -> None:
    tables, later = rule.since({"planengine": "0008_model_check", "cache": "0006_verdicts"}, loader)
    found = "\n".join(rule.faults(tables, later))

    assert "planengine.0017_plural_of_tally" not in found
    assert "planengine.0026_lists_stay_fast: Remove index plan_by_entry" in found
