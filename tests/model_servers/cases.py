"""The cases in which servers differ, by number, and at which servers each was played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from tests.servers.profiles import Profile

TITLES = {
    1: "a system message is refused",
    2: "`max_tokens` is refused",
    3: "sampling parameters are refused",
    4: "the model is not there",
    5: "reasoning before the answer, its opening tag missing",
    6: "reasoning in tags, or in parts of the content",
    7: "the answer came as reasoning, no content",
    8: "the answer is cut off",
    9: "white space until the output limit",
    10: "`json_schema` is refused, another form is taken",
    11: "a sampling value is out of the server's range",
    12: "`json_object` is refused, `json_schema` is taken",
    13: "the base URL lacks `/v1`",
    14: "an HTML page or nothing, with 200",
    15: "schemas with keywords that its grammar lacks are refused",
    16: "the form is ignored: prose",
    17: "the prompt is longer than the context",
    18: "a long prompt is silently cut",
    19: "the model is being loaded",
    20: "rate limits and quotas",
    21: "keep-alives for ever",
    22: "errors in mid-stream",
    23: "shapes of streams",
    24: "keys: none, wrong, none of the environment's",
    25: "embeddings",
    26: "its list of models has another shape, or is missing",
    27: "killed before, in and after the headers, and back again",
    28: "a finish reason in every piece of a stream",
    29: "every form of JSON fails with 500, or gives nothing",
    30: "the limit of the answer is more than it gives",
    31: "what the model wrote is told beside an error",
    32: "the answer is a call, a string, a list of tasks",
    33: "a stream that stays empty",
    34: "reasoning, and no answer",
    35: "rate limits under other status codes",
    36: "the deadline passes in mid-answer",
    37: "a router finds no provider for the request",
}

Test = TypeVar("Test", bound=Callable[..., Any])

PLAYED: dict[int, set[str]] = {number: set() for number in TITLES}


def case(number: int, *profiles: Profile) -> Callable[[Test], Test]:
    """The test plays case ``number`` at each of these servers; it gets the ``profile``."""
    PLAYED[number] |= {profile.name for profile in profiles}

    def mark(test: Test) -> Test:
        names = [profile.name for profile in profiles]
        played: Test = pytest.mark.parametrize("profile", profiles, ids=names)(pytest.mark.case(number)(test))
        return played

    return mark
