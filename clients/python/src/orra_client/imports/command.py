"""``orra services import``: services out of an OpenAPI document or the tools of an MCP server.

Nothing is changed before what would change has been shown: it is applied with ``--apply``, or after a question
on a terminal.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orra_client.cli.common import DONE, FAILED, Misuse, client_of, options, tell, tell_json
from orra_client.errors import NotConfigured
from orra_client.imports import applying, mcp, openapi, printing
from orra_client.imports.bindings.files import Bindings, bindings_of, dump, load
from orra_client.imports.differences import MEMBERS, difference
from orra_client.imports.documents import parse
from orra_client.imports.documents.fetching import fetch, is_address, without_secrets
from orra_client.imports.making import ROOMS, rooms_for
from orra_client.imports.services import Imported, Json

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")
_HEADER = re.compile(r"([A-Za-z0-9-]{1,100})=([A-Za-z_][A-Za-z0-9_]*)\Z")


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    group = subparsers.add_parser("import", help="make services of an OpenAPI document or an MCP server's tools")
    kinds = group.add_subparsers(metavar="KIND", required=True)
    _register_openapi(kinds)
    _register_mcp(kinds)


def _register_openapi(kinds: argparse._SubParsersAction[Any]) -> None:
    parser = kinds.add_parser(
        "openapi",
        parents=[options()],
        help="the operations of an OpenAPI 3.0 or 3.1 document",
        epilog=printing.GUESSED,
    )
    parser.add_argument("source", metavar="URL|FILE", help="JSON or YAML; - reads standard input")
    choice = parser.add_argument_group("which operations", "any of each kind; patterns have * and ?")
    choice.add_argument("--tag", action="append", default=[], metavar="TAG")
    choice.add_argument("--path", action="append", default=[], metavar="PATTERN", help="such as '/pets/*'")
    choice.add_argument("--method", action="append", default=[], metavar="METHOD")
    choice.add_argument(
        "--operation", action="append", default=[], metavar="PATTERN", help="an id, or 'GET /pets'"
    )
    choice.add_argument("--deprecated", action="store_true", help="deprecated operations, too")
    _add_common(parser)
    parser.set_defaults(run=run_openapi)


def _register_mcp(kinds: argparse._SubParsersAction[Any]) -> None:
    parser = kinds.add_parser(
        "mcp", parents=[options()], help="the tools of an MCP server (needs orra-client[mcp])"
    )
    _add_common(parser)
    parser.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="hand this variable of the environment on to COMMAND",
    )
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VARIABLE",
        help="send URL a header with a variable's value",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND …|URL", help="behind all options")
    parser.set_defaults(run=run_mcp)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", default="", help="put this before every name, such as 'github.'")
    parser.add_argument("--bindings", metavar="FILE", help="keep in FILE how each service is called, and its name")
    parser.add_argument(
        "--keep", action="append", default=[], choices=MEMBERS, help="leave this as the project has it"
    )
    parser.add_argument(
        "--most-characters", type=int, default=ROOMS[0].characters, metavar="N", help="of inputs' schemas"
    )
    parser.add_argument(
        "--prune", action="store_true", help="remove what earlier imports made and is no longer there"
    )
    parser.add_argument("--apply", action="store_true", help="change the project without a question")


def run_openapi(arguments: argparse.Namespace) -> int:
    """The exit code: 0 done or shown, 1 failed or something was refused by the engine."""

    def imported(known: Mapping[str, str]) -> Imported:
        source = arguments.source
        choice = openapi.Choice(
            tags=arguments.tag,
            paths=arguments.path,
            methods=arguments.method,
            operations=arguments.operation,
            deprecated=arguments.deprecated,
        )
        return openapi.read(
            parse(fetch(source)),
            choice,
            prefix=arguments.prefix,
            known=known,
            rooms=rooms_for(arguments.most_characters),
            address=without_secrets(source) if is_address(source) else "",
        )

    return _steps(arguments, imported, what="operations")


def run_mcp(arguments: argparse.Namespace) -> int:
    """As :func:`run_openapi`."""

    def imported(known: Mapping[str, str]) -> Imported:
        command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
        if not command:
            raise Misuse("Say which server: a command that starts it, or its URL.")
        server, reached_at = _server(command, arguments)
        title, tools = asyncio.run(mcp.list_tools(server))
        return mcp.read_tools(
            tools,
            title=title,
            prefix=arguments.prefix,
            known=known,
            rooms=rooms_for(arguments.most_characters),
            reached_at=reached_at,
        )

    return _steps(arguments, imported, what="tools")


def _server(command: list[str], arguments: argparse.Namespace) -> tuple[Any, dict[str, Json]]:
    if len(command) == 1 and is_address(command[0]):
        headers = {}
        for given in arguments.header:
            match = _HEADER.match(given)
            if match is None:
                raise Misuse("--header takes NAME=VARIABLE: the name of a variable, not the value itself.")
            headers[match[1]] = _variable(match[2])
        return mcp.http_server(command[0], headers), {"url": without_secrets(command[0])}
    environment = {name: _variable(name) for name in arguments.env}
    return mcp.command_server(command, environment), {"command": command, "env": list(arguments.env)}


def _variable(name: str) -> str:
    if name not in os.environ:
        raise Misuse(f"The variable {name} is not set.")
    return os.environ[name]


# --- both


def _steps(arguments: argparse.Namespace, read: Callable[[Mapping[str, str]], Imported], *, what: str) -> int:
    _check(arguments)
    before = _bindings(arguments.bindings)
    imported = read(before.known_names)
    telling = _Telling(quiet=arguments.json)
    telling.lines(printing.of_imported(imported, what=what, guessed=what == "operations"))
    try:
        with client_of(arguments) as engine:
            return _compare(arguments, engine, imported, before, telling)
    except NotConfigured as error:
        if arguments.apply:
            raise
        telling.lines([f"Nothing is compared with a project: {error}"])
        telling.json(printing.as_json(imported, None, []))
        return DONE


def _compare(
    arguments: argparse.Namespace, engine: applying.Engine, imported: Imported, before: Bindings, telling: _Telling
) -> int:
    current = applying.current_services(engine)
    wanted = imported.by_name
    owned = set(before.services) | {
        name for name in current if arguments.prefix and name.startswith(arguments.prefix)
    }
    # What a filter leaves out, or is refused today, is there all the same.
    found = difference(wanted, current, owned=owned - set(imported.names), keep=arguments.keep)
    telling.lines(printing.of_difference(found, prune=arguments.prune))
    gone = found.gone if arguments.prune else []
    changing = applying.Changing(engine, found, wanted, current, gone)
    outcomes, is_done = _offered(arguments, changing, telling)
    refused = {outcome["name"] for outcome in outcomes if outcome["outcome"] == "refused"}
    if arguments.bindings and is_done:
        _write(arguments.bindings, _merged(before, bindings_of(imported), refused=refused, gone=gone))
        telling.lines([f"How they are called is in {arguments.bindings}."])
    telling.json(printing.as_json(imported, found, outcomes))
    return FAILED if refused else DONE


def _offered(
    arguments: argparse.Namespace, changing: applying.Changing, telling: _Telling
) -> tuple[list[dict[str, Json]], bool]:
    """Changes the project if it is wanted. What became, or would become, of each service, and whether the project
    is now as it was wanted."""
    if not changing.is_any:
        telling.lines(["There is nothing to change."])
        return [], True
    if not arguments.apply:
        outcomes = changing.looked_at()
        telling.lines(_refusals_and_evictions(outcomes, "would be"))
        if arguments.json or not _asked(changing):
            telling.lines(["Nothing was changed. --apply changes it."])
            return outcomes, False
    outcomes = changing.done()
    telling.lines([*_refusals_and_evictions(outcomes, "was"), _applied(outcomes)])
    return outcomes, True


def _check(arguments: argparse.Namespace) -> None:
    if arguments.prefix and not _PREFIX.match(arguments.prefix):
        raise Misuse("--prefix takes 1 to 40 letters, digits, _, - and ., the first a letter or digit.")
    if arguments.prune and not (arguments.prefix or arguments.bindings):
        raise Misuse(
            "--prune must know which services earlier imports made: give the --prefix or the --bindings of those."
        )
    if not 1_000 <= arguments.most_characters <= 60_000:
        raise Misuse("--most-characters takes 1,000 to 60,000.")


def _bindings(path: str | None) -> Bindings:
    if path is None or not Path(path).exists():
        return Bindings()
    try:
        return load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} cannot be read: {error}.") from None


def _merged(before: Bindings, now: Bindings, *, refused: Collection[str], gone: Collection[str]) -> Bindings:
    """Services that were not looked at, and those whose change was refused, are called as before; those that are
    gone are not."""
    new = {name: binding for name, binding in now.services.items() if name not in refused}
    services = {**before.services, **new}
    return Bindings(now.server, {name: each for name, each in services.items() if name not in gone})


def _write(path: str, bindings: Bindings) -> None:
    """Whole or not at all."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_text(dump(bindings), "utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Misuse(f"{path} cannot be written: {error.strerror or error}.") from None


