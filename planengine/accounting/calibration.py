"""Whether the predicted risk is what was observed: a project's labels, as its own adjustment has them today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cache.examples.acceptance import Adjustment, risk_of
from orra.base.strictjson import Json
from planengine.models import Label, Project
from planengine.models.labels import HEEDED

DECILES = 10


@dataclass(frozen=True)
class Tenth:
    """A tenth of the labels, by predicted risk: its mean, the share that was wrong, and how many they are."""

    predicted: float
    observed: float
    n: int

    @property
    def predicted_percent(self) -> str:
        return f"{self.predicted:.2%}"

    @property
    def observed_percent(self) -> str:
        return f"{self.observed:.2%}"

    def as_dict(self) -> dict[str, Json]:
        return {"predicted": self.predicted, "observed": self.observed, "n": self.n}


def adjustment_of(project: Project) -> Adjustment:
    return Adjustment.from_json(project.acceptance)


def calibration(project: Project) -> list[Tenth]:
    """Of the labels that the adjustment heeds, the least risk first; fewer than ten while there are few labels."""
    adjustment = adjustment_of(project)
    latest = Label.objects.filter(project=project).order_by("-pk")[:HEEDED]
    judged = sorted((risk_of(odds, adjustment), wrong) for odds, wrong in latest.values_list("odds", "wrong"))
    tenths = [part for part in np.array_split(np.array(judged, float), DECILES) if len(part)] if judged else []
    return [Tenth(float(part[:, 0].mean()), float(part[:, 1].mean()), len(part)) for part in tenths]
