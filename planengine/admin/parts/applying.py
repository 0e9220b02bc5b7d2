"""The form in which an operator applies a grounding."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite

from orra.base import strictyaml
from orra.operators.display import visible
from planengine.admin.parts.comparing import Line, compare
from planengine.admin.parts.projects import ProjectField, project_widget
from planengine.exceptions import BadRequest, GroundingInvalid
from planengine.grounding import registry
from planengine.grounding.contents import as_document
from planengine.grounding.reading import parse_either, read_grounding
from planengine.grounding.specs import GroundingSpec
from planengine.models import Grounding, Project


@dataclass(frozen=True)
class Prospect:
    """What applying ``spec`` would change. ``kept``: its version was applied before; ``holding``: the version that
    holds now."""

    project: Project
    spec: GroundingSpec
    kept: Grounding | None
    holding: Grounding | None

    @property
    def changes_nothing(self) -> bool:
        return self.kept is not None and self.kept.current

    @property
    def lines(self) -> list[Line]:
        before = "" if self.holding is None else written(registry.spec_of(self.holding))
        return compare(before, written(self.spec))

    @property
    def token(self) -> str:
        """Equal as long as applying would change the same: what was looked at is what is confirmed."""
        holding = "" if self.holding is None else self.holding.pk
        told = "\n".join([self.project.pk, self.spec.label, self.spec.digest, holding])
        return hashlib.sha256(told.encode()).hexdigest()


def prospect_of(project: Project, spec: GroundingSpec) -> Prospect:
    """Raises :class:`BadRequest` where it would be a conflict."""
    kept = registry.kept_version(project, spec)
    holding = Grounding.objects.filter(project=project, name=spec.name, current=True).first()
    return Prospect(project, spec, kept, holding)


def written(spec: GroundingSpec) -> str:
    return strictyaml.write(as_document(spec))


class ApplyForm(forms.Form):
    """Valid, it has the ``prospect``; not valid, it may know ``how_to_fix`` it."""

    project = ProjectField()
    name = forms.CharField(
        required=False, max_length=100, help_text="Empty: the name that the document itself gives."
    )
    document = forms.CharField(
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "cols": 100, "class": "orra-code", "spellcheck": "false"}),
        help_text="As JSON or YAML: domain, version, mode, use_cases, constraints.",
    )

    def __init__(self, site: AdminSite, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["project"].widget = project_widget(site)
        self.prospect: Prospect | None = None
        self.how_to_fix: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            given = parse_either(cleaned["document"])
            name = cleaned["name"] or (given.get("name", "") if isinstance(given, dict) else "")
            spec = read_grounding(name if isinstance(name, str) else "", given)
            self.prospect = prospect_of(cleaned["project"], spec)
        except GroundingInvalid as error:
            self.how_to_fix = tuple(map(visible, error.how_to_fix))
            told = [f"{each['field']}: {each['message']}" for each in error.problems]
            conflict = [error.message] if error.status == 409 else []
            self.add_error("document", [visible(each) for each in [*conflict, *told]])
        except BadRequest as error:
            field = "name" if error.code == "invalid_grounding_name" else "document"
            self.add_error(field, visible(error.message))
        return cleaned
