"""Reads a grounding's file as the API would, and tries an action: "is it right, and what would it do?"."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orra.base.strictjson import InvalidJson, Json, parse
from orra.base.text import quote
from orra.operators.display import brief, visible
from planengine.catalogue.registry import catalogue_of
from planengine.catalogue.specs import Catalogue, catalogue_from
from planengine.evaluation.lines import RowsUnusable
from planengine.evaluation.services import read_services
from planengine.exceptions import BadRequest, EmbeddingUnavailable, GroundingInvalid
from planengine.grounding.reading import MAX_BYTES, NAME, parse_document, parse_either, read_grounding
from planengine.grounding.registry import Kept
from planengine.grounding.specs import GroundingSpec
from planengine.management.tables import tables
from planengine.models import Project
from planengine.requests import PlanRequest, parse_action, parse_params
from planengine.reuse.trial import as_if, capability_in_words, match_in_words, try_out

MAX_PLAN_BYTES = 1024 * 1024
MAX_LINE = 1_000

IN_YAML = {".yaml": True, ".yml": True, ".json": False}


class Command(BaseCommand):
    help = (
        "Read a grounding from FILE, which is JSON or YAML, and tell everything that is wrong with it, and where. "
        "With --action tell which use case would apply, why, and which services do what it asks for. "
        "Exit code: 0 when it can be applied and the --plan, if there is one, keeps to it; 1 when something is "
        "wrong; 2 when a file cannot be read or the action cannot be tried."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", help="default: the document's own, else the file's, without its ending")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--action", help="a request to try, in words; nothing is planned or stored")
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="of the request; JSON where it is that (17, true, [1]), else text; may be given several times",
        )
        services = parser.add_mutually_exclusive_group()
        services.add_argument(
            "--project",
            metavar="ID",
            help="as if it were applied there: its services, beside its other groundings",
        )
        services.add_argument("--services", type=Path, help="a file of services, one a line as JSON")
        parser.add_argument(
            "--plan",
            type=Path,
            help="a plan for the action, as JSON; tell what in it does not keep to the grounding",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        body = _read(path, MAX_BYTES)
        try:
            spec = read_file(body, path, name=options["name"])
        except BadRequest as error:
            self._tell(_wrong(error), as_json=options["json"])
            sys.exit(1)
        told = _right(spec)
        if options["action"] is not None:
            with tables(returncode=2):
                told["trial"] = tried = _try(spec, options)
            told["ok"] = options["plan"] is None or tried["problems"] == []
        elif options["param"] or options["project"] or options["services"] or options["plan"]:
            raise CommandError("These options try a request: give its --action.", returncode=2)
        self._tell(told, as_json=options["json"])
        if not told["ok"]:
            sys.exit(1)

    def _tell(self, told: dict[str, Json], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        if "name" in told:
            counted = (("use_cases", "use case"), ("constraints", "sentence"), ("rules", "rule"))
            holds = ", ".join(_count(told[member], what) for member, what in counted)
            self.stdout.write(f"{told['name']} {told['version']} can be applied: {told['mode']}, {holds}.")
            for line in _trial_lines(told):
                self.stdout.write(brief(line, MAX_LINE))
            return
        for each in told["problems"]:
            where = f"{each['field']}: " if each["field"] else ""
            self.stdout.write(visible(f"{where}{each['message']} ({each['code']})"))
        for line in told["how_to_fix"]:
            self.stdout.write(visible(f"How to fix: {line}"))


def read_file(body: bytes, path: Path, *, name: str | None) -> GroundingSpec:
    """The grounding that a file says. Raises :class:`BadRequest`."""
    in_yaml = IN_YAML.get(path.suffix.lower())
    given = _parse(body) if in_yaml is None else parse_document(body, yaml=in_yaml)
    own = given.get("name") if isinstance(given, dict) else None
    of_file = path.stem if NAME.match(path.stem) else "grounding"
    return read_grounding(name or (own if isinstance(own, str) else of_file), given)


def _parse(body: bytes) -> Json:
    try:
        return parse_either(body.decode("utf-8"))
    except UnicodeDecodeError:
        return parse_document(body, yaml=True)  # which says what it is instead


def _read(path: Path, most: int) -> bytes:
    """Its bytes, one more than ``most`` where there are more."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from None


