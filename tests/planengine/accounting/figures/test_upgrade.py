"""What the migration makes of a database that has tallies and no figures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from planengine.accounting.figures.reading import DAY, WEEK, figures
from planengine.models import Project, Tally, TallyMark

pytestmark = pytest.mark.django_db

MIGRATION = import_module("planengine.migrations.0024_dashboard_and_alerts")


def test_hit_rates_of_the_last_month_come_from_the_tallies(project: Project) -> None:
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    for age, guard in ((timedelta(hours=2), ""), (timedelta(hours=2), "risk"), (timedelta(days=40), "")):
        Tally.objects.create(
            project=project,
            hour=hour - age,
            decision="miss" if guard else "exact",
            reason="refused" if guard else "same_template",
            guard=guard,
            requests=3,
            tokens_saved=0 if guard else 900,
            cost_saved=None if guard else Decimal("0.5"),
        )
    TallyMark.objects.create(counted_until=now)

    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.FROM_TALLIES)
        cursor.execute(MIGRATION.MARK)

    for project_id in (project.pk, ""):
        known = figures(DAY, now, project_id=project_id)
        assert (known.whole.hits, known.whole.lookups, known.whole.tokens_saved) == (3, 6, 900)
        assert known.whole.miss_reasons == {"refused": 3}
        assert known.whole.finished == 0  # of outcomes nothing is known
        assert figures(WEEK, now, project_id=project_id).whole == known.whole
    mark = TallyMark.objects.get()
    assert mark.figures_until == mark.figures_since == known.complete_from == now
