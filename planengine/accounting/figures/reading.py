"""Figures of a window: the whole of it, and slot by slot for what is drawn over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from orra.base.database.replica import read_connection
from planengine.accounting.figures import statements
from planengine.accounting.figures.durations import percentile
from planengine.accounting.figures.statements import COARSE, FINE, MOST_FRESH
from planengine.accounting.tallies import EVER
from planengine.models import TallyMark
from planengine.models.states import HIT_SOURCES, PlanStatus

MISS = "miss"

# When, kind, name, how many, tokens, money.
Row = tuple[datetime, str, str, int, int, Decimal | None]


@dataclass(frozen=True)
class Window:
    """So many full slots of so many seconds, and the one that is under way."""

    title: str
    seconds: int
    slots: int

    def begins(self, now: datetime) -> datetime:
        return slot_of(now, self.seconds) - timedelta(seconds=self.seconds * self.slots)

    def moments(self, now: datetime) -> list[datetime]:
        """When its slots begin, the first one first."""
        begins = self.begins(now)
        return [begins + timedelta(seconds=self.seconds * number) for number in range(self.slots + 1)]


HOUR, DAY, WEEK = Window("1 hour", FINE, 12), Window("24 hours", COARSE, 24), Window("7 days", COARSE, 168)
WINDOWS = {"1h": HOUR, "24h": DAY, "7d": WEEK}


@dataclass
class Part:
    """What finished in a slot or in a whole window. Tokens and money are as far as they are known; ``None`` when
    no money is. ``calls`` are of models, for plans: not those that plan hits again."""

    decisions: Counter[str] = field(default_factory=Counter)
    miss_reasons: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: dict[str, Counter[int]] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    tokens_used: int = 0
    cost_used: Decimal | None = None
    tokens_saved: int = 0
    cost_saved: Decimal | None = None

    def add(self, kind: str, name: str, number: int, tokens: int, cost: Decimal | None) -> None:
        first, _, second = name.partition(":")
        match kind:
            case "decision":
                self.decisions[first] += number
                if first == MISS:
                    self.miss_reasons[second] += number
                self.tokens_saved += tokens
                self.cost_saved = _sum(self.cost_saved, cost)
            case "outcome":
                self.outcomes[first, second] += number
            case "duration":
                self.durations.setdefault(first, Counter())[int(second)] += number
            case "attempts":
                self.attempts[int(name)] += number
            case "calls":
                self.calls += number
                self.tokens_used += tokens
                self.cost_used = _sum(self.cost_used, cost)

    @property
    def finished(self) -> int:
        return sum(self.outcomes.values())

    @property
    def hits(self) -> int:
        return sum(self.decisions[source] for source in HIT_SOURCES)

    @property
    def lookups(self) -> int:
        """Requests that the cache was asked about."""
        return self.hits + self.decisions[MISS]

    @property
    def hit_rate(self) -> float | None:
        return self.hits / self.lookups if self.lookups else None

    @property
    def failed(self) -> int:
        """Plans that failed. What is not actionable was answered: that is no failure."""
        return sum(number for (status, _), number in self.outcomes.items() if status == PlanStatus.FAILED)

    @property
    def failure_share(self) -> float | None:
        return self.failed / self.finished if self.finished else None

    def percentile(self, share: float, sources: Sequence[str]) -> float | None:
        """In seconds, of these sources together."""
        known = [self.durations[source] for source in sources if source in self.durations]
        return percentile(known[0] if len(known) == 1 else sum(known, Counter()), share)


@dataclass(frozen=True)
class Figures:
    """``until``: what finished later is not counted yet; ``None`` when everything is. ``complete_from``: from when
    on durations, attempts and failures are counted at all, where that is within the window."""

    window: Window
    since: datetime
    whole: Part
    slots: Mapping[datetime, Part]
    until: datetime | None
    complete_from: datetime | None


def figures(window: Window, now: datetime, *, project_id: str = "") -> Figures:
    """Of one project, or without one of all together, from the window's first full slot on."""
    mark = TallyMark.objects.first()
    since = window.begins(now)
    known = (mark.figures_until or mark.counted_until) if mark else EVER
    with read_connection().cursor() as cursor:
        cursor.execute(
            statements.read(of_one_project=bool(project_id)),
            {"since": since, "mark": known, "seconds": window.seconds, "project": project_id},
        )
        rows: list[Row] = cursor.fetchall()
    whole, slots, until = _summed(rows, window.moments(now))
    began = mark.figures_since if mark else None
    return Figures(window, since, whole, slots, until, began if began and began > since else None)


def slot_of(moment: datetime, seconds: int) -> datetime:
    """When the slot of a moment began."""
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _summed(
    rows: Iterable[Row], moments: Sequence[datetime]
) -> tuple[Part, dict[datetime, Part], datetime | None]:
    whole, slots = Part(), {moment: Part() for moment in moments}
    until = None
    for moment, kind, name, number, tokens, cost in rows:
        if kind == "fresh":
            until = moment if number >= MOST_FRESH else None
            continue
        whole.add(kind, name, number, tokens, cost)
        if (slot := slots.get(moment)) is not None:
            slot.add(kind, name, number, tokens, cost)
    return whole, slots, until


def _sum(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return second if first is None else first if second is None else first + second
