"""The form in which an operator asks what would come of a request."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings

from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import brief, visible
from planengine.evaluation import dry_run
from planengine.exceptions import BadRequest
from planengine.models import Plan, Project
from planengine.requests import PlanRequest, parse_action, parse_params
from planengine.reuse.plan_cache import Tried

MAX_PROJECTS = 100


class AskForm(forms.Form):
    """Valid, it has the ``request``, the ``chosen`` project and the thresholds to be ``tried``."""

    project = forms.ChoiceField()
    action = forms.CharField(
        strip=False,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        help_text="In words, as a client sends it.",
    )
    params = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 90, "class": "orra-code", "spellcheck": "false"}),
        help_text='As a JSON object, or as a list of {field, value}: {"order_id": "ORD-17"}. May be empty.',
    )
    cache = forms.ChoiceField(label="Cache mode", choices=Plan.CacheMode.choices, initial=Plan.CacheMode.USE)
    tolerance = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Tolerance to try",
        help_text="Share of wrong hits, 0 to 1. Empty: the project's own. Nothing is saved.",
    )
    floor = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Similarity floor to try",
        help_text="Least cosine similarity of a hit by meaning, 0 to 1. Empty: what holds now. Nothing is saved.",
    )
    planner = forms.ChoiceField(
        help_text="Who plans in a dry run. A request that is sent is planned as configured.",
    )
    seconds = forms.FloatField(
        min_value=1,
        max_value=dry_run.MOST_SECONDS,
        initial=int(dry_run.MOST_SECONDS),
        label="Seconds",
        help_text="How long a dry run may take at most.",
    )

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.request: PlanRequest | None = None
        wanted = (data or initial or {}).get("project", "")
        self.fields["project"] = forms.ChoiceField(choices=_projects(wanted))
        self.fields["planner"] = forms.ChoiceField(choices=_planners(), help_text=self.fields["planner"].help_text)

    @property
    def chosen(self) -> Project:
        """The project of a valid form."""
        return Project.objects.get(pk=self.cleaned_data["project"])

    @property
    def tried(self) -> Tried:
        return Tried(self.cleaned_data["tolerance"], self.cleaned_data["floor"])

    def clean_params(self) -> Json:
        text = self.cleaned_data["params"]
        if not text.strip():
            return None
        try:
            return parse(text)
        except InvalidJson as error:
            raise forms.ValidationError(visible(str(error))) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "params" not in cleaned:
            return cleaned
        for field, read in (("action", self._read_action), ("params", self._read_params)):
            try:
                read(cleaned)
            except BadRequest as error:
                self.add_error(field, visible(error.message))
        if not self.errors:
            self.request = PlanRequest(cleaned["action"], cleaned["params"], cache=cleaned["cache"])
        return cleaned

    def _read_action(self, cleaned: dict[str, Any]) -> None:
        cleaned["action"] = parse_action(cleaned.get("action", "").replace("\r\n", "\n"))

    def _read_params(self, cleaned: dict[str, Any]) -> None:
        cleaned["params"] = parse_params(cleaned["params"])


def filled_from(plan: Plan, *, contents: bool) -> dict[str, Any]:
    """The form's fields for a plan's request; without its params for whoever may not see them."""
    known: dict[str, Any] = {"project": plan.project_id, "action": plan.action, "cache": plan.cache_mode}
    if contents and plan.params:
        known["params"] = json.dumps(_as_object(plan.params), indent=2, ensure_ascii=False)
    return known


def _as_object(params: Json) -> Json:
    try:
        return {row["field"]: row["value"] for row in params}
    except (TypeError, KeyError):
        return params


def _projects(wanted: str) -> list[tuple[str, str]]:
    """The newest, and the one that is wanted."""
    known = dict(Project.objects.order_by("-created_at").values_list("pk", "name")[:MAX_PROJECTS])
    if wanted and "\x00" not in wanted and wanted not in known:
        known |= dict(Project.objects.filter(pk=wanted).values_list("pk", "name"))
    return [(pk, f"{brief(name)} ({pk})") for pk, name in known.items()]


def _planners() -> list[tuple[str, str]]:
    """Those that there are here."""
    if not settings.LLM_MODEL:
        return [(dry_run.CONFIGURED, "as configured: the composer, for there is no model")]
    return [
        (dry_run.CONFIGURED, f"as configured: {brief(settings.LLM_MODEL)} with the composer beside it"),
        (dry_run.MODEL, f"the model alone: {brief(settings.LLM_MODEL)}"),
        (dry_run.COMPOSER, "the composer, which asks no model"),
    ]
