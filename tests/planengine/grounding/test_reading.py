from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orra.base import strictyaml
from orra.base.strictjson import Json
from planengine.exceptions import BadRequest, GroundingInvalid
from planengine.grounding.constraints import EXPLICIT, SHORT
from planengine.grounding.contents import restore
from planengine.grounding.reading import MAX_BYTES, parse_document, read_grounding
from planengine.grounding.specs import Mode, Rule, RuleKind, UseCase
from tests.orra.base.test_strictjson import values
from tests.planengine.grounding.specs import groundings, returns, spec

# --- what is written is read


def test_what_a_grounding_says() -> None:
    read = spec()

    assert (read.name, read.domain, read.version, read.mode) == ("returns", "returns desk", "1.0", Mode.STRICT)
    assert read.use_cases == (
        UseCase(
            action="Refund order {order_id}",
            also=("Give the customer the money back for {order_id}",),
            params={"order_id": "ORD-17"},
            capabilities=("verify refund eligibility", "refund an order"),
            order=("verify refund eligibility", "refund an order"),
            forbidden=("delete an order",),
            intent="A customer sent something back and wants the money.",
        ),
    )
    assert read.constraints == ("Be polite.",)
    assert read.rules == (
        Rule(RuleKind.REQUIRES, "verify refund eligibility", "refund an order"),
        Rule(RuleKind.AT_MOST, "refund an order", most=1),
    )


def test_most_members_may_be_left_out() -> None:
    read = read_grounding("shop", {"domain": "shop", "version": "2", "use_cases": [{"action": "Ship {order_id}"}]})

    assert (read.mode, read.constraints, read.rules) == (Mode.ADVISORY, (), ())
    assert read.use_cases == (UseCase("Ship {order_id}"),)


@settings(max_examples=200)
@given(groundings)
def test_its_content_is_read_as_the_same_grounding_through_json_and_yaml(given: Json) -> None:
    first = read_grounding("any", parse_document(json.dumps(given).encode(), yaml=False))
    sent = {**first.content, "version": first.version}

    by_json = read_grounding("any", parse_document(json.dumps(sent).encode(), yaml=False))
    by_yaml = read_grounding("any", parse_document(strictyaml.write(sent).encode(), yaml=True))

    assert by_json == first
    assert by_yaml == first
    assert restore(first.name, first.version, json.loads(json.dumps(first.content))) == first
    assert by_yaml.digest == by_json.digest == first.digest


