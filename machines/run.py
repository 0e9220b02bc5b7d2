"""One run: each setup with its faults, one after the other, then its database moves, and rates are measured."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.__main__ import in_words, table, tell_broken
from chaos.faults import Fault, chosen
from chaos.rounds import Round, play
from machines import rates, servers
from machines.cluster import Cluster, running_cluster
from machines.faults import ALL, SETUPS, faults_of
from machines.moving import Moved, move
from machines.pooling import what_leaks


@dataclass(frozen=True)
class Played:
    """A round with what was noted in it."""

    round: Round
    noted: dict[str, float | None]


def run(folder: Path, options: argparse.Namespace) -> bool:
    """Whether everything held."""
    wanted = _names(options.setups) or list(SETUPS)
    if unknown := [name for name in wanted if name not in SETUPS]:
        raise SystemExit(f"There is no setup {unknown[0]!r}; there are {', '.join(SETUPS)}.")
    try:
        faults = chosen(options.faults, ALL)
    except ValueError as error:
        raise SystemExit(f"--faults: {error}") from None
    held = True
    for setup in (SETUPS[name] for name in wanted):
        if lacking := servers.missing(broker=setup.broker, pooled=setup.pooled):
            print(f"{setup.name}: left out, {lacking}", flush=True)
            continue
        print(f"\n{setup.about}\n", flush=True)
        place = folder / setup.name
        try:
            with running_cluster(setup, place, seed=options.seed) as cluster:
                held &= _run(cluster, faults, options)
        finally:
            if options.keep_logs and place.exists():
                _keep(place, options.keep_logs / setup.name)
    return held


def _run(cluster: Cluster, wanted: Sequence[Fault], options: argparse.Namespace) -> bool:
    without = _names(options.without)
    faults = [fault for fault in faults_of(cluster.setup) if fault in wanted]
    played = []
    for number, fault in enumerate(faults, start=1):
        cluster.noted = {}
        played.append(Played(play(cluster, fault, number, seed=options.seed), cluster.noted))
        _tell(played[-1])
    holds = all(each.round.holds and None not in each.noted.values() for each in played)
    if "moving" not in without:
        moved = move(cluster, seed=options.seed)
        _tell_moved(moved)
        holds &= moved.holds
    if "rates" not in without:
        for what, measure in (("hits", rates.hits), ("plans", rates.plans)):
            found = measure(cluster)
            shown = [", ".join(f"{each:.1f}" for each in many) for many in (found.one, found.two)]
            print(f"{what}/s with one host {shown[0]}; with two {shown[1]}; ratio {found.ratio:.2f}", flush=True)
    if cluster.pooler is not None:
        leaks = what_leaks(cluster.pooler.url, cluster.database)
        print(f"What sessions behind the pooler are left with: {leaks or 'nothing'}", flush=True)
        holds &= not leaks
    _tell_all(faults, played)
    return holds


def _tell(played: Played) -> None:
    of, found = played.round, played.round.found
    noted = {
        "hits after": of.hits_after,
        "plans after": of.plans_after,
        "ended after": of.ended_after,
        **played.noted,
    }
    shown = "  ".join(f"{what} {in_words(seconds)}" for what, seconds in noted.items())
    holds = "ok" if of.holds and None not in played.noted.values() else "DOES NOT HOLD"
    print(f"{of.fault.name:24} accepted {found.accepted:5}  again {of.sent_again:4}  {holds}  {shown}", flush=True)
    tell_broken(found)


def _tell_moved(moved: Moved) -> None:
    found = moved.found
    print(
        f"database moved: accepted {found.accepted}, ended {found.ended}, lost {found.lost}, wrong {found.wrong}; "
        f"{moved.megabytes:.1f} MB backed up in {moved.backup:.1f} s, brought back in {moved.restore:.1f} s; "
        f"hits after {in_words(moved.hits_after)}, plans after {in_words(moved.plans_after)}  "
        f"{'ok' if moved.holds else 'DOES NOT HOLD'}",
        flush=True,
    )
    tell_broken(found)


def _tell_all(faults: Sequence[Fault], played: Sequence[Played]) -> None:
    print("\n" + "\n".join(table(faults, [each.round for each in played])) + "\n", flush=True)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _keep(place: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in place.rglob("*.log"):
        shutil.copy(log, folder / f"{log.parent.name}-{log.name}")
