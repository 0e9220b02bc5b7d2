"""An upgrade, the way back and the upgrade again, with clients at work all the time."""

from __future__ import annotations

import itertools
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos import checks
from chaos.checks import Found
from chaos.load import Book, Client, GaveUp, Load, ask
from chaos.site import SHOP, Site, until
from orra.embedded.runs import StartedStack
from tests.live.client import Client as Requester
from tests.live.slow_model import made_up
from versions.site import PARTS, READY_SECONDS, Release, Shared, release, shared

CLIENTS = 4
PHASE_SECONDS = 6.0
WAITING_SECONDS = 3.0
ENDED_SECONDS = 60.0
WAITS = "the database's tables are of an older release"
MOST_COMPLAINTS = 6
# Words that no client of the load uses.
WORDS_FROM = 3_000


@dataclass
class Upgrade:
    """What came of it. ``phases``: requests accepted in each. ``hits``: by what stored the entry and who was asked
    for it, where the answer came from. ``slowest_hit``: seconds, while the tables were migrated. ``complaints``:
    what processes logged as errors, by release and part; ``broken``: what else does not hold."""

    phases: dict[str, int] = field(default_factory=dict)
    hits: dict[str, str] = field(default_factory=dict)
    migrated_in: float = 0.0
    ready_after: float = 0.0
    slowest_hit: float = 0.0
    found: Found = field(default_factory=Found)
    complaints: dict[str, list[str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.found.holds and not self.broken and not any(self.complaints.values())


class Wanderer(Client):
    """Asks one release after the other, so that what one was told the other is asked about."""

    def __init__(self, urls: tuple[str, ...], key: str, book: Book) -> None:
        super().__init__(urls[0], key, book)
        self._urls = itertools.cycle(urls)

    @contextmanager
    def _reading(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Iterator[Any]:
        self.close()
        self.url = next(self._urls)
        with super()._reading(method, path, body, headers) as answer:
            yield answer


class CannotRun(Exception):
    """Older code that does not even make its tables, with these packages or at all. Its text is what it said."""


def play(old_code: Path, new_code: Path, folder: Path, *, seed: int, seconds: float = PHASE_SECONDS) -> Upgrade:
    with (
        shared(folder, seed=seed) as common,
        release("old", old_code, folder, common.variables) as old,
        release("new", new_code, folder, common.variables) as new,
    ):
        try:
            old.migrate()
        except subprocess.CalledProcessError:
            raise CannotRun(_last_line(old.said("migrate"))) from None
        old.start()
        old.until_ready()
        try:
            return _Playing(_site(old, common, folder, seed), old, new, seconds).play()
        except subprocess.CalledProcessError:
            return Upgrade(broken=[f"the tables cannot be migrated: {_last_line(new.said('migrate'))}"])


def _site(old: Release, common: Shared, folder: Path, seed: int) -> Site:
    """With a project, a shop, and a plan that is kept."""
    made = Requester(old.url, "").request("POST", "/v1/projects", {"name": "versions"})[1]
    requester = Requester(old.url, made["api_key"])
    requester.request("PATCH", "/v1/project", {"recheck_share": 0})
    requester.register(SHOP)
    plan = requester.ask(f"Refund order {checks.FIRST}", order_id=checks.FIRST, wait=60)[1]
    assert plan["status"] == "ready", plan
    stack = StartedStack(old.running["web"], old.url, folder, None)
    database = common.variables["DATABASE_URL"]
    site = Site(stack, common.model, database, made["api_key"], made["id"], random.Random(seed), disk=False)
    site.book, site.round = Book(), f"{seed}v"
    return site


class _Playing:
    def __init__(self, site: Site, old: Release, new: Release, seconds: float) -> None:
        self.site, self.old, self.new, self.seconds = site, old, new, seconds
        self.upgrade = Upgrade()
        self._tokens = itertools.count()
        self._phases = itertools.count()

    def play(self) -> Upgrade:
        old, new = self.old, self.new
        with self._phase("old alone, then migrated", old):
            new.start()
            self._new_waits()
            self._migrate()
        self._stored_and_asked("old web and worker", old, new)
        with self._phase("both", old, new):
            time.sleep(self.seconds)
        old.stop("worker")
        with self._phase("both web, new worker", old, new):
            time.sleep(self.seconds)
            self._stored_and_asked("new web and worker", new, old)
            self._stored_and_asked("old web, new worker", old, new)
        new.stop("worker")
        old.start("worker")
        self._ask(old, "Refund order {}", cache="bypass")  # made as soon as it is there
        checks.until_all_ended(self.site, seconds=READY_SECONDS)
        with self._phase("both web, old worker", old, new):
            time.sleep(self.seconds)
            self._stored_and_asked("new web, old worker", new, old)
        new.stop()
        with self._phase("back: old alone on new tables", old):
            time.sleep(self.seconds)
        new.start()
        new.until_ready()
        old.stop()
        self.site.stack = StartedStack(new.running["web"], new.url, self.site.data_dir, None)
        with self._phase("new alone", new):
            time.sleep(self.seconds)
        if not checks.until_all_ended(self.site, seconds=ENDED_SECONDS):
            self.upgrade.broken.append("not all plans have ended")
        self.upgrade.found = checks.check(self.site)
        self.upgrade.complaints = {
            f"{each.name} {part}": _errors(each.said(part)) for each in (old, new) for part in PARTS
        }
        return self.upgrade

    @contextmanager
    def _phase(self, name: str, *asked: Release) -> Iterator[None]:
        """Clients ask these releases, in turns."""
        before = len(self.site.book.accepted)
        seed = f"{self.site.round}{next(self._phases)}"
        urls = tuple(each.url for each in asked)
        make: Callable[[str, str, Book], Client] = lambda _, key, book: Wanderer(urls, key, book)  # noqa: E731
        with Load(urls[0], self.site.key, self.site.book, seed=seed, clients=CLIENTS, client=make):
            yield
        self.upgrade.phases[name] = len(self.site.book.accepted) - before

    def _new_waits(self) -> None:
        """It is there, not ready, and says so once."""
        until(lambda: self.new.status("/livez") == 200)
        until(lambda: all(WAITS in self.new.said(part) for part in PARTS))
        time.sleep(WAITING_SECONDS)
        statuses = {path: self.new.status(path) for path in ("/livez", "/readyz", "/v1/plans")}
        if statuses != {"/livez": 200, "/readyz": 503, "/v1/plans": 503}:
            self.upgrade.broken.append(f"the new release answers before its tables are there: {statuses}")
        for part in PARTS:
            if self.new.running[part].poll() is not None or self.new.said(part).count(WAITS) != 1:
                self.upgrade.broken.append(f"the new {part} does not wait: {self.new.said(part)[-300:]}")

    def _migrate(self) -> None:
        """While a client watches how long hits take."""
        began = time.monotonic()
        with _watched(lambda: self._hit(self.old)) as slowest:
            self.new.migrate()
        self.upgrade.slowest_hit = slowest[0]
        self.upgrade.migrated_in = time.monotonic() - began
        self.new.until_ready()
        self.upgrade.ready_after = time.monotonic() - began - self.upgrade.migrated_in

    def _stored_and_asked(self, who: str, stores: Release, other: Release) -> None:
        """A request in words that nobody has used, planned for one release; then the same of another parcel, asked
        of the other release and of the first."""
        action = "Track parcel {} for " + made_up(WORDS_FROM + len(self.upgrade.hits))
        told = [self._ask(stores, action, cache="refresh"), self._ask(other, action), self._ask(stores, action)]
        self.upgrade.hits[who] = (
            f"{told[0]}, then {told[1]} from the {other.name}, {told[2]} from the {stores.name}"
        )

    def _ask(self, asked: Release, action: str, **more: Any) -> str:
        token = f"T-{self.site.round}s{next(self._tokens)}"
        client = Client(asked.url, self.site.key, self.site.book)
        field = "parcel_id" if "parcel" in action else "order_id"
        try:
            plan = ask(client, "hit", action.format(token), token=token, field=field, **more)
        except GaveUp as error:
            self.site.book.give_up(str(error))
            return "no answer"
        finally:
            client.close()
        return str(plan["source"] or plan["status"])

    def _hit(self, asked: Release) -> None:
        self._ask(asked, "Refund order {}")


@contextmanager
def _watched(act: Callable[[], None]) -> Iterator[list[float]]:
    """How many seconds the slowest one took, of those that begin while the block runs."""
    slowest = [0.0]
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            began = time.monotonic()
            act()
            slowest[0] = max(slowest[0], time.monotonic() - began)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield slowest
    finally:
        over.set()
        thread.join()


def _last_line(log: str) -> str:
    return log.strip().rpartition("\n")[2]


def _errors(log: str) -> list[str]:
    """What a process complains about, each thing once. That a model is slow is the machine's affair."""
    lines = [line for line in log.splitlines() if '"level": "error"' in line or line.startswith("Traceback")]
    lines = [line for line in lines if "model left alone" not in line]
    return list(dict.fromkeys(line[:300] for line in lines))[:MOST_COMPLAINTS]
