"""Operations of OpenAPI documents as services."""

from __future__ import annotations

from typing import Any

import pytest

from orra_client.imports import openapi
from orra_client.imports.services import ImportFailed
from tests.clients.imports.documents import (
    OBJECT,
    answering,
    body,
    document,
    operation,
    read,
    read_one,
    refusal_of,
)

Json = Any


def parameter(name: str, place: str, **said: Json) -> dict[str, Json]:
    said.setdefault("schema", {"type": "string"})
    return {"name": name, "in": place, **({"required": True} if place == "path" else {}), **said}


# --- documents


@pytest.mark.parametrize(
    ("root", "says"),
    [
        ([], "no object"),
        ({"swagger": "2.0"}, "Swagger 2.0"),
        ({}, "does not say"),
        ({"openapi": "4.0.0", "paths": {}}, "'4.0.0'"),
        ({"openapi": "3.1.0", "paths": []}, "no object"),
    ],
)
def test_what_is_no_openapi_document_is_refused_whole(root: Json, says: str) -> None:
    with pytest.raises(ImportFailed) as refused:
        openapi.read(root)
    assert says in str(refused.value)


def test_a_version_without_quotes_in_yaml_is_understood() -> None:
    assert openapi.read({"openapi": 3.1, "paths": {}}).total == 0


def test_an_operation_becomes_a_service() -> None:
    said = operation(
        operationId="getPet",
        description="Gets a pet by its **id**.\n\nSee [there](https://example.org).",
        parameters=[parameter("petId", "path", description="Which"), parameter("verbose", "query")],
    )
    service = read_one(said, path="/pets/{petId}")
    assert service.name == "getPet"
    assert service.facts["description"] == "Does it. Gets a pet by its id. See there."
    assert service.facts["input_schema"] == {
        "type": "object",
        "properties": {"petId": {"description": "Which", "type": "string"}, "verbose": {"type": "string"}},
        "required": ["petId"],
    }
    assert service.facts["output_schema"] == OBJECT
    assert service.binding == {
        "kind": "http",
        "operation": "GET /pets/{petId}",
        "method": "GET",
        "path": "/pets/{petId}",
        "inputs": {"petId": {"in": "path", "name": "petId"}, "verbose": {"in": "query", "name": "verbose"}},
        "output": {"as": "json"},
    }


def test_a_long_description_ends_with_a_sentence() -> None:
    service = read_one(operation(summary="", description="One sentence of many. " * 400))
    assert len(service.facts["description"]) <= 600
    assert service.facts["description"].endswith("many.")


def test_without_any_description_it_is_its_method_and_path() -> None:
    assert read_one({"operationId": "a", "responses": answering(OBJECT)}).facts["description"] == "GET /pets a"


def test_the_first_server_is_the_base_url() -> None:
    servers = [{"url": "https://{host}/v1", "variables": {"host": {"default": "api.example.org"}}}]
    assert openapi.read(document({}, servers=servers)).reached_at == {"base_url": "https://api.example.org/v1"}
    relative = openapi.read(
        document({}, servers=[{"url": "/v2"}]), address="https://example.org/spec/openapi.json"
    )
    assert relative.reached_at == {"base_url": "https://example.org/v2"}


# --- which operations


def test_filters_by_tag_path_method_operation_and_deprecation() -> None:
    root = document(
        {
            "/pets": {
                "get": operation(operationId="list", tags=["pets"]),
                "post": operation(operationId="add", tags=["pets"]),
            },
            "/shops/{id}": {"get": operation(operationId="shop", parameters=[parameter("id", "path")])},
            "/old": {"get": operation(operationId="old", deprecated=True)},
        }
    )

    def chosen(**choice: Json) -> list[str]:
        return [service.name for service in openapi.read(root, openapi.Choice(**choice)).services]

    assert chosen() == ["list", "add", "shop"]
    assert chosen(deprecated=True) == ["list", "add", "shop", "old"]
    assert chosen(tags=["pets"]) == ["list", "add"]
    assert chosen(paths=["/shops/*"]) == ["shop"]
    assert chosen(methods=["POST"]) == ["add"]
    assert chosen(operations=["li*", "GET /shops/*"]) == ["list", "shop"]
    assert openapi.read(root, openapi.Choice(tags=["pets"])).left_out == {"tag": 2}
    assert openapi.read(root).left_out == {"deprecated": 1}


