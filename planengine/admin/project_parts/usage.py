"""What a project used of its budget, today and this month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from planengine.accounting import budgets
from planengine.accounting.usage import usage_since
from planengine.models import Project


@dataclass(frozen=True)
class Share:
    """Tokens used of an ``allowed`` number, ``None`` where there is no limit."""

    title: str
    used: int
    allowed: int | None
    told: str

    @property
    def left(self) -> int | None:
        return None if self.allowed is None else max(0, self.allowed - self.used)

    @property
    def percent(self) -> str:
        return f"{self.used / self.allowed:.0%}" if self.allowed else "–"


def shares_of(project: Project, now: datetime) -> list[Share]:
    """Of today, and of the month until today: as many days' budgets."""
    today = now.astimezone(UTC).date()
    return [_today(project, today), _month(project, today)]


def _today(project: Project, today: date) -> Share:
    used, reset = budgets.used_on(project, today), budgets.resets_at(today)
    told = f"calls in flight included; resets at {reset:%Y-%m-%d %H:%M} UTC"
    return Share("Today", used, project.tokens_per_day, told)


def _month(project: Project, today: date) -> Share:
    used = usage_since(project, today.replace(day=1))
    tokens = used["prompt_tokens"] + used["completion_tokens"] + used["estimated_tokens"]
    told = f"{used['calls']:,} calls"
    if used["unknown_calls"]:
        told += f", {used['unknown_calls']:,} of which told no tokens"
        told += f" (about {used['estimated_tokens']:,} are counted)"
    if used["cost"] is not None:
        told += f"; cost {used['cost']:,.4f}"
    allowed = None if project.tokens_per_day is None else project.tokens_per_day * today.day
    return Share(f"This month, {today.day} days", tokens, allowed, told)
