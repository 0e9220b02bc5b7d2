"""The command ``orra``: the developers' commands, and those of other installed packages.

A group of built-in commands is a module with ``register(subparsers)``. It adds its parsers and says with
``parser.set_defaults(run=function)`` what each does: ``function(arguments) -> int`` gets argparse's namespace and
returns the exit code.

Another package offers a command by an entry point of the group ``orra.commands``: its name is the command's, its
object is called with the arguments behind the name (``list[str]``) and returns the exit code. The first line of
its docstring is its help. It is loaded when it is called, and no sooner. A built-in command of the same name wins.

Exit codes are those of :data:`orra_client.cli.common.EXIT_CODES`. A command raises
:class:`~orra_client.errors.OrraError` or :class:`~orra_client.cli.common.Misuse` and leaves it to be told here.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from orra_client.cli import entries, plans, plugins, projects, running, services
from orra_client.cli.common import CALLED_WRONGLY, EXIT_CODES, INTERRUPTED, Misuse, tell_error
from orra_client.errors import OrraError

GROUPS = (plans, services, entries, running, projects)
PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    told = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(told)
        sys.stdout.flush()
        return code
    except (OrraError, Misuse) as error:
        return tell_error(error, as_json="--json" in told)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads has enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _run(argv: list[str]) -> int:
    offered = plugins.commands()
    parser, others = parser_of(offered)
    if argv and argv[0] in others:
        return plugins.call(offered[argv[0]], argv[1:])
    if not argv:
        parser.print_help(sys.stderr)
        return CALLED_WRONGLY
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


def parser_of(offered: plugins.Commands) -> tuple[argparse.ArgumentParser, frozenset[str]]:
    """It, and the names of what is ``offered`` that are no built-in commands'."""
    parser = argparse.ArgumentParser(
        prog="orra",
        description="Asks the plan engine orra for plans, and cares for what it plans with.",
        epilog="\n\n".join(filter(None, [plugins.listing(offered), EXIT_CODES])),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=plugins.versions())
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for group in GROUPS:
        group.register(subparsers)
    others = frozenset(offered) - frozenset(subparsers.choices)
    for name in sorted(others):  # named where a command is unknown; the help has them from the epilog
        subparsers.add_parser(name, add_help=False)
    return parser, others
