"""What a model may answer that means no good: a valid plan spoiled at a place, and texts that are hard to read."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from orra.base.strictjson import Json

PLAN: Json = {
    "tasks": [
        {"id": "task0", "input": {"orderId": "ORD-17"}},
        {"id": "task1", "service": "refund order", "input": {"orderId": "$task0.orderId"}},
        {"id": "task2", "service": "notify", "input": {"receipt": "$task1.receipt"}, "after": ["task1"]},
    ],
    "parallel_groups": [["task1"], ["task2"]],
}
WHOLE = json.dumps(PLAN)

DEEP, LONG = 10_000, 300_000
# Each is hard to read in its own way. None is longer than answers may be.
TEXTS = {
    "nothing": "",
    "spaces": " " * LONG,
    "lines": "\n" * LONG,
    "spaces inside": WHOLE.replace(" ", " " * 20_000),
    "deep arrays": '{"tasks": ' + "[" * DEEP + "]" * DEEP + "}",
    "deep objects": '{"tasks": ' * DEEP + "1" + "}" * DEEP,
    "deep and open": '{"tasks": [' * DEEP,
    "deep input": WHOLE.replace('"$task0.orderId"', "[" * DEEP + "]" * DEEP),
    "open braces": "{" * LONG,
    "braces and quotes": '{"' * (LONG // 2),
    "closed braces": "}" * LONG,
    "open quote": '"' + "\\" * LONG,
    "escaped quotes": '{\\"tasks\\": ' * 20_000,
    "fences": "```json\n" * 30_000,
    "thoughts": "<think>" * 40_000 + WHOLE,
    "closed thoughts": "</think>" * 30_000 + WHOLE,
    "thoughts with plans": ("<think>" + WHOLE + "</think>") * 500,
    "many plans": WHOLE * 1_000,
    "many small plans": '{"tasks": []}' * 20_000,
    "huge integer": WHOLE.replace('"ORD-17"', "9" * LONG),
    "huge exponent": WHOLE.replace('"ORD-17"', "1e999999999"),
    "tiny exponent": WHOLE.replace('"ORD-17"', "1e-999999999"),
    "many digits": WHOLE.replace('"ORD-17"', "0." + "1" * LONG),
    "not a number": WHOLE.replace('"ORD-17"', "NaN"),
    "duplicate keys": WHOLE.replace('"id": "task1"', '"id": "task1", "id": "task2"'),
    "duplicate tasks": '{"tasks": [], ' + WHOLE[1:],
    "lone surrogate": WHOLE.replace("ORD-17", "\\ud800"),
    "lone surrogate itself": WHOLE.replace("ORD-17", "\ud800"),
    "NUL": WHOLE.replace("ORD-17", "\\u0000"),
    "NUL itself": WHOLE.replace("ORD-17", "\x00"),
    "right to left": WHOLE.replace("task1", "\u202etask1"),
    "byte-order mark": "\ufeff" + WHOLE,
    "many tasks": json.dumps(
        {**PLAN, "tasks": PLAN["tasks"] + [{"id": f"t{n}", "service": "x"} for n in range(5_000)]}
    ),
    "many groups": json.dumps({**PLAN, "parallel_groups": [["task1"]] * 20_000}),
    "long name": WHOLE.replace("refund order", "r" * LONG),
    "long reference": WHOLE.replace("$task0.orderId", "$task0." + "o" * LONG),
    "many references": WHOLE.replace("$task0.orderId", "$task0.orderId " * 10_000),
    "many dollars": WHOLE.replace("$task0.orderId", "$" * LONG),
    "wide input": WHOLE.replace('"ORD-17"', json.dumps({f"field {number}": number for number in range(10_000)})),
    "prototypes": WHOLE.replace('"orderId": "ORD-17"', '"__proto__": {"a": 1}, "constructor": {"prototype": 1}'),
    "dunder names": WHOLE.replace("orderId", "__class__").replace("receipt", "__dict__"),
    "its own order": WHOLE.replace('["task1"], ["task2"]', '["task2"], ["task1"]'),
    "a circle": WHOLE.replace('"$task0.orderId"', '"$task2.orderId"'),
    "HTML": "<script>alert(1)</script>" + WHOLE,
    "format fields": WHOLE.replace("ORD-17", "{0.__class__.__mro__} %s %(x)s ${jndi:x}"),
}

VALUES: tuple[Json, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**300,
    "",
    " ",
    "$",
    "$task0",
    "$task0.",
    "$task0.orderId.x[0]",
    "$task1.receipt",
    "task0",
    "__proto__",
    "é\u202e\u0301",
    "x" * 20_000,
    [],
    [[]],
    [None, [1], {"a": []}],
    {},
    {"": ""},
    {"__proto__": {"polluted": True}},
    {"id": {"id": {"id": {}}}},
)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a value something else could stand."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def spoiled(path: tuple[Any, ...], value: Json) -> Json:
    """The plan with ``value`` at a place."""
    if not path:
        return value
    plan = copy.deepcopy(PLAN)
    *way, last = path
    holder = plan
    for step in way:
        holder = holder[step]
    holder[last] = value
    return plan


PLACES = st.sampled_from(list(places(PLAN)))
ANYTHING = st.recursive(
    st.sampled_from(VALUES) | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SPOILED = st.builds(spoiled, PLACES, ANYTHING).map(json.dumps)
CUT = st.builds(lambda text, end: text[: end % (len(text) + 1)], SPOILED, st.integers(0, 10_000))
PUT_TOGETHER = st.lists(
    st.sampled_from(["<think>", "</think>", "[THINK]", "```json\n", "```", "{", "}", '"', "\\", "\n", WHOLE])
    | SPOILED,
    max_size=8,
).map("".join)
ANSWERS = SPOILED | CUT | PUT_TOGETHER | st.text(max_size=200)
