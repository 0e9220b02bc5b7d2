"""The forms of answers: they allow what the prompts teach, in its order, and strict servers take them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orra.base.strictjson import Json
from planengine.llm.structured_output import Rung, is_strict, response_format
from planengine.planners.prompts import full
from planengine.planners.prompts.schemas import choice_schema, plan_schema, selection_schema
from planengine.planners.prompts.selection import RULES

SERVICES = ["find guide", "send guide"]
CALL = {"id": "task1", "service": "find guide", "input": {"city": "$task0.city"}}
TASK0 = {"id": "task0", "input": {"city": "Lisbon"}}
REFUSAL = {"tasks": [{"id": "final", "input": {"error": "why"}}], "parallel_groups": []}


def taught() -> Json:
    """The example of the prompt for whole plans."""
    text = full.RULES[full.RULES.rindex('{"tasks": [\n') :]
    return json.loads(text)


def in_order(value: Json, schema: Json) -> bool:
    """Whether the value is accepted with its members in the order of the schema, as grammars have it: required
    members first, and in their order."""
    if "anyOf" in schema:
        return any(in_order(value, each) for each in schema["anyOf"])
    if not Draft202012Validator(schema).is_valid(value):
        return False
    if isinstance(value, dict) and "properties" in schema:
        return list(value) == schema["required"] and all(
            in_order(value[name], inner) for name, inner in schema["properties"].items()
        )
    if isinstance(value, list):
        return all(in_order(each, schema["items"]) for each in value)
    return True


def test_the_example_of_the_prompt_is_allowed_in_its_order() -> None:
    assert in_order(taught(), plan_schema(SERVICES))


def test_a_task_that_comes_later_is_allowed() -> None:
    later = {**CALL, "id": "task2", "after": ["task1"]}
    assert in_order(
        {"tasks": [TASK0, CALL, later], "parallel_groups": [["task1"], ["task2"]]}, plan_schema(SERVICES)
    )


@pytest.mark.parametrize(
    "tasks",
    [
        [],
        [TASK0],
        [{"id": "final", "input": {"error": "why"}}, CALL],
        [TASK0, {"id": "task1", "input": {}}],
        [TASK0, {**CALL, "service": "telepathy"}],
        [TASK0, {"service": "find guide", "id": "task1", "input": {}}],
    ],
    ids=["nothing", "task0 alone", "a refusal that goes on", "no service", "another service", "another order"],
)
def test_what_is_no_plan_is_not_allowed(tasks: Json) -> None:
    assert not in_order({"tasks": tasks, "parallel_groups": []}, plan_schema(SERVICES))


def test_a_refusal_stands_alone() -> None:
    assert in_order(REFUSAL, plan_schema(SERVICES))


def test_the_forms_that_the_selection_teaches_are_allowed() -> None:
    forms = re.findall(r'\{"answer": \{.*?\}\}', RULES)
    assert len(forms) == 2
    for form in forms:
        assert in_order(json.loads(form), selection_schema(["name"]))
    assert in_order({"answer": "a"}, choice_schema(["a", "b"]))


@pytest.mark.parametrize("schema", [selection_schema(SERVICES), choice_schema(["a"])])
def test_strict_mode_takes_what_is_sent_as_strict(schema: dict[str, Any]) -> None:
    assert is_strict(schema)
    assert response_format(Rung.STRICT_SCHEMA, schema)["json_schema"]["strict"] is True  # type: ignore[index]


@pytest.mark.parametrize(
    "schema",
    [
        plan_schema(SERVICES),
        {"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False},
        {"type": "object", "properties": {}, "required": []},
        {"type": "object", "properties": {}, "required": [], "additionalProperties": False, "oneOf": []},
        {"type": "array", "items": {"type": "string"}},
    ],
)
def test_what_strict_mode_refuses_is_not_sent_as_strict(schema: dict[str, Any]) -> None:
    """OpenAI's: the root is an object without alternatives, every object is closed, every member required."""
    assert not is_strict(schema)
    assert "strict" not in response_format(Rung.STRICT_SCHEMA, schema)["json_schema"]  # type: ignore[index]


def test_the_grammar_of_llama_cpp_takes_the_example() -> None:
    """By its own converter, and the grammar by another's reader; both only where they are installed."""
    converter = pytest.importorskip("llama_cpp.llama_grammar")
    xgrammar = pytest.importorskip("xgrammar")
    grammar = xgrammar.Grammar.from_ebnf(converter.json_schema_to_gbnf(json.dumps(plan_schema(SERVICES))))
    for example in (taught(), REFUSAL):
        assert xgrammar.testing._is_grammar_accept_string(grammar, json.dumps(example))
