"""Operations of migrations, and the command, where other processes are at work on the same tables."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import IntegrityError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.utils import timezone

from orra.base.database.migrating import AddIndexOnline
from planengine.management.commands import migrate
from planengine.models import ApiKey, KeyUse, Project, Turn

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMER = migrations.CreateModel(
    "customer", [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=20))]
)
BY_NAME = AddIndexOnline("customer", models.Index(fields=["name"], name="by_name"))


@pytest.fixture
def customers() -> Iterator[ProjectState]:
    state = ProjectState()
    CUSTOMER.state_forwards("shop", state)
    with connection.schema_editor() as editor:
        CUSTOMER.database_forwards("shop", editor, ProjectState(), state)
    yield state
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE shop_customer")


def asked(statement: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else None


def build(state: ProjectState) -> Any:
    with connection.schema_editor(atomic=False) as editor:
        BY_NAME.database_forwards("shop", editor, state, state)
    return asked("SELECT indexrelid, indisvalid, indisunique FROM pg_index WHERE indexrelid = 'by_name'::regclass")


def test_an_index_that_is_half_built_is_built_anew_and_one_that_is_there_stays(customers: ProjectState) -> None:
    asked("INSERT INTO shop_customer (name) VALUES ('twice'), ('twice')")
    with pytest.raises(IntegrityError):
        asked("CREATE UNIQUE INDEX CONCURRENTLY by_name ON shop_customer (name)")

    [(first, is_valid, is_unique)] = build(customers)

    assert (is_valid, is_unique) == (True, False)
    assert build(customers) == [(first, True, False)]


def test_who_does_not_know_a_new_table_deletes_what_its_rows_are_of() -> None:
    project = Project.objects.create(name="tests")
    key, _ = ApiKey.issue(project)
    Turn.objects.create(project=project, taken_at=timezone.now())
    KeyUse.objects.create(key=key, used_at=timezone.now())

    with transaction.atomic():
        asked("DELETE FROM planengine_apikey WHERE id = %s", key.pk)
        asked("DELETE FROM planengine_project WHERE id = %s", project.pk)

    assert not Turn.objects.exists()
    assert not KeyUse.objects.exists()


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """Somebody whose transaction has used a table that the command wants for itself."""
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(migrate, "TRIES", 3)
    known = connection.get_connection_params()
    known = {name: value for name, value in known.items() if name not in ("cursor_factory", "context")}

    def handle(self: Any, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            asked("LOCK TABLE planengine_turn")

    monkeypatch.setattr(DjangosMigrate, "handle", handle)
    with psycopg.connect(**known) as other:
        other.execute("SELECT FROM planengine_turn")
        yield other


def test_a_table_in_use_is_tried_again(holder: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: holder.rollback())
    said = StringIO()

    call_command("migrate", stderr=said)

    assert said.getvalue().count("A table is in use: trying again in 3 s.") == 1


def test_one_that_stays_in_use_is_told_of(
    holder: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    said = StringIO()

    with pytest.raises(CommandError, match="3 times in a row. The migration was taken back. End the transaction"):
        call_command("migrate", stderr=said)

    assert said.getvalue().count("trying again") == 2
