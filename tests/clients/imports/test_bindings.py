"""Calls that are made from bindings, and what their answers become."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra_client.imports.bindings import (
    Bindings,
    CallFailed,
    InputsRefused,
    call_of,
    dump,
    handler,
    handlers,
    load,
    output_of,
)
from orra_client.imports.bindings.files import bindings_of
from orra_client.imports.services import ImportFailed
from tests.clients.imports.documents import answering, body, operation, read, read_one

Json = Any
BASE = "https://api.example.org/v1"


def binding(**more: Json) -> dict[str, Json]:
    return {
        "kind": "http",
        "operation": "GET /a",
        "method": "GET",
        "path": "/a",
        "inputs": {},
        "output": {"as": "json"},
        **more,
    }


def query_of(goes: dict[str, Json], value: Json) -> list[tuple[str, str]]:
    target = call_of(binding(inputs={"x": {"in": "query", "name": "x", **goes}}), {"x": value}).target
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


@pytest.mark.parametrize(
    ("goes", "value", "pairs"),
    [
        ({}, "a b&c", [("x", "a b&c")]),
        ({}, True, [("x", "true")]),
        ({}, 1.5, [("x", "1.5")]),
        ({}, None, []),
        ({}, ["a", 1], [("x", "a"), ("x", "1")]),
        ({"explode": False}, ["a", "b"], [("x", "a,b")]),
        ({"style": "pipeDelimited"}, ["a", "b"], [("x", "a|b")]),
        ({}, {"a": 1, "b": "c"}, [("a", "1"), ("b", "c")]),
        ({"explode": False}, {"a": 1, "b": "c"}, [("x", "a,1,b,c")]),
        ({"style": "deepObject"}, {"a": {"b": [1, 2]}}, [("x[a][b][0]", "1"), ("x[a][b][1]", "2")]),
        ({"as": "json"}, {"a": [1]}, [("x", '{"a": [1]}')]),
    ],
)
def test_how_values_are_written_in_a_query(goes: dict[str, Json], value: Json, pairs: Json) -> None:
    assert query_of(goes, value) == pairs


def test_path_header_and_cookie() -> None:
    inputs = {
        "id": {"in": "path", "name": "petId"},
        "trace": {"in": "header", "name": "X-Trace"},
        "session": {"in": "cookie", "name": "sid"},
    }
    call = call_of(
        binding(path="/pets/{petId}/x", inputs=inputs), {"id": "a/b ü", "trace": ["p", "q"], "session": "1;2"}
    )
    assert call.target == "/pets/a%2Fb%20%C3%BC/x"
    assert call.headers == {"X-Trace": "p,q", "Cookie": "sid=1%3B2"}


@given(st.text(min_size=1))
def test_a_value_in_a_path_is_one_segment_of_it(text: str) -> None:
    made = binding(path="/pets/{id}", inputs={"id": {"in": "path", "name": "id"}})
    try:
        target = call_of(made, {"id": text}).target
    except (InputsRefused, UnicodeEncodeError):
        return
    assert target.count("/") == 2
    assert unquote(target.rpartition("/")[2]) == text
    assert httpx2.URL(BASE + target).raw_path.decode() == "/v1" + target


@pytest.mark.parametrize("text", [".", "..", ""])
def test_a_value_that_would_be_another_path_is_refused(text: str) -> None:
    made = binding(path="/pets/{id}", inputs={"id": {"in": "path", "name": "id"}})
    with pytest.raises(InputsRefused, match="another path"):
        call_of(made, {"id": text})


def test_what_a_path_has_behind_a_hash_is_not_sent() -> None:
    made = binding(path="/files?all=1#links", inputs={"x": {"in": "query", "name": "x"}})
    assert call_of(made, {"x": "#"}).target == "/files?all=1&x=%23"


def test_inputs_that_make_no_call_are_refused() -> None:
    with pytest.raises(InputsRefused, match="missing"):
        call_of(binding(path="/pets/{id}"), {})
    with pytest.raises(InputsRefused, match="no input 'x'"):
        call_of(binding(), {"x": 1})
    with pytest.raises(InputsRefused, match="control character"):
        call_of(binding(inputs={"h": {"in": "header", "name": "H"}}), {"h": "a\r\nB: c"})


def test_bodies_as_json_forms_and_text() -> None:
    member = {"a": {"in": "body", "name": "a"}, "b": {"in": "body", "name": "b", "style": "deepObject"}}
    values = {"a": ["x", "y"], "b": {"c": [1]}}

    def made(content_type: str, inputs: Json = member, given: Json = values) -> Any:
        return call_of(binding(method="POST", body={"content_type": content_type}, inputs=inputs), given)

    assert json.loads(made("application/json").content) == values
    form = made("application/x-www-form-urlencoded")
    assert parse_qsl(form.content.decode()) == [("a", "x"), ("a", "y"), ("b[c][0]", "1")]
    assert made("multipart/form-data").parts == (("a", "x"), ("a", "y"), ("b[c][0]", "1"))
    whole = {"body": {"in": "body"}}
    assert made("text/plain", whole, {"body": "hi"}).content == b"hi"
    assert json.loads(made("application/json", whole, {"body": [1, None]}).content) == [1, None]
    assert made("application/json", whole, {}).content is None


def test_a_required_body_without_members_is_empty_and_not_missing() -> None:
    made = call_of(binding(method="POST", body={"content_type": "application/json", "required": True}), {})
    assert made.content == b"{}"


@pytest.mark.parametrize(
    ("how", "status", "content", "output"),
    [
        ({"as": "json"}, 200, b'{"id": 1}', {"id": 1}),
        ({"as": "json"}, 200, b"null", {}),
        ({"as": "json"}, 204, b"", {}),
        ({"as": "json", "wrap": "items"}, 200, b"[1]", {"items": [1]}),
        ({"as": "json", "wrap": "value"}, 200, b"null", {"value": None}),
        ({"as": "text", "wrap": "text"}, 200, b"hi", {"text": "hi"}),
        ({"as": "nothing"}, 200, b"ignored", {}),
    ],
)
def test_answers_as_outputs(how: Json, status: int, content: bytes, output: Json) -> None:
    assert output_of(binding(output=how), status, content) == output


@pytest.mark.parametrize(
    ("status", "content", "says", "retryable"),
    [
        (404, b"no such pet", "GET /a answered 404: no such pet", False),
        (503, b"", "GET /a answered 503.", True),
        (302, b"", "answered 302", False),
        (200, b"<html>", "no JSON", False),
        (200, b"[1]", "no object", False),
    ],
)
def test_answers_that_are_no_outputs(status: int, content: bytes, says: str, retryable: bool) -> None:
    with pytest.raises(CallFailed) as failed:
        output_of(binding(), status, content)
    assert says in str(failed.value)
    assert failed.value.retryable is retryable
    assert failed.value.status == status


def test_a_handler_calls_the_api_that_the_document_describes() -> None:
    """Renamed inputs go where they belong, and what was wrapped to be an output is unwrapped nowhere."""
    said = operation(
        operationId="findPets",
        parameters=[{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        requestBody=body({"type": "object", "properties": {"id": {"type": "integer"}}}),
        responses=answering({"type": "array", "items": {"type": "string"}}),
    )
    service = read_one(said, method="post", path="/shops/{id}/pets")
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=["Rex"])

    inputs = {"id": "north", "body_id": 7}
    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        assert handler(service.binding, BASE + "/", client)(inputs) == {"items": ["Rex"]}

    async def ask() -> Any:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            return await handler(service.binding, BASE, client)(inputs)  # type: ignore[misc]

    assert asyncio.run(ask()) == {"items": ["Rex"]}
    for request in seen:
        assert (request.method, str(request.url)) == ("POST", BASE + "/shops/north/pets")
        assert json.loads(request.content) == {"id": 7}


def test_a_multipart_form_is_sent_as_one() -> None:
    form = {"type": "object", "properties": {"a": {"type": "string"}}}
    service = read_one(operation(requestBody=body(form, content_type="multipart/form-data")), method="post")

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["content-type"].startswith("multipart/form-data")
        assert b'name="a"\r\n\r\nhi' in request.read()
        return httpx2.Response(200, json={"id": 1})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        assert handler(service.binding, BASE, client)({"a": "hi"}) == {"id": 1}


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with http"):
        handler(binding(), "api.example.org", httpx2.Client())


def test_a_file_of_bindings_is_read_back_and_has_handlers() -> None:
    imported = read(
        {"/a": {"get": operation(operationId="a")}, "/b": {"get": operation(operationId="b")}},
        servers=[{"url": BASE}],
    )
    again = load(dump(bindings_of(imported)))
    assert again == bindings_of(imported)
    assert again.known_names == {"GET /a": "a", "GET /b": "b"}
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"id": len(str(request.url))}))
    with httpx2.Client(transport=transport) as client:
        assert handlers(again, client)["a"]({}) == {"id": len(BASE + "/a")}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"orra_bindings": 1, "services": []}', '{"orra_bindings": 1, "services": {"a": {}}}']
)
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(ImportFailed, match=r"bindings|objects"):
        load(text)


def test_bindings_by_default_are_none() -> None:
    assert load(dump(Bindings())) == Bindings()
