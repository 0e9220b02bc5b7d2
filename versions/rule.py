"""Whether migrations leave the release before at work: its processes run on the new tables while they are
replaced, and again when they are put back.

So a release only adds (expand); what it no longer uses, the next one takes away (contract). What cannot be seen
from an operation, statements of its own above all, takes a sentence in the migration that says why the release
before goes on working: ``release_before = "…"``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import Value
from django.db.models.fields import NOT_PROVIDED

from orra.base.database.migrating import CascadesInDatabase

RELEASED = Path(__file__).with_name("released.toml")
HARMLESS = (
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.AlterModelTableComment,
    AddIndexConcurrently,
    AddConstraintNotValid,
    ValidateConstraint,
    CascadesInDatabase,
)
Model = tuple[str, str]


def released() -> Mapping[str, str]:
    """By app, the newest migration of the release before."""
    return {app: str(name) for app, name in tomllib.loads(RELEASED.read_text()).items()}


def since(release: Mapping[str, str], loader: MigrationLoader) -> tuple[ProjectState, list[Migration]]:
    """The tables of ``release``, and the migrations of its apps that came after it, in their order."""
    before: dict[Any, None] = {}
    for node in release.items():
        before |= dict.fromkeys(loader.graph.forwards_plan(node))
    all_of_them: dict[Any, None] = {}
    for app in release:
        for leaf in loader.graph.leaf_nodes(app):
            all_of_them |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    later = [loader.graph.nodes[node] for node in all_of_them if node not in before and node[0] in release]
    return loader.project_state(list(release.items())), later


def faults(tables: ProjectState, migrations: Iterable[Migration]) -> Iterator[str]:
    """What the release whose ``tables`` these are would trip over, a line for each operation."""
    migrations = list(migrations)
    cascades = {
        (migration.app_label, operation.model_name.lower(), operation.name)
        for migration in migrations
        for operation in migration.operations
        if isinstance(operation, CascadesInDatabase)
    }
    state = tables.clone()
    for migration in migrations:
        app = migration.app_label
        for operation in migration.operations:
            if not getattr(migration, "release_before", ""):
                for each in _in_the_database(operation):
                    if fault := _fault(each, app, state, tables.models, cascades):
                        yield f"{app}.{migration.name}: {each.describe()}: {fault}"
            operation.state_forwards(app, state)


def _in_the_database(operation: Any) -> list[Any]:
    if isinstance(operation, operations.SeparateDatabaseAndState):
        return list(operation.database_operations)
    return [operation]


def _fault(
    operation: Any,
    app: str,
    state: ProjectState,
    known: Mapping[Model, ModelState],
    cascades: set[tuple[str, str, str]],
) -> str | None:
    """Why the release before, which knows these models, would trip over it."""
    if isinstance(operation, HARMLESS):
        return None
    if isinstance(operation, operations.RunSQL | operations.RunPython):
        return "nobody can see what it does: say in `release_before` why the release before goes on working"
    name = getattr(operation, "model_name", getattr(operation, "name", getattr(operation, "old_name", ""))).lower()
    if isinstance(operation, operations.CreateModel):
        fields = operation.fields
    elif isinstance(operation, operations.AddField):
        fields = [(operation.name, operation.field)]
    else:
        fields = []
    for field_name, field in fields:
        if _refers_to(field, app, name, known) and (app, name, field_name) not in cascades:
            return f"the release before cannot delete what {field_name} refers to: add CascadesInDatabase"
    if isinstance(operation, operations.CreateModel) or (app, name) not in known:
        return None
    if isinstance(operation, operations.AddField):
        return _of_new_column(operation.field)
    if isinstance(operation, operations.AlterField):
        return _of_changed_column(state.models[app, name].fields[operation.name], operation.field)
    if isinstance(operation, operations.AddIndex):
        return "nobody can write to the table while it is built: use AddIndexOnline"
    if isinstance(operation, operations.AddConstraint):
        return "the table is locked while its rows are looked through: use AddConstraintNotValid"
    return "the release before uses it: take it away in the release after, and say so in `release_before`"


def _refers_to(field: Any, app: str, name: str, known: Mapping[Model, ModelState]) -> bool:
    related = getattr(field.remote_field, "model", None) if field.remote_field else None
    return related is not None and resolve_relation(related, app, name) in known


def _of_new_column(field: Any) -> str | None:
    if field.many_to_many:
        return None
    if field.db_index or field.unique:
        return "nobody can use the table while its index is built: leave it out, and use AddIndexOnline"
    if field.db_default is NOT_PROVIDED:
        needs = "the release before leaves it empty: make it nullable, or give it a db_default"
        return None if field.null else needs
    is_plain = not hasattr(field.db_default, "resolve_expression") or isinstance(field.db_default, Value)
    return None if is_plain else "every row may be written anew for such a db_default: use a plain value"


def _of_changed_column(before: Any, after: Any) -> str | None:
    (kind, facts), (new_kind, new_facts) = _column(before), _column(after)
    shorter = (facts.pop("max_length", None) or 0) > (new_facts.pop("max_length", None) or 0)
    if kind == new_kind and facts == new_facts and not shorter:
        return None
    return "the release before expects the column as it was: add another one"


def _column(field: Any) -> tuple[str, dict[str, Any]]:
    """What the database knows of a field."""
    _, kind, _, facts = field.deconstruct()
    unseen = {*field.non_db_attrs, "default", "editable"}
    return kind, {name: value for name, value in facts.items() if name not in unseen}
