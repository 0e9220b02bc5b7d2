"""A plan that failed, and what the causes of it are looked for with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orra.base.strictjson import Json
from orra.base.text import quote, shorten
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.validation.drafts import Task, read_shape
from planengine.validation.literals import fold
from planengine.validation.problems import Problem
from planengine.validation.references import read_reference


@dataclass(frozen=True)
class Cause:
    """``error`` and ``problem`` say what went wrong, ``details`` where, ``fixes`` what can be done."""

    error: str
    problem: str
    details: list[str]
    fixes: tuple[str, ...]


class Case:
    """What is known about a failed plan, and the questions that the causes ask of it."""

    def __init__(
        self, problems: tuple[Problem, ...], draft: Json, catalogue: Catalogue, params: Mapping[str, Json]
    ) -> None:
        self.problems = problems
        self.catalogue = catalogue
        self.params = params
        self.tasks = {task.id: task for task in read_shape(draft).tasks}
        found = (catalogue.get(task.service) for task in self.tasks.values())
        self.services = list({spec.name: spec for spec in found if spec is not None}.values())

    def of(self, *codes: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.code in codes]

    def inputs_of(self, *codes: str) -> Iterator[tuple[Task, str, Json]]:
        """The task, the input's name and what the draft has there, for problems that are about an input."""
        for problem in self.of(*codes):
            task = self.tasks.get(problem.task or "")
            for name, value in task.input.items() if task else ():
                if task is not None and shorten(name) == problem.field:
                    yield task, name, value

    def referred_param(self, value: Json) -> str | None:
        """The param that an input is a reference to."""
        reference = read_reference(value, has_field=lambda task, field: task == "task0" and field in self.params)
        known = reference is not None and reference.task == "task0" and reference.field in self.params
        return reference.field if reference is not None and known else None

    def is_taken(self, param: str) -> bool:
        """Whether a chosen service takes the param: under its own name, or by a proper reference."""
        return param in self._referred or bool(self.takers(param, self.services))

    @cached_property
    def _referred(self) -> set[str | None]:
        return {
            self.referred_param(value)
            for task in self.tasks.values()
            if (spec := self.catalogue.get(task.service)) is not None
            for name, value in task.input.items()
            if name in spec.input_fields
        }

    def takers(self, param: str, services: Iterable[ServiceSpec]) -> list[ServiceSpec]:
        return [
            spec
            for spec in services
            if spec.inputs.is_open or any(fold(name) == fold(param) for name in spec.input_fields)
        ]

    def service(self, task: Task) -> str:
        spec = self.catalogue.get(task.service)
        return quote(spec.name if spec else task.service)

    def details(self, *codes: str) -> list[str]:
        return [problem.message for problem in (self.of(*codes) if codes else self.problems)]
