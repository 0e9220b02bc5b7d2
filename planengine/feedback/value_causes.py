"""Root causes that lie in the values of a plan: made up, read wrongly, or such that nobody can tell."""

from __future__ import annotations

from orra.base.text import quote, quote_all
from planengine.feedback.cases import Case, Cause
from planengine.validation.literals import SAYS


def value_in_several_ways(case: Case) -> Cause | None:
    unclear = case.of("ambiguous_value")
    if not unclear:
        return None
    names = quote_all({problem.field or "": None for problem in unclear})
    return Cause(
        "A value in the action can be read in several ways.",
        "Which one is meant cannot be told from the text, and it is not guessed.",
        case.details("ambiguous_value"),
        (
            f"Add {names} to the parameters of your orchestration request",
            "OR write a number without marks between its digits, and a date as 2031-05-06",
        ),
    )


def value_misread(case: Case) -> Cause | None:
    wrong = [problem for problem in case.of("invented_literal") if problem.hint.startswith(SAYS)]
    if not wrong:
        return None
    names = quote_all({problem.field or "": None for problem in wrong})
    return Cause(
        "The model read a value of the action wrongly.",
        "The generated execution plan has values that differ from those that the action says.",
        [problem.message for problem in wrong],
        (
            f"Add {names} to the parameters of your orchestration request",
            "OR use a more capable model: `manage.py evaluate_planner` tells whether one is good enough",
        ),
    )


def value_made_up(case: Case) -> Cause | None:
    made_up = list(case.inputs_of("invented_literal"))
    if not made_up:
        return None
    names = quote_all({name: None for _, name, _ in made_up})
    services = ", ".join({case.service(task): None for task, _, _ in made_up})
    return Cause(
        "A service needs a value that the request doesn't contain.",
        "The generated execution plan has values that are neither in the action nor in its parameters.",
        [f"{task.id} (service {case.service(task)}), input {quote(name)}" for task, name, _ in made_up],
        (
            f"Add {names} to the parameters of your orchestration request, or say the values in the action",
            f"OR make {names} optional, or give a default, in the input schema of service {services}",
        ),
    )


def input_left_open(case: Case) -> Cause | None:
    """A model chose services that lack an input, or had none to choose from."""
    open_inputs = case.of("selection_incomplete")
    if not open_inputs and not case.of("nothing_to_choose"):
        return None
    names = quote_all({problem.field: None for problem in open_inputs if problem.field})
    return Cause(
        "No registered service can be called with what the request gives.",
        "A service was wanted whose inputs neither the parameters nor other services give.",
        case.details("selection_incomplete", "nothing_to_choose"),
        (
            f"Send {names} as parameters of your orchestration request"
            if open_inputs
            else "Send what the services require as parameters of your orchestration request",
            "OR register a service that gives it and is known to only read (readOnlyHint)",
        ),
    )
