"""The command ``orra``: the developers' commands, and those of other installed packages.

A group of built-in commands is a module with ``register(subparsers)``. It adds its parsers and says with
``parser.set_defaults(run=function)`` what each does: ``function(arguments) -> int`` gets argparse's namespace and
returns the exit code.

Another package offers a command by an entry point of the group ``orra.commands``: its name is the command's, its
object is called with the arguments behind the name (``list[str]``) and returns the exit code. The first line of
its docstring is its help. It is loaded when it is called, and no sooner. A built-in command of the same name wins.

Exit codes: 0 done; 1 it failed or was refused; 2 it was called wrongly; 130 interrupted (Ctrl-C).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from orra_client.cli import plugins, services

GROUPS = (services,)
FAILED = 1
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    told = list(sys.argv[1:] if argv is None else argv)
    try:
        return run(told)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED


def run(argv: list[str]) -> int:
    offered = plugins.commands()
    parser = parser_of(offered)
    if argv and argv[0] in offered and argv[0] not in builtin_names(parser):
        return plugins.call(offered[argv[0]], argv[1:])
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


def parser_of(offered: plugins.Commands) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orra",
        description="Asks the plan engine orra for plans, and cares for what it plans with.",
        epilog=plugins.listing(offered),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=plugins.versions())
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in GROUPS:
        group.register(subparsers)
    return parser


def builtin_names(parser: argparse.ArgumentParser) -> set[str]:
    """The names of the commands that a parser knows itself."""
    return {
        name
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    }
