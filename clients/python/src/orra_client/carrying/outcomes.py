"""What became of each step of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from orra_client.errors import OrraError
from orra_client.reading import Json


class Status(StrEnum):
    """``interrupted``: it had begun when the run was cancelled, and nobody knows how far it came."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    WOULD_RUN = "would_run"


@dataclass(frozen=True)
class Outcome:
    """``input`` is what the handler got, ``output`` what it gave. ``why`` says in a sentence what went wrong,
    ``because_of`` which tasks a step was skipped for. ``calls``: how often the handler was called."""

    task: str
    service: str
    status: Status
    input: Mapping[str, Json] = field(default_factory=dict)
    output: Mapping[str, Json] | None = None
    why: str = ""
    because_of: tuple[str, ...] = ()
    calls: int = 0
    seconds: float = 0.0
    error: BaseException | None = field(default=None, compare=False, repr=False)

    def as_dict(self) -> dict[str, Json]:
        """As JSON has it, without the exception."""
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "error"}
        return told | {"status": str(self.status), "because_of": list(self.because_of)}


@dataclass(frozen=True)
class Run:
    """The outcomes of all steps, in the order of the plan."""

    steps: tuple[Outcome, ...]

    @property
    def is_done(self) -> bool:
        return all(step.status is Status.DONE for step in self.steps)

    @property
    def outputs(self) -> dict[str, Mapping[str, Json]]:
        """What was given, by task."""
        return {step.task: step.output for step in self.steps if step.output is not None}

    def of(self, service: str) -> Iterator[Outcome]:
        return (step for step in self.steps if step.service == service)

    def raise_unless_done(self) -> Run:
        """Itself; raises :class:`RunFailed` where a step is not done."""
        if not self.is_done:
            raise RunFailed(self)
        return self


class RunFailed(OrraError):
    def __init__(self, run: Run) -> None:
        faults = [step for step in run.steps if step.status not in (Status.DONE, Status.SKIPPED)]
        first = f" {faults[0].task} ({faults[0].service}) {faults[0].status}: {faults[0].why}" if faults else ""
        done = sum(step.status is Status.DONE for step in run.steps)
        super().__init__(f"{done} of {len(run.steps)} steps are done.{first}")
        self.run = run