@settings(max_examples=200)
@given(values | st.fixed_dictionaries({}, optional=dict.fromkeys(returns(), values)))
def test_nothing_but_the_declared_error(given: Json) -> None:
    try:
        read_grounding("any", given)
    except BadRequest as refused:
        assert refused.message


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "requires", "first": "check it", "before": "ship it"},
        {"requires": "check it before ship it"},
        {"requires": "  check  it\n BEFORE ship it "},
        {"requires": "'check it' before \"ship it\""},
        "requires: check it before ship it",
        "Requires:check it before ship it",
        "requires：check it before ship it",
        "requires: “check it” before `ship it`",
    ],
)
def test_the_notations_of_a_rule_mean_the_same(rule: Json) -> None:
    assert spec(constraints=[rule]).rules == (Rule(RuleKind.REQUIRES, "check it", "ship it"),)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"never": "refund with ship"}, Rule(RuleKind.NEVER, "refund", "ship")),
        ({"rule": "never", "this": "a with b", "with": "c"}, Rule(RuleKind.NEVER, "a with b", "c")),
        ({"never": "'pay with card' with refund"}, Rule(RuleKind.NEVER, "pay with card", "refund")),
        ({"never": "refund with 'pay with card'"}, Rule(RuleKind.NEVER, "refund", "pay with card")),
        ({"never": "customer's note with ship"}, Rule(RuleKind.NEVER, "customer's note", "ship")),
        ({"at_most": "2 of ship it"}, Rule(RuleKind.AT_MOST, "ship it", most=2)),
        ({"at_most": "1 of one of many"}, Rule(RuleKind.AT_MOST, "one of many", most=1)),
        ("at most: 0 of delete", Rule(RuleKind.AT_MOST, "delete", most=0)),
        ({"rule": "at_most", "most": 2.0, "of": "ship"}, Rule(RuleKind.AT_MOST, "ship", most=2)),
        ({"only_if": "refund if param order_id"}, Rule(RuleKind.ONLY_IF, "refund", "order_id")),
        ({"only_if": "ask if open if param hours"}, Rule(RuleKind.ONLY_IF, "ask if open", "hours")),
        ("only_if: refund if param 'order id'", Rule(RuleKind.ONLY_IF, "refund", "order id")),
        ("only-if: refund if param order_id", Rule(RuleKind.ONLY_IF, "refund", "order_id")),
        ("refund  only\u00a0if\n param order_id", Rule(RuleKind.ONLY_IF, "refund", "order_id")),
        ("refund only if param 'order id'", Rule(RuleKind.ONLY_IF, "refund", "order id")),
        ("`read only` only if param `order_id`", Rule(RuleKind.ONLY_IF, "read only", "order_id")),
        ("at most  ２  of  ship", Rule(RuleKind.AT_MOST, "ship", most=2)),
        ("At-most: 2 of ship", Rule(RuleKind.AT_MOST, "ship", most=2)),
    ],
)
def test_rules(given: Json, rule: Rule) -> None:
    assert spec(constraints=[given]).rules == (rule,)


@pytest.mark.parametrize(
    "text", ["Never ship twice.", "At most 3 items may be returned.", "Requires: patience"[8:]]
)
def test_a_sentence_is_no_rule(text: str) -> None:
    read = spec(constraints=[text])

    assert (read.constraints, read.rules) == ((text.strip(),), ())


def test_order_may_be_of_some_capabilities() -> None:
    use_case = {"action": "Ship it", "capabilities": ["Pack", "label", "ship"], "order": ["pack", "ship"]}

    [read] = spec(use_cases=[use_case]).use_cases

    assert read.order == ("Pack", "ship")


def test_params_may_be_a_list_of_fields_and_values() -> None:
    params = [{"field": "order_id", "value": "ORD-17"}, {"field": "lines", "value": [1, {"sku": "A"}]}]

    [read] = spec(use_cases=[{"action": "Ship {order_id}", "params": params}]).use_cases

    assert read.params == {"order_id": "ORD-17", "lines": [1, {"sku": "A"}]}


def test_use_cases_may_be_spelt_as_the_posts_spell_them() -> None:
    given = returns()
    given["useCases"] = given.pop("use_cases")

    assert read_grounding("returns", given) == spec()


def test_the_grounding_of_the_documentation_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "groundings.md").read_text(encoding="utf-8")
    [document] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)

    read = read_grounding("returns", parse_document(document.encode(), yaml=True))

    assert [each.order for each in read.use_cases] == [
        ("verify refund eligibility", "refund an order"),
        read.use_cases[1].capabilities,
    ]
    assert len(read.constraints) == 2
    assert [rule.kind for rule in read.rules] == list(RuleKind)
    for kind in RuleKind:
        assert f"`{EXPLICIT[kind]}`" in page and f"`{SHORT[kind].replace('N', '2')}`" in page


# --- what is wrong is told


def faults_of(given: Json, name: str = "returns") -> dict[str, str]:
    """The code of what is wrong by its place."""
    with pytest.raises(GroundingInvalid) as refused:
        read_grounding(name, given)
    return {each["field"]: each["code"] for each in refused.value.problems}


USE_CASE = returns()["use_cases"][0]


