"""What is wrong with the machinery, each in one sentence with what to do; and which processes are at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from orra.operators.display import brief
from orra.operators.pages import list_of
from planengine.accounting.backlog import Backlog
from planengine.accounting.figures.reading import Figures
from planengine.admin.dashboard.scope import Scope
from planengine.admin.dashboard.wording import ago, counted, duration
from planengine.lifecycle import broker, heartbeats
from planengine.models import AlertRule, Breaker, Heartbeat, Plan, Project

MOST_NAMED = 3
LOST_LATELY = timedelta(minutes=10)
LONG_WAIT_SECONDS = 60.0

MISSING = {
    "worker": "No worker is at work{seen}: what the cache does not have is not planned. Start it again (make up, "
    "or celery -A orra worker), and look at its log.",
    "beat": "The beat is not at work{seen}: lost plans are not taken up, and figures and alerts stand still. "
    "Start it again (make up, or celery -A orra beat).",
    "ticks": "Beat and worker are at work, but no tick has come through{seen}: the workers have their hands full, "
    "or the broker keeps messages. Look at the broker, or start more workers.",
}


@dataclass(frozen=True)
class Trouble:
    """``tone`` is ``bad`` or ``warning``; the link leads to its rows."""

    tone: str
    words: str
    link: str = ""


@dataclass(frozen=True)
class Process:
    kind: str
    name: str
    seen: str
    runs_for: str
    alive: bool


@dataclass(frozen=True)
class Health:
    troubles: Sequence[Trouble]
    processes: Sequence[Process]
    broker: bool

    @property
    def tone(self) -> str:
        tones = {trouble.tone for trouble in self.troubles}
        return "bad" if "bad" in tones else "warning" if tones else "good"


def health(scope: Scope, known: Figures, waiting: Backlog) -> Health:
    rows = heartbeats.known(scope.now)
    reachable = broker.was_reachable()
    found = [
        *_broker(reachable),
        *_processes(scope, rows, reachable),
        *_waiting(scope, waiting),
        *_breakers(scope),
        *_closed(scope),
        *_firing(scope),
        *_figures(known),
    ]
    order = {"bad": 0, "warning": 1}
    return Health(
        sorted(found, key=lambda trouble: order[trouble.tone]), [_process(scope, row) for row in rows], reachable
    )


def _process(scope: Scope, row: Heartbeat) -> Process:
    alive = heartbeats.is_alive(row, scope.now)
    seen = ago(row.seen_at, scope.now)
    return Process(
        kind=str(row.kind),
        name=row.name,
        seen=f"alive {seen}" if alive else f"last seen {seen}: it was lost, or is cut off from the database",
        runs_for=duration((row.seen_at - row.began_at).total_seconds()),
        alive=alive,
    )


def _broker(reachable: bool) -> list[Trouble]:
    if reachable:
        return []
    words = (
        "The broker cannot be reached: requests are accepted and cached plans served, the rest is planned when it "
        "is back. Look at the broker that BROKER_URL names."
    )
    return [Trouble("bad", words)]


def _processes(scope: Scope, rows: Sequence[Heartbeat], reachable: bool) -> list[Trouble]:
    link = list_of(Heartbeat) if scope.may_view(Heartbeat) else ""
    alive = {row.kind for row in rows if heartbeats.is_alive(row, scope.now)}
    found = []
    for kind, words in MISSING.items():
        if kind in alive or (kind == "ticks" and not (reachable and {"worker", "beat"} <= alive)):
            continue  # what keeps the ticks away is said already
        last = max((row.seen_at for row in rows if row.kind == kind), default=None)
        seen = f" (last seen {ago(last, scope.now)})" if last else ""
        found.append(Trouble("warning" if kind == "ticks" else "bad", words.format(seen=seen), link))
    lost = [
        row
        for row in rows
        if row.kind in alive - {"ticks"} and heartbeats.STALE < scope.now - row.seen_at <= LOST_LATELY
    ]
    if lost:
        names = _named([row.name for row in lost])
        words = f"{counted(len(lost), 'process', 'processes')} did not end in order: {names}. Look at the log."
        found.append(Trouble("warning", words, link))
    return found


def _waiting(scope: Scope, waiting: Backlog) -> list[Trouble]:
    age = waiting.age(scope.now)
    if age <= LONG_WAIT_SECONDS:
        return []
    words = f"A plan has waited for {duration(age)}: start more workers, or look at what the model's server does."
    return [Trouble("warning", words, scope.link(Plan, status__in="pending,planning"))]


def _breakers(scope: Scope) -> list[Trouble]:
    rows = list(Breaker.objects.exclude(retry_at=None).order_by("endpoint")[:MOST_NAMED])
    return [
        Trouble(
            "warning",
            f"The model {brief(row.endpoint)} is left alone after {counted(row.failures, 'failure')} in a row, "
            f"and tried again at {row.retry_at:%H:%M:%S}. Look at its server.",
            list_of(Breaker, state="open") if scope.may_view(Breaker) else "",
        )
        for row in rows
    ]


def _closed(scope: Scope) -> list[Trouble]:
    projects = Project.objects.exclude(semantic_closed_at=None)
    if scope.project:
        projects = projects.filter(pk=scope.project.pk)
    names = list(projects.values_list("name", flat=True)[: MOST_NAMED + 1])
    if not names:
        return []
    words = (
        f"Hits by meaning are closed in {_named(names)}: too many were found wrong. Look at the checks, then "
        "reopen them in the list of projects."
    )
    link = list_of(Project, semantic_closed_at__isnull="False") if scope.may_view(Project) else ""
    return [Trouble("warning", words, link)]


def _firing(scope: Scope) -> list[Trouble]:
    rules = AlertRule.objects.filter(state=AlertRule.State.FIRING).select_related("project")
    if scope.project:
        rules = rules.filter(project=scope.project)
    firing = list(rules.order_by("since")[: MOST_NAMED + 1])
    if not firing or not scope.may_view(AlertRule):
        return []
    names = _named([f"{rule.project.name}: {rule.get_measure_display()}" for rule in firing])
    words = f"{'An alert fires' if len(firing) == 1 else 'Alerts fire'}: {names}."
    return [Trouble("bad", words, scope.link(AlertRule, state__exact="firing"))]


def _figures(known: Figures) -> list[Trouble]:
    if known.until is None:
        return []
    words = (
        f"Figures end at {known.until:%H:%M:%S}: what finished later is not counted yet. The beat and a worker do "
        "that every minute."
    )
    return [Trouble("warning", words)]


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(brief(name, 60) for name in names[:MOST_NAMED])
    return f"{shown} and more" if len(names) > MOST_NAMED else shown
