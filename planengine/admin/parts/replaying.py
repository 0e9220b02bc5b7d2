"""The form in which an operator gives a cache entry other values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from cache.models import Entry
from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import brief
from planengine.exceptions import BadRequest
from planengine.requests import PlanRequest, parse_action, parse_params

KINDS = (("text", "text"), ("json", "JSON"))
MAX_ROWS_SHOWN = 12


@dataclass(frozen=True)
class Row:
    """A param in the form: its value, and whether that is meant as text or as JSON."""

    field: str
    value: BoundField
    kind: BoundField


class ReplayForm(forms.Form):
    """An action and one value per param of the entry. Valid, it has the ``request`` to replay with.

    Text is taken as it stands, so ``17`` as text stays text; everything else is written as JSON. Raises
    :class:`BadRequest` when the entry's own params cannot be read.
    """

    action = forms.CharField(
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90, "autofocus": True}),
        help_text="In words. The values below should stand in it as they do in the entry's own action.",
    )

    def __init__(self, entry: Entry, data: Any = None) -> None:
        super().__init__(data, initial={"action": entry.action})
        self.entry = entry
        self.params = parse_params(entry.params)
        self.request: PlanRequest | None = None
        for index, (field, value) in enumerate(self.params.items()):
            shown = _written(value)
            lines = min(max(2, shown.count("\n") + 1), MAX_ROWS_SHOWN)
            self.fields[f"value-{index}"] = forms.CharField(
                label=brief(field),
                strip=False,
                required=False,
                initial=shown,
                widget=forms.Textarea(
                    attrs={"rows": lines, "cols": 70, "class": "orra-code", "spellcheck": "false"}
                ),
            )
            self.fields[f"kind-{index}"] = forms.ChoiceField(
                label=f"{brief(field)} is", choices=KINDS, initial="text" if isinstance(value, str) else "json"
            )

    @property
    def rows(self) -> Iterator[Row]:
        for index, field in enumerate(self.params):
            yield Row(field, self[f"value-{index}"], self[f"kind-{index}"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        params = {field: self._value(index, field) for index, field in enumerate(self.params)}
        if self.errors:
            return cleaned
        try:
            action = parse_action(_as_typed(cleaned["action"], self.entry.action))
            self.request = PlanRequest(action=action, params=parse_params(params))
        except BadRequest as error:
            self.add_error(self._field_at(error.pointer), error.message)
        return cleaned

    def _value(self, index: int, field: str) -> Json:
        typed, kind = self.cleaned_data.get(f"value-{index}"), self.cleaned_data.get(f"kind-{index}")
        if typed is None or kind is None:
            return None  # refused already
        if kind == "text":
            original = self.params[field]
            return _as_typed(typed, original if isinstance(original, str) else "")
        try:
            return parse(typed)
        except InvalidJson as error:
            self.add_error(f"value-{index}", f"{error} For text as it stands, choose “text”.")
            return None

    def _field_at(self, pointer: str | None) -> str | None:
        """The form's field for a fault in the request, or ``None`` for the form as a whole."""
        match (pointer or "").split("/")[1:]:
            case ["action"]:
                return "action"
            case ["params", index, *_] if f"value-{index}" in self.fields:
                return f"value-{index}"
        return None


def _written(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _as_typed(typed: str, original: str) -> str:
    """Browsers send every line end as CR LF: text that nobody touched keeps the ones it had."""
    plain = _plain_line_ends(typed)
    return original if plain == _plain_line_ends(original) else plain


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
