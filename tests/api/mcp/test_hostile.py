"""Whatever is sent, the endpoint answers it as what it is: never with an internal error."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.api.mcp.methods import FIRST, SINCE
from planengine.api.mcp.tools import TOOLS
from tests.api.mcp.agents import META, NEWEST, message
from tests.conftest import Api

pytestmark = pytest.mark.django_db

DEEP = 10_000
RAW = {
    "nothing": (b"", 400),
    "no JSON": (b"{", 400),
    "a batch": (json.dumps([message("ping"), message("ping")]).encode(), 400),
    "an empty batch": (b"[]", 400),
    "text": (b'"tools/list"', 400),
    "deep arrays": (b"[" * DEEP + b"]" * DEEP, 400),
    "deep objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 400),
    "deep params": (
        b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"a":' * DEEP + b"1" + b"}" * (DEEP + 1),
        400,
    ),
    "too large": (b'{"jsonrpc":"2.0","id":1,"method":"' + b"a" * 600_000 + b'"}', 413),
    "spaces": (b" " * 400_000, 400),
    "duplicate keys": (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400),
    "a lone surrogate": (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', 400),
    "NUL": (b'{"jsonrpc":"2.0","id":"\\u0000","method":"ping"}', 400),
    "NaN": (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', 400),
    "a huge number": (b'{"jsonrpc":"2.0","id":1' + b"0" * 5_000 + b',"method":"ping"}', 400),
    "UTF-16": (json.dumps(message("ping")).encode("utf-16"), 400),
    "another version": (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', 400),
    "null for an id": (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400),
    "true for an id": (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', 400),
    "half an id": (b'{"jsonrpc":"2.0","id":0.5,"method":"ping"}', 400),
    "an object for an id": (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', 400),
    "a long id": (json.dumps(message("ping", id="a" * 501)).encode(), 400),
    "a list for params": (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', 400),
    "a number for a method": (b'{"jsonrpc":"2.0","id":1,"method":7}', 400),
    "a result": (b'{"jsonrpc":"2.0","id":1,"result":{}}', 400),
    "an unknown notification": (b'{"jsonrpc":"2.0","method":"notifications/x"}', 202),
    "a request without an id": (b'{"jsonrpc":"2.0","method":"tools/call","params":{"name":"plan"}}', 202),
}


@pytest.mark.parametrize("case", RAW)
def test_what_is_no_request_is_refused(api: Api, case: str) -> None:
    body, status = RAW[case]

    answer = api.post("/mcp", body)

    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["code"] in (-32700, -32600)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*TOOLS, "name", "paint", "", "orra://plans/o_1", "orra://plans/"])
METHODS = st.sampled_from([*FIRST, *SINCE, "prompts/get", "tasks/get"])
MEMBERS = ("action", "params", "plan_id", "note", "cache", "wait_seconds", "idempotency_key", "verdict")
ARGUMENTS = st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=4) | ANYTHING
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES | ANYTHING,
        "uri": NAMES | ANYTHING,
        "arguments": ARGUMENTS,
        "cursor": ANYTHING,
        "_meta": st.just(META) | ANYTHING,
        "protocolVersion": ANYTHING,
    },
)
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": METHODS}, optional={"id": st.integers() | ANYTHING, "params": PARAMS}
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=MESSAGES | ANYTHING, newest=st.booleans(), agree=st.booleans())
def test_no_message_is_too_strange_to_be_answered(api: Api, body: Json, newest: bool, agree: bool) -> None:
    headers = {"Mcp-Protocol-Version": NEWEST} if newest else {}
    if agree and isinstance(body, dict):
        headers["Mcp-Method"] = str(body.get("method", ""))
        params = body.get("params")
        name = params.get("name", params.get("uri")) if isinstance(params, dict) else None
        if isinstance(name, str) and name.isascii() and name.isprintable():
            headers["Mcp-Name"] = name

    answer = api.post("/mcp", json.dumps(body), **headers)

    assert answer.status_code in (200, 202, 400, 404)
    if answer.status_code != 202:
        told = answer.json()
        assert told["jsonrpc"] == "2.0" and ("result" in told) != ("error" in told)
