"""Operations of migrations that leave the release before at work."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations.operations.base import Operation

IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


class AddIndexOnline(AddIndexConcurrently):
    """An index that is built while its table is written to. Where it is there, it stays; what an earlier try has
    left half-built is built anew. Of a migration with ``atomic = False``."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        name = connection.ops.quote_name(self.index.name)
        with connection.cursor() as cursor:
            cursor.execute(IS_VALID, [name])
            found = cursor.fetchone()
        if found is not None and found[0]:
            return
        if found is not None:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class CascadesInDatabase(Operation):
    """The rows of a new table go when those go that its field ``name`` refers to, whoever deletes these: the
    release before does not know the table, and could not delete them else."""

    reversible = True

    def __init__(self, model_name: str, name: str) -> None:
        self.model_name = model_name
        self.name = name

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: models say so already."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        referred = field.target_field
        quoted = schema_editor.quote_name
        schema_editor.execute(
            f"ALTER TABLE {quoted(model._meta.db_table)} ADD CONSTRAINT {quoted(self._constraint(model))} "
            f"FOREIGN KEY ({quoted(field.column)}) "
            f"REFERENCES {quoted(referred.model._meta.db_table)} ({quoted(referred.column)}) ON DELETE CASCADE"
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        quoted = schema_editor.quote_name
        schema_editor.execute(
            f"ALTER TABLE {quoted(model._meta.db_table)} DROP CONSTRAINT {quoted(self._constraint(model))}"
        )

    def describe(self) -> str:
        return f"{self.model_name} goes with its {self.name}"

    def _constraint(self, model: Any) -> str:
        return f"{model._meta.db_table}_goes_with_{self.name}"
