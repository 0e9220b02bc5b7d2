"""One round: clients are at work, one fault is injected, and afterwards everything must be as it should."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chaos import checks
from chaos.checks import Found
from chaos.faults import Fault
from chaos.load import Book, Client, GaveUp, Load, ask
from chaos.site import Site, rows

CLIENTS = 6
# After the fault: within what all must be as before. A plan that a worker was lost with waits for its lease, and
# for the sweep; the model's breaker for two seconds.
HITS_SECONDS = 20.0
PLANS_SECONDS = 45.0
WHOLE_SECONDS = 30.0
ENDED_SECONDS = 60.0
# An exact hit beside the load, on a machine of two cores.
QUICK_SECONDS = 0.25
IN_A_ROW = 3


@dataclass(frozen=True)
class Round:
    """``hits_after`` and ``plans_after``: seconds from the fault's end until exact hits were quick again, and
    until a request that only a planner can answer had its plan; ``ended_after``: until all that was accepted had
    ended, the clients' last requests too. ``None`` when that did not come about in time."""

    fault: Fault
    number: int
    hits_after: float | None
    plans_after: float | None
    ended_after: float | None
    sent_again: int
    found: Found

    @property
    def holds(self) -> bool:
        return self.found.holds and None not in (self.hits_after, self.plans_after, self.ended_after)


def play(site: Site, fault: Fault, number: int, *, seed: int, clients: int = CLIENTS) -> Round:
    site.book, site.round = Book(), f"{seed}r{number}"
    with Load(site.stack.url, site.key, site.book, seed=site.round, clients=clients):
        site.pause(0.5, 1.5)
        fault.inject(site)
        over = time.monotonic()
        hits_after = hits_are_quick(site, over)
        plans_after = plans_are_made(site, over)
        if not site.until_whole(seconds=WHOLE_SECONDS):
            site.book.complain(f"not all processes are back: {dict(site.stack.processes)}")
    ended_after = time.monotonic() - over if checks.until_all_ended(site, seconds=ENDED_SECONDS) else None
    _until_the_flights_end(site)
    found = checks.check(site, loses_work=fault.loses_work, other_clocks=fault.name == "clock")
    return Round(fault, number, hits_after, plans_after, ended_after, site.book.sent_again, found)


def hits_are_quick(site: Site, over: float, *, mark: str = "h") -> float | None:
    """Seconds from ``over`` on. Of several of a round each has a ``mark`` of its own."""
    prober = Client(site.stack.url, site.key, site.book, seconds=HITS_SECONDS)
    row, count, first = 0, 0, 0.0
    try:
        while time.monotonic() - over < HITS_SECONDS:
            began = time.monotonic()
            token = f"T-{site.round}{mark}{count}"
            count += 1
            plan = ask(prober, "hit", f"Refund order {token}", token=token)
            is_quick = plan["source"] == "exact" and time.monotonic() - began < QUICK_SECONDS
            first = first if row else began
            row = row + 1 if is_quick else 0
            if row == IN_A_ROW:
                return first - over
    except GaveUp:
        return None
    finally:
        prober.close()
    return None


def plans_are_made(site: Site, over: float, *, mark: str = "p") -> float | None:
    prober = Client(site.stack.url, site.key, site.book, seconds=PLANS_SECONDS)
    count = 0
    try:
        while time.monotonic() - over < PLANS_SECONDS:
            token = f"T-{site.round}{mark}{count}"
            plan = ask(prober, "bypass", f"Refund order {token}", token=token, cache="bypass", wait=2)
            if plan["status"] == "ready":
                return time.monotonic() - over
            count += plan["finished_at"] is not None  # else it is asked for again, and waited for
    except GaveUp:
        return None
    finally:
        prober.close()
    return None


def _until_the_flights_end(site: Site) -> None:
    """What a lost worker led is held until its lease ends."""
    deadline = time.monotonic() + 10
    while rows(site, checks.FLIGHTS, site.project) != [(0,)] and time.monotonic() < deadline:
        time.sleep(0.1)
