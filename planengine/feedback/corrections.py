"""What would be right instead: for each problem of a draft the name or the reference to write, where it is known.

A small model that reads "no such field" guesses again. One that reads ``In 'task2', write "email":
"$task1.email"`` copies. Problems with one cure get the same words, so that they can be told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cached_property
from itertools import islice

from orra.base.strictjson import Json, same
from orra.base.text import quote, quote_all, shorten, show
from planengine.catalogue.field_names import compare, is_identifier, key_of, stems_of, words_of
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.feedback.keeping_rules import Given
from planengine.planners.producers import Output, facts_of
from planengine.validation.drafts import Task, read_shape
from planengine.validation.graph import circles
from planengine.validation.literals import SAYS
from planengine.validation.object_rules import broken_rule
from planengine.validation.problems import Problem
from planengine.validation.references import mentions

_MAX_SOURCES = 3
_MAX_SERVICES = 3
_MAX_COMPARED = 2_000
_MAX_FIELDS = 12
_ALIKE, _UNLIKE = 8, 9
_NEARLY_AS_LIKE = 0.5


class Corrections:
    """Of one draft. ``draft`` may be anything that a model wrote."""

    def __init__(self, draft: Json, *, catalogue: Catalogue, params: Mapping[str, Json], action: str) -> None:
        shape = read_shape(draft)
        self._catalogue, self._params, self._said = catalogue, params, stems_of(action[:4000])
        self._task0 = shape.task0
        self._tasks = {task.id: task for task in shape.tasks}
        self._services = {task.id: catalogue.get(task.service) for task in shape.tasks}

    def of(self, problem: Problem) -> str:
        """What would be right, in a sentence or two; the problem's own hint where no more can be told."""
        find = _BY_CODE.get(problem.code)
        return (find(self, problem) if find is not None else "") or problem.hint

    # --- task0

    def _of_param(self, problem: Problem) -> str:
        param = next((name for name in self._params if shorten(name) == problem.field), None)
        if param is None or self._task0 is None:
            return ""
        renamed = next(self._renamings(param), None)
        return f"In 'task0', write {self._pair(param)}" + (f" instead of {quote(renamed)}." if renamed else ".")

    def _of_extra_field(self, problem: Problem) -> str:
        for param in self._params:
            for renamed in self._renamings(param):
                if shorten(renamed) == problem.field:
                    return f"In 'task0', write {self._pair(param)} instead of {quote(renamed)}."
        return f"Remove {quote(problem.field or '')} from 'task0', and what refers to it."

    def _renamings(self, param: str) -> Iterator[str]:
        """The fields of task0 that stand for a param which is not there."""
        task0 = self._task0 or {}
        if param in task0:
            return
        extra = [name for name in task0 if name not in self._params]
        yield from (name for name in extra if key_of(name) == key_of(param))
        yield from (name for name in extra if same(task0[name], self._params[param]))

    def _pair(self, param: str) -> str:
        return f"{show(param, 80)}: {show(self._params[param], 120)}"

    def _of_missing_task0(self, problem: Problem) -> str:
        shown = ", ".join(self._pair(param) for param in list(self._params)[:_MAX_FIELDS])
        return f'Begin with {{"id": "task0", "input": {{{shown}}}}}.' if shown else ""

    def _of_unused_param(self, problem: Problem) -> str:
        param = next((name for name in self._params if shorten(name) == problem.field), None)
        if param is None:
            return ""
        for task in self._tasks.values():
            name = self._input_for(param, task)
            if name is not None:
                return f"In {quote(task.id)}, write {_wired(name, f'$task0.{param}')}."
        takers = facts_of(self._catalogue).takers.get(key_of(param), ())
        if takers:
            return f"Add a task that calls {_one_of(takers)}, with {_wired(param, f'$task0.{param}')}."
        return ""

    def _input_for(self, param: str, task: Task) -> str | None:
        """The input of a task's service that is meant for the param, and does not have it."""
        spec = self._services[task.id]
        own_name = [param] if spec and spec.inputs.is_open and param not in task.input else []
        for name in (*spec.input_fields, *own_name) if spec else ():
            field = spec.inputs.field(name) if spec else None
            if spec is None or field is None or self._unlike(param, name, spec, given=self._said) == _UNLIKE:
                continue
            if not field.faults(self._params[param]):
                return name
        return None

    # --- services

    def _of_service(self, problem: Problem) -> str:
        task = self._tasks.get(problem.task or "")
        if task is None or not len(self._catalogue):
            return ""
        return f"In {quote(task.id)}, call {_one_of(self._services_like(task))}."

    def _of_nothing_called(self, problem: Problem) -> str:
        """The services that take what is given and are named like what is asked for."""
        if not len(self._catalogue):
            return ""
        nobody = Task("", "", dict.fromkeys(self._params))
        return f"After 'task0', add a task that calls {_one_of(self._services_like(nobody))}."

    def _services_like(self, task: Task) -> list[ServiceSpec]:
        """The services that a task may mean: by name and description, and by what goes in and is taken out."""
        name, stems = shorten(task.service).casefold(), stems_of(shorten(task.service))
        given = {key_of(each) for each in task.input}
        wanted = {
            key_of(found.field)
            for other in self._tasks.values()
            for value in other.input.values()
            for found in mentions(value)
            if found.task == task.id and found.field
        }

        def likeness(spec: ServiceSpec) -> float:
            said = stems_of(spec.name)
            told = stems_of(spec.description[:1000])
            named = len(stems & said) / max(1, len(stems | said)) + 0.3 * len(stems & told) / max(1, len(stems))
            inputs, outputs = map(key_of, spec.input_fields), map(key_of, spec.output_fields)
            wired = _share(given, inputs) + _share(wanted, outputs)
            required = {key_of(each) for each in spec.required_inputs}
            lacking = 0.5 * len(required - given) / max(1, len(required))
            asked = 0.5 * len(said & self._said) / max(1, len(said))
            return named + wired + asked - lacking + SequenceMatcher(None, name, spec.name.casefold()).ratio() / 2

        ranked = {spec.name: likeness(spec) for spec in list(self._catalogue)[:_MAX_COMPARED]}
        best = max(ranked.values())
        near = [spec for spec in self._catalogue if ranked.get(spec.name, 0.0) >= best - _NEARLY_AS_LIKE]
        return sorted(near, key=lambda spec: (-ranked[spec.name], spec.name))[:_MAX_SERVICES]

    # --- inputs

    def _of_unsupported_input(self, problem: Problem) -> str:
        task, spec = self._tasks.get(problem.task or ""), self._services.get(problem.task or "")
        if task is None or spec is None:
            return ""
        wrong = next((name for name in task.input if shorten(name) == problem.field), "")
        meant = self._meant_input(wrong, task, spec)
        if meant is not None:
            return self._of_input(task, spec, meant, instead_of=wrong)
        return f"Remove {quote(wrong)} from {quote(task.id)}: it takes {quote_all(spec.input_fields)}."

    def _meant_input(self, wrong: str, task: Task, spec: ServiceSpec) -> str | None:
        free = [name for name in spec.input_fields if name not in task.input]
        alike = [name for name in free if self._unlike(wrong, name, spec, given=stems_of(spec.name)) < _UNLIKE]
        lacking = [name for name in spec.required_inputs if name in free]
        unwanted = [name for name in task.input if name not in spec.input_fields]
        if not alike and len(lacking) == 1 and len(unwanted) == 1:
            return lacking[0]  # nothing else can be meant
        return alike[0] if alike else None

    def _of_missing_input(self, problem: Problem) -> str:
        task, spec = self._tasks.get(problem.task or ""), self._services.get(problem.task or "")
        name = (
            next((each for each in spec.required_inputs if shorten(each) == problem.field), None) if spec else None
        )
        if task is None or spec is None or name is None:
            return ""
        for wrong in task.input:
            if wrong not in spec.input_fields and self._meant_input(wrong, task, spec) == name:
                return self._of_input(task, spec, name, instead_of=wrong)
        return self._of_input(task, spec, name)

    def _of_wrong_value(self, problem: Problem) -> str:
        task, spec = self._tasks.get(problem.task or ""), self._services.get(problem.task or "")
        name = next((each for each in task.input if shorten(each) == problem.field), None) if task else None
        if task is None or spec is None or name is None or spec.inputs.field(name) is None:
            return ""
        told = self._of_input(task, spec, name)
        return told if name in spec.required_inputs else f"{told} It may also be left out."

    def _of_invented(self, problem: Problem) -> str:
        return problem.hint if problem.hint.startswith(SAYS) else self._of_wrong_value(problem)

    def _of_broken_rule(self, problem: Problem) -> str:
        task, spec = self._tasks.get(problem.task or ""), self._services.get(problem.task or "")
        rule = broken_rule(problem, spec) if spec is not None else None
        if task is None or spec is None or rule is None:
            return ""
        inputs = Given(spec, task.input, self._params)
        added = inputs.what_keeps(rule, sources=lambda name: self._sources(task, spec, name))
        if added:
            return f"In {quote(task.id)}, write {', '.join(_wired(*pair) for pair in added.items())}."
        without = inputs.without_which_is_kept(rule)
        return f"Remove {quote(without)} from {quote(task.id)}. {rule.words}" if without is not None else ""

    def _of_input(self, task: Task, spec: ServiceSpec, name: str, *, instead_of: str = "") -> str:
        instead = f" instead of {quote(instead_of)}" if instead_of else ""
        sources = [source for source in self._sources(task, spec, name) if source != task.input.get(name)]
        if sources:
            others = f" (or {', or '.join(map(quote, sources[1:]))})" if sources[1:] else ""
            return f"In {quote(task.id)}, write {_wired(name, sources[0])}{others}{instead}."
        called = {found.name for found in self._services.values() if found is not None}
        found = sorted(facts_of(self._catalogue).producers.of(spec.name, name), key=_by_likeness)
        givers = [output.spec for output in found]
        new = [found for found in givers if found.name not in called]
        if new:
            return (
                f"Nothing in the plan gives {quote(name)}. Add a task that calls {_one_of(new)}, and refer to it."
            )
        return f'Nothing gives {quote(name)}: leave out {quote(task.id)}, or answer with the "final" task.'

    def _sources(self, task: Task, spec: ServiceSpec, name: str) -> list[str]:
        """References that may be right for an input, likeliest first."""
        field = spec.inputs.field(name)
        if field is None:
            return []
        found: list[tuple[int, int, str]] = []
        for param, value in self._params.items():
            unlike = self._unlike(param, name, spec, given=self._said)
            if unlike < _UNLIKE and not field.faults(value):
                found.append((unlike, 0, f"$task0.{param}"))
        unusable = self._dependents(task.id) | {task.id}
        for other in self._tasks.values():
            producer = self._services[other.id]
            if producer is None or other.id in unusable:
                continue
            for output in producer.output_fields:
                made = producer.outputs.field(output)
                unlike = self._unlike(output, name, spec, given=stems_of(producer.name))
                if unlike < _UNLIKE and made is not None and field.takes(made):
                    found.append((unlike, 1, f"${other.id}.{output}"))
        spoken = {str(each) for each in mentions(task.input.get(name))}
        found.sort(key=lambda each: (each[0] - (each[2] in spoken), each[1]))
        fitting = [reference for _, _, reference in found]
        # What the draft itself speaks of there may be meant whatever its name is.
        known = [each for each in sorted(spoken) if each not in fitting and self._gives(each, spec, name)]
        return [*fitting, *known][:_MAX_SOURCES]

    def _gives(self, reference: str, spec: ServiceSpec, name: str) -> bool:
        task, _, output = reference[1:].partition(".")
        wanted = spec.inputs.field(name)
        if wanted is None:
            return False
        if task == "task0":
            return output in self._params and not wanted.faults(self._params[output])
        producer = self._services.get(task)
        made = producer.outputs.field(output) if producer is not None else None
        return made is not None and output in (producer.output_fields if producer else ()) and wanted.takes(made)

    def _unlike(self, given_name: str, name: str, spec: ServiceSpec, *, given: Iterable[str]) -> int:
        """How unlike two names are, from 0; ``_UNLIKE`` when neither can stand for the other."""
        wanted = stems_of(f"{spec.name} {spec.description[:1000]}")
        likeness = compare(given_name, name, given_context=frozenset(given), wanted_context=wanted)
        if likeness is not None:
            return int(likeness)
        alike = words_of(given_name)[-1:] == words_of(name)[-1:] != () and not is_identifier(name)
        return _ALIKE if alike else _UNLIKE

    # --- references and order

    def _of_circle(self, problem: Problem) -> str:
        return " ".join(islice(self._cuts(problem), _MAX_SOURCES))

    def _cuts(self, problem: Problem) -> Iterator[str]:
        for circle in circles(self._needs):
            for task in (self._tasks[each] for each in circle if problem.task in circle):
                spec = self._services[task.id]
                for name, value in task.input.items() if spec else ():
                    inside = any(each.task in circle for each in mentions(value))
                    sources = self._sources(task, spec, name) if spec and inside else []
                    if sources and sources[0] != value:
                        yield f"In {quote(task.id)}, write {_wired(name, sources[0])}."

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        return {
            task.id: {
                each.task
                for value in task.input.values()
                for each in mentions(value)
                if each.task in self._tasks and each.task != task.id
            }
            for task in self._tasks.values()
        }

    def _dependents(self, task: str) -> set[str]:
        """The tasks that wait for ``task``, directly or not."""
        found: set[str] = set()
        queue = [task]
        while queue:
            waited_for = queue.pop()
            new = {each for each, needed in self._needs.items() if waited_for in needed} - found
            found |= new
            queue.extend(new)
        return found

    def _of_duplicate(self, problem: Problem) -> str:
        number = next(each for each in range(1, len(self._tasks) + 2) if f"task{each}" not in self._tasks)
        return f"Give the second {quote(problem.task or '')} the id 'task{number}', or leave it out."


