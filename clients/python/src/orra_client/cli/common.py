"""What the commands have in common: their options, the client, and how things are told to people and to
programs."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from orra_client.client import Orra
from orra_client.errors import NoAnswer, NotConfigured, OrraError, Problem
from orra_client.reading import Json

DONE, FAILED, CALLED_WRONGLY, UNREACHABLE, NO_PLAN, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = """exit codes:
  0    done
  1    the engine refused it, or it failed
  2    the command was called wrongly, or a file cannot be read
  3    the engine does not answer
  4    there is no execution plan, or not all of its steps are done
  130  interrupted (Ctrl-C)"""
COLOURS = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}
OWN_COLOURS = re.compile(f"(\x1b\\[(?:0|{'|'.join(COLOURS.values())})m)")
TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # another direction
STATUS_COLOURS = {
    "ready": "green",
    "created": "green",
    "changed": "yellow",
    "done": "green",
    "refused": "red",
    "failed": "red",
    "not_actionable": "yellow",
    "skipped": "yellow",
    "interrupted": "red",
}

Subparsers = argparse._SubParsersAction  # argparse has no public name for it


class Misuse(Exception):
    """The command cannot do what it is told to. The message says why, and what to do."""


def options() -> argparse.ArgumentParser:
    """The options of every command that asks the engine."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--url", help="the engine's address; if not given, ORRA_URL or http://localhost:8005")
    parser.add_argument("--json", action="store_true", help="tell it as JSON, for programs")
    return parser


def client_of(arguments: argparse.Namespace) -> Orra:
    """For the address of the options, with the key of ORRA_API_KEY: on the command line everybody would see it."""
    return Orra(arguments.url)


def tell_json(value: Json) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return DONE


def tell(*lines: str) -> None:
    """At once, to whoever reads: a terminal, or a program that goes on with it."""
    for line in lines:
        print(plain(line))
    sys.stdout.flush()


def plain(text: object) -> str:
    """Without what would steer a terminal, but for the colours that :func:`coloured` gives."""
    if not _is_colourful(sys.stdout):
        return _shown(str(text))
    parts = OWN_COLOURS.split(str(text))
    return "".join(part if place % 2 else _shown(part) for place, part in enumerate(parts))


def coloured(text: str, colour: str | None, stream: TextIO | None = None) -> str:
    """In this colour on a terminal, unless NO_COLOR is set."""
    clean = text.replace("\x1b", "\ufffd")
    if colour is None or not _is_colourful(stream or sys.stdout):
        return clean
    return f"\x1b[{COLOURS[colour]}m{clean}\x1b[0m"


def status(text: str) -> str:
    return coloured(text, STATUS_COLOURS.get(text))


def table(rows: Iterable[Sequence[object]], head: Sequence[str]) -> list[str]:
    """Lines with columns; the last column is cut at the terminal's edge."""
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[place]) for row in [list(head), *cells]) for place in range(len(head))]
    edge = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 0
    lines = [coloured(_row(head, widths, edge), "dim")]
    for row in cells:
        lines.append(_row(row, widths, edge))
    return lines


def tell_error(error: Exception, *, as_json: bool) -> int:
    """On standard error, in a line, with what to do about it below; the exit code."""
    if as_json:
        print(json.dumps(_error_as_json(error), ensure_ascii=False), file=sys.stderr)
    else:
        how_to_fix = error.how_to_fix if isinstance(error, OrraError) else ()
        faults = error.problems if isinstance(error, Problem) else ()
        print(f"{coloured('orra:', 'red', sys.stderr)} {_one_line(error)}", file=sys.stderr)
        for fault in faults[1:] if len(faults) > 1 else ():
            print(f"  {_one_line(fault.get('field', ''))}: {_one_line(fault.get('message', ''))}", file=sys.stderr)
        for each in how_to_fix:
            print(f"  How to fix it: {_one_line(each)}", file=sys.stderr)
    if isinstance(error, NoAnswer):
        return UNREACHABLE
    return CALLED_WRONGLY if isinstance(error, Misuse | NotConfigured) else FAILED


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Whether somebody says yes, beforehand (``--yes``) or now, at a terminal."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Misuse(f"{question} Nobody can be asked here: say --yes.")
    print(f"{plain(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def short(value: Json, limit: int = 80) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _error_as_json(error: Exception) -> Mapping[str, Any]:
    told: dict[str, Any] = {"code": type(error).__name__, "detail": str(error)}
    if isinstance(error, Problem):
        told = {"code": error.code, "detail": error.detail, "status": error.status, "problems": [*error.problems]}
    return told | {"how_to_fix": list(getattr(error, "how_to_fix", ()))}


def _row(cells: Sequence[str], widths: Sequence[int], edge: int) -> str:
    line = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
    return line if not edge or len(line) <= edge else line[: edge - 1] + "…"


def _one_line(value: object) -> str:
    return " ".join(_shown(str(value)).split())


def _shown(text: str) -> str:
    return "".join("\ufffd" if _steers(letter) else letter for letter in text)


def _steers(letter: str) -> bool:
    """Whether a terminal would do something else than show it."""
    return letter in TURNS or (letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cs"))


def _is_colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
