"""A project's settings as operators read them: with units, what empty means, and what holds if nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import NOT_PROVIDED, Field

from planengine.models import Project

# Label and help by setting; the default is added to each.
SETTINGS: Mapping[str, tuple[str, str]] = {
    "cache_ttl_seconds": (
        "Lifetime of a new cache entry, in seconds",
        "From 1 to 31,622,400 (366 days); 86,400 is a day. Entries that are there keep their end; pinned ones "
        "have none.",
    ),
    "cache_max_entries": (
        "Most cache entries",
        "A number of entries, at most 1,000,000. Beyond it the ones unused for longest go first, within a minute; "
        "pinned ones stay.",
    ),
    "similarity_threshold": (
        "Least similarity for a hit by meaning",
        "Cosine, from 0 to 1. Empty: the embedding model's own floor, see below. 1: exact templates only.",
    ),
    "tokens_per_day": (
        "Budget, in tokens per day (UTC)",
        "Prompt and completion together, of every model call for the project. Empty: no limit. 0: none, so that "
        "only the cache answers.",
    ),
    "wrong_hit_tolerance": (
        "Tolerated share of wrong hits",
        "A share from 0 to 1: 0.01 is 1 %. It decides how much risk one hit may have; when more are observed "
        "wrong, hits by meaning are closed.",
    ),
    "recheck_share": (
        "Share of hits that are planned again",
        "A share from 0 to 1: 0.01 is 1 %. Compared in the background, they show wrong hits; 0 shows none. "
        "Each costs what planning costs.",
    ),
    "model_check": (
        "Ask a model about near entries",
        "On: where only wording is against a near entry, a model is asked whether it means the same, before "
        "planning. Each question is a model call.",
    ),
    "catalogue_policy": (
        "When a service changes",
        "Which cache entries go: those of the changed service, or all.",
    ),
    "grounding_required": (
        "Refuse what no grounding covers",
        "Such requests fail with not_grounded; otherwise they are planned freely.",
    ),
    "repair": (
        "Wire rejected drafts anew",
        "When all of a model's drafts were rejected, its choice of services is wired by names and types.",
    ),
    "event_contents": (
        "Tell the model's words in events",
        "What it thinks and writes, as it comes. Its reasoning is kept with the attempt then.",
    ),
}


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SETTINGS.keys() & self.fields.keys():
            label, help_text = SETTINGS[name]
            self.fields[name].label = label
            self.fields[name].help_text = f"{help_text} {default_of(name)}"

    class Meta:
        model = Project
        exclude = ()


def default_of(name: str) -> str:
    """What holds if nobody says otherwise, as a sentence."""
    field = Project._meta.get_field(name)
    assert isinstance(field, Field)
    default = None if field.default is NOT_PROVIDED else field.default
    if default is None:
        return "Default: empty."
    if isinstance(default, bool):
        return f"Default: {'on' if default else 'off'}."
    if isinstance(default, int):
        return f"Default: {default:,}."
    choices = dict(field.flatchoices)
    return f"Default: {choices.get(default, default)}."
