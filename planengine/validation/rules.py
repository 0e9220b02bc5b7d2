"""Whether a draft plan may be used: the one authority over every plan, whoever drafted it.

Pure, and fast enough to be asked on every cache hit. What can be put in order without guessing is (the order of
tasks, parallel groups, literals that belong into task0); everything else is a problem with a stable code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain, islice

from orra.base.strictjson import Json, same
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.schemas import Field
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.validation.drafts import Shape, Task, not_actionable_reason, read_shape
from planengine.validation.graph import circles, levels
from planengine.validation.links import link_problems
from planengine.validation.literals import Origins, anything, fits_in, fold
from planengine.validation.object_rules import rule_problems
from planengine.validation.problems import MAX_PROBLEMS, Problem, Verdict
from planengine.validation.wiring import Wiring, misread_problem, wire


def validate(draft: Json, *, catalogue: Catalogue, params: Mapping[str, Json], action: str) -> Verdict:
    """The normalised plan, or the problems of the draft, or the planner's reason for not planning. Never raises.

    An accepted plan has task0 first, then the draft's tasks in its order, each with exactly ``id``, ``service``
    (the name), ``input`` and, where it is ordered behind tasks that it takes nothing from, ``after``; every input
    is a reference; ``parallel_groups`` are the levels of the graph.
    """
    reason = not_actionable_reason(draft)
    if reason is not None:
        return Verdict(not_actionable=reason)
    shape = read_shape(draft)
    origins = Origins(params, action)
    wiring = wire(shape, catalogue=catalogue, origins=origins)
    needs = _dependencies(shape, wiring)
    groups = levels(needs)
    found = chain(
        shape.problems,
        _task0_problems(shape, wiring, origins),
        _service_problems(shape, wiring, catalogue),
        wiring.problems,
        chain.from_iterable(link_problems(link, shape, wiring, origins, catalogue) for link in wiring.links),
        rule_problems(shape, wiring, origins),
        _after_problems(shape),
        _order_problems(needs, groups),
        _unused_params(shape, wiring, params),
    )
    problems = tuple(islice(_distinct(found), MAX_PROBLEMS))
    if problems:
        return Verdict(problems=problems)
    return Verdict(plan=_plan(shape, wiring, groups), sources=wiring.sources)


def _plan(shape: Shape, wiring: Wiring, groups: list[list[str]]) -> Json:
    inputs: dict[str, dict[str, Json]] = {task.id: {} for task in shape.tasks}
    flows: dict[str, set[str]] = {task.id: {"task0"} for task in shape.tasks}
    for link in wiring.links:
        inputs[link.task.id][link.name] = str(link.reference)
        flows[link.task.id].add(link.reference.task)
    after = {task.id: [each for each in task.after if each not in flows[task.id]] for task in shape.tasks}
    tasks: list[Json] = [{"id": "task0", "input": wiring.constants}]
    for task_id, spec in wiring.services.items():
        assert spec is not None
        task: dict[str, Json] = {"id": task_id, "service": spec.name, "input": inputs[task_id]}
        tasks.append(task | ({"after": after[task_id]} if after[task_id] else {}))
    return {"tasks": tasks, "parallel_groups": groups}


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    seen: set[Problem] = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            yield problem


# --- task0: the params, exactly, and nothing made up -------------------------------------------------------------


def _task0_problems(shape: Shape, wiring: Wiring, origins: Origins) -> Iterator[Problem]:
    if shape.task0 is None:
        return
    missing = [param for param in origins.params if param not in shape.task0]
    for name, value in shape.task0.items():
        if name not in origins.params:
            yield from _extra_field_problems(name, value, missing=missing, wiring=wiring, origins=origins)
        elif not same(value, origins.params[name]):
            yield Problem(
                "param_value_changed",
                f"Task0 input field {quote(name)} is {show(value)}, but the action parameter's value is"
                f" {show(origins.params[name])}",
                "task0",
                shorten(name),
                "Copy the action parameter's value exactly as given.",
            )
    for param in missing:
        yield Problem(
            "param_missing",
            f"Action parameter {quote(param)} is missing from Task0 input",
            "task0",
            shorten(param),
            f"Put {quote(param)} into task0's input under exactly this name, with its exact value.",
        )


def _extra_field_problems(
    name: str, value: Json, *, missing: list[str], wiring: Wiring, origins: Origins
) -> Iterator[Problem]:
    namesakes = [param for param in origins.params if fold(param) == fold(name)]
    renamed = namesakes or [param for param in missing if same(origins.params[param], value)]
    if not renamed:
        takers = list(_takers(name, wiring))
        fits = fits_in(takers) if takers else anything
        if origins.in_action(value, fits=fits):
            wiring.sources[name] = "action"
            return
        if any(same(value, constant) for slot in takers for constant in slot.constants):
            wiring.sources[name] = "constant"
            return
        misread = origins.misread(value, fits=fits)
        if misread is not None:
            where = f"Task0 input field {quote(name)}"
            yield misread_problem(value, misread, where=where, task="task0", name=name)
            return
    wanted = quote_all(renamed or origins.params)
    hint = f"The action parameter is called {wanted}." if renamed else f"Action parameters: {wanted}."
    yield Problem(
        "unknown_task0_field",
        f"Task0 input field {quote(name)} doesn't match any action parameter",
        "task0",
        shorten(name),
        f"{hint} Other fields may only hold values that the action itself says.",
    )


def _takers(constant: str, wiring: Wiring) -> Iterator[Field]:
    for link in wiring.links:
        if link.input is not None and link.reference.task == "task0" and link.reference.field == constant:
            yield link.input


# --- services and their inputs -----------------------------------------------------------------------------------


def _service_problems(shape: Shape, wiring: Wiring, catalogue: Catalogue) -> Iterator[Problem]:
    if not shape.tasks and not shape.problems:
        yield Problem(
            "no_service_task",
            "The plan calls no service",
            hint='Call services, or say why none fits: {"id": "final", "input": {"error": reason}}.',
        )
    for task in shape.tasks:
        spec = wiring.services[task.id]
        if spec is not None:
            yield from _input_problems(task, spec)
        elif task.service:
            close = get_close_matches(shorten(task.service), catalogue.names[:500], n=3)
            yield Problem(
                "unknown_service",
                f"'{task.id}' names the service {quote(task.service)}, which doesn't exist",
                task.id,
                "service",
                f"Closest: {quote_all(close)}." if close else f"Services: {quote_all(catalogue.names)}.",
            )
        else:
            yield Problem(
                "service_missing",
                f"'{task.id}' names no service",
                task.id,
                "service",
                "Only task0 has no service.",
            )


def _input_problems(task: Task, spec: ServiceSpec) -> Iterator[Problem]:
    for name in task.input:
        if spec.inputs.field(name) is None:
            yield Problem(
                "unsupported_input",
                f"Service {quote(spec.name)} of '{task.id}' takes no input {quote(name)}",
                task.id,
                shorten(name),
                f"It takes {quote_all(spec.input_fields)}.",
            )
    for name in spec.required_inputs:
        if name not in task.input:
            yield Problem(
                "missing_input",
                f"'{task.id}' lacks the input {quote(name)}, which service {quote(spec.name)} requires",
                task.id,
                shorten(name),
                "Refer to a field of task0 or to another task's output.",
            )


# --- order -------------------------------------------------------------------------------------------------------


def _dependencies(shape: Shape, wiring: Wiring) -> dict[str, set[str]]:
    needs: dict[str, set[str]] = {task.id: set(task.after) - {"task0"} for task in shape.tasks}
    for link in wiring.links:
        if link.reference.task != "task0":
            needs[link.task.id].add(link.reference.task)
    return needs


def _after_problems(shape: Shape) -> Iterator[Problem]:
    known = {"task0", *(task.id for task in shape.tasks)}
    for task in shape.tasks:
        for each in task.after:
            if each == task.id:
                message = f"'{task.id}' is to come after itself"
                yield Problem("self_reference", message, task.id, "after", "A task cannot wait for itself.")
            elif each not in known:
                hint = f"Tasks: {quote_all(sorted(known))}."
                message = f"'{task.id}' is to come after {quote(each)}, which is no task of the plan"
                yield Problem("unknown_task_reference", message, task.id, "after", hint)


def _order_problems(needs: Mapping[str, set[str]], groups: list[list[str]]) -> Iterator[Problem]:
    runnable = {task for group in groups for task in group}
    if len(runnable) == len(needs):
        return
    in_circles: set[str] = set()
    for circle in circles({task: needed for task, needed in needs.items() if task not in runnable}):
        in_circles.update(circle)
        yield Problem(
            "cycle",
            f"The tasks {quote_all(circle)} wait for one another",
            circle[0],
            hint="Remove one of the references between them.",
        )
    for task, needed in needs.items():
        told_already = task in runnable or task in in_circles or task in needed or not needed <= needs.keys()
        if not told_already:
            yield Problem(
                "unreachable_task",
                f"'{task}' can never run: it waits for {quote_all(sorted(needed - runnable))}",
                task,
                hint="Refer only to tasks that can run.",
            )


def _unused_params(shape: Shape, wiring: Wiring, params: Mapping[str, Json]) -> Iterator[Problem]:
    if not shape.tasks or shape.task0 is None:
        return
    used = {link.reference.field for link in wiring.links if link.reference.task == "task0"}
    specs = {spec.name: spec for spec in wiring.services.values() if spec is not None}
    unused = [param for param in params if param in shape.task0 and param not in used]
    if not unused:
        return
    taken = {fold(name) for spec in specs.values() for name in spec.input_fields}
    takes_any = any(spec.inputs.is_open for spec in specs.values())
    for param in unused:
        # Named in an input that is no proper reference: told there already, unless no service takes it at all.
        is_taken = takes_any or fold(param) in taken
        if not (param in wiring.mentioned and is_taken):
            yield Problem(
                "unused_param",
                f"Action parameter {quote(param)} isn't used by any task",
                "task0",
                shorten(param),
                f"No input of {quote_all(specs)} takes it: choose a service that does."
                if not is_taken
                else f"Pass '$task0.{shorten(param)}' to the input that takes it.",
            )
