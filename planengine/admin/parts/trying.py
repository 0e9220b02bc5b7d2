"""The form in which an operator tries an action against groundings, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite

from orra.base.strictjson import InvalidJson, Json, parse
from orra.operators.display import brief, visible
from planengine.admin.parts.projects import ProjectField, project_widget
from planengine.catalogue.registry import catalogue_of
from planengine.exceptions import BadRequest
from planengine.grounding.matching.wordings import request_in
from planengine.grounding.registry import Kept
from planengine.grounding.specs import GroundingSpec
from planengine.models import Project
from planengine.requests import PlanRequest, parse_action, parse_params
from planengine.reuse.trial import TriedEntry, capability_in_words, match_in_words, try_entries, try_out

MAX_PLAN_CHARACTERS = 200_000


@dataclass(frozen=True)
class Capability:
    name: str
    asked: str
    done_by: str


@dataclass(frozen=True)
class Tried:
    """``problems`` are of the plan that was given, ``None`` where it was not checked; ``entries`` have their
    own."""

    match: list[str]
    applies: bool
    capabilities: list[Capability]
    has_plan: bool
    problems: list[Json] | None
    entries: list[TriedEntry]


class TryForm(forms.Form):
    """Valid, it has the ``request`` and perhaps a ``draft`` of a plan. It asks for a project that is not known."""

    project = ProjectField()
    action = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 90}),
        help_text="In words, as a client sends it.",
    )
    params = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 90, "class": "orra-code", "spellcheck": "false"}),
        help_text='As a JSON object: {"order_id": "ORD-17"}.',
    )
    plan = forms.CharField(
        required=False,
        max_length=MAX_PLAN_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 90, "class": "orra-code", "spellcheck": "false"}),
        help_text="A plan for it as JSON, to see whether it keeps to the grounding. May be empty.",
    )

    def __init__(self, site: AdminSite, data: Any = None, initial: Any = None, *, known: Project | None) -> None:
        super().__init__(data, initial=initial)
        self.known = known
        self.request: PlanRequest | None = None
        self.draft: Json = None
        if known is not None:
            del self.fields["project"]
        else:
            self.fields["project"].widget = project_widget(site)

    @property
    def chosen(self) -> Project:
        """The project of a valid form."""
        project = self.known or self.cleaned_data["project"]
        assert isinstance(project, Project)
        return project

    def clean_params(self) -> Json:
        return self._parsed("params", "Write an object: {}.")

    def clean_plan(self) -> Json:
        return self._parsed("plan", "A plan is an object with `tasks`.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            action = parse_action(cleaned["action"].replace("\r\n", "\n"))
            self.request = PlanRequest(action, parse_params(cleaned["params"]))
            self.draft = cleaned["plan"]
        except BadRequest as error:
            at_params = (error.pointer or "").startswith("/params")
            self.add_error("params" if at_params else "action", visible(error.message))
        return cleaned

    def _parsed(self, field: str, wanted: str) -> Json:
        text = self.cleaned_data[field]
        if not text:
            return None
        try:
            value = parse(text)
        except InvalidJson as error:
            raise forms.ValidationError(visible(str(error))) from None
        if not isinstance(value, dict):
            raise forms.ValidationError(wanted)
        return value


def beginnings(spec: GroundingSpec) -> list[tuple[str, str]]:
    """The use cases that the form can begin with, each with what :func:`begin_with` takes."""
    return [(str(place), brief(use_case.action, 100)) for place, use_case in enumerate(spec.use_cases)]


def begin_with(spec: GroundingSpec, place: str) -> dict[str, str]:
    """The form's fields for a use case's own action, with its example params; nothing where there is none."""
    if not place.isascii() or not place.isdigit() or len(place) > 6 or int(place) >= len(spec.use_cases):
        return {}
    use_case = spec.use_cases[int(place)]
    action, values = request_in(use_case.action, use_case.params)
    params = {**use_case.params, **values}
    return {"action": action, "params": json.dumps(params, indent=2, ensure_ascii=False)}


def tried(groundings: Sequence[Kept], form: TryForm, *, with_entries: bool) -> Tried:
    """Raises :class:`planengine.exceptions.EmbeddingUnavailable`."""
    project, request = form.chosen, form.request
    assert request is not None
    catalogue = catalogue_of(project)
    found = try_out(groundings, request, catalogue, plan=form.draft, tolerance=project.wrong_hit_tolerance)
    return Tried(
        match=match_in_words(found["match"]),
        applies=found["match"]["use_case"] is not None,
        capabilities=[
            Capability(each["capability"], each["asked"], capability_in_words(each))
            for each in found["capabilities"]
        ],
        has_plan=form.draft is not None,
        problems=found["problems"],
        entries=try_entries(project, groundings, request, catalogue) if with_entries else [],
    )
