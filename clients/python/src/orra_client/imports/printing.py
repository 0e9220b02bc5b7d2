"""What an import tells on the terminal, and as JSON."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from orra_client.imports.differences import Difference, told
from orra_client.imports.services import Imported, Json

_MOST_LISTED = 40
_MOST_EXAMPLES = 3
_VARIABLE = re.compile(r"'[^']*'|\d+|(?<=: ).*")

GUESSED = (
    "Annotations are guesses by method: GET and HEAD change nothing, PUT and DELETE may be done twice, DELETE "
    "destroys; the rest has side effects. An operation says it otherwise with x-orra-annotations."
)


def of_imported(imported: Imported, *, what: str, guessed: bool) -> Iterator[str]:
    """``what``: ``operations`` or ``tools``."""
    left_out = sum(imported.left_out.values())
    counts = f"{imported.total} {what}: {len(imported.services)} usable, {len(imported.refusals)} refused"
    yield f"{shown(imported.title) or 'Untitled'}: {counts}" + (f", {left_out} left out" if left_out else "")
    for reason, count in sorted(imported.left_out.items()):
        yield f"  left out by {reason}: {count}" + (" (--deprecated takes them)" if reason == "deprecated" else "")
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for refusal in imported.refusals:
        by_reason[refusal.reason].append(refusal.origin)
    for reason, origins in sorted(by_reason.items(), key=lambda each: -len(each[1]))[:_MOST_LISTED]:
        examples = ", ".join(map(shown, origins[:_MOST_EXAMPLES]))
        more = ", …" if len(origins) > _MOST_EXAMPLES else ""
        yield f"  refused {len(origins)}: {shown(reason)} ({examples}{more})"
    if len(by_reason) > _MOST_LISTED:
        yield f"  and {len(by_reason) - _MOST_LISTED} more reasons (--json tells all)"
    notes = Counter(_VARIABLE.sub("…", note) for service in imported.services for note in service.notes)
    for note, count in notes.most_common(12):
        yield f"  simplified in {count}: {shown(note)}"
    if guessed and imported.services:
        yield f"  {GUESSED}"


def of_difference(difference: Difference, *, prune: bool) -> Iterator[str]:
    yield (
        f"{len(difference.new)} new, {len(difference.changed)} changed, {len(difference.unchanged)} unchanged, "
        f"{len(difference.gone)} no longer there"
    )
    yield from _listed("+", difference.new)
    for change in difference.changed[:_MOST_LISTED]:
        yield f"  ~ {change.name}"
        yield from (f"      {shown(line)}" for line in told(change))
    yield from _more(difference.changed)
    yield from _listed("-" if prune else " ", difference.gone)
    if difference.gone and not prune:
        yield "  These stay; --prune removes them."


def _listed(mark: str, names: Sequence[str]) -> Iterator[str]:
    yield from (f"  {mark} {name}" for name in names[:_MOST_LISTED])
    yield from _more(names)


def _more(every: Sequence[Any]) -> Iterator[str]:
    if len(every) > _MOST_LISTED:
        yield f"    and {len(every) - _MOST_LISTED} more (--json tells all)"


def shown(text: str) -> str:
    """In one line, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def as_json(imported: Imported, difference: Difference | None, outcomes: Iterable[Json]) -> dict[str, Json]:
    return {
        "title": imported.title,
        "total": imported.total,
        "left_out": dict(imported.left_out),
        "services": [
            {"name": each.name, "from": each.origin, "notes": list(each.notes)} for each in imported.services
        ],
        "refused": [{"from": each.origin, "code": each.code, "reason": each.reason} for each in imported.refusals],
        "difference": None
        if difference is None
        else {
            "new": list(difference.new),
            "changed": [{"name": each.name, "what": told(each)} for each in difference.changed],
            "unchanged": list(difference.unchanged),
            "gone": list(difference.gone),
        },
        "outcomes": list(outcomes),
    }
