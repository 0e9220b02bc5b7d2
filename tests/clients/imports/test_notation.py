"""Documents' text: JSON and YAML, bounded."""

from __future__ import annotations

import json

import pytest

from orra_client.imports.documents import parse
from orra_client.imports.services import ImportFailed


def test_json_and_yaml_say_the_same() -> None:
    yaml = b"""\
openapi: 3.0.3
paths:
  /a:
    get: {responses: {200: {description: "yes"}, "404": {description: no}}}
on: 2024-01-01
n: [1, -2, 1.5, 1e3, ~, null, true, False, 0x10, "1", +3]
"""
    value = parse(yaml)
    assert value["paths"]["/a"]["get"]["responses"] == {
        "200": {"description": "yes"},
        "404": {"description": "no"},
    }
    assert value["on"] == "2024-01-01"
    assert value["n"] == [1, -2, 1.5, 1000.0, None, None, True, False, "0x10", "1", 3]
    assert parse(json.dumps(value).encode()) == value


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}


def test_aliases_stand_for_what_they_name() -> None:
    assert parse(b"a: &x {b: [1]}\nc: *x\n") == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_yaml_with_flow_style_at_its_top_is_yaml() -> None:
    assert parse(b"{openapi: 3.1.0, paths: {}}") == {"openapi": "3.1.0", "paths": {}}


def bomb(levels: int) -> bytes:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"# nothing\n", "empty"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8"),
        (b'{"a": 1', "line 1 column"),
        (b'{"a": 1, "a": 2}', "'a' appears twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": ' + b"9" * 400 + b"}", "out of range"),
        (b'"\\u0000"\x00', "NUL"),
        (b"[" * 100_000, "deeper than 200"),
        (b"a: " + b"[" * 300 + b"]" * 300, "deeper than 200"),
        (b"a: 1\na: 2\n", "'a' appears twice in one mapping: leave one (line 2"),
        (b"a: *b\n", "stands for nothing"),
        (b"a: &a [*a]\n", "stands for nothing that ends before it"),
        (b"a: !!python/object:os.system x\n", "is a tag"),
        (b"a: &x {b: 1}\nc:\n  <<: *x\n", "merge key"),
        (b"? [a]\n: 1\n", "key must be text"),
        (b"a: 1\n---\nb: 2\n", "more than one document"),
        (b"a: [1\n", "malformed"),
        (b"a: \x01\n", "does not allow"),
        (bomb(9), "aliases stand for more than"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: bytes, says: str) -> None:
    with pytest.raises(ImportFailed) as refused:
        parse(text)
    assert says in str(refused.value)


def test_aliases_that_lie_deep_in_each_other_are_refused() -> None:
    lines = ["l0: &l0 [x]"] + [f"l{n}: &l{n} [[[[*l{n - 1}]]]]" for n in range(1, 60)]
    with pytest.raises(ImportFailed, match="deeper than 200"):
        parse("\n".join(lines).encode())


def test_a_document_may_be_so_large_and_no_larger() -> None:
    with pytest.raises(ImportFailed, match="larger than"):
        parse(b'{"a": "' + b"x" * 100 + b'"}', most_bytes=50)