@pytest.mark.parametrize(
    ("members", "place", "code"),
    [
        ({"colour": "red"}, "colour", "unknown_member"),
        ({"name": "other"}, "name", "other_name"),
        ({"domain": ""}, "domain", "empty"),
        ({"domain": 5}, "domain", "wrong_type"),
        ({"domain": "x" * 201}, "domain", "too_long"),
        ({"domain": "a\u202eb"}, "domain", "invalid_text"),
        ({"domain": "a\x07b"}, "domain", "invalid_text"),
        ({"version": 1.1}, "version", "wrong_type"),
        ({"version": "1 0"}, "version", "invalid_version"),
        ({"version": "1/0"}, "version", "invalid_version"),
        ({"version": "v" * 65}, "version", "invalid_version"),
        ({"mode": "loose"}, "mode", "invalid_choice"),
        ({"mode": []}, "mode", "invalid_choice"),
        ({"use_cases": []}, "use_cases", "missing"),
        ({"use_cases": None}, "use_cases", "missing"),
        ({"use_cases": {"action": "x"}}, "use_cases", "wrong_type"),
        ({"useCases": []}, "useCases", "duplicate"),
        ({"use_cases": [USE_CASE] * 201}, "use_cases", "too_many"),
        ({"use_cases": ["Refund"]}, "use_cases[0]", "wrong_type"),
        ({"use_cases": [USE_CASE, {}]}, "use_cases[1].action", "missing"),
        ({"use_cases": [USE_CASE, USE_CASE]}, "use_cases[1].action", "duplicate"),
        ({"use_cases": [{"action": "a", "also": ["b", "A"]}]}, "use_cases[0].also[1]", "duplicate"),
        ({"use_cases": [{"action": "a", "cap": []}]}, "use_cases[0].cap", "unknown_member"),
        ({"use_cases": [{"action": " "}]}, "use_cases[0].action", "empty"),
        (
            {"use_cases": [{"action": "Ship {x}."}, {"action": "Ship \u201c{x}\u201d!"}]},
            "use_cases[1].action",
            "duplicate",
        ),
        (
            {"use_cases": [{"action": "Ship {x}"}, {"action": "Sh\u200bip {x}"}]},
            "use_cases[1].action",
            "duplicate",
        ),
        ({"use_cases": [{"action": "Ship", "capabilities": ["\u200b"]}]}, "use_cases[0].capabilities[0]", "empty"),
        ({"use_cases": [{"action": "{a} {b}!"}]}, "use_cases[0].action", "no_words"),
        ({"use_cases": [{"action": "a {b"}]}, "use_cases[0].action", "stray_brace"),
        ({"use_cases": [{"action": "a { b}"}]}, "use_cases[0].action", "invalid_variable"),
        ({"use_cases": [{"action": "a {}"}]}, "use_cases[0].action", "invalid_variable"),
        ({"use_cases": [{"action": "a {b\u202e}"}]}, "use_cases[0].action", "invalid_variable"),
        ({"use_cases": [{"action": "a" + "{b}" * 21}]}, "use_cases[0].action", "too_many"),
        ({"use_cases": [{"action": "a" * 2_001}]}, "use_cases[0].action", "too_long"),
        ({"use_cases": [{"action": "a\x1bb"}]}, "use_cases[0].action", "invalid_text"),
        ({"use_cases": [{"action": "a", "also": "b"}]}, "use_cases[0].also", "wrong_type"),
        ({"use_cases": [{"action": "a", "also": [f"b {n}" for n in range(51)]}]}, "use_cases[0].also", "too_many"),
        ({"use_cases": [{"action": "a", "params": 5}]}, "use_cases[0].params", "params_wrong_type"),
        ({"use_cases": [{"action": "a", "params": ["x"]}]}, "use_cases[0].params[0]", "param_malformed"),
        ({"use_cases": [{"action": "a", "params": {" x": 1}}]}, "use_cases[0].params[0]", "field_malformed"),
        (
            {"use_cases": [{"action": "a", "capabilities": ["b", 5]}]},
            "use_cases[0].capabilities[1]",
            "wrong_type",
        ),
        ({"use_cases": [{"action": "a", "capabilities": "b"}]}, "use_cases[0].capabilities", "wrong_type"),
        (
            {"use_cases": [{"action": "a", "capabilities": ["b", "B "]}]},
            "use_cases[0].capabilities[1]",
            "duplicate",
        ),
        (
            {"use_cases": [{"action": "a", "capabilities": ["c" * 201]}]},
            "use_cases[0].capabilities[0]",
            "too_long",
        ),
        (
            {"use_cases": [{"action": "a", "capabilities": ["b\u2066"]}]},
            "use_cases[0].capabilities[0]",
            "invalid_text",
        ),
        (
            {"use_cases": [{"action": "a", "capabilities": [f"c{n}" for n in range(51)]}]},
            "use_cases[0].capabilities",
            "too_many",
        ),
        (
            {"use_cases": [{"action": "a", "capabilities": ["b"], "order": ["c"]}]},
            "use_cases[0].order",
            "unknown_capability",
        ),
        ({"use_cases": [{"action": "a", "order": "b"}]}, "use_cases[0].order", "wrong_type"),
        (
            {"use_cases": [{"action": "a", "capabilities": ["b"], "forbidden": ["B"]}]},
            "use_cases[0].forbidden",
            "contradiction",
        ),
        ({"use_cases": [{"action": "a", "intent": ["x"]}]}, "use_cases[0].intent", "wrong_type"),
        ({"constraints": "x"}, "constraints", "wrong_type"),
        ({"constraints": ["x"] * 101}, "constraints", "too_many"),
        ({"constraints": [5]}, "constraints[0]", "wrong_type"),
        ({"constraints": ["x", " "]}, "constraints[1]", "empty"),
        ({"constraints": ["x" * 2_001]}, "constraints[0]", "too_long"),
        ({"constraints": [{}]}, "constraints[0]", "unknown_rule"),
        ({"constraints": [{"rule": "sometimes"}]}, "constraints[0].rule", "unknown_rule"),
        ({"constraints": [{"rule": []}]}, "constraints[0].rule", "unknown_rule"),
        ({"constraints": [{"sometimes": "x"}]}, "constraints[0]", "unknown_rule"),
        ({"constraints": [{"requires": "a before b", "never": "a with b"}]}, "constraints[0]", "unknown_rule"),
        ({"constraints": [{"rule": "requires", "first": "a"}]}, "constraints[0].before", "missing"),
        (
            {"constraints": [{"rule": "requires", "first": "a", "before": "b", "with": "c"}]},
            "constraints[0].with",
            "unknown_member",
        ),
        (
            {"constraints": [{"rule": "requires", "first": "a", "before": 5}]},
            "constraints[0].before",
            "wrong_type",
        ),
        ({"constraints": [{"rule": "at_most", "most": "2", "of": "a"}]}, "constraints[0].most", "wrong_type"),
        ({"constraints": [{"rule": "at_most", "most": -1, "of": "a"}]}, "constraints[0].most", "out_of_range"),
        ({"constraints": [{"rule": "at_most", "most": True, "of": "a"}]}, "constraints[0].most", "wrong_type"),
        ({"constraints": [{"requires": ["a", "b"]}]}, "constraints[0].requires", "wrong_type"),
        ({"constraints": [{"requires": "a and b"}]}, "constraints[0].requires", "unreadable_rule"),
        ({"constraints": [{"requires": "before b"}]}, "constraints[0].requires", "unreadable_rule"),
        ({"constraints": [{"requires": "'a before b'"}]}, "constraints[0].requires", "ambiguous_rule"),
        ({"constraints": ["requires: a"]}, "constraints[0]", "unreadable_rule"),
        ({"constraints": [{"requires": "a before b before c"}]}, "constraints[0].requires", "ambiguous_rule"),
        ({"constraints": [{"requires": "a" + " before a" * 400}]}, "constraints[0].requires", "too_long"),
        ({"constraints": [{"requires": "a" + " before a" * 200}]}, "constraints[0].requires", "ambiguous_rule"),
        ({"constraints": [{"requires": "a before A"}]}, "constraints[0].requires", "contradiction"),
        ({"constraints": ["requires: re-check before re\u2010check"]}, "constraints[0]", "contradiction"),
        ({"constraints": ["never: pay with pa\u00ady"]}, "constraints[0]", "contradiction"),
        ({"constraints": ["only_if: read only if param p"]}, "constraints[0]", "ambiguous_rule"),
        ({"constraints": [{"only_if": "a only if param p"}]}, "constraints[0].only_if", "ambiguous_rule"),
        ({"constraints": [{"at_most": "two of a"}]}, "constraints[0].at_most", "unreadable_rule"),
        ({"constraints": [{"at_most": "5000 of a"}]}, "constraints[0].at_most", "out_of_range"),
        ({"constraints": [{"only_if": "a if b"}]}, "constraints[0].only_if", "unreadable_rule"),
    ],
)
def test_each_fault_has_its_place(members: Json, place: str, code: str) -> None:
    assert faults_of(returns(**members)).get(place) == code


