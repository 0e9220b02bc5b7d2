"""The form of a saved request."""

from __future__ import annotations

from typing import Any

from django import forms

from orra.base.strictjson import Json
from orra.operators.display import visible
from planengine.admin.catalogue.service_forms import JsonField
from planengine.catalogue.registry import catalogue_of
from planengine.evaluation.regression.expectations import check_expected
from planengine.evaluation.regression.saved import check_room
from planengine.exceptions import BadRequest
from planengine.models import Project, SavedRequest
from planengine.requests import params_as_list, parse_action, parse_params

FIELDS = ("project", "name", "action", "params", "expected")


def _any(value: Json) -> None:
    """It is checked when the whole form is read."""


class SavedRequestForm(forms.ModelForm):  # type: ignore[type-arg]
    """Params as an object; what is expected against the project's services of today."""

    action = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        help_text="In words, as a client sends it.",
    )
    params = JsonField(check=_any, rows=5, if_empty={}, help_text='As a JSON object: {"order_id": "ORD-17"}.')
    expected = JsonField(
        check=_any,
        rows=10,
        if_empty=[],
        help_text='The calls of the plan: [{"service": "refund", "input": {"order_id": "$task0.order_id"}}]. '
        "$task0.field is a param, $task1.field what the first call gives; without input, only the service counts. "
        "[] expects a refusal.",
    )

    class Meta:
        model = SavedRequest
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["params"] = self.instance.params_by_field

    def clean_action(self) -> str:
        typed, stored = self.cleaned_data["action"].replace("\r\n", "\n"), self.initial.get("action")
        if isinstance(stored, str) and stored.replace("\r\n", "\n") == typed:
            return stored
        try:
            return parse_action(typed)
        except BadRequest as error:
            raise forms.ValidationError(visible(error.message)) from None

    def clean_params(self) -> Json:
        try:
            return params_as_list(parse_params(self.cleaned_data["params"]))
        except BadRequest as error:
            raise forms.ValidationError(visible(error.message)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        project = self.instance.project if self.instance.pk else cleaned.get("project")
        if isinstance(project, Project) and "expected" in cleaned:
            try:
                check_expected(cleaned["expected"], catalogue_of(project))
            except BadRequest as error:
                self.add_error("expected", visible(error.message))
        if isinstance(project, Project) and not self.instance.pk:
            try:
                check_room(project)
            except BadRequest as error:
                self.add_error(None, error.message)
        return cleaned
