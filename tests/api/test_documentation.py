from __future__ import annotations

import re
from contextlib import closing

import pytest

from planengine.models import Project
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def test_the_schema_is_openapi_3_1_and_names_every_endpoint(anonymous: Api) -> None:
    schema = anonymous.get("/v1/schema", Accept="application/vnd.oai.openapi+json").json()

    assert schema["openapi"].startswith("3.1")
    assert {
        "/v1/projects",
        "/v1/project",
        "/v1/api-keys",
        "/v1/services/{name}",
        "/v1/plans",
        "/v1/plans/{plan_id}",
        "/v1/cache/entries",
        "/v1/cache/entries/{entry_id}/replay",
        "/v1/cache/stats",
    } <= set(schema["paths"])


def test_the_docs_load_nothing_from_another_host(anonymous: Api) -> None:
    page = anonymous.get("/docs").content.decode()

    assert "swagger" in page.lower()
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", page)


def test_the_docs_assets_are_served(anonymous: Api) -> None:
    page = anonymous.get("/docs").content.decode()
    assets = re.findall(r"(?:src|href)=[\"'](/static/[^\"']+)", page)

    assert assets
    for asset in assets:
        with closing(anonymous.get(asset)) as answer:
            assert answer.status_code == 200, asset


def test_health(anonymous: Api) -> None:
    assert anonymous.get("/livez").json() == {"status": "ok"}
    assert anonymous.get("/readyz").json()["database"] == "ok"


def test_metrics_count_what_happened_and_name_nobody(api: Api, project: Project) -> None:
    plan_id = api.post("/v1/plans", {"action": "Refund order ORD-17"}).json()["id"]

    metrics = api.get("/metrics").content.decode()

    assert 'orra_plans_waiting{status="pending"} 1.0' in metrics
    assert "orra_cache_lookups_total{" in metrics
    assert project.pk not in metrics and plan_id not in metrics
