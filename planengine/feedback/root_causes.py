"""The root causes of a failed plan, for the developer: what was wrong with the request, the services or the model.

Each cause is a function that looks at the case and tells what it found, or ``None``. They are asked in the order
of how much their answer explains: a param that no service takes makes a model write composite references.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orra.base.strictjson import Json
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.schemas import type_names
from planengine.catalogue.specs import Catalogue
from planengine.feedback.cases import Case, Cause
from planengine.feedback.domain_causes import domain_not_kept
from planengine.feedback.value_causes import input_left_open, value_in_several_ways, value_made_up, value_misread
from planengine.validation.literals import fold
from planengine.validation.object_rules import broken_rule
from planengine.validation.problems import Problem
from planengine.validation.references import mentions, read_reference

_MAX_FIXES = 5


def find_cause(
    problems: Sequence[Problem], *, draft: Json, catalogue: Catalogue, params: Mapping[str, Json]
) -> Cause:
    case = Case(tuple(problems), draft, catalogue, params)
    return next(cause for find in _causes if (cause := find(case)) is not None)


def _params_nobody_takes(case: Case) -> Cause | None:
    bad = list(case.inputs_of("composite_reference", "malformed_reference", "unsupported_input"))
    unused = {problem.field for problem in case.of("unused_param")}
    named = {each.field for *_, value in bad for each in mentions(value) if each.task == "task0"}
    lost = [
        param for param in case.params if (param in named or shorten(param) in unused) and not case.is_taken(param)
    ]
    if not lost or not case.services:
        return None
    owners = {case.service(task): None for task, _, value in bad if _speaks_of(value, lost)}
    services = ", ".join(owners) or quote_all(spec.name for spec in case.services)
    params = quote_all(lost)
    details = [
        f"{task.id} (service {case.service(task)}), input {quote(name)}: {show(value, 160)}"
        for task, name, value in bad
    ]
    broken = bool(case.of("composite_reference", "malformed_reference"))
    fixes = [
        f"If required, update the input schema of service {services} to accept these parameters: {params}",
        f"OR if these parameters aren't needed, remove {params} from your orchestration request",
    ]
    others = {spec.name: None for param in lost for spec in case.takers(param, case.catalogue)}
    if others:
        fixes.append(f"OR word the action so that it needs a service that takes them: {quote_all(others)}")
    return Cause(
        "Found invalid task0 references in downstream tasks."
        if broken
        else "Found action parameters that no chosen service takes.",
        "The generated execution plan has parameters with invalid task0 references. Each input parameter should"
        " reference exactly one task0 field without additional text."
        if broken
        else "The services that carry out this action have no input for some of the parameters sent with it.",
        [*details, f"Action parameters that no service of the plan takes: {params}"],
        tuple(fixes),
    )


def _speaks_of(value: Json, params: Collection[str]) -> bool:
    return any(each.task == "task0" and each.field in params for each in mentions(value))


def _param_that_does_not_fit(case: Case) -> Cause | None:
    details: list[str] = []
    fixes: dict[str, None] = {}
    for task, name, value in case.inputs_of("type_mismatch", "value_not_accepted"):
        param = case.referred_param(value)
        spec = case.catalogue.get(task.service)
        slot = spec.inputs.field(name) if spec else None
        if param is None or slot is None:
            continue
        faults = "; ".join(slot.faults(case.params[param])) or "it doesn't fit"
        where = f"input {quote(name)} of service {case.service(task)}"
        details.append(f"Action parameter {quote(param)} for the {where} ({type_names(slot.types)}): {faults}")
        fixes[f"Send {quote(param)} with a value that the {where} accepts: {faults}"] = None
        fixes[
            f"OR update the input schema of service {case.service(task)} to accept what {quote(param)} holds"
        ] = None
    if not details:
        return None
    return Cause(
        "An action parameter doesn't fit the service that takes it.",
        "The value of an action parameter has a type or a form that the input of the chosen service refuses.",
        details,
        tuple(fixes)[:_MAX_FIXES],
    )


def _input_nobody_gives(case: Case) -> Cause | None:
    lacking: dict[tuple[str, str], None] = {}
    for problem in case.of("missing_input"):
        task = case.tasks.get(problem.task or "")
        name = problem.field or ""
        if task is not None and not _is_given(name, case):
            lacking[name, case.service(task)] = None
    if not lacking:
        return None
    names = quote_all({name: None for name, _ in lacking})
    services = ", ".join(dict.fromkeys(service for _, service in lacking))
    return Cause(
        "A required input has no source.",
        "A chosen service requires an input that no action parameter and no registered service's output provides.",
        [f"Service {service} requires {quote(name)}" for name, service in lacking],
        (
            f"Add {names} to the parameters of your orchestration request",
            f"OR make {names} optional in the input schema of service {services}",
            f"OR register a service whose output has {names}",
        ),
    )


def _is_given(name: str, case: Case) -> bool:
    outputs = (output for spec in case.catalogue for output in spec.output_fields)
    return any(fold(given) == fold(name) for given in (*case.params, *outputs))


def _rule_nobody_keeps(case: Case) -> Cause | None:
    details: list[str] = []
    fixes: dict[str, None] = {}
    for problem in case.of("input_rule_broken"):
        task = case.tasks.get(problem.task or "")
        spec = case.catalogue.get(task.service) if task else None
        rule = broken_rule(problem, spec) if spec else None
        if task is None or rule is None:
            continue
        lacking = [name for name in rule.names if name not in task.input]
        if any(_is_given(name, case) for name in lacking):
            continue  # the model could have kept it
        details.append(f"Service {case.service(task)}: {rule.words}")
        fixes[f"Send parameters that keep the rule: {rule.words}"] = None
        fixes[f"OR change this rule in the input schema of service {case.service(task)}"] = None
    if not details:
        return None
    return Cause(
        "A service cannot be called with what the request gives.",
        "The input schema of a chosen service has a rule for its inputs together, and the request's parameters"
        " don't keep it.",
        details,
        tuple(fixes)[:_MAX_FIXES],
    )


def _one_call_for_each(case: Case) -> Cause | None:
    lists = case.of("fan_out")
    if not lists:
        return None
    services = ", ".join({case.service(case.tasks[each.task]): None for each in lists if each.task in case.tasks})
    return Cause(
        "A service would have to be called once for each item of a list.",
        "A task calls its service once. How long a list will be is not known when the plan is made.",
        case.details("fan_out"),
        (
            f"Let service {services} take the whole list, with an input of type array",
            "OR register a service that gives the one value that is needed",
            "OR send a request for each item",
        ),
    )


def _output_that_is_not_there(case: Case) -> Cause | None:
    wanted: dict[tuple[str, str], None] = {}
    for _, _, value in case.inputs_of("unknown_output_field"):
        reference = read_reference(value, has_field=lambda task, field: False)
        producer = case.tasks.get(reference.task) if reference else None
        if reference is not None and producer is not None:
            wanted[reference.field, case.service(producer)] = None
    if not wanted:
        return None
    fixes = [
        f"If service {service} gives {quote(name)}, declare it in its output schema" for name, service in wanted
    ]
    return Cause(
        "A task needs an output that its service doesn't declare.",
        "The generated execution plan refers to output fields that are not in the services' output schemas.",
        case.details("unknown_output_field"),
        (*fixes[:_MAX_FIXES], "OR register a service that gives what is missing"),
    )


def _service_that_is_not_there(case: Case) -> Cause | None:
    if len(case.catalogue) and not case.of("unknown_service"):
        return None
    invented = [
        task.service for task in case.tasks.values() if case.catalogue.get(task.service) is None and task.service
    ]
    names = quote_all(dict.fromkeys(invented))
    known = f"use what the registered services can do: {quote_all(case.catalogue.names)}"
    return Cause(
        "The plan needs services that are not registered." if len(case.catalogue) else "No service is registered.",
        "The generated execution plan calls services that don't exist in this project.",
        case.details("unknown_service") or case.details(),
        (
            f"If the action needs them, register services for what the plan calls {names}"
            if invented
            else "Register the services that the action needs",
            f"OR word the action so that it can {known}" if len(case.catalogue) else "Then send the request again",
        ),
    )


def _prompt_cut(case: Case) -> Cause | None:
    if not case.of("prompt_cut"):
        return None
    return Cause(
        "The model didn't see the whole request.",
        "The model's server cuts prompts that are longer than the model's context, and says nothing.",
        case.details(),
        (
            "Give the model a longer context (for Ollama: OLLAMA_CONTEXT_LENGTH, or num_ctx in the Modelfile)",
            "OR register fewer services, or services with shorter descriptions and schemas",
        ),
    )


def _answer_without_plan(case: Case) -> Cause | None:
    if case.of("output_truncated"):
        return Cause(
            "The model's answers are cut off before the plan is complete.",
            "The model reached its output budget (token limit) while still reasoning or writing.",
            case.details(),
            (
                "Raise the model server's limit on output tokens, or its context length",
                "OR use a model that reasons less, or register fewer services with shorter descriptions",
            ),
        )
    if case.of("only_reasoning"):
        return Cause(
            "The model thinks, and gives no answer.",
            "The model stopped after its reasoning, or its server took the answer for reasoning.",
            case.details(),
            (
                "Give the model's server the reasoning parser of this model, or none",
                "OR set LLM_RESPONSE_FORMAT=none, which lets a model think before it writes JSON",
                "OR use a model that reasons less, or raise LLM_MAX_OUTPUT_TOKENS: reasoning counts",
            ),
        )
    if not case.of("no_plan_found", "invalid_json", "answer_too_large"):
        return None
    return Cause(
        "The model didn't answer with an execution plan.",
        "The model's answers hold no well-formed JSON object with a list of tasks.",
        case.details(),
        (
            "Check with `manage.py check_models` that the endpoint serves the model you mean",
            "OR use a more capable model: `manage.py evaluate_planner` tells whether one is good enough",
        ),
    )


def _model_not_up_to_it(case: Case) -> Cause:
    services = quote_all(spec.name for spec in case.services)
    fixes = [
        "Word the action more plainly, naming what to do and with which parameters"
        + (f": {quote_all(case.params)}" if case.params else ""),
        "OR use a more capable model: `manage.py evaluate_planner` tells whether one is good enough",
    ]
    if case.services:
        fixes.insert(1, f"OR make the descriptions of service {services} say more clearly what they take and give")
    return Cause(
        "The model couldn't write a valid execution plan.",
        "The request and the services show no fault of their own, but the generated plan still has problems.",
        case.details() or ["Nothing more is known."],
        tuple(fixes),
    )


_causes = (
    domain_not_kept,
    _prompt_cut,
    _answer_without_plan,
    input_left_open,
    _params_nobody_takes,
    _param_that_does_not_fit,
    value_in_several_ways,
    _input_nobody_gives,
    _rule_nobody_keeps,
    _one_call_for_each,
    _output_that_is_not_there,
    _service_that_is_not_there,
    value_misread,
    value_made_up,
    _model_not_up_to_it,
)
