"""How long figures are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from planengine.accounting.figures.statements import COARSE, FINE, KEPT
from planengine.lifecycle import retention
from planengine.models import Figure

pytestmark = pytest.mark.django_db(transaction=True)


def test_fine_slots_go_after_a_day_and_hours_after_a_month() -> None:
    now = timezone.now()
    for seconds in (FINE, COARSE):
        for age in (timedelta(0), timedelta(days=2), timedelta(days=32)):
            Figure.objects.create(seconds=seconds, begun=now - age, kind="outcome", name="ready:", number=1)

    assert retention.delete_old_figures(now, batch=1) == 3

    kept = sorted((row.seconds, now - row.begun) for row in Figure.objects.all())
    assert kept == [(FINE, timedelta(0)), (COARSE, timedelta(0)), (COARSE, timedelta(days=2))]
    assert KEPT[FINE] < KEPT[COARSE]
