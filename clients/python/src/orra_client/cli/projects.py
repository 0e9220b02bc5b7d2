"""``orra export`` and ``import``: a project in a file, without secrets and without what it has learned.

The file is a JSON object: ``format`` (1), ``name``, ``settings``, ``services``, ``groundings``. Importing it twice
changes nothing the second time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orra_client.cli.common import DONE, FAILED, Misuse, Subparsers, client_of, options, tell, tell_json
from orra_client.cli.files import in_batches, read_file
from orra_client.cli.services import tell_outcomes
from orra_client.client import Orra
from orra_client.errors import NotFound
from orra_client.reading import Json
from orra_client.results.catalogue import ServiceOutcome

FORMAT = 1
SETTINGS = (
    "cache_ttl_seconds",
    "cache_max_entries",
    "similarity_threshold",
    "catalogue_policy",
    "wrong_hit_tolerance",
    "recheck_share",
    "model_check",
    "tokens_per_day",
    "repair",
    "event_contents",
    "grounding_required",
)


def register(subparsers: Subparsers[Any]) -> None:
    export_parser = subparsers.add_parser(
        "export", parents=[options()], help="write a project's settings, services and groundings to a file"
    )
    export_parser.add_argument("file", metavar="FILE", help="- is standard output")
    export_parser.set_defaults(run=export)
    import_parser = subparsers.add_parser("import", parents=[options()], help="bring them into this project")
    import_parser.add_argument("file", type=Path, metavar="FILE")
    import_parser.add_argument("--dry-run", action="store_true", help="store nothing, and tell what would happen")
    import_parser.set_defaults(run=bring)


def export(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        told = exported(client)
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    if arguments.file == "-":
        sys.stdout.write(text)
        return DONE
    try:
        Path(arguments.file).write_text(text, "utf-8")
    except OSError as error:
        raise Misuse(f"{arguments.file} cannot be written: {error.strerror or error}.") from None
    counts = {"services": len(told["services"]), "groundings": len(told["groundings"])}
    if arguments.json:
        return tell_json({"file": arguments.file, **counts})
    tell(f"{counts['services']} services and {counts['groundings']} groundings are in {arguments.file}.")
    return DONE


def exported(client: Orra) -> dict[str, Json]:
    project = client.get_project()
    names = [grounding.name for grounding in client.list_groundings(page_size=200)]
    return {
        "format": FORMAT,
        "name": project.name,
        "settings": {name: project.raw[name] for name in SETTINGS if name in project.raw},
        "services": [service.as_given() for service in client.list_services(page_size=200)],
        "groundings": [{"name": name, **client.get_grounding(name).as_given()} for name in names],
    }


def bring(arguments: argparse.Namespace) -> int:
    given = _checked(read_file(arguments.file), arguments.file)
    with client_of(arguments) as client:
        foreseen = _put_services(client, given["services"], dry_run=True)
        refused = any(each.outcome == "refused" for each in foreseen)
        settings = _differing(client.get_project().raw, given["settings"])
        groundings = [each for each in given["groundings"] if _is_new(client, each)]
        if not (refused or arguments.dry_run):
            if settings:
                client.update_project(**settings)
            _put_services(client, given["services"], dry_run=False)
            for grounding in groundings:
                client.put_grounding(grounding["name"], _without_name(grounding))
    names = [each["name"] for each in groundings]
    if arguments.json:
        services = [each.raw for each in foreseen]
        told = {"stored": not (refused or arguments.dry_run), "settings": settings, "services": services}
        tell_json({**told, "groundings": names})
    else:
        tell_outcomes(foreseen, stored=not refused, dry_run=arguments.dry_run)
        tell(f"settings that differ: {', '.join(settings) or 'none'}", f"groundings: {', '.join(names) or 'none'}")
    return FAILED if refused else DONE


def _put_services(client: Orra, services: list[Json], *, dry_run: bool) -> list[ServiceOutcome]:
    return [
        outcome
        for batch in in_batches(services)
        for outcome in client.put_services(batch, dry_run=dry_run).services
    ]


def _is_new(client: Orra, grounding: Mapping[str, Json]) -> bool:
    try:
        held = client.get_grounding(grounding["name"]).as_given()
    except NotFound:
        return True
    return held != _without_name(grounding)


def _without_name(grounding: Mapping[str, Json]) -> dict[str, Json]:
    return {member: said for member, said in grounding.items() if member != "name"}


def _differing(held: Mapping[str, Json], wanted: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in wanted.items() if name not in held or held[name] != value}


def _checked(said: Json, path: Path) -> dict[str, Any]:
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise Misuse(f"{path} is no exported project of format {FORMAT}.")
    parts = {"settings": dict, "services": list, "groundings": list}
    for name, kind in parts.items():
        if not isinstance(said.setdefault(name, kind()), kind):
            raise Misuse(f"`{name}` in {path} must be {'an object' if kind is dict else 'a list'}.")
    if unknown := sorted(said["settings"].keys() - set(SETTINGS)):
        raise Misuse(f"{path} has settings that are not known: {', '.join(unknown)}.")
    if not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in said["groundings"]):
        raise Misuse(f"Each grounding in {path} must be an object with a `name`.")
    return said
