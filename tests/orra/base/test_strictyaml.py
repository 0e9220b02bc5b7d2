from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orra.base import strictyaml
from orra.base.strictjson import InvalidJson, Json, same
from tests.orra.base.test_strictjson import values


@given(values)
def test_what_it_writes_is_read_back(value: Json) -> None:
    assert same(strictyaml.parse(strictyaml.write(value)), value)


@given(st.text() | st.binary())
def test_nothing_but_the_declared_error(text: str | bytes) -> None:
    try:
        strictyaml.write(strictyaml.parse(text))
    except InvalidJson as error:
        assert error.code


@given(values)
def test_without_libyaml_it_is_the_same(value: Json) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strictyaml, "_READER", yaml.SafeLoader)
        assert same(strictyaml.parse(strictyaml.write(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on: off", {"on": "off"}),
        ("2026-11-30", "2026-11-30"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("007", "007"),
        ("1:30", "1:30"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("'1'", "1"),
        ("- 1\n- 2.50\n- -3e2\n- 12345678901234567890123", [1, 2.5, -300.0, 12345678901234567890123]),
        ("a:\nb: ~\nc: null\nd: true\ne: True", {"a": None, "b": None, "c": None, "d": True, "e": "True"}),
        ("1: a\nnull: b", {"1": "a", "null": "b"}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("a: >-\n  one\n  two\n", {"a": "one two"}),
        ('{"a": [1, {"b": "\\u00e9"}]}', {"a": [1, {"b": "é"}]}),
        ("'<<': 1", {"<<": 1}),
    ],
)
def test_scalars_mean_what_they_mean_in_json(text: str, value: Json) -> None:
    assert same(strictyaml.parse(text), value)


BOMB = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(30))


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (BOMB, "invalid_yaml", "&a is an anchor: leave it out, and write out what it names (line 1, column 4)."),
        ("a: *a", "invalid_yaml", "*a is an alias: write out what it stands for (line 1, column 4)."),
        ("<<: {a: 1}", "invalid_yaml", "<< is a merge key: write out the members (line 1, column 1)."),
        ("a: !!python/object/apply:os.system [ls]", "invalid_yaml", "os.system is a tag: leave it out (line 1"),
        ("!!set {a, b}", "invalid_yaml", "is a tag"),
        ("! a", "invalid_yaml", "is a tag"),
        ("%YAML 1.1\n---\na: 1", "invalid_yaml", "Directives (%YAML, %TAG) are not read"),
        ("a: 1\n---\nb: 2", "invalid_yaml", "There is more than one document: leave one (line 2"),
        ("", "invalid_yaml", "The YAML is empty."),
        ("# nothing", "invalid_yaml", "The YAML is empty."),
        ("? [a, b]\n: 1", "invalid_yaml", "A key must be text (line 1, column 3)."),
        ("a: 1\nb: 2\na: 3", "duplicate_key", "The key 'a' appears twice in one mapping (line 3, column 1)."),
        ("a: 1\n'a': 3", "duplicate_key", "The key 'a' appears twice"),
        ("a: 1e999", "number_too_large", "The number 1e999 is out of range (line 1, column 4)."),
        ("a: 0.12345678901234567890123", "number_too_precise", "Send it as text, in quotes (line 1"),
        ("a: " + "9" * 400, "number_too_large", "at most 309 digits"),
        ("[" * 100_000, "yaml_too_deep", "The YAML is nested deeper than 20 levels (line 1, column 21)."),
        ("- " * 100_000, "yaml_too_deep", "The YAML is nested deeper than 20 levels"),
        ("{a: " * 100_000, "yaml_too_deep", "The YAML is nested deeper than 20 levels"),
        ("a: b: c", "invalid_yaml", "mapping values are not allowed in this context (line 1, column 5)."),
        ("a: [1", "invalid_yaml", "The YAML is malformed"),
        ("\ta: 1", "invalid_yaml", "The YAML is malformed"),
        ("a: \x07", "invalid_yaml", "a character that YAML does not allow"),
        ('a: "\\0"', "invalid_text", "NUL"),
        ("a: \ud800", "invalid_text", "lone surrogate"),
        ('a: "\\ud800"', "invalid_yaml", "invalid Unicode character escape code"),
        (b"\xef\xbb\xbfa: 1", "invalid_yaml", "byte-order mark. Send UTF-8 without one."),
        ("a: 1".encode("utf-16"), "invalid_yaml", "The body is UTF-16 text. Send UTF-8"),
        ("a: 1".encode("utf-16-be"), "invalid_yaml", "a character that YAML does not allow"),
        (b"\x1f\x8b\x08", "invalid_yaml", "gzip"),
        (b"a: \xff", "invalid_yaml", "The body is not UTF-8 text (byte 3)."),
    ],
)
def test_what_is_more_than_json_is_refused(text: str | bytes, code: str, told: str) -> None:
    with pytest.raises(InvalidJson) as refused:
        strictyaml.parse(text)

    assert refused.value.code == code
    assert told in str(refused.value)
    assert len(str(refused.value)) < 300


def test_twenty_levels_are_read() -> None:
    assert strictyaml.parse("[" * 20 + "]" * 20)


def test_a_long_name_of_an_anchor_is_not_told_at_length() -> None:
    with pytest.raises(InvalidJson) as refused:
        strictyaml.parse(f"&{'a' * 10_000} b")

    assert len(str(refused.value)) < 300
