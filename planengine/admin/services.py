"""Services, edited by the rules of the API: the same checks, and a version that rises only on change."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest

from cache.models import Entry
from orra.base.strictjson import InvalidJson, Json, parse, same
from orra.operators.display import brief
from orra.operators.pages import OperatorAdmin, ProjectFilter, list_of
from planengine.catalogue import registry
from planengine.catalogue.schemas import SchemaInvalid, check_schema
from planengine.models import Service


class SchemaField(forms.CharField):
    """A JSON Schema as text, checked as the API checks it."""

    widget = forms.Textarea(attrs={"rows": 16, "cols": 90, "class": "orra-code", "spellcheck": "false"})

    def prepare_value(self, value: Json) -> Any:
        typed = value is None or isinstance(value, str)
        return value if typed else json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Json:
        text = super().to_python(value)
        if not text:
            return text
        try:
            schema = parse(text)
            check_schema(schema)
        except InvalidJson as error:
            raise forms.ValidationError(str(error), code=error.code) from None
        except SchemaInvalid as error:
            where = f"At {brief(error.path)}: " if error.path else ""
            raise forms.ValidationError(f"{where}{error.message}", code="invalid_schema") from None
        return schema

    def run_validators(self, value: Any) -> None:
        """None of a text's: they ran on what was typed."""

    def has_changed(self, initial: Json, data: Json) -> bool:
        try:
            return not same(initial, parse(str(data or "")))
        except InvalidJson:
            return True


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    description = forms.CharField(
        max_length=registry.MAX_DESCRIPTION_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 90}),
        help_text="What it does: planners choose by this.",
    )
    input_schema = SchemaField(help_text="A JSON Schema (Draft 2020-12) of type object; references must be local.")
    output_schema = SchemaField(help_text="The same for what it answers.")

    class Meta:
        model = Service
        fields = ("project", "name", "type", "description", "input_schema", "output_schema", "revertible")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            self.fields["name"].validators.append(RegexValidator(registry.NAME, registry.NAME_RULE))


@admin.register(Service)
class ServiceAdmin(OperatorAdmin):
    form = ServiceForm
    list_display = ("name", "type", "does", "project", "version", "revertible", "updated_at")
    list_filter = ("type", "revertible", "updated_at", ProjectFilter)
    list_select_related = ("project",)
    list_defer = ("input_schema", "output_schema")
    search_fields = ("name", "description", "id__exact", "project__name", "project__id__exact")
    search_help_text = "Part of a name or description, a service's id, or a project's name or id."
    raw_id_fields = ("project",)

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        facts = ("project", "name", "type", "description", "input_schema", "output_schema", "revertible")
        return (*facts, "id", "version", "created_at", "updated_at") if obj else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Service | None = None) -> tuple[str, ...]:
        # Plans and entries know a service by its name, so that another name is another service.
        return ("project", "name", "id", "version", "created_at", "updated_at") if obj else ()

    @admin.display(description="description", ordering="description")
    def does(self, service: Service) -> str:
        return brief(service.description)

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        registered = registry.register(
            obj.project, obj.name, {fact: getattr(obj, fact) for fact in registry.FACTS}
        )
        obj.pk, obj.version = registered.service.pk, registered.service.version
        if not registered.changed:
            self.message_user(request, f"Nothing changed: the version is still {obj.version}.", messages.INFO)

    def delete_model(self, request: HttpRequest, obj: Service) -> None:
        registry.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        for service in queryset.select_related("project"):
            registry.remove(service)

    def page(self, request: HttpRequest, row: Service) -> dict[str, Any]:
        return {"used_by": list_of(Entry, project=row.project_id, service=row.name)}