def _try(spec: GroundingSpec, options: dict[str, Any]) -> dict[str, Json]:
    plan = None if options["plan"] is None else _read_plan(options["plan"])
    if plan is not None and options["project"] is None and options["services"] is None:
        raise CommandError("A --plan calls services: give --project or --services.", returncode=2)
    try:
        params = parse_params([_param(each) for each in options["param"]])
        request = PlanRequest(parse_action(options["action"]), params)
        kept = Kept("", spec)
        if options["project"] is None:
            return try_out([kept], request, _services(options["services"]), plan=plan)
        project = _project(options["project"])
        tolerance = project.wrong_hit_tolerance
        return try_out(as_if(project, kept), request, catalogue_of(project), plan=plan, tolerance=tolerance)
    except (BadRequest, RowsUnusable, EmbeddingUnavailable) as error:
        raise CommandError(visible(str(error)), returncode=2) from None


def _param(given: str) -> Json:
    name, found, value = given.partition("=")
    if not found:
        raise CommandError(f"--param {visible(given, 200)} has no value: write NAME=VALUE.", returncode=2)
    try:
        return {"field": name, "value": parse(value)}
    except InvalidJson:
        return {"field": name, "value": value}


def _services(path: Path | None) -> Catalogue:
    return Catalogue([]) if path is None else catalogue_from(read_services(path))


def _project(project_id: str) -> Project:
    found = None if "\x00" in project_id else Project.objects.filter(pk=project_id).first()
    if found is None:
        raise CommandError(f"There is no project with the id {visible(project_id, 200)}.", returncode=2)
    return found


def _read_plan(path: Path) -> Json:
    body = _read(path, MAX_PLAN_BYTES)
    try:
        if len(body) > MAX_PLAN_BYTES:
            raise InvalidJson("plan_too_large", f"It is larger than {MAX_PLAN_BYTES // 1024} KiB.")
        plan = parse(body)
        if not isinstance(plan, dict):
            raise InvalidJson("no_plan", "A plan is an object with `tasks`.")
    except InvalidJson as error:
        raise CommandError(f"{path} cannot be read as a plan: {visible(str(error))}", returncode=2) from None
    return plan


def _trial_lines(told: dict[str, Json]) -> Iterator[str]:
    tried = told.get("trial")
    if tried is None:
        return
    yield from match_in_words(tried["match"])
    for each in tried["capabilities"]:
        yield f"{each['asked']}: {quote(each['capability'])}, done by {capability_in_words(each)}."
    if tried["problems"] is None:
        if not told["ok"]:
            yield "The plan was not checked, for no use case applies."
        return
    if not tried["problems"]:
        yield "The plan keeps to it."
    for each in tried["problems"]:
        yield f"{each['message']} ({each['code']})"
        if each["hint"]:
            yield f"How to fix: {each['hint']}"


def _right(spec: GroundingSpec) -> dict[str, Json]:
    counts = {"use_cases": len(spec.use_cases), "constraints": len(spec.constraints), "rules": len(spec.rules)}
    return {"ok": True, "name": spec.name, "version": spec.version, "mode": spec.mode.value, **counts}


def _wrong(error: BadRequest) -> dict[str, Json]:
    if isinstance(error, GroundingInvalid):
        return {"ok": False, "problems": list(error.problems), "how_to_fix": list(error.how_to_fix)}
    problem = {"field": "", "code": error.code, "message": error.message}
    return {"ok": False, "problems": [problem], "how_to_fix": []}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
