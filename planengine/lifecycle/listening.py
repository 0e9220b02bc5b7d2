"""Reads the events of the plans that clients listen to: any number of plans with two statements, and a third
where the project wants the model's words sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import NamedTuple

from django.db.models import F

from planengine.lifecycle.events import ENDED, WORDS, AttemptFacts, Place, PlanFacts, Story, story_of
from planengine.models import Attempt, Plan

_PLAN = [field.name for field in fields(PlanFacts) if field.name != "leader_id"]
_ATTEMPT = [field.name for field in fields(AttemptFacts) if field.name not in WORDS]


class Listener(NamedTuple):
    """Who has heard a plan's story up to a place."""

    plan_id: str
    heard: Place


def stories_of(listeners: Sequence[Listener]) -> Mapping[Listener, Story | None]:
    """``None`` where the plan is gone. Words that a listener has heard may be missing."""
    rows = Plan.objects.filter(pk__in={listener.plan_id for listener in listeners}).order_by()
    rows = rows.annotate(leader_id=F("follower__flight__leader_id"), in_words=F("project__event_contents"))
    found = list(rows.values(*_PLAN, "leader_id", "in_words"))
    in_words = {row["id"] for row in found if row.pop("in_words")}
    plans = [PlanFacts(**row) for row in found]
    attempts = _attempts_of(plans)
    words = _in_words(
        attempt.id
        for listener in listeners
        if listener.plan_id in in_words
        for attempt in attempts[listener.plan_id]
        if attempt.seconds is None or Place(attempt.id, ENDED) > listener.heard
    )
    told = {
        plan.id: story_of(plan, [words.get(attempt.id, attempt) for attempt in attempts[plan.id]])
        for plan in plans
    }
    return {listener: told.get(listener.plan_id) for listener in listeners}


def _attempts_of(plans: Sequence[PlanFacts]) -> Mapping[str, list[AttemptFacts]]:
    """Each plan's, and its leader's while it follows one; without words."""
    wanted = {plan.id for plan in plans} | {plan.leader_id for plan in plans if plan.leader_id}
    made: dict[str, list[AttemptFacts]] = {}
    for row in Attempt.objects.filter(plan__in=wanted).order_by().values(*_ATTEMPT):
        made.setdefault(row["plan_id"], []).append(AttemptFacts(**row))
    return {plan.id: made.get(plan.id, []) + made.get(plan.leader_id or "", []) for plan in plans}


def _in_words(attempts: Iterable[int]) -> Mapping[int, AttemptFacts]:
    """Reads the attempts again with the model's words. A call may have ended meanwhile, and then its words are
    others."""
    wanted = set(attempts)
    if not wanted:
        return {}
    rows = Attempt.objects.filter(pk__in=wanted).order_by().values(*_ATTEMPT, *WORDS)
    return {row["id"]: AttemptFacts(**row) for row in rows}