# --- annotations


@pytest.mark.parametrize(
    ("method", "annotations"),
    [
        ("get", {"readOnlyHint": True}),
        ("head", {"readOnlyHint": True}),
        ("post", {"readOnlyHint": False}),
        ("patch", {"readOnlyHint": False}),
        ("put", {"readOnlyHint": False, "idempotentHint": True}),
        ("delete", {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True}),
    ],
)
def test_annotations_are_guessed_by_method(method: str, annotations: Json) -> None:
    assert read_one(operation(), method=method).facts["annotations"] == annotations


def test_what_the_document_says_of_effects_wins() -> None:
    said = {"x-orra-annotations": {"readOnlyHint": True, "idempotentHint": None, "title": "Search"}}
    assert read_one(operation(**said), method="delete").facts["annotations"] == {
        "readOnlyHint": True,
        "title": "Search",
    }


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"readOnly": True},
        {"readOnlyHint": "yes"},
        {"title": "x" * 201},
        {"readOnlyHint": True, "destructiveHint": True},
    ],
)
def test_annotations_that_are_none_are_refused(said: Json) -> None:
    assert refusal_of(operation(**{"x-orra-annotations": said}))[0] == "annotations"


@pytest.mark.parametrize("method", ["options", "trace", "query"])
def test_methods_that_are_not_called(method: str) -> None:
    assert refusal_of(operation(), method=method)[0] == "method"


# --- parameters


def test_parameters_of_the_path_count_unless_the_operation_has_them_too() -> None:
    item = {
        "parameters": [parameter("id", "path"), parameter("limit", "query", schema={"type": "string"})],
        "get": operation(parameters=[parameter("limit", "query", schema={"type": "integer"})]),
    }
    [service] = read({"/pets/{id}": item}).services
    assert service.facts["input_schema"]["properties"]["limit"] == {"type": "integer"}
    assert list(service.binding["inputs"]) == ["id", "limit"]


def test_names_that_clash_are_told_apart_by_place() -> None:
    said = operation(
        parameters=[
            parameter("id", "query"),
            parameter("id", "path"),
            parameter("body_id", "header"),
            parameter("id", "cookie"),
        ],
        requestBody=body({"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}),
    )
    service = read_one(said, method="post", path="/pets/{id}")
    places = {name: (goes["in"], goes["name"]) for name, goes in service.binding["inputs"].items()}
    assert places == {
        "id": ("path", "id"),
        "query_id": ("query", "id"),
        "body_id": ("header", "body_id"),
        "cookie_id": ("cookie", "id"),
        "body_id_2": ("body", "id"),
    }
    assert service.facts["input_schema"]["required"] == ["id", "body_id_2"]


def test_how_parameters_are_written_is_kept() -> None:
    said = operation(
        parameters=[
            parameter("tags", "query", schema={"type": "array", "items": {"type": "string"}}, explode=False),
            parameter("filter", "query", style="deepObject", explode=True, schema={"type": "object"}),
            {"name": "q", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            parameter("Accept", "header"),
            parameter("old", "query", deprecated=True),
        ]
    )
    assert read_one(said).binding["inputs"] == {
        "tags": {"in": "query", "name": "tags", "explode": False},
        "filter": {"in": "query", "name": "filter", "style": "deepObject"},
        "q": {"in": "query", "name": "q", "as": "json"},
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (parameter("q", "querystring"), "parameter_place"),
        (parameter("id", "path", style="matrix"), "parameter_style"),
        ({"name": "q", "in": "query", "content": {"text/csv": {}}}, "parameter_content"),
        ({"in": "query"}, "malformed"),
        (7, "malformed"),
        (parameter("q", "query", schema=[]), "malformed"),
        ({"$ref": "#/components/parameters/none"}, "broken_reference"),
        ({"$ref": "common.yaml#/q"}, "remote_reference"),
    ],
)
def test_parameters_that_cannot_be_inputs(given: Json, code: str) -> None:
    assert refusal_of(operation(parameters=[given]))[0] == code


# --- bodies


def test_the_members_of_a_body_are_inputs() -> None:
    pet = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "id": {"type": "integer", "readOnly": True}},
        "required": ["name", "id"],
    }
    service = read_one(
        operation(requestBody=body({"$ref": "#/components/schemas/Pet"})), method="post", schemas={"Pet": pet}
    )
    assert service.facts["input_schema"] == {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
    }
    assert service.binding["body"] == {"content_type": "application/json", "required": True}


