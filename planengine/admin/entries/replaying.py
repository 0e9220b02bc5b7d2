"""The form in which an operator gives a cache entry other values. Each is typed once: the action follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from cache.lookup import template_of
from cache.models import Entry
from cache.plans.recipes import Recipe, RecipeInvalid
from cache.templates.rewording import CannotReword, reword
from cache.templates.templates import Template, TemplateInvalid, make_template
from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import brief
from planengine.admin.entries.kinds import Kind, kinds_of
from planengine.catalogue.registry import catalogue_of
from planengine.exceptions import BadRequest
from planengine.requests import PlanRequest, parse_action, parse_params

MAX_ROWS_SHOWN = 12


@dataclass(frozen=True)
class Row:
    """A value in the form: a param's, or a literal's of the action; what is said of it."""

    label: str
    value: BoundField
    told: str


class ReplayForm(forms.Form):
    """One value per param of the entry, and per literal of its action. Valid, it has the ``request`` to replay
    with. ``action_now`` is the action that follows, ``None`` where it must be written.

    Text is taken as it stands, so ``17`` as text stays text; what no field is made for is written as JSON. Raises
    :class:`BadRequest` when the entry's own params cannot be read. Without ``prefilled`` it shows no values.
    """

    action = forms.CharField(
        strip=False,
        required=False,
        label="Action in your own words",
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        help_text="Leave this empty, and the action follows the template with the values above.",
    )

    def __init__(self, entry: Entry, data: Any = None, *, prefilled: bool = True) -> None:
        super().__init__(data)
        self.entry = entry
        self.params = parse_params(entry.params)
        self.request: PlanRequest | None = None
        self.template, self.template_fault = _template_of(entry)
        self.action_now = entry.action if prefilled else None
        self.kinds = kinds_of(self.params, _recipe_of(entry), entry.plan, _schemas_of(entry))
        for index, (field, value) in enumerate(self.params.items()):
            shown = _written(value, self.kinds[field])
            self.fields[f"value-{index}"] = _form_field(field, self.kinds[field], shown if prefilled else None)
        self.literals = [place for place, slot in enumerate(self._slots) if slot.kind != "param"]
        for place in self.literals:
            raw = self._slots[place].raw
            self.fields[f"literal-{place}"] = forms.CharField(
                label=_literal_label(self._slots[place].name),
                strip=False,
                initial=raw if prefilled else None,
                widget=forms.TextInput(attrs={"size": 60}),
            )

    @property
    def rows(self) -> Iterator[Row]:
        for index, (field, kind) in enumerate(self.kinds.items()):
            told = "as JSON" if kind.name == "json" else f"as {kind.filled} takes it" if kind.filled else ""
            yield Row(field, self[f"value-{index}"], told)
        for place in self.literals:
            yield Row(
                _literal_label(self._slots[place].name), self[f"literal-{place}"], "stands in the action only"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        params = {
            field: self._value(f"value-{index}", self.kinds[field], value)
            for index, (field, value) in enumerate(self.params.items())
        }
        if self.errors:
            return cleaned
        try:
            typed = parse_params(params)
            self.action_now = self._action(typed, cleaned)
            request = PlanRequest(action=parse_action(self.action_now), params=typed)
        except BadRequest as error:
            self.add_error(self._field_at(error.pointer), error.message)
        except CannotReword as error:
            self.action_now = None
            self.add_error("action", f"{error} Write the action here.")
        else:
            if (misfit := self._misfit(request)) is not None:
                self.add_error("action", misfit)
            else:
                self.request = request
        return cleaned

    @property
    def _slots(self) -> Any:
        return self.template.slots if self.template else ()

    def _action(self, params: dict[str, Json], cleaned: dict[str, Any]) -> str:
        if written := cleaned["action"].strip():
            return _as_typed(written, self.entry.action)
        if self.template is None:
            raise CannotReword(f"The entry's template cannot be read: {self.template_fault}")
        literals = {place: _plain_line_ends(cleaned[f"literal-{place}"]) for place in self.literals}
        return reword(self.template, self.params, params, literals)

    def _misfit(self, request: PlanRequest) -> str | None:
        """Why the entry's plan is not for such a request; ``None`` when its template is the entry's."""
        if self.template is None:
            return None
        catalogue = catalogue_of(self.entry.project)
        asked, own = (
            make_template(action, params, discriminating_terms=catalogue.discriminating_terms(params))
            for action, params in ((request.action, request.params), (self.entry.action, self.params))
        )
        if asked.key == own.key:
            return None
        if asked.text == own.text:
            return (
                "These values ask for something else than the entry's plan does: one of them has another type, or "
                "says which task is meant. Keep to values like the entry's."
            )
        return (
            f"The words do not fit: with these values they read “{brief(asked.text, 300)}” as a template, and the "
            f"entry's plan was made for “{brief(own.text, 300)}”. Keep to the entry's words, or ask for a plan of "
            "your own."
        )

    def _value(self, name: str, kind: Kind, original: Json) -> Json:
        typed: Any = self.cleaned_data.get(name)
        if name in self.errors:
            return None
        match kind.name:
            case "flag":
                return bool(typed)
            case "choice":
                return parse(typed)
            case "text":
                return _as_typed(typed or "", original if isinstance(original, str) else "")
            case "date":
                return None if typed is None else typed.isoformat()
        try:
            value = parse(typed)
        except InvalidJson as error:
            said = "It must be a number." if kind.name in ("number", "integer") else f"{error} Write it as JSON."
            self.add_error(name, said)
            return None
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind.name in ("number", "integer") and not number:
            self.add_error(name, "It must be a number.")
        if kind.name == "integer" and not isinstance(value, int):
            self.add_error(name, "It must be a whole number.")
        return value

    def _field_at(self, pointer: str | None) -> str | None:
        """The form's field for a fault in the request, or ``None`` for the form as a whole."""
        match (pointer or "").split("/")[1:]:
            case ["action"]:
                return "action"
            case ["params", index, *_] if f"value-{index}" in self.fields:
                return f"value-{index}"
        return None


