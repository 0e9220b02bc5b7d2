"""Services, edited by the rules of the API: the same checks, and a version that rises only on change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from cache.models import Entry
from orra.base.strictjson import InvalidJson, Json, parse, same
from orra.operators.display import brief
from orra.operators.pages import OperatorAdmin, ProjectFilter, list_of
from planengine import tasks
from planengine.catalogue import registry
from planengine.catalogue.annotations import HINTS, check_annotations, is_destructive, is_read_only
from planengine.catalogue.capabilities import check_capabilities
from planengine.catalogue.errors import RegistrationInvalid
from planengine.catalogue.examples import check_examples
from planengine.catalogue.schemas import check_input_schema, check_schema, compile_input_schema
from planengine.models import Service


class JsonField(forms.CharField):
    """JSON as text, checked as the API checks it. With ``if_empty`` it may be left empty and is then that."""

    def __init__(self, *, check: Callable[[Json], None], rows: int, if_empty: Json = None, **more: Any) -> None:
        shown = {"rows": rows, "cols": 90, "class": "orra-code", "spellcheck": "false"}
        super().__init__(widget=forms.Textarea(attrs=shown), required=if_empty is None, **more)
        self._check, self._if_empty = check, if_empty

    def prepare_value(self, value: Json) -> Any:
        typed = value is None or isinstance(value, str)
        return value if typed else json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Json:
        text = super().to_python(value)
        if not text:
            return self._if_empty
        try:
            parsed = parse(text)
            self._check(parsed)
        except InvalidJson as error:
            raise forms.ValidationError(str(error), code=error.code) from None
        except RegistrationInvalid as error:
            raise _refusal(error) from None
        return parsed

    def run_validators(self, value: Any) -> None:
        """None of a text's: they ran on what was typed."""

    def has_changed(self, initial: Json, data: Json) -> bool:
        try:
            return not same(initial, parse(str(data or "")))
        except InvalidJson:
            return True


def _refusal(error: RegistrationInvalid) -> forms.ValidationError:
    where = f"At {brief(error.path)}: " if error.path else ""
    return forms.ValidationError(f"{where}{error.message}", code=error.code)


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    description = forms.CharField(
        max_length=registry.MAX_DESCRIPTION_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 90}),
        help_text="What it does: planners choose by this.",
    )
    input_schema = JsonField(
        check=check_input_schema,
        rows=16,
        help_text="A JSON Schema (Draft 2020-12) of type object; references must be local.",
    )
    output_schema = JsonField(check=check_schema, rows=16, help_text="The same for what it answers.")
    annotations = JsonField(
        check=check_annotations,
        rows=4,
        if_empty={},
        help_text=f"What it says of its effects: {', '.join(HINTS)}, each true or false. Empty: it has side "
        "effects and may be destructive.",
    )
    examples = JsonField(
        check=lambda examples: None,  # it takes the inputs to judge them
        rows=8,
        if_empty=[],
        help_text="Requests that it was made for, in a list: "
        '"Cancel order {order_id}" or {"action": …, "params": …}.',
    )
    capabilities = JsonField(
        check=check_capabilities,
        rows=4,
        if_empty=[],
        help_text='What it can do, in the words of groundings, in a list: "verify refund eligibility".',
    )

    class Meta:
        model = Service
        fields = ("project", "name", *registry.MEMBERS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].validators.append(RegexValidator(registry.NAME, registry.NAME_RULE))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "examples" in cleaned and "input_schema" in cleaned:
            try:
                check_examples(cleaned["examples"], compile_input_schema(cleaned["input_schema"]))
            except RegistrationInvalid as error:
                self.add_error("examples", _refusal(error))
        return cleaned


@admin.register(Service)
class ServiceAdmin(OperatorAdmin):
    form = ServiceForm
    list_display = ("name", "type", "does", "project", "version", "effects", "revertible", "updated_at")
    list_filter = ("type", "revertible", "updated_at", ProjectFilter)
    list_select_related = ("project",)
    list_defer = ("input_schema", "output_schema", "examples", "capabilities")
    search_fields = ("name", "description", "id__exact", "project__name", "project__id__exact")
    search_help_text = "Part of a name or description, a service's id, or a project's name or id."
    raw_id_fields = ("project",)

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        facts = ("project", "name", *registry.MEMBERS)
        return (*facts, "id", "version", "created_at", "updated_at") if obj else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        # Plans and entries know a service by its name, so that another name is another service.
        return ("project", "name", "id", "version", "created_at", "updated_at") if obj else ()

    @admin.display(description="description", ordering="description")
    def does(self, service: Service) -> str:
        return brief(service.description)

    @admin.display(description="effects", ordering="annotations__readOnlyHint")
    def effects(self, service: Service) -> str:
        if is_read_only(service.annotations):
            return "none"
        return "may be destructive" if is_destructive(service.annotations) else "adds only"

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        registered = registry.register(
            obj.project, obj.name, {member: getattr(obj, member) for member in registry.MEMBERS}
        )
        obj.pk, obj.version = registered.service.pk, registered.service.version
        if not registered.changed:
            self.message_user(request, f"Nothing changed: the version is still {obj.version}.", messages.INFO)
            return
        project_id, name = obj.project_id, obj.name
        transaction.on_commit(lambda: tasks.compare_with_cached_plans(project_id, name))

    def delete_model(self, request: HttpRequest, obj: Service) -> None:
        registry.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        for service in queryset.select_related("project"):
            registry.remove(service)

    def page(self, request: HttpRequest, row: Service) -> dict[str, Any]:
        return {"used_by": list_of(Entry, project=row.project_id, service=row.name)}
