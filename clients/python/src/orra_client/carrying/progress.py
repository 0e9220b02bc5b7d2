"""What may run next. Pure: it is told what became of the steps, and says which others follow from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orra_client.carrying.graph import Step
from orra_client.carrying.outcomes import Outcome, Run, Status

FULFILLED = frozenset({Status.DONE, Status.WOULD_RUN})


class Progress:
    """A step is ready when all that it needs is done; it is skipped when something that it needs will not be."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = {step.task: step for step in steps}
        self._begun: set[str] = set()
        self._waiting = {step.task: set(step.needs) for step in steps}
        self._dependents: dict[str, list[str]] = {step.task: [] for step in steps}
        for step in steps:
            for needed in step.needs:
                self._dependents[needed].append(step.task)
        self._ready = [step.task for step in steps if not step.needs]
        self._outcomes: dict[str, Outcome] = {}

    def next(self) -> Step | None:
        """A step that may begin now; it counts as begun."""
        if not self._ready:
            return None
        task = self._ready.pop(0)
        self._begun.add(task)
        return self._steps[task]

    def end(self, outcome: Outcome) -> list[Outcome]:
        """Notes what became of a step, and of those that it keeps from running: these outcomes."""
        self._outcomes[outcome.task] = outcome
        if outcome.status in FULFILLED:
            for task in self._dependents[outcome.task]:
                self._waiting[task].discard(outcome.task)
                if not self._waiting[task] and task not in self._outcomes:
                    self._ready.append(task)
            return [outcome]
        return [outcome, *self._skip_those_after(outcome.task)]

    def skip_the_rest(self, why: str) -> list[Outcome]:
        """None of the steps that have not begun will."""
        rest = [step for task, step in self._steps.items() if task not in self._begun | self._outcomes.keys()]
        self._ready.clear()
        skipped = [Outcome(step.task, step.service, Status.SKIPPED, step.input, why=why) for step in rest]
        self._outcomes.update({outcome.task: outcome for outcome in skipped})
        return skipped

    def result(self) -> Run:
        return Run(tuple(self._outcomes[task] for task in self._steps))

    def _skip_those_after(self, failed: str) -> Iterator[Outcome]:
        reached = list(self._dependents[failed])
        while reached:
            task = reached.pop(0)
            if task in self._outcomes:
                continue
            step = self._steps[task]
            missing = tuple(sorted(need for need in step.needs if self._is_lost(need)))
            why = f"It needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not done."
            skipped = Outcome(task, step.service, Status.SKIPPED, step.input, why=why, because_of=missing)
            self._outcomes[task] = skipped
            yield skipped
            reached += self._dependents[task]

    def _is_lost(self, task: str) -> bool:
        return task in self._outcomes and self._outcomes[task].status not in FULFILLED
