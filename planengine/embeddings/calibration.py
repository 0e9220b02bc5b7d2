"""The similarity floor of an embedding model: what was measured for it, or else what it comes with.

Models differ in how near they put texts that mean different things, so a floor belongs to the model. ``manage.py
evaluate_cache --calibrate`` measures it; what is stored here is heeded by every process within
:data:`REMEMBERED_SECONDS`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from django.utils import timezone

from orra.base.strictjson import Json
from planengine.embeddings.embedders import LOCAL_FLOOR, Embedder, get_embedder
from planengine.models import CalibratedFloor, Project

log = structlog.get_logger(__name__)

REMEMBERED_SECONDS = 10.0


@dataclass(frozen=True)
class Floor:
    """The lowest similarity for a hit by meaning, and where it comes from: ``project`` (its own setting),
    ``closed`` (hits by meaning are closed), ``calibrated`` or ``built_in``."""

    value: float
    origin: str


def floor_for(project: Project) -> Floor:
    """What holds for a project now. A threshold of its own wins, 0 included."""
    if project.semantic_closed_at is not None:
        return Floor(1.0, "closed")
    if project.similarity_threshold is not None:
        return Floor(project.similarity_threshold, "project")
    return floor_of(get_embedder())


def floor_of(embedder: Embedder) -> Floor:
    """The model's calibrated floor, asked for once in a while, or the one it comes with."""
    until, floor = _remembered.get(embedder.name, (0.0, None))
    if floor is None or time.monotonic() >= until:
        stored = CalibratedFloor.objects.filter(pk=embedder.name).values_list("floor", flat=True).first()
        floor = Floor(embedder.floor, "built_in") if stored is None else Floor(stored, "calibrated")
        _remembered[embedder.name] = (time.monotonic() + REMEMBERED_SECONDS, floor)
    return floor


def scale_of(embedder: Embedder) -> tuple[float, float]:
    """The model's floor, and what a distance of it counts as one of the packaged model."""
    floor = floor_of(embedder).value
    return floor, (1 - LOCAL_FLOOR) / max(1 - floor, 0.01)


def store(embedding_model: str, floor: float, *, measured: Json, measured_on: str, tolerance: float) -> None:
    """Makes it the model's floor, in place of an earlier one."""
    CalibratedFloor.objects.update_or_create(
        embedding_model=embedding_model,
        defaults={
            "floor": floor,
            "tolerance": tolerance,
            "measured": measured,
            "measured_on": measured_on,
            "measured_at": timezone.now(),
        },
    )
    forget_remembered()
    log.info("similarity floor stored", embedding_model=embedding_model, floor=floor)


def forget_remembered() -> None:
    """This process asks the database again."""
    _remembered.clear()


_remembered: dict[str, tuple[float, Floor]] = {}
