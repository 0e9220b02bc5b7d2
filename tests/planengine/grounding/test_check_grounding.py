"""``manage.py check_grounding``: what it says of a file, and how it exits."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from orra.base import strictyaml
from orra.base.strictjson import Json
from tests.planengine.grounding.specs import returns


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