@pytest.mark.parametrize("schema", [{"type": "array", "items": {"type": "string"}}, {"type": "string"}, {}])
def test_a_body_that_is_no_object_is_one_input(schema: Json) -> None:
    service = read_one(operation(requestBody=body(schema)), method="post")
    assert service.facts["input_schema"]["required"] == ["body"]
    assert service.binding["inputs"] == {"body": {"in": "body"}}


def test_alternatives_of_a_body_stay_alternatives() -> None:
    either = {
        "oneOf": [
            {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]},
            {"type": "object", "properties": {"phone": {"type": "string"}}, "required": ["phone"]},
        ]
    }
    service = read_one(operation(requestBody=body(either)), method="post")
    assert [list(each["properties"]) for each in service.facts["input_schema"]["oneOf"]] == [["email"], ["phone"]]
    assert service.binding["inputs"] == {
        "email": {"in": "body", "name": "email"},
        "phone": {"in": "body", "name": "phone"},
    }


def test_alternatives_that_use_a_parameters_name_are_one_input() -> None:
    either = {
        "oneOf": [
            {"type": "object", "properties": {"id": {"type": "string"}}},
            {"type": "object", "properties": {}},
        ]
    }
    said = operation(requestBody=body(either), parameters=[parameter("id", "path")])
    service = read_one(said, method="post", path="/pets/{id}")
    assert service.binding["inputs"] == {"id": {"in": "path", "name": "id"}, "body": {"in": "body"}}


def test_a_body_that_takes_any_members_takes_inputs_of_any_name() -> None:
    open_body = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"type": "integer"},
    }
    service = read_one(operation(requestBody=body(open_body)), method="post")
    assert service.facts["input_schema"]["additionalProperties"] == {"type": "integer"}
    assert service.binding["body"]["takes_others"] is True


def test_json_comes_before_forms_and_forms_before_text() -> None:
    def sent(*content_types: str) -> str:
        content = {
            each: {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}} for each in content_types
        }
        service = read_one(operation(requestBody={"required": True, "content": content}), method="post")
        return str(service.binding["body"]["content_type"])

    assert sent("application/x-www-form-urlencoded", "application/vnd.api+json") == "application/vnd.api+json"
    assert sent("text/plain", "multipart/form-data") == "multipart/form-data"
    assert sent("application/xml", "text/plain; charset=utf-8") == "text/plain"
    assert sent("*/*") == "application/json"


