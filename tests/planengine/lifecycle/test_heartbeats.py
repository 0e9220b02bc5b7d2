from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from celery import signals
from django.db import OperationalError
from django.utils import timezone

from planengine import tasks
from planengine.lifecycle import heartbeats
from planengine.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def noted(monkeypatch: Any) -> threading.Semaphore:
    """Released after each sign of life."""
    seen = threading.Semaphore(0)
    note = heartbeats.note

    def then_tell(*args: Any, **more: Any) -> None:
        try:
            note(*args, **more)
        finally:
            seen.release()

    monkeypatch.setattr(heartbeats, "note", then_tell)
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.01)
    return seen


@pytest.mark.parametrize(("signal", "kind"), [(signals.worker_ready, "worker"), (signals.beat_init, "beat")])
def test_worker_and_beat_tell_that_they_are_alive_until_they_end(
    noted: threading.Semaphore, signal: Any, kind: str
) -> None:
    signal.send(sender=None)
    signal.send(sender=None)
    try:
        assert noted.acquire(timeout=30) and noted.acquire(timeout=30)
        (heartbeat,) = Heartbeat.objects.all()
        assert (heartbeat.name, heartbeat.kind) == (heartbeats.name_of(kind), kind)
        assert heartbeat.began_at < heartbeat.seen_at
        assert heartbeats.is_alive(heartbeat, timezone.now())
    finally:
        heartbeats.leave(kind)
    assert not Heartbeat.objects.exists()
    heartbeats.leave(kind)


def test_it_goes_on_after_the_database_was_away(monkeypatch: Any) -> None:
    tries = threading.Semaphore(0)

    def fail(*_: Any, **__: Any) -> None:
        tries.release()
        raise OperationalError("gone")

    monkeypatch.setattr(heartbeats, "note", fail)
    monkeypatch.setattr(heartbeats, "EVERY_SECONDS", 0.01)
    heartbeats.keep("web")
    try:
        assert all(tries.acquire(timeout=30) for _ in range(3))
    finally:
        heartbeats.leave("web")


def test_a_process_with_the_id_of_another_begins_anew(db: None) -> None:
    heartbeats.note("worker@host:7", "worker", first=True)
    Heartbeat.objects.update(began_at=timezone.now() - timedelta(days=2))
    heartbeats.note("worker@host:7", "worker", first=True)

    (heartbeat,) = Heartbeat.objects.all()
    assert heartbeat.began_at == heartbeat.seen_at


def test_a_tick_that_came_through_leaves_a_sign(monkeypatch: Any) -> None:
    monkeypatch.setattr(heartbeats, "_ticked", float("-inf"))
    tasks.sweep()
    (heartbeat,) = Heartbeat.objects.filter(kind="ticks")
    tasks.sweep()  # not written every two seconds
    assert Heartbeat.objects.get().seen_at == heartbeat.seen_at


def test_those_of_processes_that_are_gone_are_stale_and_then_deleted() -> None:
    now = timezone.now()
    for name, age in (("a", 0), ("b", 60), ("c", 2 * 86400)):
        seen = now - timedelta(seconds=age)
        Heartbeat.objects.create(name=name, kind="worker", began_at=seen, seen_at=seen)

    known = heartbeats.known(now)
    assert [(row.name, heartbeats.is_alive(row, now)) for row in known] == [("a", True), ("b", False)]
    assert heartbeats.delete_old(now) == 1
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"a", "b"}
