from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from planengine import leases

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)


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
    lost, asked = threading.Event(), threading.Event()

    def first() -> bool:
        lost.set()
        return False

    def second() -> bool:
        asked.set()
        return True

    with leases.kept(first, second, name="tests"):
        assert lost.wait(30)
        renewing = [thread for thread in threading.enumerate() if thread.name == "lease-tests"]
        for thread in renewing:
            thread.join(30)
        assert not any(thread.is_alive() for thread in renewing)
    assert not asked.is_set()
