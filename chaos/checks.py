"""What must hold once a fault is over: the clients' ledger against the database, and the database by itself."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos.load import Client as Asker
from chaos.load import GaveUp, outcome
from chaos.site import SHOP, Site, rows
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.validation.rules import validate

TOKEN = re.compile(r"T-[0-9a-z]+")
FIRST = "T-first"
MOST_ENTRIES = 30
# What one call reserves is less, with such a catalogue; and so many calls may be lost at a time.
MOST_RESERVED = 10_000
MOST_LOST = 16

UNFINISHED = "SELECT count(*) FROM planengine_plan WHERE project_id = %s AND finished_at IS NULL"
PLANS = """
    SELECT id, idempotency_key, action, params, status, source, plan, error->>'code', created_at, finished_at,
        lease_token
    FROM planengine_plan WHERE project_id = %s AND idempotency_key LIKE %s
"""
KEYS_WITH_SEVERAL = """
    SELECT count(*) FROM (
        SELECT FROM planengine_plan WHERE project_id = %s AND idempotency_key IS NOT NULL
        GROUP BY idempotency_key HAVING count(*) > 1
    ) AS several
"""
OPEN_ATTEMPTS = """
    SELECT count(*) FROM planengine_attempt AS attempt JOIN planengine_plan AS plan ON plan.id = attempt.plan_id
    WHERE plan.project_id = %s AND attempt.seconds IS NULL
"""
RESERVED = "SELECT coalesce(sum(reserved_tokens), 0) FROM planengine_dailyusage WHERE project_id = %s"
CALLS = """
    SELECT (SELECT coalesce(sum(calls), 0) FROM planengine_dailyusage WHERE project_id = %s),
        (SELECT count(*) FROM planengine_attempt AS attempt
         JOIN planengine_plan AS plan ON plan.id = attempt.plan_id
         WHERE plan.project_id = %s AND seconds IS NOT NULL AND planner LIKE 'model:%%')
"""
FOLLOWERS = """
    SELECT count(*) FROM planengine_follower AS follower JOIN planengine_plan AS plan ON plan.id = follower.plan_id
    WHERE plan.project_id = %s AND plan.finished_at IS NOT NULL
"""
FLIGHTS = "SELECT count(*) FROM planengine_flight WHERE project_id = %s AND lease_expires_at > now()"


@dataclass
class Found:
    """What came of the requests of one round. ``lost`` were answered and are not stored, or did not end in time;
    ``wrong`` have another's values or another outcome than was told; ``broken`` says what else does not hold."""

    accepted: int = 0
    ended: int = 0
    lost: int = 0
    wrong: int = 0
    sources: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.lost and not self.wrong and not self.broken and self.ended == self.accepted


def until_all_ended(site: Site, *, seconds: float) -> bool:
    """Whether all plans ended within so many seconds."""
    deadline = time.monotonic() + seconds
    while rows(site, UNFINISHED, site.project) != [(0,)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def check(site: Site, *, loses_work: bool = False, other_clocks: bool = False) -> Found:
    """The requests of the site's book against the rows, and the rows of its project. With ``loses_work``
    calls of planners may have been lost; with ``other_clocks`` times of several processes are not compared."""
    found = Found(accepted=len(site.book.accepted))
    stored = {row[1]: row for row in rows(site, PLANS, site.project, f"T-{site.round}%")}
    for asked in site.book.accepted.values():
        row = stored.get(asked.key)
        if row is None or row[0] != asked.plan["id"] or row[9] is None:
            found.lost += 1
            found.broken.append(f"lost: {asked.kind} {asked.key} {asked.plan['id']} {row and row[4]}")
            continue
        found.ended += 1
        if asked.is_finished and _told(row) != outcome(asked.plan)[:3]:
            found.wrong += 1
            found.broken.append(f"told otherwise than stored: {asked.key} {asked.plan['id']}")
    catalogue = services()
    for row in stored.values():
        problems = list(_problems(row, catalogue, other_clocks=other_clocks))
        found.wrong += bool(problems)
        found.broken += problems
        found.sources[str(row[5])] += row[4] == "ready"
        if row[4] != "ready":
            found.failures[f"{row[4]} {row[7]}"] += 1
    found.sources = +found.sources
    found.broken += [*_rows_that_do_not_fit(site, loses_work=loses_work), *_unreadable_entries(site)]
    found.broken += [*site.book.faults, *(f"no answer: {text}" for text in site.book.given_up)]
    return found


def _told(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[4], row[6], row[5]


def _problems(row: tuple[Any, ...], catalogue: Catalogue, *, other_clocks: bool) -> Iterator[str]:
    """What is wrong with a row by itself."""
    plan_id, token, action, params, status, _, plan, _, created_at, finished_at, _ = row
    held = set(TOKEN.findall(f"{action} {params} {plan}"))
    if held != {token}:
        yield f"{plan_id} of {token} holds {sorted(held)}"
    if status == "ready":
        given = {param["field"]: param["value"] for param in params}
        verdict = validate(plan, catalogue=catalogue, params=given, action=action)
        if verdict.plan != plan:
            yield f"{plan_id} is ready and not valid: {[problem.code for problem in verdict.problems]}"
    if finished_at is not None and finished_at < created_at and not other_clocks:
        yield f"{plan_id} ended before it was asked for"


def _rows_that_do_not_fit(site: Site, *, loses_work: bool) -> Iterator[str]:
    [(several,)] = rows(site, KEYS_WITH_SEVERAL, site.project)
    if several:
        yield f"{several} keys have several plans"
    [(unclosed,)], [(reserved,)] = rows(site, OPEN_ATTEMPTS, site.project), rows(site, RESERVED, site.project)
    lost_calls = MOST_LOST if loses_work else 0
    if unclosed - site.open_attempts > lost_calls:
        yield f"{unclosed - site.open_attempts} attempts never ended"
    # What a worker that was cut off had reserved may be settled rounds later, when it has found its way back.
    least = -site.reserved if loses_work else 0
    if not least <= reserved - site.reserved <= lost_calls * MOST_RESERVED:
        yield f"{reserved} tokens stay reserved; before the fault there were {site.reserved}"
    site.open_attempts, site.reserved = unclosed, reserved
    [(calls, closed)] = rows(site, CALLS, site.project, site.project)
    if calls != closed:
        yield f"{calls} calls were counted, and {closed} attempts ended ({unclosed} did not)"
    [(orphans,)], [(flights,)] = rows(site, FOLLOWERS, site.project), rows(site, FLIGHTS, site.project)
    if orphans:
        yield f"{orphans} followers of plans that have ended"
    if flights:
        yield f"{flights} flights are held, and nobody waits"


def _unreadable_entries(site: Site) -> Iterator[str]:
    asker = Asker(site.stack.url, site.key, site.book)
    try:
        status, listed = asker.send("GET", f"/v1/cache/entries?limit={MOST_ENTRIES}")
        if status != 200:
            yield f"the list of entries: {status}"
            return
        for entry in site.draw.sample(listed["results"], min(3, len(listed["results"]))):
            status, read = asker.send("GET", f"/v1/cache/entries/{entry['id']}")
            if status != 200 or read["id"] != entry["id"]:
                yield f"entry {entry['id']}: {status}"
    except GaveUp as error:
        yield f"the list of entries: {error}"
    finally:
        asker.close()


def services() -> Catalogue:
    return catalogue_from(
        {"name": name, "annotations": {}, "examples": [], **facts} for name, facts in SHOP.items()
    )
