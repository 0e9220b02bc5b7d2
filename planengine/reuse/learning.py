"""What a project's own requests teach it about the risk of what the votes propose.

Every miss that is planned tells whether the proposal would have been right; a hit that is planned again, or
reported, tells whether it was. From these labels a project's adjustment of the shipped prior is worked out anew
now and then (:func:`cache.examples.acceptance.adjust`), by the worker that notes them.
"""

from __future__ import annotations

from cache import storage
from cache.decisions import Decision
from cache.examples.acceptance import adjust
from cache.requests import Request
from orra.base.strictjson import Json
from planengine.models import Label, Project
from planengine.models.labels import HEEDED

# An adjustment is worked out again after so many new labels.
EVERY = 20


def note_miss(project: Project, request: Request, decision: Decision, plan: Json | None) -> None:
    """``plan`` is what a miss was planned as, ``None`` when it was refused."""
    if decision.judgement is None:
        return
    wrong = plan is None or storage.skeleton_for(request, plan).digest != decision.judgement.vote.skeleton
    _note(project, Label.Origin.MISS, decision.judgement.odds, wrong=wrong)


def note_hit(project: Project, shown: Json, *, wrong: bool, reported: bool) -> None:
    """``shown`` is what the hit's plan tells of its decision."""
    odds = _odds(shown)
    if odds is not None:
        _note(project, Label.Origin.REPORT if reported else Label.Origin.SAMPLE, odds, wrong=wrong)


def withdraw_report(project: Project, shown: Json) -> None:
    """Forgets that such a hit was reported as wrong: whoever reported it says now that it was right."""
    odds = _odds(shown)
    if odds is None:
        return
    noted = Label.objects.filter(project=project, origin=Label.Origin.REPORT, odds=odds, wrong=True).first()
    if noted is not None:
        noted.delete()
        learn(project)


def _odds(shown: Json) -> float | None:
    votes = shown.get("votes") if isinstance(shown, dict) else None
    odds = votes.get("log_odds") if isinstance(votes, dict) else None
    return float(odds) if isinstance(odds, int | float) else None


def _note(project: Project, origin: str, odds: float, *, wrong: bool) -> None:
    label = Label.objects.create(project=project, origin=origin, odds=odds, wrong=wrong)
    if label.pk % EVERY == 0 or not project.acceptance:
        learn(project)


def learn(project: Project) -> None:
    """Works out the project's adjustment anew from its latest labels."""
    latest = Label.objects.filter(project=project).order_by("-pk")[:HEEDED]
    adjustment = adjust(latest.values_list("odds", "wrong"))
    project.acceptance = adjustment.as_dict()
    Project.objects.filter(pk=project.pk).update(acceptance=project.acceptance)
