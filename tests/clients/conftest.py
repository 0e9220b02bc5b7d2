"""The engine in this process, as clients reach it: no server, but all of the application and a real database."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest
from django.test import Client

from orra_client import Orra
from orra_client.cli import common
from planengine.lifecycle.worker import work_on
from planengine.models import ApiKey, Project
from tests.clients.both import AT_ONCE


class Engine(httpx2.BaseTransport):
    """A plan that is asked for is planned at once, as a worker would."""

    def __init__(self) -> None:
        self._engine = Client(raise_request_exception=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = dict(request.headers)
        answer = self._engine.generic(
            request.method,
            request.url.raw_path.decode(),
            request.read(),
            content_type=headers.pop("content-type", "application/json"),
            headers=headers,
        )
        if request.method == "POST" and request.url.path == "/v1/plans" and answer.status_code == 202:
            work_on(json.loads(answer.content)["id"])
        return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


Clients = Callable[[Project], Callable[..., Orra]]


@pytest.fixture
def clients_of() -> Clients:
    """What makes clients of a project, with one key for all."""

    def clients(project: Project) -> Callable[..., Orra]:
        key = ApiKey.issue(project)[1]
        return lambda url=None: Orra("http://localhost", key, transport=Engine(), retries=AT_ONCE)

    return clients


@pytest.fixture
def client(project: Project, clients_of: Clients, monkeypatch: pytest.MonkeyPatch) -> Orra:
    """Of the project with the shop's services; the commands have clients of it, too."""
    clients = clients_of(project)
    monkeypatch.setattr(common, "Orra", clients)
    return clients()
