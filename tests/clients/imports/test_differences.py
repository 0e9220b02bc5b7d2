"""What an import would change in a project."""

from __future__ import annotations

from typing import Any

from orra_client.imports.differences import batches, difference, same, to_send, told

Json = Any


def facts(description: str = "Does it", **inputs: Json) -> dict[str, Json]:
    return {
        "description": description,
        "input_schema": {"type": "object", "properties": inputs, "required": sorted(inputs)},
        "output_schema": {"type": "object", "properties": {}},
        "annotations": {},
    }


def test_new_changed_unchanged_and_gone() -> None:
    current = {"same": facts(), "other": facts(), "old": facts(), "by_hand": facts()}
    wanted = {"same": facts(), "other": facts("Otherwise"), "new": facts()}
    found = difference(wanted, current, owned={"same", "other", "old"})
    assert found.new == ["new"]
    assert [change.name for change in found.changed] == ["other"]
    assert found.changed[0].members == {"description": ("Does it", "Otherwise")}
    assert found.unchanged == ["same"]
    assert found.gone == ["old"]


def test_what_is_kept_is_neither_compared_nor_sent() -> None:
    current = {"a": facts("By hand", x={})}
    wanted = {"a": facts("Imported", y={})}
    found = difference(wanted, current, keep=["description"])
    assert list(found.changed[0].members) == ["input_schema"]
    [sent] = to_send(found, wanted, current)
    assert sent["description"] == "By hand"
    assert sent["input_schema"]["required"] == ["y"]


def test_what_an_import_says_nothing_of_stays() -> None:
    current = {
        "a": {**facts(), "examples": ["Do it"], "capabilities": ["doing"], "type": "agent", "revertible": True}
    }
    wanted = {"a": facts("Otherwise")}
    [sent] = to_send(difference(wanted, current), wanted, current)
    assert sent == {**current["a"], "name": "a", "description": "Otherwise"}


def test_changes_in_words() -> None:
    before = facts(a={"type": "string"}, b={"type": "string"})
    after = facts(b={"type": "integer"}, c={"type": "string"})
    after["annotations"] = {"readOnlyHint": True}
    [change] = difference({"x": after}, {"x": before}).changed
    assert told(change) == [
        "inputs: new c; removed a; changed b; now required c; no longer required a",
        'annotations: {} → {"readOnlyHint": true}',
    ]


def test_values_are_compared_as_json_means_it() -> None:
    assert same({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0})
    assert not same(True, 1)
    assert not same(None, {})


def test_batches_are_bounded_in_number_and_size() -> None:
    services = [{"name": f"s{index}", "description": "x" * 100} for index in range(10)]
    assert [len(batch) for batch in batches(services, most=4)] == [4, 4, 2]
    assert [len(batch) for batch in batches(services, characters=300)] == [2, 2, 2, 2, 2]
    assert [len(batch) for batch in batches(services[:1], characters=1)] == [1]
    assert list(batches([])) == []
