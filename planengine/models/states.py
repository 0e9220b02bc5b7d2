"""The states of a Plan, and which may follow which. Only :mod:`planengine.lifecycle.plans` changes them."""

from __future__ import annotations

from django.db.models import TextChoices


class PlanStatus(TextChoices):
    PENDING = "pending", "pending"
    PLANNING = "planning", "planning"
    READY = "ready", "ready"
    NOT_ACTIONABLE = "not_actionable", "not actionable"
    FAILED = "failed", "failed"


class PlanSource(TextChoices):
    EXACT = "exact", "cache, exact template"
    SEMANTIC = "semantic", "cache, by meaning"
    EXAMPLE = "example", "cache, made by example"
    MODEL = "model", "model"
    COMPOSER = "composer", "composer"
    REPLAY = "replay", "replay of a cache entry"


BY_MEANING = (PlanSource.SEMANTIC, PlanSource.EXAMPLE)
HIT_SOURCES = (PlanSource.EXACT, *BY_MEANING)
FINISHED = (PlanStatus.READY, PlanStatus.NOT_ACTIONABLE, PlanStatus.FAILED)
UNUSUAL = (PlanStatus.NOT_ACTIONABLE, PlanStatus.FAILED)
UNFINISHED = (PlanStatus.PENDING, PlanStatus.PLANNING)
# All but exact hits: who comes from these has waited for an embedding or a planner.
SLOW_SOURCES = (*BY_MEANING, PlanSource.MODEL, PlanSource.COMPOSER, PlanSource.REPLAY)
