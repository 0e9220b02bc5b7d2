"""Which entries are meant: a filter as data, that lists, estimates and jobs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from cache.models import Entry
from orra.base.strictjson import Json

Entries = QuerySet[Any]
Narrowing = Callable[[Entries, str], Entries]

MAX_VALUE = 200  # characters
MAX_AGE_DAYS = 36_500

KINDS = {"plan": "plans", "refusal": "refusals", "counter": "counter-examples"}
STATES = {"usable": "usable", "expired": "expired", "quarantined": "in quarantine"}
SERVING = {"template": "every request of its template", "identical": "the identical request only"}
PLANNERS = {
    "model": "model",
    "repaired": "model, repaired",
    "composer": "composer",
    "example": "examples",
    "confirmed": "somebody, who says that it is right",
    "report": "somebody, who says that it is wrong",
}
CONTESTED = {"1": "contested", "0": "not contested"}
# Those of which there are only some.
CHOICES = {"kind": KINDS, "state": STATES, "serves": SERVING, "planned_by": PLANNERS, "contested": CONTESTED}


class InvalidSelection(ValueError):
    """No entries can be meant by that. ``name`` is the filter's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def narrow(entries: Entries, name: str, value: str) -> Entries:
    """The entries that the filter of this name finds; all of them for a value that it does not know."""
    return NARROWING[name](entries, value)


def select(entries: Entries, chosen: Mapping[str, str]) -> Entries:
    """The entries that all filters of ``chosen`` find."""
    for name, value in chosen.items():
        entries = narrow(entries, name, value)
    return entries


def read_selection(told: Mapping[str, Any]) -> dict[str, str]:
    """The filters that ``told`` names, without those that are empty. Raises :class:`InvalidSelection`."""
    chosen: dict[str, str] = {}
    for name in NARROWING:
        value = str(told.get(name) or "").strip()
        if not value:
            continue
        if len(value) > MAX_VALUE or "\x00" in value:
            raise InvalidSelection(name, f"At most {MAX_VALUE} characters, and no NUL.")
        if name in CHOICES and value not in CHOICES[name]:
            raise InvalidSelection(name, f"It must be one of {', '.join(CHOICES[name])}.")
        if name == "older_than_days" and not (
            value.isdecimal() and value.isascii() and int(value) <= MAX_AGE_DAYS
        ):
            raise InvalidSelection(name, f"It must be a whole number of days, at most {MAX_AGE_DAYS:,}.")
        chosen[name] = value
    return chosen


def in_words(chosen: Json) -> str:
    """What a selection says, for people: "that use `refund_order`, in quarantine"."""
    known = chosen if isinstance(chosen, dict) else {}
    parts = [_said(name, str(value)) for name, value in known.items() if name in NARROWING]
    return ", ".join(parts)


def _said(name: str, value: str) -> str:
    match name:
        case "service":
            return f"that use “{value}”"
        case "words":
            return f"whose action says “{value}”"
        case "older_than_days":
            return f"older than {value} days"
        case "planned_by":
            return f"planned by: {PLANNERS.get(value, value)}"
        case "serves":
            return f"serving: {SERVING.get(value, value)}"
    return CHOICES[name].get(value, value)


def _of_state(entries: Entries, value: str) -> Entries:
    match value:
        case "usable":
            return entries.filter(expires_at__gt=timezone.now(), quarantined_at=None)
        case "expired":
            return entries.filter(expires_at__lte=timezone.now())
        case "quarantined":
            return entries.exclude(quarantined_at=None)
    return entries


def _serving(entries: Entries, value: str) -> Entries:
    match value:
        case "template":
            return entries.filter(identity="")
        case "identical":
            return entries.exclude(identity="")
    return entries


def _of_kind(entries: Entries, value: str) -> Entries:
    # The other kinds have an index that holds no plan, and Postgres is to see that it may use it.
    return (
        entries.filter(kind=value) if value == Entry.Kind.PLAN else entries.exclude(kind="plan").filter(kind=value)
    )


def _planned_by(entries: Entries, value: str) -> Entries:
    return entries.filter(planned_by=value)


NARROWING: dict[str, Narrowing] = {
    "service": lambda entries, value: entries.filter(services__has_key=value),
    "kind": _of_kind,
    "state": _of_state,
    "planned_by": _planned_by,
    "serves": _serving,
    "contested": lambda entries, value: entries.filter(contested=value == "1"),
    "older_than_days": lambda entries, value: entries.filter(
        created_at__lt=timezone.now() - timedelta(days=int(value))
    ),
    "words": lambda entries, value: entries.filter(action__icontains=value),
}
