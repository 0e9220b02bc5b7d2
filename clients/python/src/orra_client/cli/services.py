"""``orra services``: what a project plans with."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

IMPORTS = "orra_client.imports.command"  # registers `orra services import`


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    group = subparsers.add_parser("services", help="register, list, show and remove services")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    _register_imports(commands)


def _register_imports(commands: argparse._SubParsersAction[Any]) -> None:
    try:
        module = importlib.import_module(IMPORTS)
    except ModuleNotFoundError as error:
        if error.name is None or not IMPORTS.startswith(error.name):
            raise
        return
    module.register(commands)
