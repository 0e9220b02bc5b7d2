"""Floors and verdicts: shown, never edited, and gone when an operator deletes them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cache.models import Verdict
from orra.operators.pages import list_of, page_of
from planengine.embeddings import calibration
from planengine.models import CalibratedFloor, Project

pytestmark = pytest.mark.django_db


def test_a_stored_floor_is_shown_with_where_it_comes_from(admin_client: Client, project: Project) -> None:
    from planengine.embeddings.embedders import get_embedder

    name = get_embedder().name
    try:
        calibration.store(name, 0.7625, measured={"hits": 5}, measured_on="rows.jsonl", tolerance=0.01)

        assert "0.7625 (measured for the embedding model)" in admin_client.get(page_of(project)).content.decode()
        floor = CalibratedFloor.objects.get()
        assert "rows.jsonl" in admin_client.get(list_of(CalibratedFloor)).content.decode()
        assert "rows.jsonl" in admin_client.get(page_of(floor)).content.decode()
    finally:
        calibration.forget_remembered()


def test_a_threshold_of_0_is_a_threshold(admin_client: Client, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(similarity_threshold=0.0)

    assert "0 (this project&#x27;s threshold)" in admin_client.get(page_of(project)).content.decode()


def test_verdicts_are_listed_and_may_be_deleted(admin_client: Client, project: Project) -> None:
    verdict = Verdict.objects.create(
        project=project,
        scope="s" * 64,
        asked_key="a" * 64,
        cached_key="c" * 64,
        model="cheap-1:q1",
        answer="yes",
        asked_template="<script>Refund {order_id}",
        cached_template="Please refund {order_id}",
        expires_at=timezone.now() + timedelta(hours=1),
    )

    listed = admin_client.get(list_of(Verdict)).content.decode()
    assert "Please refund {order_id}" in listed and "<script>Refund" not in listed
    assert admin_client.get(page_of(verdict)).status_code == 200
    assert admin_client.post(page_of(verdict), {"answer": "no"}).status_code == 403
    admin_client.post(page_of(verdict).replace("/change/", "/delete/"), {"post": "yes"})
    assert not Verdict.objects.exists()
