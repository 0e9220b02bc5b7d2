"""``orra services``: what a project plans with."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orra_client.cli.common import (
    DONE,
    FAILED,
    Misuse,
    Subparsers,
    client_of,
    is_confirmed,
    options,
    status,
    table,
    tell,
    tell_json,
)
from orra_client.cli.files import in_batches, services_in
from orra_client.errors import BadRequest
from orra_client.reading import Json, read
from orra_client.results.catalogue import Service, ServiceOutcome, ServicesOutcome

IMPORTS = "orra_client.imports.command"  # registers `orra services import`


def register(subparsers: Subparsers[Any]) -> None:
    group = subparsers.add_parser("services", help="register, list, show and remove services")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    parser = commands.add_parser("push", parents=[options()], help="register services from files or folders")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|DIR", help="JSON or YAML")
    parser.add_argument("--dry-run", action="store_true", help="store nothing, and tell what would happen")
    parser.add_argument("--each", action="store_true", help="store those that are right where others are refused")
    parser.set_defaults(run=push)
    commands.add_parser("list", parents=[options()], help="all services").set_defaults(run=list_all)
    parser = commands.add_parser("show", parents=[options()], help="one service")
    parser.add_argument("name")
    parser.set_defaults(run=show)
    parser = commands.add_parser("delete", parents=[options()], help="remove services")
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=delete)
    _register_imports(commands)


def push(arguments: argparse.Namespace) -> int:
    services = services_in(arguments.paths)
    batches = list(in_batches(services))
    if len(batches) > 1 and not (arguments.each or arguments.dry_run):
        raise Misuse(f"{len(services)} services are more than can be stored all or none. Say --each.")
    outcomes: list[ServicesOutcome] = []
    with client_of(arguments) as client:
        for batch in batches:
            mode = "each" if arguments.each else "atomic"
            try:
                outcomes.append(client.put_services(batch, mode=mode, dry_run=arguments.dry_run))
            except BadRequest as error:
                if error.code != "services_refused":
                    raise
                outcomes.append(read(ServicesOutcome, {**error.body, "stored": False}))
    told = [service for outcome in outcomes for service in outcome.services]
    if arguments.json:
        tell_json([outcome.raw for outcome in outcomes])
    else:
        tell_outcomes(told, stored=all(outcome.stored for outcome in outcomes), dry_run=arguments.dry_run)
        evicted = sum(outcome.evicts.entries for outcome in outcomes)
        if evicted:
            tell(f"Cached plans that {'would go' if arguments.dry_run else 'went'}: {evicted}.")
    return FAILED if any(service.outcome == "refused" for service in told) else DONE


def tell_outcomes(services: Iterable[ServiceOutcome], *, stored: bool, dry_run: bool) -> None:
    """A line for each service, and what that comes to."""
    counts: dict[str, int] = {}
    for service in services:
        counts[service.outcome] = counts.get(service.outcome, 0) + 1
        tell(f"{status(service.outcome)}  {service.name}{_more_of(service)}")
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    if dry_run:
        tell(f"Nothing was stored. It would be: {said}.")
    else:
        tell(f"{said}." if stored else f"Nothing was stored: {said}.")


def _more_of(service: ServiceOutcome) -> str:
    if service.problem is not None:
        return f": {service.problem.get('detail', '')}"
    if service.outcome == "changed":
        return f" ({', '.join(service.changed)}), version {service.version} → {service.next_version}"
    return ""


def list_all(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        services = list(client.list_services(page_size=200))
    if arguments.json:
        return tell_json([service.raw for service in services])
    rows = [
        (service.name, service.type, service.version, _effects(service), service.description)
        for service in services
    ]
    tell(*table(rows, ("name", "type", "version", "effects", "description")) or ["There are no services yet."])
    return DONE


def show(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        service = client.get_service(arguments.name)
    if arguments.json:
        return tell_json(service.raw)
    tell(f"{service.name}, version {service.version}, {service.type}: {service.description}", _effects(service))
    for title, schema in (("takes", service.input_schema), ("gives", service.output_schema)):
        tell(f"{title}:", *_members(schema))
    if service.examples:
        tell("examples:", *(f"  {example}" for example in service.examples))
    return DONE


def delete(arguments: argparse.Namespace) -> int:
    if not is_confirmed(
        f"Remove {', '.join(arguments.names)}, and the cached plans that use it?", yes=arguments.yes
    ):
        return FAILED
    with client_of(arguments) as client:
        for name in arguments.names:
            client.delete_service(name)
    return tell_json({"removed": arguments.names}) if arguments.json else DONE


def _effects(service: Service) -> str:
    said = service.annotations
    if said.get("readOnlyHint") is True:
        return "reads"
    effect = "adds" if said.get("destructiveHint") is False else "may destroy"
    return effect + (", idempotent" if said.get("idempotentHint") is True else "")


def _members(schema: Json) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return ["  anything"]
    needed = schema.get("required", [])
    return [
        f"  {name}{'' if name in needed else ' (optional)'}: {_kind(said)}" for name, said in properties.items()
    ]


def _kind(schema: Json) -> str:
    said = schema if isinstance(schema, dict) else {}
    return " ".join(str(said[member]) for member in ("type", "format", "description") if member in said)


def _register_imports(commands: Subparsers[Any]) -> None:
    try:
        module = importlib.import_module(IMPORTS)
    except ModuleNotFoundError as error:
        if error.name is None or not IMPORTS.startswith(error.name):
            raise
        return
    module.register(commands)