def test_everything_that_is_wrong_is_told_at_once_with_what_to_do() -> None:
    given = returns(
        version=1.0,
        use_cases=[{"action": "Refund", "capabilities": [5]}],
        constraints=[{"requires": "a before b before c"}],
    )

    with pytest.raises(GroundingInvalid) as refused:
        read_grounding("returns", given)

    assert [each["field"] for each in refused.value.problems] == [
        "constraints[0].requires",
        "version",
        "use_cases[0].capabilities[0]",
    ]
    assert "use_cases[0].capabilities[0]: It must be text, not a number." in refused.value.message
    assert refused.value.how_to_fix == (
        'Put the names in quotes, or write {"rule": "requires", "first": "A", "before": "B"}.',
        'Put it in quotes: "1.0".',
        'Put it in quotes: "5".',
    )


def test_what_is_told_is_bounded() -> None:
    with pytest.raises(GroundingInvalid) as refused:
        read_grounding("returns", returns(use_cases=[{"x" * 5_000: 1, "y": 2}] * 200))

    assert len(refused.value.problems) == 20
    assert len(refused.value.message) < 12_000
    assert refused.value.message.endswith(" more.")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "a\n", "x" * 101, "ä", "a\u202e"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_grounding(name, returns())

    assert refused.value.code == "invalid_grounding_name"


