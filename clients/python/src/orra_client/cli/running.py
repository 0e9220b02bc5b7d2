"""``orra run``: a plan, carried out by HTTP addresses."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from orra_client.carrying import Outcome, Status, Step, run
from orra_client.carrying.handlers import HttpHandler
from orra_client.cli.common import (
    DONE,
    NO_PLAN,
    Misuse,
    Subparsers,
    client_of,
    is_confirmed,
    options,
    short,
    status,
    tell,
    tell_json,
)
from orra_client.cli.files import read_file
from orra_client.cli.plans import tell_plan
from orra_client.cli.requests import add_params, params_of
from orra_client.client import Orra
from orra_client.results.plans import Plan


def register(subparsers: Subparsers[Any]) -> None:
    parser = subparsers.add_parser("run", parents=[options()], help="ask for a plan, and carry it out over HTTP")
    parser.add_argument("action", nargs="?", help="what is to be done, in words; or --plan")
    add_params(parser)
    parser.add_argument("--plan", metavar="PLAN", help="the id of a plan that is ready")
    parser.add_argument(
        "--handlers",
        type=Path,
        required=True,
        metavar="FILE",
        help='an object of HTTP addresses by service, {"find_order": "http://…"}; each gets the inputs by POST',
    )
    parser.add_argument("--dry-run", action="store_true", help="call nobody, and tell what would be called")
    parser.add_argument("--yes", action="store_true", help="do not ask before steps that may destroy something")
    parser.set_defaults(run=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    handlers = _handlers(arguments.handlers)
    with client_of(arguments) as client:
        plan = _plan(client, arguments)
        if not plan.is_ready:
            return tell_plan(plan, as_json=arguments.json)
        services = list(client.list_services(page_size=200))
    result = run(
        plan,
        handlers,
        services=services,
        dry_run=arguments.dry_run,
        before_destructive=lambda step: _may_run(step, yes=arguments.yes),
        on_step=None if arguments.json else tell_outcome,
    )
    if arguments.json:
        tell_json({"plan_id": plan.id, "done": result.is_done, "steps": [step.as_dict() for step in result.steps]})
    fulfilled = {Status.DONE, Status.WOULD_RUN}
    return DONE if all(step.status in fulfilled for step in result.steps) else NO_PLAN


def tell_outcome(outcome: Outcome) -> None:
    given = f" → {short(dict(outcome.output))}" if outcome.output is not None else ""
    called = f"{outcome.service}({short(dict(outcome.input))})"
    tell(f"{outcome.task}  {called} {status(outcome.status)}{given} {outcome.why}")


def _may_run(step: Step, *, yes: bool) -> bool | str:
    try:
        question = f"{step.task} may destroy something: {step.service}({short(dict(step.input), 300)}). Run it?"
        return is_confirmed(question, yes=yes) or "Somebody said no."
    except Misuse as nobody:
        return str(nobody)


def _plan(client: Orra, arguments: argparse.Namespace) -> Plan:
    if (arguments.action is None) == (arguments.plan is None):
        raise Misuse("Say what is to be done in words, or --plan with the id of a plan.")
    if arguments.plan is not None:
        return client.get_plan(arguments.plan)
    return client.plan(arguments.action, params_of(arguments))


def _handlers(path: Path) -> dict[str, HttpHandler]:
    said = read_file(path)
    if not isinstance(said, dict) or not all(isinstance(address, str) for address in said.values()):
        raise Misuse(f"{path} must hold an object of HTTP addresses by service.")
    return {name: HttpHandler(address) for name, address in said.items()}
