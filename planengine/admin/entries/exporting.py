"""Entries as JSON lines, one a line, written while they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from django.http import StreamingHttpResponse

from cache.models import Entry
from orra.base.strictjson import Json

MAX_EXPORTED = 1_000
AT_ONCE = 50


def as_lines(entry_ids: Sequence[str], *, with_params: bool) -> StreamingHttpResponse:
    """A file to save. Without ``with_params`` it holds no values: neither params nor the action and plan that they
    stand in."""
    answer = StreamingHttpResponse(_lines(entry_ids, with_params), content_type="application/jsonl")
    answer["Content-Disposition"] = 'attachment; filename="entries.jsonl"'
    return answer


def _lines(entry_ids: Sequence[str], with_params: bool) -> Iterator[bytes]:
    for start in range(0, len(entry_ids), AT_ONCE):
        found = Entry.objects.in_bulk(entry_ids[start : start + AT_ONCE])
        for entry_id in entry_ids[start : start + AT_ONCE]:
            if (entry := found.get(entry_id)) is not None:
                yield json.dumps(_told(entry, with_params), ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _told(entry: Entry, with_params: bool) -> dict[str, Json]:
    contents: dict[str, Json] = (
        {"action": entry.action, "params": entry.params, "plan": entry.plan, "recipe": entry.recipe}
        if with_params
        else {}
    )
    return {
        "id": entry.pk,
        "project": entry.project_id,
        "kind": entry.kind,
        "template": entry.template_text,
        **contents,
        "services": entry.services,
        "dependencies": entry.dependencies,
        "scope": entry.scope_facts,
        "planned_by": entry.planned_by,
        "cost": entry.cost,
        "reusable": entry.reusable,
        "contested": entry.contested,
        "pinned": entry.pinned,
        "created_at": entry.created_at.isoformat(),
        "expires_at": None if entry.ends_at is None else entry.ends_at.isoformat(),
        "quarantined_at": None if entry.quarantined_at is None else entry.quarantined_at.isoformat(),
        "quarantine_reason": entry.quarantine_reason,
    }
