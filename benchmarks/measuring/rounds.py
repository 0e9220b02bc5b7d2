"""Kinds of requests measured in turn, in many short rounds: what disturbs one kind disturbs the others."""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.measuring import cpu
from benchmarks.measuring.cpu import Used
from benchmarks.measuring.environment import Address
from benchmarks.measuring.load import Load, measure

Requests = Callable[[], list[bytes]]
WARM_UP_SECONDS = 0.5


@dataclass(frozen=True)
class Server:
    """Where a web process listens, and the process ids of it and of Postgres' first process."""

    address: Address
    web: int
    postgres: int


@dataclass(frozen=True)
class Round:
    """``used`` is for each request, in milliseconds."""

    load: Load
    used: Used

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.load.seconds) * 1000

    @property
    def per_second(self) -> float:
        return self.load.per_second

    @property
    def cpu_ms(self) -> float:
        return self.used.web + self.used.postgres


@dataclass(frozen=True)
class Rounds:
    of: Mapping[str, list[Round]]

    def median(self, kind: str, figure: Callable[[Round], float]) -> float:
        return statistics.median(map(figure, self.of[kind]))

    def ratio(self, kind: str, other: str, figure: Callable[[Round], float]) -> float:
        """How many times as much, the median of the rounds' ratios."""
        pairs = zip(self.of[kind], self.of[other], strict=True)
        return statistics.median(figure(one) / figure(another) for one, another in pairs)

    def percentile_ms(self, kind: str, percent: int) -> float:
        """Of the requests of all rounds together."""
        taken = [seconds for each in self.of[kind] for seconds in each.load.seconds]
        return statistics.quantiles(taken, n=100, method="inclusive")[percent - 1] * 1000


def in_turn(server: Server, kinds: Mapping[str, Requests], *, clients: int, rounds: int, seconds: float) -> Rounds:
    """Each round asks for the requests that its kind gives then, by so many clients, for so long."""
    found: dict[str, list[Round]] = {kind: [] for kind in kinds}
    with multiprocessing.get_context("spawn").Pool(1) as pool:

        def load(requests: list[bytes], seconds: float) -> Load:
            return pool.apply(measure, (server.address, requests), {"clients": clients, "seconds": seconds})

        for requests in kinds.values():  # what a process remembers, it remembers from now on
            load(requests(), WARM_UP_SECONDS)
        for _, (kind, requests) in itertools.product(range(rounds), kinds.items()):
            asked, before = requests(), _used(server)
            measured = load(asked, seconds)
            used, each = _used(server).since(before), 1000 / measured.asked
            found[kind].append(Round(measured, Used(used.web * each, used.postgres * each)))
    return Rounds(found)


def _used(server: Server) -> Used:
    return cpu.read(web=server.web, postgres=server.postgres)
