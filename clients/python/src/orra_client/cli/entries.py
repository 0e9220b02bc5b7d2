"""``orra entries``: what the cache holds."""

from __future__ import annotations

import argparse
from itertools import islice
from typing import Any

from orra_client.cli.common import (
    DONE,
    FAILED,
    Misuse,
    Subparsers,
    client_of,
    is_confirmed,
    options,
    table,
    tell,
    tell_json,
)

USUAL_ROWS = 20


def register(subparsers: Subparsers[Any]) -> None:
    group = subparsers.add_parser("entries", help="list, show and evict what is cached")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    list_parser = commands.add_parser("list", parents=[options()], help="the newest entries")
    list_parser.add_argument("--service", help="only those that use this service")
    list_parser.add_argument("--kind", choices=("plan", "refusal", "counter"))
    list_parser.add_argument("--limit", type=int, default=USUAL_ROWS)
    list_parser.set_defaults(run=list_entries)
    show_parser = commands.add_parser("show", parents=[options()], help="one entry, as JSON")
    show_parser.add_argument("entry_id", metavar="ENTRY")
    show_parser.set_defaults(run=show)
    evict_parser = commands.add_parser("evict", parents=[options()], help="evict entries")
    evict_parser.add_argument("entry_ids", nargs="*", metavar="ENTRY")
    evict_parser.add_argument("--service", help="all that use this service")
    evict_parser.add_argument("--yes", action="store_true", help="do not ask")
    evict_parser.set_defaults(run=evict)


def list_entries(arguments: argparse.Namespace) -> int:
    size = max(1, min(arguments.limit, 200))
    with client_of(arguments) as client:
        listed = client.list_cache_entries(service=arguments.service, kind=arguments.kind, page_size=size)
        entries = list(islice(listed, max(0, arguments.limit)))
    if arguments.json:
        return tell_json([entry.raw for entry in entries])
    rows = [
        (entry.id, entry.hits, "pinned" if entry.pinned else "", ", ".join(entry.services or {}), entry.template)
        for entry in entries
    ]
    tell(*table(rows, ("entry", "hits", "", "services", "template")) or ["There are no such entries."])
    return DONE


def show(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        return tell_json(client.get_cache_entry(arguments.entry_id).raw)


def evict(arguments: argparse.Namespace) -> int:
    if bool(arguments.entry_ids) == bool(arguments.service):
        raise Misuse("Say which entries: their ids, or --service NAME.")
    count = len(arguments.entry_ids)
    which = f"all entries that use {arguments.service}" if arguments.service else f"{count} entries"
    if not is_confirmed(f"Evict {which}?", yes=arguments.yes):
        return FAILED
    with client_of(arguments) as client:
        for entry_id in arguments.entry_ids:
            client.evict_cache_entry(entry_id)
        evicted = len(arguments.entry_ids)
        if arguments.service:
            evicted = client.purge_cache_entries(arguments.service).evicted
    if arguments.json:
        return tell_json({"evicted": evicted})
    tell(f"{evicted} evicted.")
    return DONE
