"""Figures of a window as cards and tables, each with the list that shows its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planengine.accounting.backlog import Backlog
from planengine.accounting.figures.reading import Part
from planengine.accounting.wrong_hits import Observed
from planengine.admin.dashboard.scope import Scope
from planengine.admin.dashboard.wording import brief_number, counted, duration, money, number, percent
from planengine.models import Attempt, HitCheck, Plan, Tally
from planengine.models.states import HIT_SOURCES, PlanSource, PlanStatus

PLANNED = (PlanSource.MODEL, PlanSource.COMPOSER)
HITS = ",".join(HIT_SOURCES)
MOST_ROWS = 20


@dataclass(frozen=True)
class Card:
    """A big figure, what it is of, and where its rows are. ``tone`` is ``good``, ``warning``, ``bad`` or empty."""

    title: str
    figure: str
    words: str
    link: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Row:
    cells: Sequence[str]
    link: str = ""


@dataclass(frozen=True)
class Table:
    """``empty`` is said in the place of rows."""

    id: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Row]
    empty: str
    note: str = ""


def cards(scope: Scope, whole: Part, checks: Observed, waiting: Backlog) -> list[Card]:
    return [
        _hit_rate(scope, whole),
        _saved(scope, whole),
        _times(scope, whole),
        _wrong(scope, checks),
        _failures(scope, whole),
        _waiting(scope, waiting),
    ]


def _hit_rate(scope: Scope, whole: Part) -> Card:
    by = {source.value: number(whole.decisions[source]) for source in HIT_SOURCES}
    words = (
        f"of {counted(whole.lookups, 'request')} from the cache: {by['exact']} exact, {by['semantic']} by "
        f"meaning, {by['example']} made by example"
        if whole.lookups
        else "no request in this time"
    )
    return Card("Hit rate", percent(whole.hit_rate), words, scope.plans(source__in=HITS))


def _saved(scope: Scope, whole: Part) -> Card:
    words = f"saved by {counted(whole.hits, 'hit')}; {brief_number(whole.tokens_saved)} tokens of a model"
    if whole.cost_saved is not None:
        words += f", {money(whole.cost_saved)} in money"
    since = scope.window.begins(scope.now).replace(minute=0).isoformat()
    return Card("Plans not planned", brief_number(whole.hits), words, scope.link(Tally, hour__gte=since))


def _times(scope: Scope, whole: Part) -> Card:
    hits = [duration(whole.percentile(share, HIT_SOURCES)) for share in (0.5, 0.95)]
    planned = [duration(whole.percentile(share, PLANNED)) for share in (0.5, 0.95)]
    words = (
        f"half of all hits within this, 95 % within {hits[1]}; planned: {planned[0]} and {planned[1]}"
        if whole.hits
        else f"no hit in this time; planned: {planned[0]} (half) and {planned[1]} (95 %)"
    )
    return Card("Time of a hit", hits[0], words, scope.plans())


def _wrong(scope: Scope, checks: Observed) -> Card:
    low, high = checks.interval
    tolerance = scope.project.wrong_hit_tolerance if scope.project else None
    words = (
        f"{number(checks.wrong)} of {counted(checks.checked, 'checked hit')}; between {percent(low)} and "
        f"{percent(high)} with 95 % confidence"
        if checks.checked
        else "no hit was planned again to check it"
    )
    tone = ""
    if tolerance is not None:
        words += f"; tolerated: {percent(tolerance)}"
        rate = checks.rate or 0.0
        tone = "bad" if low > tolerance else "warning" if rate > tolerance else "good" if high < tolerance else ""
    return Card("Wrong hits", percent(checks.rate), words, scope.link(HitCheck, origin__exact="sample"), tone)


def _failures(scope: Scope, whole: Part) -> Card:
    refused = sum(count for (status, _), count in whole.outcomes.items() if status == PlanStatus.NOT_ACTIONABLE)
    words = f"{number(whole.failed)} of {counted(whole.finished, 'plan')}; {number(refused)} more not actionable"
    tone = "warning" if whole.failed else "good" if whole.finished else ""
    return Card("Failed", percent(whole.failure_share), words, scope.plans(status__exact="failed"), tone)


def _waiting(scope: Scope, waiting: Backlog) -> Card:
    age = waiting.age(scope.now)
    words = f"the oldest for {duration(age)}" if waiting.oldest else "nobody waits for a plan"
    shown = f"{number(waiting.waiting)}{' or more' if waiting.is_cut else ''}"
    tone = "warning" if age > 60 else ""
    return Card("Waiting now", shown, words, scope.link(Plan, status__in="pending,planning"), tone)


def tables(scope: Scope, whole: Part) -> list[Table]:
    return [_sources(scope, whole), _misses(scope, whole), _attempts(scope, whole), _codes(scope, whole)]


def _sources(scope: Scope, whole: Part) -> Table:
    rows = [
        Row(
            (
                label,
                number(sum(whole.durations[source].values())),
                duration(whole.percentile(0.5, [source])),
                duration(whole.percentile(0.95, [source])),
            ),
            scope.plans(source__exact=source) if source != "none" else scope.plans(source__isnull="True"),
        )
        for source, label in (*PlanSource.choices, ("none", "no plan"))
        if source in whole.durations
    ]
    note = (
        f"From request to outcome, at most a tenth off. Model: {counted(whole.calls, 'call')} for plans, "
        f"{brief_number(whole.tokens_used)} tokens, cost {money(whole.cost_used)}."
    )
    return Table("sources", "Where plans came from", ("Source", "Plans", "p50", "p95"), rows, "None yet.", note)


def _misses(scope: Scope, whole: Part) -> Table:
    rows = _shares(
        (
            (reason, count, scope.plans(decision="miss", reason=reason))
            for reason, count in whole.miss_reasons.items()
        ),
    )
    return Table("misses", "Misses by reason", ("Reason", "Misses", "Share"), rows, "No misses.")


def _attempts(scope: Scope, whole: Part) -> Table:
    link = scope.link(Attempt, created_at__gte=scope.window.begins(scope.now).isoformat())
    rows = _shares(((counted(drafts, "attempt"), count, link) for drafts, count in sorted(whole.attempts.items())))
    note = "Drafts asked for until one was valid; of plans that were planned."
    return Table("attempts", "Attempts needed", ("Attempts", "Plans", "Share"), rows, "Nothing was planned.", note)


def _codes(scope: Scope, whole: Part) -> Table:
    failed = [
        (code or "unknown", count, scope.plans(error=code))
        for (status, code), count in whole.outcomes.items()
        if status != PlanStatus.READY
    ]
    rows = _shares(sorted(failed, key=lambda each: -each[1]))
    return Table("failures", "No plan, by code", ("Code", "Plans", "Share"), rows, "Every request got a plan.")


def _shares(counts: Iterable[tuple[str, int, str]]) -> list[Row]:
    known = list(counts)
    total = sum(count for _, count, _ in known)
    return [Row((name, number(count), percent(count / total)), link) for name, count, link in known[:MOST_ROWS]]
