"""Feedback mends what it can: models that make one kind of mistake, over HTTP, with and without being told."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.planning.weak_models import LEAST_WITH_FEEDBACK, success
from planengine.drafting import generation
from tests.servers.weak import ALL_KINDS, KINDS

MENDED = [kind for kind in ALL_KINDS if kind != "prose around JSON"]


@pytest.mark.parametrize("kind", MENDED)
def test_feedback_mends_the_mistake(kind: str) -> None:
    told = success(kind, told=True)
    # A draft that is repeated word for word ends it, which one that spoils whole answers may do by chance.
    assert told.valid >= (0.85 if kind in ("truncated JSON", "prose instead of JSON") else LEAST_WITH_FEEDBACK)
    assert told.right >= 0.9
    assert told.first < 0.7, "a model without mistakes shows nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_what_the_feedback_tells_that_mends(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def tell_nothing(*args: Any, **options: Any) -> str:
        return "The plan is wrong."

    told = success(kind, told=True)
    monkeypatch.setattr(generation, "_tell", tell_nothing)
    assert success(kind, told=True).valid < told.valid - 0.1


def test_prose_around_a_plan_needs_no_feedback() -> None:
    assert success("prose around JSON", told=False).first == 1.0