def test_files_are_left_out_where_they_are_optional_and_refused_where_not() -> None:
    form = {
        "type": "object",
        "properties": {"note": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
    }
    optional = read_one(operation(requestBody=body(form, content_type="multipart/form-data")), method="post")
    assert list(optional.facts["input_schema"]["properties"]) == ["note"]
    assert any("'file' is left out" in note for note in optional.notes)
    needed = {**form, "required": ["file"]}
    said = operation(requestBody=body(needed, content_type="multipart/form-data"))
    assert refusal_of(said, method="post")[0] == "file_input"


def test_a_body_of_another_kind_is_refused_or_left_out_where_it_is_optional() -> None:
    code, reason = refusal_of(operation(requestBody=body({}, content_type="application/xml")), method="post")
    assert (code, "application/xml" in reason) == ("content_type", True)
    service = read_one(
        operation(requestBody=body({}, content_type="application/xml", required=False)), method="post"
    )
    assert service.binding["inputs"] == {}
    assert any("left out" in note for note in service.notes)


# --- answers


@pytest.mark.parametrize(
    ("schema", "wrap"),
    [
        ({"type": "array", "items": OBJECT}, "items"),
        ({"type": "array", "items": OBJECT, "nullable": True}, "items"),
        ({"type": "string"}, "value"),
        ({"oneOf": [OBJECT, {"type": "array", "items": {}}]}, "value"),
        ({}, "value"),
    ],
)
def test_an_answer_that_is_no_object_is_wrapped_and_told(schema: Json, wrap: str) -> None:
    service = read_one(operation(responses=answering(schema)))
    assert list(service.facts["output_schema"]["properties"]) == [wrap]
    assert service.binding["output"] == {"as": "json", "wrap": wrap}
    assert any(f"'{wrap}'" in note for note in service.notes)


def test_an_object_or_null_is_an_object_of_which_nothing_is_sure() -> None:
    service = read_one(operation(responses=answering({**OBJECT, "nullable": True})))
    assert service.facts["output_schema"] == {"type": "object", "properties": OBJECT["properties"]}


def test_texts_and_empty_answers() -> None:
    text = read_one(operation(responses=answering({"type": "string"}, content_type="text/csv")))
    assert text.binding["output"] == {"as": "text", "wrap": "text"}
    nothing = read_one(operation(responses={"204": {"description": "Gone"}}), method="delete")
    assert nothing.facts["output_schema"] == {"type": "object", "properties": {}}
    assert nothing.binding["output"] == {"as": "nothing"}


def test_of_several_successes_the_first_with_a_content_is_described() -> None:
    responses = {"202": {"description": "Later"}, **answering(OBJECT, status="201"), "404": {"description": "No"}}
    service = read_one(operation(responses=responses), method="post")
    assert service.facts["output_schema"] == {"type": "object", "properties": OBJECT["properties"]}
    assert any("202" in note for note in service.notes)


def test_a_default_response_that_is_the_only_one_is_the_success() -> None:
    assert read_one(operation(responses=answering(OBJECT, status="default"))).facts["output_schema"] == OBJECT


@pytest.mark.parametrize(
    ("responses", "code"),
    [
        (None, "no_response"),
        ({}, "no_response"),
        ({"302": {"description": "There"}}, "no_response"),
        (answering({}, content_type="application/pdf"), "answer_type"),
        (answering({}, content_type="text/event-stream"), "answer_type"),
        (answering({"type": "string", "format": "binary"}, content_type="*/*"), "answer_type"),
        ({"200": {"$ref": "#/components/responses/none"}}, "broken_reference"),
        ({"200": {"$ref": "other.yaml"}}, "remote_reference"),
    ],
)
def test_answers_that_cannot_be_outputs(responses: Json, code: str) -> None:
    assert refusal_of(operation(responses=responses))[0] == code


# --- references


def test_a_path_that_lies_elsewhere_is_refused_and_the_others_are_not() -> None:
    imported = read({"/a": {"$ref": "a.yaml"}, "/b": {"get": operation()}})
    assert [refusal.code for refusal in imported.refusals] == ["path_reference"]
    assert "one file" in imported.refusals[0].reason
    assert len(imported.services) == 1
    assert imported.total == 2


def test_references_with_escapes_are_followed_and_loops_of_them_are_refused() -> None:
    schemas = {"a/b~c d": OBJECT, "x": {"$ref": "#/components/schemas/y"}, "y": {"$ref": "#/components/schemas/x"}}
    there = {"$ref": "#/components/schemas/a~1b~0c%20d"}
    assert read_one(operation(responses=answering(there)), schemas=schemas).facts["output_schema"] == OBJECT
    looped = {"$ref": "#/components/parameters/a"}
    root = document({"/a": {"get": operation(parameters=[looped])}})
    root["components"]["parameters"] = {"a": looped}
    assert [refusal.code for refusal in openapi.read(root).refusals] == ["broken_reference"]


def test_a_schema_that_is_only_references_to_itself_says_nothing() -> None:
    schemas = {"x": {"$ref": "#/components/schemas/y"}, "y": {"$ref": "#/components/schemas/x"}}
    service = read_one(operation(responses=answering({"$ref": "#/components/schemas/x"})), schemas=schemas)
    assert service.binding["output"] == {"as": "json", "wrap": "value"}
