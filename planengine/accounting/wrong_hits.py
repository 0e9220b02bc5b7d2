"""How often hits were found wrong: among those that were checked, and among those that clients reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from orra.base.database.replica import read_connection
from orra.base.strictjson import Json
from planengine.accounting import tallies
from planengine.accounting.figures.reading import Window
from planengine.models import HitCheck, Project
from planengine.models.states import BY_MEANING, HIT_SOURCES

Z = 1.96  # two-sided 95 %


@dataclass(frozen=True)
class Observed:
    """Checked hits and how many of them were wrong; ``low`` and ``high`` are Wilson's 95 % interval."""

    checked: int
    wrong: int

    @property
    def rate(self) -> float | None:
        return self.wrong / self.checked if self.checked else None

    @property
    def interval(self) -> tuple[float, float]:
        """E. B. Wilson, 1927: sensible for few checks and for none wrong."""
        if not self.checked:
            return 0.0, 1.0
        share, n = self.wrong / self.checked, self.checked
        centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        margin = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, centre - margin), min(1.0, centre + margin)

    def as_dict(self) -> dict[str, Json]:
        low, high = self.interval
        return {"checked": self.checked, "wrong": self.wrong, "rate": self.rate, "low": low, "high": high}


HOLDS, BROKEN, OPEN = "holds", "broken", "open"


def judge(seen: Observed, tolerance: float) -> str:
    """Whether the promise that no more than ``tolerance`` of all hits are wrong holds, by the whole interval;
    :data:`OPEN` while the interval has the tolerance in it."""
    low, high = seen.interval
    if low > tolerance:
        return BROKEN
    return HOLDS if seen.checked and high <= tolerance else OPEN


def least_checks(tolerance: float) -> int | None:
    """After so many checks without a wrong one the promise holds; ``None`` where no number is enough."""
    return math.ceil(Z * Z * (1 - tolerance) / tolerance) if tolerance > 0 else None


def observed(project: Project) -> Observed:
    """Over the sampled checks since hits by meaning were last reopened."""
    checks = HitCheck.objects.filter(project=project, settled=False, origin=HitCheck.Origin.SAMPLE)
    wrong = Q(verdict=HitCheck.Verdict.WRONG)
    counts = checks.aggregate(
        checked=Count("pk", filter=~Q(verdict=HitCheck.Verdict.UNDECIDED)), wrong=Count("pk", filter=wrong)
    )
    return Observed(**counts)


# Parameters: seconds, since, project (twice).
BY_SLOT = """
    SELECT date_bin(%s * interval '1 second', created_at, '2000-01-01 00:00:00+00'),
        count(*) FILTER (WHERE verdict <> 'undecided'), count(*) FILTER (WHERE verdict = 'wrong')
    FROM planengine_hitcheck
    WHERE origin = 'sample' AND created_at >= %s AND (%s = '' OR project_id = %s)
    GROUP BY 1
"""


def observed_by_slot(window: Window, now: datetime, *, project_id: str = "") -> dict[datetime, Observed]:
    """Over the sampled checks of each slot of a window, of one project or of all, whatever was reopened since;
    slots without a check are left out."""
    with read_connection().cursor() as cursor:
        cursor.execute(BY_SLOT, [window.seconds, window.begins(now), project_id, project_id])
        return {slot: Observed(checked, wrong) for slot, checked, wrong in cursor.fetchall()}


def wrong_reports(project: Project, *, sources: Sequence[str] = HIT_SOURCES) -> int:
    """Hits that clients reported as wrong since hits by meaning were last reopened. Reports of plans that were
    planned say nothing of the cache."""
    return HitCheck.objects.filter(
        project=project,
        settled=False,
        origin=HitCheck.Origin.REPORT,
        verdict=HitCheck.Verdict.WRONG,
        plan__source__in=sources,
    ).count()


def reported(project: Project) -> Observed:
    """Reports among all hits by meaning. Clients report few of the wrong ones, so this is a lower bound."""
    # A report goes with its plan: only hits of the time that plans are kept for can be among the reported.
    days = settings.PLAN_RETENTION_DAYS
    since = timezone.now() - timedelta(days=days) if days else None
    counted = tallies.counts(project, since=since)
    hits = sum(count.requests for count in counted if count.decision in BY_MEANING)
    wrong = wrong_reports(project, sources=BY_MEANING)
    return Observed(max(hits, wrong), wrong)
