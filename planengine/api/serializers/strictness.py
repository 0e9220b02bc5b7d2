"""What a body's members may be: known ones only, each of its own JSON type."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import empty
from rest_framework.settings import api_settings

from orra.base.strictjson import Json, type_of

# What a member's JSON type must be. The fields themselves would take "yes" for true and true for 1.
JSON_TYPES: tuple[tuple[type[serializers.Field], tuple[str, ...], str], ...] = (  # type: ignore[type-arg]
    (serializers.BooleanField, ("boolean",), "true or false"),
    (serializers.IntegerField, ("integer",), "a whole number"),
    (serializers.FloatField, ("integer", "number"), "a number"),
    (serializers.CharField, ("string",), "text"),
)


class StrictSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Refuses members that it does not know, instead of losing them silently, and values of another JSON type,
    instead of guessing what they mean."""

    def run_validation(self, data: Json = empty) -> Any:
        if not isinstance(data, dict):
            fault = {api_settings.NON_FIELD_ERRORS_KEY: ["Send a JSON object."]}
            raise serializers.ValidationError(fault, code="body_not_an_object")
        return super().run_validation(data)

    def to_internal_value(self, data: Json) -> Any:
        writable = {name: field for name, field in self.fields.items() if not field.read_only}
        unknown = [name for name in data if name not in writable]
        if unknown:
            known = f"Unknown. Known are: {', '.join(sorted(writable))}."
            raise serializers.ValidationError(dict.fromkeys(unknown, [known]), code="unknown_member")
        faults: dict[str, Any] = {
            name: fault for name, value in data.items() if (fault := _fault(writable[name], value))
        }
        if faults:
            raise serializers.ValidationError(faults)
        return super().to_internal_value(data)


Fault = ErrorDetail | dict[int, list[ErrorDetail]]


def _fault(field: serializers.Field, value: Json) -> Fault | None:  # type: ignore[type-arg]
    """What is wrong with a value before its field looks at it, of a list by its items' places. ``None``, the
    value, is the field's own affair."""
    if value is None:
        return None
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        found = {place: _fault(field.child, each) for place, each in enumerate(value)}
        return {place: [fault] for place, fault in found.items() if isinstance(fault, ErrorDetail)} or None
    if isinstance(field, serializers.ChoiceField):
        if isinstance(value, str) and value in field.choices:
            return None
        return ErrorDetail(f"Must be one of {', '.join(map(str, field.choices))}.", "invalid_choice")
    for kind, types, wanted in JSON_TYPES:
        if isinstance(field, kind):
            fits = type_of(value) in types
            return None if fits else ErrorDetail(f"Must be {wanted}, not {type_of(value)}.", "wrong_type")
    return None
