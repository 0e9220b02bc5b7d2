"""Commands that other installed packages offer through the entry points of the group ``orra.commands``."""

from __future__ import annotations

import ast
import importlib.util
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from pathlib import Path

GROUP = "orra.commands"
CLIENT = "orra-client"

Commands = dict[str, EntryPoint]


def commands() -> Commands:
    """What is offered, by name and in its order. Nothing is loaded."""
    return {found.name: found for found in sorted(entry_points(group=GROUP), key=lambda one: one.name)}


def versions() -> str:
    """Of the packages that the commands come from: ``orra 0.1.0, orra-client 0.1.0``."""
    packages = {found.dist.name: found.dist.version for found in entry_points(group=GROUP) if found.dist}
    try:
        packages[CLIENT] = version(CLIENT)
    except PackageNotFoundError:  # run from its sources
        packages[CLIENT] = "not installed"
    return ", ".join(f"{name} {number}" for name, number in sorted(packages.items()))


def call(command: EntryPoint, argv: list[str]) -> int:
    """Loads a command and runs it; returns its exit code."""
    return int(command.load()(argv) or 0)


def listing(offered: Commands) -> str:
    """The lines of ``orra --help`` about these commands; nothing without any."""
    if not offered:
        return ""
    width = max(map(len, offered)) + 2
    lines = [f"  {name:<{width}}{help_of(command)}".rstrip() for name, command in offered.items()]
    return "\n".join(["commands of other packages:", *lines])


def help_of(command: EntryPoint) -> str:
    """The first line of a command's docstring, read from its source: the module itself is not imported."""
    try:
        spec = importlib.util.find_spec(command.module)
        source = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
        return _first_line(ast.parse(source), command.attr)
    except (ImportError, OSError, SyntaxError, ValueError):
        return ""


def _first_line(module: ast.Module, name: str) -> str:
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    return ""
