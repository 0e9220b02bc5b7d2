from __future__ import annotations

import threading

import pytest

from planengine.lifecycle import broker


def test_a_broker_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, asked = threading.Event(), []

    def answers() -> bool:
        asked.append("")
        return heard.wait(30)

    monkeypatch.setattr(broker, "_answers", answers)
    monkeypatch.setattr(broker, "WAITED_SECONDS", 0.01)
    assert [broker.is_reachable() for _ in range(2)] == [False, False]

    heard.set()
    monkeypatch.setattr(broker, "WAITED_SECONDS", 30)
    assert broker.is_reachable()
    assert 1 <= len(asked) <= 2
