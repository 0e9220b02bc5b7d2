"""Secrets are in no log line, no answer, no page and no metric, whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from orra.embedded.defaults import BASE_DIR
from planengine.models import ApiKey, Project
from tests.conftest import Api
from tests.planengine.conftest import forget_planners
from tests.servers.scripted import Reply, ScriptedServer, failure

pytestmark = pytest.mark.django_db

SECRETS = {
    "LLM_API_KEY": "planted-llm-key-5821",
    "CHECK_API_KEY": "planted-check-key-5822",
    "OPERATOR_TOKEN": "planted-operator-token-5823",
    "SECRET_KEY": "planted-secret-key-5824" * 3,
    "ALERT_WEBHOOK_URL": "http://127.0.0.1:9/planted-webhook-5825",
}


@pytest.fixture
def model(settings: Any) -> Iterator[ScriptedServer]:
    for name, secret in SECRETS.items():
        setattr(settings, name, secret)
    settings.COMPOSE_REJECTED = False
    with ScriptedServer() as started:
        settings.LLM_MODEL, settings.LLM_API_BASE_URL = "small-1", started.url
        forget_planners()
        yield started
    forget_planners()


def bodies_of(api: Api, model: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What clients are told when things go wrong, the secrets being in what they or others sent."""
    key = SECRETS["LLM_API_KEY"]
    echoes = (
        failure(401, f"Incorrect API key provided: {key}"),
        failure(400, f"Authorization: Bearer {key} is not accepted"),
        Reply(500, f"<html>{key}</html>"),
        Reply(200, f"no json: {key}"),
        Reply(302, b"", headers={"Location": f"http://127.0.0.1:9/?key={key}"}),
    )
    for number, echo in enumerate(echoes):
        model.script(*[echo] * 4)
        yield json.dumps(api.plan(f"Refund order ORD-{number}", {"order_id": f"ORD-{number}"}, cache="bypass"))
    yield api.post("/v1/projects", {"name": "x"}, Authorization="Bearer guess").content.decode()
    yield api.request("POST", "/v1/plans", "{").content.decode()
    yield api.get("/v1/plans?limit=x").content.decode()
    for path in (
        "/v1/project",
        "/v1/nothing",
        "/v1/plans/o_nothing",
        "/readyz",
        "/v1/schema",
        "/docs",
        "/metrics",
    ):
        yield api.get(path).content.decode()
    yield api.get("/metrics", Accept="application/openmetrics-text").content.decode()

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection to server at 127.0.0.1 failed: password authentication failed")

    with monkeypatch.context() as patch:
        patch.setattr("planengine.api.views.projects.shapes.ProjectSerializer.data", property(away))
        yield api.get("/v1/project").content.decode()

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"settings: {SECRETS}")

    with monkeypatch.context() as patch:
        patch.setattr("planengine.api.views.plans.shapes.PlanSerializer", broken)
        patch.setattr("planengine.api.views.plans.shapes.plan_as_json", broken)
        answer = api.post("/v1/plans", {"action": "Refund order ORD-1"}, **{"Idempotency-Key": "k"})
        assert answer.status_code == 500
        yield answer.content.decode()


def pages(project: Project) -> Iterator[str]:
    operator = Client()
    operator.force_login(User.objects.create_superuser("ada"))
    yield operator.get("/admin/").content.decode()
    yield operator.get("/admin/nothing/").content.decode()
    for model in site._registry:
        listed = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield operator.get(reverse(f"{listed}_changelist")).content.decode()
        for row in model._default_manager.all()[:2]:
            yield operator.get(reverse(f"{listed}_change", args=[row.pk]), follow=True).content.decode()


def test_no_answer_no_page_and_no_line_holds_a_secret(
    api: Api,
    project: Project,
    model: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = api.post("/v1/api-keys", {"name": "shown once"}).json()["api_key"]
    secrets = {**SECRETS, "key": api.secret, "new key": made, "digest": ApiKey.digest_of(made)}

    told = [*bodies_of(api, model, monkeypatch), *pages(project)]
    caplog_text = "\n".join(record.getMessage() for record in caplog.records)

    assert len(told) > 50 and caplog.records
    for name, secret in secrets.items():
        for text in (*told, caplog_text):
            assert secret not in text, (name, text[max(0, text.find(secret) - 300) :][:600])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgresql://orra:planted-5826@127.0.0.1:9/orra"),
        ("DATABASE_URL", "nonsense://orra:planted-5826@127.0.0.1:9/orra"),
        ("DATABASE_URL", "postgresql://orra:planted-5826@[127.0.0.1:9/orra"),
        ("BROKER_URL", "amqp:/planted-5826@127.0.0.1"),
        ("LLM_API_BASE_URL", "http://orra:planted-5826@127.0.0.1:9/v1"),
        ("LLM_API_KEY", "planted-5826 with a space"),
        ("ALERT_WEBHOOK_URL", "planted-5826"),
    ],
)
def test_a_start_that_fails_tells_no_secret(variable: str, value: str, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"},
        "DATABASE_URL": "postgresql:///none",
        "SECRET_KEY": "planted-5826",
        "ORRA_DATA_DIR": str(tmp_path),
        variable: value,
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "create_project", "shop"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode != 0
    assert "planted-5826" not in done.stdout + done.stderr
