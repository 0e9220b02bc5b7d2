from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.templates.literals import find_literals, sentinel, spellings


def found(text: str) -> list[tuple[str, str]]:
    return [(literal.name, text[literal.start : literal.end]) for literal in find_literals(text)]


@pytest.mark.parametrize(
    ("text", "literals"),
    [
        ("Process order #1234", [("#id", "#1234")]),
        ("refund ORD-17, please", [("#id:ord", "ORD-17")]),
        ("ticket INV-2024-001.", [("#id:inv", "INV-2024-001")]),
        ("call 555-123-4567", [("#id", "555-123-4567")]),
        ("mail ann@example.org.", [("#email", "ann@example.org")]),
        ("open https://example.org/a?b=1, now", [("#url", "https://example.org/a?b=1")]),
        ("pay $1,000.50", [("#money", "1,000.50")]),
        ("pay 20 euros", [("#money", "20")]),
        ("pay USD 20", [("#money", "20")]),
        ("pay USD20.50", [("#money", "20.50")]),
        ("ticket USD20-B", [("#id", "USD20-B")]),
        ("pay 1\u202f250,50 €", [("#money", "1\u202f250,50")]),
        ("pay 1’500 CHF", [("#money", "1’500")]),
        ("pay 100zł", [("#money", "100")]),
        ("pay -5 EUR", [("#money", "-5")]),
        ("pay 2 million dollars", [("#money", "2 million")]),
        ("pay $5m for 5m of rope", [("#money", "5m"), ("#number", "5")]),
        ("at $3.459 per gallon", [("#number", "3.459")]),
        ("at 1,459 €/l", [("#number", "1,459")]),
        ("twenty-five seats", [("#number", "twenty-five")]),
        ("two-factor login", []),
        ("支払い100万円", [("#money", "100万")]),
        ("订单ORD-17取消", [("#id:ord", "ORD-17")]),
        ("ORD-17को", [("#id:ord", "ORD-17")]),
        ("az ORD-17-et", [("#id:ord", "ORD-17")]),
        ("DOC-17-B", [("#id", "DOC-17-B")]),
        ("১০০টি", [("#number", "১০০")]),
        ("дом 17а", [("#id", "17а")]),
        ("发送到ann@example.org给她", [("#email", "ann@example.org")]),
        ("https://example.org/aを開く", [("#url", "https://example.org/a")]),
        ("#1,234", [("#number", "1,234")]),
        ("am 6. Mai 2031", [("#date", "6. Mai 2031")]),
        ("2031年5月6日に", [("#date", "2031年5月6日")]),
        ("on 2031-05-06", [("#date", "2031-05-06")]),
        ("on May 6, 2031", [("#date", "May 6, 2031")]),
        ("on the 6th of May", [("#date", "6th of May")]),
        ("by next Friday", [("#date", "next Friday")]),
        ("at 5:30 pm", [("#time", "5:30 pm")]),
        ("at noon", [("#time", "noon")]),
        ("5kg of rice", [("#number", "5")]),
        ("set it to -3", [("#number", "-3")]),
        ("pages 3-5", [("#number", "3"), ("#number", "5")]),
        ("two tickets", [("#number", "two")]),
        ("处理订单1234", [("#number", "1234")]),
        ("item 0d9f4c1e-aaaa-4bbb-8ccc-1234567890ab", [("#uuid", "0d9f4c1e-aaaa-4bbb-8ccc-1234567890ab")]),
        ("commit 9f4c1e0d2b7a", [("#hash", "9f4c1e0d2b7a")]),
        ("named “Blue Sky”", [("#quoted", "“Blue Sky”")]),
        ("the girls' night and Ann's book", []),
        ("a well-known and/or e.g. thing", []),
    ],
)
def test_literals_are_found_with_their_kind(text: str, literals: list[tuple[str, str]]) -> None:
    assert found(text) == literals


def test_a_literal_is_spelled_alike_for_another_value() -> None:
    assert spellings("id", "#1234") == {"raw": "#1234", "bare": "1234", "number": 1234, "digits": "1234"}
    assert spellings("money", "1,000.50")["number"] == 1000.5
    assert spellings("quoted", '"Blue Sky"')["bare"] == "Blue Sky"


@given(st.text())
def test_literals_lie_inside_the_text_in_order(text: str) -> None:
    literals = find_literals(text)
    assert all(0 <= literal.start < literal.end <= len(text) for literal in literals)
    atoms = [literal for literal in literals if literal.kind != "quoted"]
    assert all(one.end <= other.start for one, other in zip(atoms, atoms[1:], strict=False))


@given(st.sampled_from(["#1234", "ORD-17", "a1b2", "12", "$", "'x'", "2031-05-06"]), st.integers(0, 99))
def test_a_sentinel_can_be_spelled_like_the_literal_it_stands_for(raw: str, serial: int) -> None:
    for kind in ("number", "money", "date", "time", "email", "url", "uuid", "hash", "quoted", "id"):
        made = sentinel(kind, raw, serial)
        assert made != raw
        if kind == "id":
            assert spellings(kind, raw).keys() == spellings(kind, made).keys()


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a-",
        "1-",
        "1",
        "1,",
        '"',
        "“",
        "'a ",
        "www.",
        "http://,",
        "a@",
        "a.b@c",
        "jan  ",
        "0xf1",
        "$1 ",
        " ",
        "№ ",
        "é",
    ],
)
def test_hostile_text_costs_little(unit: str) -> None:
    text = unit * (8000 // len(unit))
    started = time.process_time()
    find_literals(text)
    assert time.process_time() - started < 3  # some 10 ms; a pattern that backtracks takes minutes
