"""Reads a grounding's file as the API would: "is it right, and what is wrong?"."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orra.base.strictjson import Json
from orra.operators.display import visible
from planengine.exceptions import BadRequest, GroundingInvalid
from planengine.grounding.reading import MAX_BYTES, NAME, parse_document, parse_either, read_grounding
from planengine.grounding.specs import GroundingSpec

IN_YAML = {".yaml": True, ".yml": True, ".json": False}


class Command(BaseCommand):
    help = (
        "Read a grounding from FILE, which is JSON or YAML, and tell everything that is wrong with it, and where. "
        "Exit code: 0 when it can be applied, 1 when something is wrong, 2 when FILE cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", help="default: the document's own, else the file's, without its ending")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        body = _read(path)
        try:
            spec = read_file(body, path, name=options["name"])
        except BadRequest as error:
            self._tell(_wrong(error), as_json=options["json"])
            sys.exit(1)
        self._tell(_right(spec), as_json=options["json"])

    def _tell(self, told: dict[str, Json], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        if told["ok"]:
            counted = (("use_cases", "use case"), ("constraints", "sentence"), ("rules", "rule"))
            holds = ", ".join(_count(told[member], what) for member, what in counted)
            self.stdout.write(f"{told['name']} {told['version']} can be applied: {told['mode']}, {holds}.")
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from None


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