def _form_field(field: str, kind: Kind, shown: str | None) -> forms.Field:
    said: dict[str, Any] = {"label": brief(field), "initial": shown}
    match kind.name:
        case "flag":
            return forms.BooleanField(required=False, label=brief(field), initial=shown == "true")
        case "choice":
            choices = [
                (json.dumps(each), each if isinstance(each, str) else json.dumps(each)) for each in kind.choices
            ]
            return forms.ChoiceField(choices=[(sent, brief(str(text))) for sent, text in choices], **said)
        case "date":
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said)
        case "number" | "integer":
            step = "1" if kind.name == "integer" else "any"
            return forms.CharField(widget=forms.TextInput(attrs={"type": "number", "step": step}), **said)
    lines = min(max(1, (shown or "").count("\n") + 1), MAX_ROWS_SHOWN)
    look = {"rows": lines, "cols": 70, "spellcheck": "false"} | (
        {"class": "orra-code"} if kind.name == "json" else {}
    )
    return forms.CharField(strip=False, required=kind.name == "json", widget=forms.Textarea(attrs=look), **said)


def _template_of(entry: Entry) -> tuple[Template | None, str]:
    try:
        return template_of(entry), ""
    except TemplateInvalid as error:
        return None, str(error)


def _recipe_of(entry: Entry) -> Recipe | None:
    try:
        return Recipe.from_json(entry.recipe)
    except RecipeInvalid:
        return None


def _schemas_of(entry: Entry) -> dict[str, Json]:
    used = entry.skeleton_services or list(entry.services if isinstance(entry.services, dict) else {})
    return {each.name: each.input_schema for each in catalogue_of(entry.project) if each.name in used}


def _literal_label(name: str) -> str:
    return f"{name.removeprefix('#').partition(':')[0]} in the action"


def _written(value: Json, kind: Kind) -> str:
    if kind.name in ("text", "date"):
        return str(value)
    return json.dumps(value, indent=2 if kind.name == "json" else None, ensure_ascii=kind.name == "choice")


def _as_typed(typed: str, original: str) -> str:
    """Browsers send every line end as CR LF: text that nobody touched keeps the ones it had."""
    plain = _plain_line_ends(typed)
    return original if plain == _plain_line_ends(original) else plain


def _plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
