"""``python round_trip.py DESCRIPTION PACKAGE``, with the generator's own Python: every example of the description
whose schema has a name is read into the generated model of that name and written again. Prints as JSON how many
came back ``alike``, and ``others``: which did not, or have no model."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REFERENCE = "#/components/schemas/"


def main(description: Path, package: Path) -> None:
    sys.path.insert(0, str(package.parent))
    models = importlib.import_module(f"{package.name}.models")
    alike, others = 0, []
    for where, schema, value in _examples(json.loads(description.read_bytes())):
        model = getattr(models, schema, None)
        if model is not None and _holds(model.from_dict(value).to_dict(), value):
            alike += 1
        else:
            others.append(where)
    print(json.dumps({"alike": alike, "others": others}))


def _examples(description: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Where each stands, its schema's name, and itself."""
    shared = description["components"]["examples"]
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict):
                continue
            answers = operation["responses"].items()
            bodies = [("request", operation.get("requestBody", {})), *answers]
            for place, body in bodies:
                for media in body.get("content", {}).values():
                    reference = media.get("schema", {}).get("$ref", "")
                    for name, example in media.get("examples", {}).items() if reference else ():
                        where = f"{method} {path} {place} {name}"
                        held = shared[example["$ref"].rpartition("/")[2]] if "$ref" in example else example
                        yield where, reference.removeprefix(REFERENCE), held["value"]


def _holds(written: Any, value: Any) -> bool:
    """Whether all of ``value`` is in what was written; there may be more, which has defaults."""
    if isinstance(value, dict) and isinstance(written, dict):
        return all(name in written and _holds(written[name], member) for name, member in value.items())
    if isinstance(value, list) and isinstance(written, list):
        return len(value) == len(written) and all(map(_holds, written, value))
    return bool(written == value)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
