"""What is looked up, and among which entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cache.plans.filling import fingerprint
from cache.templates.templates import Template, make_template
from orra.base.strictjson import Json, digest

# Which reading of templates entries are kept by: how keys, words and skeletons are made. It rises when they are
# made differently; entries of an older reading serve nobody until `reembed_entries` has read them anew. The first
# reading was not named.
TEMPLATES = "4"


@dataclass(frozen=True)
class Scope:
    """What must be equal before an entry is considered at all."""

    project_id: str
    embedding_model: str
    planner: str
    grounding: str = ""

    @cached_property
    def facts(self) -> dict[str, str]:
        return {
            "embedding_model": self.embedding_model,
            "planner": self.planner,
            "grounding": self.grounding,
            "templates": TEMPLATES,
        }

    @cached_property
    def digest(self) -> str:
        return scope_digest(self.project_id, self.facts)


@dataclass(frozen=True)
class Request:
    """An action with its params (by field, in their order) and where to look for a plan. ``discriminating_terms``
    are the words by which tasks are told apart, see :func:`make_template`."""

    scope: Scope
    action: str
    params: Mapping[str, Json]
    discriminating_terms: frozenset[str] = frozenset()

    @cached_property
    def template(self) -> Template:
        return make_template(self.action, self.params, discriminating_terms=self.discriminating_terms)

    @cached_property
    def identity(self) -> str:
        return fingerprint(self.action, self.params)


def scope_digest(project_id: str, facts: Mapping[str, str]) -> str:
    return digest([project_id, dict(facts)])


def fields_digest(template: Template) -> str:
    """What the vectors of entries with the same fields and types share."""
    return digest([list(field) for field in template.fields])