@pytest.mark.parametrize("given", [None, [], "text", 5, [returns()]])
def test_a_grounding_is_an_object(given: Json) -> None:
    with pytest.raises(BadRequest) as refused:
        read_grounding("returns", given)

    assert refused.value.code == "body_not_an_object"


# --- documents


@pytest.mark.parametrize("yaml", [False, True])
def test_a_document_has_a_size(yaml: bool) -> None:
    body = json.dumps("x" * (MAX_BYTES - 2)).encode()

    assert parse_document(body, yaml=yaml)
    with pytest.raises(BadRequest) as refused:
        parse_document(body + b" ", yaml=yaml)

    assert (refused.value.status, refused.value.code) == (413, "grounding_too_large")


@pytest.mark.parametrize(
    ("body", "yaml", "code"),
    [
        (b"[" * 21 + b"]" * 21, False, "json_too_deep"),
        (b"[" * 21 + b"]" * 21, True, "yaml_too_deep"),
        (b'{"a": 1, "a": 2}', False, "duplicate_key"),
        (b'{"a": 1e999}', False, "number_too_large"),
        (b"\xef\xbb\xbf{}", False, "invalid_json"),
        (b"\xef\xbb\xbf{}", True, "invalid_yaml"),
        ("{}".encode("utf-16"), True, "invalid_yaml"),
        (b"a: &a [1]\nb: *a", True, "invalid_yaml"),
        (b"", False, "invalid_json"),
        (b"", True, "invalid_yaml"),
    ],
)
def test_a_document_is_plain(body: bytes, yaml: bool, code: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_document(body, yaml=yaml)

    assert (refused.value.status, refused.value.code) == (400, code)


# --- rules as people say them, and what no plan can keep to

RULED = {
    "domain": "returns",
    "version": "1",
    "use_cases": [{"action": "Ship {order_id}", "capabilities": ["ship"]}],
}


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("at most 2 of ship", Rule(RuleKind.AT_MOST, "ship", most=2)),
        ("At most 2 of ship", Rule(RuleKind.AT_MOST, "ship", most=2)),
        ({"at most": "2 of ship"}, Rule(RuleKind.AT_MOST, "ship", most=2)),
        ({"At-Most": "2 of ship"}, Rule(RuleKind.AT_MOST, "ship", most=2)),
        ("ship only if param paid", Rule(RuleKind.ONLY_IF, "ship", "paid")),
        ({"only if": "ship if param paid"}, Rule(RuleKind.ONLY_IF, "ship", "paid")),
        ({"Requires": "check before ship"}, Rule(RuleKind.REQUIRES, "check", "ship")),
        ("Never : ship with scrap", Rule(RuleKind.NEVER, "ship", "scrap")),
    ],
)
def test_rules_as_people_write_them(given: Json, rule: Rule) -> None:
    read = read_grounding("any", {**RULED, "constraints": [given]})
    assert (read.rules, read.constraints) == ((rule,), ())


