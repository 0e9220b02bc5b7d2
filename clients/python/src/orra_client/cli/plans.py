"""``orra plan``, ``plans``, ``explain`` and ``report``: asking for plans, and what became of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from orra_client.cli.common import (
    DONE,
    NO_PLAN,
    Subparsers,
    client_of,
    coloured,
    options,
    short,
    status,
    table,
    tell,
    tell_json,
)
from orra_client.cli.requests import add_request, params_of
from orra_client.client import Orra
from orra_client.results.plans import Event, ExecutionPlan, Plan

USUAL_ROWS = 20


def register(subparsers: Subparsers[Any]) -> None:
    plan_parser = subparsers.add_parser("plan", parents=[options()], help="ask for a plan and wait for it")
    add_request(plan_parser)
    plan_parser.add_argument("--cache", choices=("use", "bypass", "refresh", "only"), default="use")
    plan_parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    plan_parser.add_argument("--watch", action="store_true", help="tell what happens while it is planned")
    plan_parser.set_defaults(run=plan)
    explain_parser = subparsers.add_parser(
        "explain", parents=[options()], help="what the cache would do with a request, and why"
    )
    add_request(explain_parser)
    explain_parser.set_defaults(run=explain)
    report_parser = subparsers.add_parser("report", parents=[options()], help="say that a plan is wrong, or right")
    report_parser.add_argument("plan_id", metavar="PLAN")
    verdict = report_parser.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--wrong", action="store_true", help="it is not what was asked for")
    verdict.add_argument("--right", action="store_true", help="it is; a report of before is taken back")
    report_parser.add_argument("--note", default="", help="for people")
    report_parser.set_defaults(run=report)
    _register_plans(subparsers)


def _register_plans(subparsers: Subparsers[Any]) -> None:
    group = subparsers.add_parser("plans", help="list and show plans")
    commands = group.add_subparsers(metavar="COMMAND", required=True)
    list_parser = commands.add_parser("list", parents=[options()], help="the newest plans")
    list_parser.add_argument("--status", choices=("pending", "planning", "ready", "not_actionable", "failed"))
    list_parser.add_argument("--source")
    list_parser.add_argument("--limit", type=int, default=USUAL_ROWS)
    list_parser.set_defaults(run=list_plans)
    show_parser = commands.add_parser("show", parents=[options()], help="one plan")
    show_parser.add_argument("plan_id", metavar="PLAN")
    show_parser.add_argument("--watch", action="store_true", help="tell what happens to it until it is finished")
    show_parser.set_defaults(run=show_plan)


def plan(arguments: argparse.Namespace) -> int:
    params = params_of(arguments)
    with client_of(arguments) as client:
        if not arguments.watch:
            made = client.plan(arguments.action, params, cache=arguments.cache, timeout=arguments.timeout)
        else:
            asked = client.create_plan(arguments.action, params, cache=arguments.cache)
            made = _watch(client, asked.id, as_json=arguments.json)
    return tell_plan(made, as_json=arguments.json)


def show_plan(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        if arguments.watch:
            return tell_plan(_watch(client, arguments.plan_id, as_json=arguments.json), as_json=arguments.json)
        return tell_plan(client.get_plan(arguments.plan_id), as_json=arguments.json)


def tell_plan(plan: Plan, *, as_json: bool) -> int:
    """The exit code says whether there is an execution plan."""
    code = DONE if plan.is_ready or not plan.is_finished else NO_PLAN
    if as_json:
        tell_json(plan.raw)
        return code
    total = plan.timings_ms.get("total")
    took = f" after {total:,.0f} ms" if total is not None else ""
    tell(f"{plan.id}  {status(plan.status)}{f', from {plan.source}' if plan.source else ''}{took}")
    if plan.plan is not None:
        tell(*lines_of(plan.plan))
    if plan.error is not None:
        tell(plan.error.message, *(f"  How to fix it: {each}" for each in plan.error.how_to_fix))
    return code


def lines_of(plan: ExecutionPlan) -> Iterator[str]:
    """A line for each task, in groups of those that may run side by side."""
    tasks = {task.id: task for task in plan.tasks}
    for group in plan.parallel_groups:
        for number, name in enumerate(group):
            task = tasks[name]
            takes = ", ".join(f"{field} ← {short(value)}" for field, value in task.input.items())
            after = f"  after {', '.join(task.after)}" if task.after else ""
            side = coloured("∥" if number else " ", "dim")
            yield f"  {side} {name}  {coloured(task.service or '', 'bold')}({takes}){after}"
    for task in plan.tasks:
        if task.service is None:
            yield from (f"    {task.id}.{field} = {short(value)}" for field, value in task.input.items())


def explain(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        told = client.explain_cache(arguments.action, params_of(arguments))
    if arguments.json:
        return tell_json(told.raw)
    tell(f"{coloured(told.decision, 'bold')}: {told.reason}", f"template: {told.template}")
    if told.votes:
        votes = told.votes
        tell(
            f"the nearest examples propose {', '.join(votes.get('services', [])) or 'nothing'}, "
            f"risk {votes.get('risk', 0):.4f} where {votes.get('most_risk', 0):.4f} is tolerated"
        )
        if words := votes.get("not_accounted_for"):
            tell(f"not accounted for: {', '.join(map(str, words))}")
    for candidate in told.candidates:
        why_not = candidate.get("reason") or ""
        tell(f"  {candidate.get('similarity', 0):.3f}  {candidate.get('template')}  {why_not}")
    if told.plan is not None:
        tell(*lines_of(told.plan))
    tell(*(f"What to do: {each}" for each in told.what_to_do))
    return DONE


def report(arguments: argparse.Namespace) -> int:
    verdict = "wrong_plan" if arguments.wrong else "right_plan"
    with client_of(arguments) as client:
        told = client.report_plan(arguments.plan_id, verdict, note=arguments.note)
    if arguments.json:
        return tell_json(told.raw)
    noted = "wrong: it does not come back" if arguments.wrong else "right: it is an example"
    tell(f"{told.id} is noted as {noted}.")
    return DONE


def list_plans(arguments: argparse.Namespace) -> int:
    size = max(1, min(arguments.limit, 200))
    with client_of(arguments) as client:
        listed = client.list_plans(status=arguments.status, source=arguments.source, page_size=size)
        plans = list(islice(listed, max(0, arguments.limit)))
    if arguments.json:
        return tell_json([each.raw for each in plans])
    rows = [
        (
            each.id,
            each.status,
            each.source or "",
            each.created_at and f"{each.created_at:%Y-%m-%d %H:%M}",
            each.action,
        )
        for each in plans
    ]
    tell(*table(rows, ("plan", "status", "source", "asked for", "action")) or ["There are no such plans."])
    return DONE


def _watch(client: Orra, plan_id: str, *, as_json: bool) -> Plan:
    for event in client.listen_to_plan(plan_id):
        if not as_json:
            tell(coloured(_line_of(event), "dim"))
    return client.get_plan(plan_id)


def _line_of(event: Event) -> str:
    data = event.data
    words: dict[str, Callable[[], str]] = {
        "queued": lambda: "accepted",
        "cache": lambda: f"cache: {data.get('decision')} ({data.get('reason')})",
        "attempt_started": lambda: f"attempt {data.get('attempt')} by {data.get('planner')}",
        "answered": lambda: f"answered after {data.get('seconds')} s",
        "attempt_failed": lambda: f"attempt failed: {data.get('error_code')}",
        "problems_found": lambda: f"problems: {data.get('count')}, first: {_first_problem(data.get('problems'))}",
        "progress": lambda: (
            f"{data.get('reasoning_chars')} characters thought, {data.get('answer_chars')} written"
        ),
        "following": lambda: f"waits for the plan {data.get('leader_id')}, which serves both",
    }
    return f"… {words.get(event.name, lambda: event.name)()}"


def _first_problem(problems: Any) -> str:
    return str(problems[0].get("message")) if isinstance(problems, list) and problems else ""
