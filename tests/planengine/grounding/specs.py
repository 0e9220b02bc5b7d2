"""Groundings for tests: a plain one, and any that may be written."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from orra.base.strictjson import Json
from planengine.grounding.constraints import read_constraints
from planengine.grounding.contradictions import contradictions
from planengine.grounding.faults import Faults
from planengine.grounding.reading import read_grounding
from planengine.grounding.specs import GroundingSpec
from planengine.grounding.use_cases import read_use_cases
from tests.orra.base.test_strictjson import values


def returns(**members: Json) -> Json:
    """A returns desk's grounding, as its author writes it."""
    return {
        "domain": "returns desk",
        "version": "1.0",
        "mode": "strict",
        "use_cases": [
            {
                "action": "Refund order {order_id}",
                "also": ["Give the customer the money back for {order_id}"],
                "params": {"order_id": "ORD-17"},
                "capabilities": ["verify refund eligibility", "refund an order"],
                "order": True,
                "forbidden": ["delete an order"],
                "intent": "A customer sent something back and wants the money.",
            }
        ],
        "constraints": [
            "Be polite.",
            {"requires": "verify refund eligibility before refund an order"},
            {"rule": "at_most", "most": 1, "of": "refund an order"},
        ],
        **members,
    }


def spec(name: str = "returns", **members: Json) -> GroundingSpec:
    return read_grounding(name, returns(**members))


# --- any grounding

_letters = st.characters(codec="utf-8", categories=("L", "N", "S", "P", "Zs", "M"), exclude_characters="{}")
_names = st.text(_letters, min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=60).filter(
    lambda text: bool(text.strip())
)
_fields = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
_versions = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,20}", fullmatch=True)


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _lists_of(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(names, max_size=4, unique_by=_key)


@st.composite
def _wordings(draw: Any) -> str:
    words = draw(
        st.lists(st.sampled_from(["refund", "取消", "Größe", "order", "now", "№5"]), min_size=1, max_size=4)
    )
    variables = draw(st.lists(_fields, max_size=2))
    return " ".join([*words, *(f"{{{name}}}" for name in variables), str(draw(st.integers(0, 10**6)))])


@st.composite
def _use_cases(draw: Any) -> Json:
    names = draw(_lists_of(_names))
    cut = draw(st.integers(0, len(names)))
    capabilities, forbidden = names[:cut], names[cut:]
    order = draw(st.sampled_from([None, True, False]) | st.permutations(capabilities))
    return {
        "action": draw(_wordings()),
        "also": draw(st.lists(_wordings(), max_size=2)),
        "params": draw(st.dictionaries(_fields, values, max_size=3)),
        "capabilities": capabilities,
        "order": order,
        "forbidden": forbidden,
        "intent": draw(st.just("") | _texts),
    }


@st.composite
def _rules(draw: Any) -> Json:
    first, then = draw(st.lists(_names, min_size=2, max_size=2, unique_by=_key))
    return draw(
        st.sampled_from(
            [
                {"rule": "requires", "first": first, "before": then},
                {"rule": "never", "this": first, "with": then},
                {"rule": "at_most", "most": 3, "of": first},
                {"rule": "only_if", "this": first, "param": then},
            ]
        )
    )


def _wordings_of(use_cases: list[Json]) -> list[str]:
    return [_key(wording) for each in use_cases for wording in (each["action"], *each["also"])]


def _can_be_kept(given: Json) -> bool:
    use_cases = read_use_cases(given["use_cases"], Faults())
    return not any(contradictions(use_cases, read_constraints(given["constraints"], Faults())[1]))


groundings: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "domain": _names,
        "version": _versions,
        "mode": st.sampled_from(["advisory", "strict"]),
        "use_cases": st.lists(_use_cases(), min_size=1, max_size=3).filter(
            lambda cases: len(set(_wordings_of(cases))) == len(_wordings_of(cases))
        ),
        "constraints": st.lists(_texts.map(lambda text: f"- {text}") | _rules(), max_size=4),
    }
).filter(_can_be_kept)