@pytest.mark.parametrize(
    "sentence", ["Ship at most what was paid.", "Refund only if it was paid.", "Never ship with open invoices."]
)
def test_sentences_stay_sentences(sentence: str) -> None:
    read = read_grounding("any", {**RULED, "constraints": [sentence]})
    assert (read.rules, read.constraints) == ((), (sentence,))


@pytest.mark.parametrize(
    ("use_case", "rules", "told"),
    [
        ({"capabilities": ["check", "ship"]}, ["never: Check with ship"], "in no one plan"),
        ({"capabilities": ["ship"]}, ["requires: check before ship", "never: ship with check"], "in no one plan"),
        ({"capabilities": ["ship"]}, ["at most 0 of SHIP"], "at most 0 times"),
        ({"capabilities": ["ship"], "forbidden": ["check"]}, ["requires: check before ship"], "forbids 'check'"),
        ({"capabilities": ["ship"]}, ["requires: a before ship", "requires: ship before a"], "in a circle"),
        (
            {"capabilities": ["ship", "check"], "order": ["ship", "check"]},
            ["requires: check before ship"],
            "in a circle",
        ),
    ],
)
def test_what_no_plan_can_keep_to_is_refused(use_case: dict[str, Json], rules: list[str], told: str) -> None:
    given = {**RULED, "use_cases": [{"action": "Ship {order_id}", **use_case}], "constraints": rules}
    with pytest.raises(GroundingInvalid, match=told) as raised:
        read_grounding("any", given)
    assert [each["code"] for each in raised.value.problems] == ["contradiction"]


@pytest.mark.parametrize(
    ("use_case", "rules"),
    [
        ({"capabilities": ["ship"]}, ["never: check with ship", "at most 0 of check"]),
        ({"capabilities": ["ship"]}, ["requires: a before b", "requires: b before a"]),
        ({"capabilities": ["check", "ship"], "order": True}, ["requires: check before ship"]),
    ],
)
def test_what_some_plan_keeps_to_is_not(use_case: dict[str, Json], rules: list[str]) -> None:
    given = {**RULED, "use_cases": [{"action": "Ship {order_id}", **use_case}], "constraints": rules}
    assert len(read_grounding("any", given).rules) == len(rules)


def test_names_in_other_forms_of_unicode_are_the_same() -> None:
    given = {**RULED, "use_cases": [{"action": "x", "capabilities": ["caf\u00e9"], "forbidden": ["cafe\u0301"]}]}
    with pytest.raises(GroundingInvalid, match="among the capabilities"):
        read_grounding("any", given)