_BY_CODE: Mapping[str, Callable[[Corrections, Problem], str]] = {
    "param_missing": Corrections._of_param,
    "param_value_changed": Corrections._of_param,
    "unknown_task0_field": Corrections._of_extra_field,
    "task0_missing": Corrections._of_missing_task0,
    "unused_param": Corrections._of_unused_param,
    "unknown_service": Corrections._of_service,
    "service_missing": Corrections._of_service,
    "no_service_task": Corrections._of_nothing_called,
    "unsupported_input": Corrections._of_unsupported_input,
    "missing_input": Corrections._of_missing_input,
    "input_rule_broken": Corrections._of_broken_rule,
    "type_mismatch": Corrections._of_wrong_value,
    "value_not_accepted": Corrections._of_wrong_value,
    "unknown_output_field": Corrections._of_wrong_value,
    "unknown_task_reference": Corrections._of_wrong_value,
    "self_reference": Corrections._of_wrong_value,
    "composite_reference": Corrections._of_wrong_value,
    "malformed_reference": Corrections._of_wrong_value,
    "ambiguous_literal": Corrections._of_wrong_value,
    "invented_literal": Corrections._of_invented,
    "cycle": Corrections._of_circle,
    "duplicate_task": Corrections._of_duplicate,
}


def _wired(name: str, reference: Json) -> str:
    return f"{show(name, 80)}: {show(reference, 200)}"


def _one_of(services: Iterable[ServiceSpec]) -> str:
    """The first with what it takes and gives, the others by name."""
    first, *others = list(services)[:_MAX_SERVICES]
    takes, gives = quote_all(first.input_fields, _MAX_FIELDS), quote_all(first.output_fields, _MAX_FIELDS)
    told = f"{quote(first.name)} (takes {takes}; gives {gives})"
    return told + (f", or else {', or '.join(quote(spec.name) for spec in others)}" if others else "")


def _by_likeness(found: Output) -> tuple[int, str]:
    return found.unlikeness, found.producer


def _share(wanted: Iterable[str], known: Iterable[str]) -> float:
    every = set(wanted)
    return len(every & set(known)) / len(every) if every else 0.0