def _asked(changing: applying.Changing) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    found, gone = changing.found, changing.gone
    what = f"{len(found.new)} new, {len(found.changed)} changed" + (f", {len(gone)} removed" if gone else "")
    return input(f"Change the project ({what})? [y/N] ").strip().lower() in ("y", "yes")


def _refusals_and_evictions(outcomes: list[dict[str, Json]], verb: str) -> Iterator[str]:
    for outcome in outcomes:
        if outcome["outcome"] == "refused":
            yield f"  ! {outcome['name']} {verb} refused by the engine: {printing.shown(outcome['reason'])}"
    evicted = sum(outcome["evicts"] for outcome in outcomes)
    if evicted:
        yield f"  cached plans: {evicted} {verb} evicted"


def _applied(outcomes: list[dict[str, Json]]) -> str:
    counts = {
        kind: sum(1 for each in outcomes if each["outcome"] == kind) for kind in ("created", "changed", "removed")
    }
    return (
        ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) + "."
        if any(counts.values())
        else ""
    )


class _Telling:
    """Lines for people, or one JSON document for programs."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def lines(self, lines: Iterable[str]) -> None:
        if not self._quiet:
            tell(*filter(None, lines))

    def json(self, value: Json) -> None:
        if self._quiet:
            tell_json(value)
