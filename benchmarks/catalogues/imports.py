"""``python -m benchmarks.catalogues.imports [--check] FILE …``: the table of docs/imports.md for documents that
lie here.

Of each: how large it is, how many operations it has and how many of them become services, why others do not, how
long that takes and how much memory, in a process of its own. ``--check`` asks the engine's own validation about
every service instead, which takes about 40 ms each.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from orra_client.imports import openapi
from orra_client.imports.documents import parse
from orra_client.imports.names import VALID
from orra_client.imports.services import MOST_DESCRIPTION_CHARACTERS, Imported, ImportFailed
from planengine.catalogue.annotations import check_annotations
from planengine.catalogue.errors import RegistrationInvalid
from planengine.catalogue.schemas import check_input_schema, check_schema

HEAD = (
    "| document | MB | operations | usable | left out | refused, and why | seconds | memory |\n"
    "|---|--:|--:|--:|--:|---|--:|--:|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("file", nargs="+", type=Path)
    options = parser.parse_args()
    print("" if options.check else HEAD)
    for file in options.file:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(checked if options.check else row, (file,)), flush=True)


def row(file: Path) -> str:
    text = file.read_bytes()
    started = time.perf_counter()
    size = f"{len(text) / 1e6:.2f}"
    try:
        imported = openapi.read(parse(text))
    except ImportFailed as failed:
        return f"| {file.name} | {size} | | 0 | | whole: {failed} | {time.perf_counter() - started:.1f} | |"
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    left_out = ", ".join(f"{count} {reason}" for reason, count in imported.left_out.items())
    refused = ", ".join(f"{count} {code}" for code, count in imported.refused_by_code.most_common())
    return (
        f"| {file.name} | {size} | {imported.total} | {len(imported.services)} | {left_out} | {refused} "
        f"| {seconds:.1f} | {memory} MB |"
    )


def checked(file: Path) -> str:
    try:
        imported = openapi.read(parse(file.read_bytes()), openapi.Choice(deprecated=True))
    except ImportFailed as failed:
        return f"{file.name}: {failed}"
    faults = list(faults_of(imported))
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    return f"{file.name}: {len(imported.services)} services, {len(faults)} that the engine would refuse"


def faults_of(imported: Imported) -> Iterator[str]:
    """What the engine's validation says against services."""
    for service in imported.services:
        facts = service.facts
        try:
            check_input_schema(facts["input_schema"])
            check_schema(facts["output_schema"])
            check_annotations(facts["annotations"])
        except RegistrationInvalid as error:
            yield f"{service.origin} {error.path}: {error.message}"
        said = facts["description"].strip()
        if not VALID.match(service.name) or not 0 < len(said) <= MOST_DESCRIPTION_CHARACTERS:
            yield f"{service.origin}: name or description"


if __name__ == "__main__":
    main()
