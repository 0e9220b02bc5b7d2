from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
from django.db import OperationalError, connection, transaction

from orra.base import leases
from planengine.models import Project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)


class Counted:
    """A lease that is lost after so many renewals; never by default."""

    def __init__(self, times: int | None = None) -> None:
        self.times = times
        self.calls = 0
        self.thread: threading.Thread | None = None
        self._called = threading.Condition()

    def __call__(self) -> bool:
        with self._called:
            self.calls += 1
            self.thread = threading.current_thread()
            self._called.notify_all()
        return self.times is None or self.calls < self.times

    def wait(self, *, more: int = 0) -> None:
        """Until it has been renewed at all, or so many times more."""
        with self._called:
            enough = self.calls + more if more else 1
            assert self._called.wait_for(lambda: self.calls >= enough, 30)


def test_renewals_go_on_after_some_that_failed() -> None:
    tries, renewed = iter(range(100)), threading.Event()

    def extend() -> bool:
        if next(tries) < 3:
            raise OperationalError("the database restarts")
        renewed.set()
        return False

    with leases.kept(extend, name="tests"):
        assert renewed.wait(30)


def test_renewals_end_with_the_first_lease_that_is_lost() -> None:
    lost, behind, another = Counted(times=1), Counted(), Counted()

    with leases.kept(lost, behind, name="tests"), leases.kept(another, name="another"):
        lost.wait()
        another.wait(more=3)

    assert (lost.calls, behind.calls) == (1, 0)


def test_nothing_is_renewed_after_the_block() -> None:
    ended, another = Counted(), Counted()
    with leases.kept(another, name="another"):
        with leases.kept(ended, name="tests"):
            ended.wait()
        before = ended.calls
        another.wait(more=2)

    assert ended.calls == before


def test_one_thread_renews_them_all_and_goes_with_the_last() -> None:
    held = [Counted() for _ in range(50)]
    with ExitStack() as blocks:
        for number, lease in enumerate(held):
            blocks.enter_context(leases.kept(lease, name=str(number)))
        for lease in held:
            lease.wait()
    [thread] = {lease.thread for lease in held}
    assert thread is not None
    thread.join(30)

    assert not thread.is_alive()


def test_a_row_that_somebody_has_locked_keeps_no_other_lease_waiting(project: Project) -> None:
    tried, renewed = threading.Event(), Counted()

    def extend() -> bool:
        tried.set()
        return bool(Project.objects.filter(pk=project.pk).update(name="renewed"))

    def name() -> str:
        return str(Project.objects.values_list("name", flat=True).get(pk=project.pk))

    with leases.kept(extend, name="locked"), leases.kept(renewed, name="another"):
        with transaction.atomic():
            Project.objects.select_for_update().get(pk=project.pk)
            tried.clear()
            assert tried.wait(30)
            renewed.wait(more=2)
            assert name() != "renewed"
        tried.clear()
        assert tried.wait(30)
        renewed.wait(more=2)
        assert name() == "renewed"
    assert connection.is_usable()
