"""``manage.py check_grounding``: what it says of a file, and of an action that is tried, and how it exits."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from orra.base import strictyaml
from orra.base.strictjson import Json
from planengine.embeddings.embedders import standing_in
from planengine.grounding import registry
from planengine.models import Grounding, Project, UseCaseVector
from tests.planengine.grounding.embedding import Counting
from tests.planengine.grounding.specs import returns, spec


def run(path: Path, *options: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    out = StringIO()
    try:
        call_command("check_grounding", str(path), *options, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def write(folder: Path, name: str, content: str | bytes | Json) -> Path:
    path = folder / name
    if isinstance(content, dict):
        content = json.dumps(content) if name.endswith("json") else strictyaml.write(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", ["returns.yaml", "returns.YML", "returns.json", "returns", "returns.txt"])
def test_a_grounding_that_can_be_applied(tmp_path: Path, name: str) -> None:
    code, told = run(write(tmp_path, name, returns()))

    assert code == 0
    assert told == "returns 1.0 can be applied: strict, 1 use case, 1 sentence, 2 rules.\n"


def test_json_in_a_file_of_any_name(tmp_path: Path) -> None:
    code, told = run(write(tmp_path, "spec", json.dumps(returns(name="desk"))), "--json")

    assert code == 0
    expected = {"ok": True, "name": "desk", "version": "1.0", "mode": "strict"}
    assert json.loads(told) == {**expected, "use_cases": 1, "constraints": 1, "rules": 2}


@pytest.mark.parametrize(
    ("file", "options", "name"),
    [("a b.yaml", (), "grounding"), ("desk.v2.yaml", (), "desk.v2"), ("x.yaml", ("--name", "desk"), "desk")],
)
def test_what_it_is_called(tmp_path: Path, file: str, options: tuple[str, ...], name: str) -> None:
    assert run(write(tmp_path, file, returns()), *options)[1].startswith(f"{name} 1.0 ")


def test_every_problem_is_told_with_its_place(tmp_path: Path) -> None:
    wrong = returns(version=1.0, use_cases=[{"action": "Ship", "capabilities": ["pack", 7]}])
    path = write(tmp_path, "returns.yaml", wrong)

    code, told = run(path)

    assert code == 1
    assert told.splitlines() == [
        "version: It must be text, not a number. (wrong_type)",
        "use_cases[0].capabilities[1]: It must be text, not a number. (wrong_type)",
        'How to fix: Put it in quotes: "1.0".',
        'How to fix: Put it in quotes: "7".',
    ]
    code, told = run(path, "--json")
    assert code == 1
    assert [each["field"] for each in json.loads(told)["problems"]] == ["version", "use_cases[0].capabilities[1]"]


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("a.yaml", "a: &a [*a]", "&a is an anchor: leave it out, and write out what it names (line 1, column 4)."),
        ("a.yaml", "a: 1\na: 2", "(line 2, column 1). (duplicate_key)"),
        ("a.json", "{", "The JSON is malformed: Expecting property name enclosed in double quotes at line 1"),
        ("a.json", "a: 1", "The JSON is malformed"),
        ("a", '{"a": 1, "a": 2}', "appears twice in one object"),
        ("a", b"\xff\xfea", "The body is UTF-16 text."),
        ("a", b"\xef\xbb\xbfa: 1", "byte-order mark"),
        ("a", b"a: \xff", "not UTF-8"),
        ("a.yaml", "", "The YAML is empty."),
        ("a.yaml", "x" * 300_000, "larger than 256 KiB"),
        ("a.yaml", "a: \x1b[2J", "a character that YAML does not allow"),
        ("a.yaml", '"\\e[2J": 1', "⟨U+001B⟩[2J: Unknown."),
    ],
)
def test_a_document_that_is_none(tmp_path: Path, file: str, content: str | bytes, told: str) -> None:
    code, said = run(write(tmp_path, file, content))

    assert code == 1
    assert told in said
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match="cannot be read") as refused:
        run(tmp_path / name)

    assert refused.value.returncode == 2


# --- trying an action

ASK = ("--action", "Please refund the order ORD-5", "--param", "order_id=ORD-5")
ORDER = {"order_id": "$task0.order_id"}


def service(name: str, does: str, capability: str) -> Json:
    takes = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
    return {"name": name, "description": does, "input_schema": takes, "capabilities": [capability]}


SERVICES = (
    service("check_terms", "Tells whether an order may be sent back.", "verify refund eligibility"),
    service("give_back", "Gives the money for an order back.", "refund an order"),
)


def plan_of(*calls: str) -> Json:
    tasks: list[Json] = [
        {"id": f"task{number}", "service": name, "input": ORDER} for number, name in enumerate(calls, start=1)
    ]
    for before, task in zip(tasks, tasks[1:], strict=False):
        task["after"] = [before["id"]]
    return {"tasks": [{"id": "task0", "input": {"order_id": "ORD-5"}}, *tasks]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path, "returns.yaml", returns())


@pytest.fixture
def services(tmp_path: Path) -> Path:
    return write(tmp_path, "services.jsonl", "\n".join(map(json.dumps, SERVICES)))


def tried(file: Path, *options: str) -> tuple[int, Json]:
    code, told = run(file, *ASK, *options, "--json")
    return code, json.loads(told)


@pytest.mark.django_db
def test_an_action_is_tried_in_words(file: Path, services: Path) -> None:
    code, told = run(file, *ASK, "--services", str(services))

    assert code == 0
    lines = told.splitlines()
    assert lines[1] == "'Refund order {order_id}' of 'returns 1.0' applies, which is strict."
    assert lines[2].startswith(
        "The request says its words, 'Refund order {order_id}', and others that say nothing (0."
    )
    assert (
        "required: 'verify refund eligibility', done by 'check_terms', which declares it or is called so." in lines
    )
    assert any(line.startswith("forbidden: 'delete an order', done by nobody") for line in lines)


@pytest.mark.django_db
def test_without_services_nobody_does_anything(file: Path) -> None:
    code, told = run(file, *ASK)
    assert code == 0
    assert told.count("done by nobody: there are no services.") == 3


@pytest.mark.django_db
def test_an_action_that_nothing_applies_to_is_told_with_the_closest(file: Path) -> None:
    code, told = run(file, "--action", "Do not refund order ORD-5", "--param", "order_id=ORD-5")

    assert code == 0
    assert "No use case applies." in told
    assert "Closest is 'Refund order {order_id}' of 'returns 1.0', by its wording" in told
    assert "Not accounted for:" in told and "'not'" in told
    assert "is tolerated." in told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("calls", "codes"),
    [
        (("check_terms", "give_back"), []),
        (("give_back",), ["grounding_capability_missing", "grounding_rule_requires"]),
        (("give_back", "check_terms"), ["grounding_order", "grounding_rule_requires"]),
        (("fly",), ["unknown_service"]),
    ],
)
def test_a_plan_is_held_to_it(
    file: Path, services: Path, tmp_path: Path, calls: tuple[str, ...], codes: list[str]
) -> None:
    plan = str(write(tmp_path, "plan.json", plan_of(*calls)))

    code, told = tried(file, "--services", str(services), "--plan", plan)

    assert [each["code"] for each in told["trial"]["problems"]] == codes
    assert (code, told["ok"]) == (1 if codes else 0, not codes)
    in_words = run(file, *ASK, "--services", str(services), "--plan", plan)[1]
    assert ("The plan keeps to it." in in_words) is (not codes)
    assert all(f"({each})" in in_words for each in codes)


@pytest.mark.django_db
def test_a_refusal_and_what_was_not_checked_keep_to_nothing(file: Path, services: Path, tmp_path: Path) -> None:
    given = ("--services", str(services), "--plan")
    refusal = write(tmp_path, "refusal.json", {"tasks": [{"id": "final", "input": {"error": "No."}}]})
    code, told = tried(file, *given, str(refusal))
    assert (code, [each["code"] for each in told["trial"]["problems"]]) == (1, ["not_actionable"])

    plan = write(tmp_path, "plan.json", plan_of("check_terms", "give_back"))
    code, said = run(file, "--action", "Paint the fence", *given, str(plan))
    assert code == 1
    assert "The plan was not checked, for no use case applies." in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "value"), [("17", 17), ("true", True), ("[1]", [1]), ("007", "007"), ("a=b", "a=b"), ("", "")]
)
def test_values_are_json_where_they_are_and_else_text(
    given: str, value: Json, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def remember(groundings: Any, request: Any, catalogue: Any, **options: Any) -> Json:
        seen.append(request.params)
        return {"match": None, "capabilities": [], "problems": None}

    monkeypatch.setattr("planengine.management.commands.check_grounding.try_out", remember)
    run(file, "--action", "Do it", "--param", f"x={given}", "--json")
    assert seen == [{"x": value}]


@pytest.mark.django_db
def test_in_a_project_it_stands_beside_the_others(file: Path, project: Project) -> None:
    registry.apply(project, spec(version="0.9", mode="advisory"))
    other = returns(use_cases=[{"action": "Exchange order {order_id}", "capabilities": ["swap"]}], constraints=[])
    registry.apply(project, spec("swaps", **other))
    stored = UseCaseVector.objects.count()

    code, told = tried(file, "--project", project.pk)

    match = told["trial"]["match"]
    assert (code, match["name"], match["version"], match["mode"]) == (0, "returns", "1.0", "strict")
    assert "swaps 1.0" in [each["grounding"] for each in match["near"]]
    assert tried(file, "--project", project.pk)[1] == told
    for params in ([], ["--param", "order_id=5"]):
        assert (
            "'swaps 1.0' applies" in run(file, "--action", "Exchange order 5", *params, "--project", project.pk)[1]
        )
    unknown = run(file, "--action", "Do not exchange order 5", "--project", project.pk)[1]
    assert "'swaps 1.0' applies" not in unknown
    assert Grounding.objects.count() == 2
    assert UseCaseVector.objects.count() == stored


@pytest.mark.django_db
def test_without_an_embedding_only_the_very_words_are_tried(file: Path) -> None:
    broken = Counting(down=True)
    with standing_in(broken):
        assert run(file, "--action", "Refund order ORD-5", "--param", "order_id=ORD-5")[0] == 0
        with pytest.raises(CommandError, match="The endpoint is down") as refused:
            run(file, *ASK)
    assert refused.value.returncode == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--param", "a=1"), "give its --action"),
        (("--plan", "x.json"), "give its --action"),
        (("--action", " "), "`action` is empty"),
        (("--action", "Do it", "--param", "a"), "--param a has no value"),
        (("--action", "Do it", "--param", "=1"), "The field of param 0 must be"),
        (("--action", "Do it", "--param", "a=1", "--param", "a=2"), "The field 'a' appears twice"),
        (("--action", "Do it", "--project", "p_nobody"), "no project with the id p_nobody"),
        (("--action", "Do it", "--project", "\x00"), "no project with the id ⟨U+0000⟩"),
        (("--action", "Do it", "--services", "{missing}"), "cannot be read"),
        (("--action", "Do it", "--services", "{broken}"), "line 1: The JSON is malformed"),
        (("--action", "Do it", "--plan", "{missing}"), "cannot be read"),
        (("--action", "Do it", "--plan", "{broken}"), "cannot be read as a plan: The JSON is malformed"),
        (("--action", "Do it", "--plan", "{list}"), "A plan is an object with `tasks`"),
        (("--action", "Do it", "--plan", "{huge}"), "larger than 1024 KiB"),
        (("--action", "Do it", "--plan", "{plan}"), "give --project or --services"),
    ],
)
def test_what_cannot_be_tried(options: tuple[str, ...], told: str, file: Path, tmp_path: Path) -> None:
    contents = {"broken": "{", "list": "[]", "huge": " " * 1_100_000, "plan": "{}"}
    paths = {name: str(write(tmp_path, f"{name}.json", text)) for name, text in contents.items()}
    paths["missing"] = str(tmp_path / "missing")

    with pytest.raises(CommandError) as refused:
        run(file, *(paths.get(each.strip("{}"), each) if each.startswith("{") else each for each in options))

    assert told in str(refused.value)
    assert refused.value.returncode == 2
