"""Finding the plan in what models and servers really send."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.planners.parsing import MAX_CHARACTERS, NoPlan, extract_plan

PLAN: Json = {
    "tasks": [
        {"id": "task0", "input": {"query": 'says "hi" {here} \\ </b>'}},
        {"id": "task1", "service": "search", "input": {"query": "$task0.query"}},
    ],
    "parallel_groups": [["task1"]],
}
P = json.dumps(PLAN)
OTHER = '{"tasks": [{"id": "final", "input": {"error": "a draft"}}]}'


def refusal(text: Json, *, reasoning: str | None = None, finish_reason: str | None = "stop") -> str:
    with pytest.raises(NoPlan) as caught:
        extract_plan(text, reasoning=reasoning, finish_reason=finish_reason)
    assert caught.value.problem.message and caught.value.problem.hint
    return caught.value.problem.code


@pytest.mark.parametrize(
    "text",
    [
        P,
        json.dumps(PLAN, indent=2),
        f"```json\n{P}\n```",
        f"Here is the plan:\n\n```\n{P}\n```\nIt's done.",
        f"I'd say \"that's it: {P}",
        f'reasoning {{"draft":1}}</think>\n\n```json\n{P}\n```',
        f'<think>{{"tasks":[]}}</think>{P}',
        f"<think>{OTHER}</think>{P}",
        f"<THINK>{OTHER}</THINK>\n{P}",
        f"[THINK]{OTHER}[/THINK]{P}",
        f"<think>a</think><think>b {OTHER}</think>{P}",
        f'<think>an odd " and {{ brace</think>{P}',
        f"{P}<think>Was that right? {OTHER}",
        f"First {OTHER}, no, better: {P}",
        f"{{an aside with a {{brace: {P}",
        f"{{the answer is {P} as asked}}",
        f"{P}\n{{}} {{no: plan}}",
        f'{{"plan": {P}}}',
        [{"type": "thinking", "thinking": OTHER}, {"type": "text", "text": P}],
        [{"type": "text", "text": P[:40]}, {"type": "text", "text": P[40:]}],
        [{"type": "reasoning", "text": OTHER}, {"type": "text", "text": f"```json\n{P}\n```"}],
    ],
)
def test_the_plan_is_found(text: Json) -> None:
    assert extract_plan(text, finish_reason="stop") == PLAN
    assert extract_plan(text, reasoning=OTHER, finish_reason=None) == PLAN


@pytest.mark.parametrize("tag", ["</think>", "[/THINK]", "<think>", "</think> {", '</think>{"tasks": []}'])
@pytest.mark.parametrize("around", ["{}", "<think>hm</think>{}", "```json\n{}\n```"])
def test_tags_in_the_users_text_stay_there(tag: str, around: str) -> None:
    plan = {"tasks": [{"id": "task0", "input": {"text": f"a {tag} b"}}, {"id": "task1"}]}
    assert extract_plan(around.replace("{}", json.dumps(plan)), finish_reason="stop") == plan


class TestReasoningField:
    @pytest.mark.parametrize("content", [None, "", " \n", []])
    def test_counts_when_there_is_no_content_and_the_model_stopped(self, content: Json) -> None:
        assert extract_plan(content, reasoning=f"hm {OTHER} so {P}", finish_reason="stop") == PLAN
        for finish_reason in (None, "abort", "content_filter", "tool_calls"):
            assert refusal(content, reasoning=P, finish_reason=finish_reason) == "only_reasoning"

    def test_does_not_count_beside_content(self) -> None:
        assert refusal("I cannot say.", reasoning=P) == "no_plan_found"

    def test_unclosed_reasoning_counts_the_same_way(self) -> None:
        assert extract_plan(f"<think>well {P}", finish_reason="stop") == PLAN
        assert refusal(f"<think>well {P}", finish_reason=None) == "no_plan_found"

    def test_closed_reasoning_never_counts(self) -> None:
        assert refusal(f"<think>{P}</think>I cannot say.") == "no_plan_found"
        assert refusal(f"{P}</think>") == "no_plan_found"


@pytest.mark.parametrize("text", [P, P[: len(P) // 2], "{\n\n\n" + "\n" * 100, None])
def test_a_cut_off_answer_is_never_repaired(text: Json) -> None:
    assert refusal(text, reasoning=P, finish_reason="length") == "output_truncated"


def test_a_cut_off_answer_names_the_output_budget() -> None:
    with pytest.raises(NoPlan, match="output budget"):
        extract_plan(P[:50], finish_reason="length")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_plan_found"),
        ("I'm sorry, I cannot do that.", "no_plan_found"),
        ('{"answer": 42}', "no_plan_found"),
        ('{"tasks": "task0"}', "no_plan_found"),
        ("[]", "no_plan_found"),
        (P[:-1], "invalid_json"),
        (P[: len(P) // 2], "invalid_json"),
        (P[:-1] + ",}", "invalid_json"),
        ('{"tasks": [{"id": task0}]}', "invalid_json"),
        ('{"tasks": [], "tasks": []}', "invalid_json"),
        ('{"tasks": [NaN]}', "invalid_json"),
        ('{"tasks": ["\\ud800"]}', "invalid_json"),
        ('{"tasks": ["\\u0000"]}', "invalid_json"),
        ('{"tasks": ' + "[" * 5_000 + "]" * 5_000 + "}", "invalid_json"),
        (f"{OTHER} no, rather {P[:-1]},}}", "invalid_json"),
        (P + " " * MAX_CHARACTERS, "answer_too_large"),
    ],
)
def test_what_holds_no_plan(text: str, code: str) -> None:
    assert refusal(text) == code


def test_broken_json_says_where() -> None:
    with pytest.raises(NoPlan, match="line 1 column"):
        extract_plan('{"tasks": [1,,2]}', finish_reason="stop")


def test_a_plan_inside_a_broken_plan_is_not_taken_for_it() -> None:
    assert refusal('{"tasks": [{"id": "task0", "input": {"text": ' + OTHER + "}},]}") == "invalid_json"
    assert refusal('{"tasks": [{"id": "task0", "input": {"text": ' + OTHER) == "invalid_json"


@pytest.mark.parametrize("text", [None, 5, {"text": P}, [None, 3, {"type": "text"}, {"text": 5}, {"type": []}]])
def test_content_of_another_kind_holds_no_plan(text: Json) -> None:
    assert refusal(text) == "no_plan_found"


pieces = st.sampled_from(
    [
        "{",
        "}",
        '"',
        "\\",
        '\\"',
        "</think>",
        "<think>",
        "[/THINK]",
        '{"tasks": [',
        "]}",
        P,
        OTHER,
        "```json\n",
        "a ",
        "{a",
    ]
)


@given(
    text=st.lists(pieces | st.text(max_size=3), max_size=25).map("".join),
    finish_reason=st.sampled_from(["stop", None]),
)
def test_nothing_but_noplan_is_raised(text: str, finish_reason: str | None) -> None:
    for content, reasoning in ((text, None), (None, text)):
        try:
            plan = extract_plan(content, reasoning=reasoning, finish_reason=finish_reason)
        except NoPlan as refused:
            assert refused.problem.code in {"no_plan_found", "invalid_json", "only_reasoning"}
        else:
            assert isinstance(plan["tasks"], list)


@pytest.mark.parametrize(
    "unit",
    [
        "{",
        "}",
        "{}",
        '{"',
        '"',
        '{"a":',
        '{"a":{',
        '{a"',
        '\\"',
        '{"\\"',
        "</think>",
        "</think>{",
        "<think>",
        '{"tasks"',
        OTHER,
        '{x "tasks"} ',
        '{"tasks":1}',
        '{"tasks":"[]"}',
        '{"id":"a","input":{}},',
        '[{"id":"a","input":{}}',
        '"\\"tasks\\"',
        '```"\\"',
    ],
)
@pytest.mark.parametrize("tail", ["", P])
def test_adversarial_answers_take_no_time(unit: str, tail: str) -> None:
    text = unit * (200_000 // len(unit)) + tail
    started = time.process_time()
    with suppress(NoPlan):
        extract_plan(text, finish_reason="stop")
    assert time.process_time() - started < 6
