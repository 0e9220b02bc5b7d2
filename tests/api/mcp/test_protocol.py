from __future__ import annotations

import base64

import pytest
from django.test import override_settings

from orra.base.strictjson import Json
from planengine.lifecycle import plans
from planengine.models import Project
from planengine.requests import PlanRequest
from tests.api.mcp.agents import META, NEWEST, ask, message, send
from tests.conftest import Api

pytestmark = pytest.mark.django_db
VERSION = {"Mcp-Protocol-Version": NEWEST}


@pytest.mark.parametrize(
    ("spoken", "answered"),
    [
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
        (None, "2025-11-25"),
    ],
)
def test_a_handshake_agrees_on_a_revision(api: Api, spoken: str | None, answered: str) -> None:
    asked = message("initialize", {"protocolVersion": spoken, "capabilities": {}, "clientInfo": {}})

    result = api.post("/mcp", asked).json()["result"]

    assert result["protocolVersion"] == answered
    assert set(result["capabilities"]) == {"tools", "resources"}
    assert api.post("/mcp", {"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202


def test_the_newest_revision_needs_no_handshake(api: Api) -> None:
    told = ask(api, "server/discover")

    assert NEWEST in told["supportedVersions"]
    assert (told["resultType"], told["cacheScope"]) == ("complete", "private")
    assert "io.modelcontextprotocol/serverInfo" in told["_meta"]


def test_answers_in_older_revisions_have_nothing_that_only_newer_ones_know(api: Api) -> None:
    for method in ("ping", "tools/list", "resources/list", "resources/templates/list"):
        result = api.post("/mcp", message(method), **{"Mcp-Protocol-Version": "2025-11-25"}).json()["result"]
        assert not {"resultType", "ttlMs", "cacheScope", "_meta"} & set(result)


@pytest.mark.parametrize(
    ("headers", "params", "code"),
    [
        ({"Mcp-Protocol-Version": "1999-01-01"}, {}, -32022),
        ({"Mcp-Protocol-Version": "1999-01-01"}, {"_meta": META}, -32020),
        ({}, {"_meta": META}, -32020),
        (VERSION, {}, -32602),
        ({**VERSION, "Mcp-Method": "tools/list"}, {"_meta": {**META, list(META)[1]: 7}}, -32602),
        ({**VERSION, "Mcp-Method": "tools/list"}, {"_meta": {**META, list(META)[0]: 7}}, -32020),
        (VERSION, {"_meta": META}, -32020),
        ({**VERSION, "Mcp-Method": "tools/call"}, {"_meta": META}, -32020),
    ],
)
def test_a_message_and_its_headers_agree(api: Api, headers: dict[str, str], params: Json, code: int) -> None:
    answer = api.post("/mcp", message("tools/list", params, id="a"), **headers)

    assert (answer.status_code, answer.json()["error"]["code"], answer.json()["id"]) == (400, code, "a")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (
            "=?base64?" + base64.b64encode("orra://plans/é".encode()).decode() + "?=",
            -32602,
        ),  # it is only not there
        ("=?base64?!!?=", -32020),
        ("=?base64?/w==?=", -32020),
        ("orra://plans/e", -32020),
    ],
)
def test_a_name_in_a_header_may_be_encoded(api: Api, header: str, code: int) -> None:
    params = {"_meta": META, "uri": "orra://plans/é"}
    headers = {**VERSION, "Mcp-Method": "resources/read", "Mcp-Name": header}

    assert api.post("/mcp", message("resources/read", params), **headers).json()["error"]["code"] == code


def test_a_method_that_there_is_not(api: Api) -> None:
    newer = send(api, "prompts/list")
    older = api.post("/mcp", message("server/discover"))

    assert (newer.status_code, newer.json()["error"]["code"]) == (404, -32601)
    assert (older.status_code, older.json()["error"]["code"]) == (200, -32601)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_stream_and_no_session(api: Api, method: str) -> None:
    answer = api.request(method, "/mcp")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("secret", ["", "sk-orra-v1-unknown", "something else"])
def test_without_a_key_nothing_is_said(api: Api, secret: str) -> None:
    answer = Api(secret).post("/mcp", message("tools/list"))

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="orra"')
    assert answer.json()["error"]["data"]["code"] in ("missing_api_key", "invalid_api_key")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:8005", 200),
        ("http://[::1]:8005", 200),
        ("https://agents.example.com", 200),
        ("https://orra.example.com", 200),
        ("https://evil.example.net", 403),
        ("http://testserver", 403),  # the name that the request was sent to: it may lead here by design
        ("null", 403),
        ("http://[", 403),
        ("", 403),
    ],
)
@override_settings(CSRF_TRUSTED_ORIGINS=["https://agents.example.com"], ALLOWED_HOSTS=["*", "orra.example.com"])
def test_pages_of_other_origins_may_not_ask(api: Api, origin: str, status: int) -> None:
    answer = api.post("/mcp", message("tools/list"), Origin=origin)

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["data"]["code"] == "origin_not_allowed"


def test_plans_are_resources_newest_first(api: Api, project: Project) -> None:
    made = [plans.ask(project, PlanRequest(f"Refund order {number}", {}))[0].pk for number in range(60)]

    first = ask(api, "resources/list")
    second = ask(api, "resources/list", cursor=first["nextCursor"])

    listed = [each["name"] for each in first["resources"] + second["resources"]]
    assert listed == made[::-1]
    assert "nextCursor" not in second
    assert ask(api, "resources/templates/list")["resourceTemplates"][0]["uriTemplate"] == "orra://plans/{plan_id}"
    read = ask(api, "resources/read", uri=first["resources"][0]["uri"])
    assert read["contents"][0]["mimeType"] == "application/json"


def test_a_resource_that_is_not_there(api: Api, other_api: Api, project: Project) -> None:
    plan_id = plans.ask(project, PlanRequest("Refund order 1", {}))[0].pk
    foreign = send(other_api, "resources/read", uri=f"orra://plans/{plan_id}")

    assert (foreign.status_code, foreign.json()["error"]["code"]) == (400, -32602)
    for uri in ("orra://plans/o_nowhere", "orra://services/a", "file:///etc/passwd"):
        other = send(other_api, "resources/read", uri=uri)
        assert other.json()["error"] == foreign.json()["error"]
    older = other_api.post("/mcp", message("resources/read", {"uri": f"orra://plans/{plan_id}"}))
    assert (older.status_code, older.json()["error"]["code"]) == (200, -32002)


@pytest.mark.parametrize("cursor", ["nonsense", "cD0yMDI2", 7, {}])
def test_a_cursor_that_no_page_gave_out(api: Api, cursor: Json) -> None:
    answer = send(api, "resources/list", cursor=cursor)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32602)
