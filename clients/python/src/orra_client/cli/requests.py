"""An action and its params, as they are typed."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from orra_client.cli.common import Misuse
from orra_client.cli.files import read_file
from orra_client.reading import Json


def add_request(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", help="what is to be done, in words")
    add_params(parser)


def add_params(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--param",
        action="append",
        default=[],
        metavar="FIELD=TEXT|FIELD:=JSON",
        help="a param: a text, or with := any JSON value; may be given many times",
    )
    parser.add_argument("--params", type=Path, metavar="FILE", help="an object of params, in JSON or YAML")


def params_of(arguments: argparse.Namespace) -> dict[str, Json]:
    """Those of the file, and over them those that were typed. Raises :class:`~orra_client.cli.common.Misuse`."""
    params: Json = read_file(arguments.params) if arguments.params else {}
    if not isinstance(params, dict):
        raise Misuse(f"{arguments.params} must hold an object of params.")
    for typed in arguments.param:
        field, value = _param(typed)
        params[field] = value
    return dict(params)


def _param(typed: str) -> tuple[str, Json]:
    field, sign, value = typed.partition("=")
    if not sign or not field.rstrip(":"):
        raise Misuse(f"A param is written FIELD=TEXT or FIELD:=JSON, not {typed[:100]!r}.")
    if not field.endswith(":"):
        return field, value
    try:
        return field[:-1], json.loads(value)
    except (ValueError, RecursionError):
        said = f"What stands behind {field}= is no JSON: {value[:100]!r}. A text is written FIELD=TEXT."
        raise Misuse(said) from None
