"""What a model chose, read from whatever surrounds it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orra.base.strictjson import Json
from planengine.llm.completions import Completion
from planengine.planners.parsing import NoPlan, extract_object
from planengine.planners.prompts.selection import REASON
from planengine.validation.problems import Problem

# Small models copy what stands for the reason in the prompt.
_NO_REASON = (
    "The model says that no service does what is asked, or that it is asked not to do it, and does not say why."
)
# Faults of an answer that say more than that nothing was chosen.
_TELLING = frozenset({"output_truncated", "only_reasoning"})
_FORM = 'Answer with {"answer": {"services": ["name"]}}, or with {"answer": {"refusal": "why"}}.'


@dataclass(frozen=True)
class Selection:
    """The ``services`` in the order in which the model named them, or why it chose none."""

    services: tuple[str, ...] = ()
    refusal: str = ""


def read_selection(completion: Completion) -> Selection | Problem:
    """The last JSON object of an answer, which names services or refuses: bare, or inside ``answer``. What a model
    thought, and what of an answer came before it was cut off, is none."""
    try:
        found = _object_in(completion)
    except NoPlan as error:
        if error.problem.code in _TELLING:
            return replace(error.problem, hint=f"Think briefly. {_FORM}")
        return Problem("no_selection", "The answer names no services and gives no reason", hint=_FORM)
    inner = found.get("answer", found)
    if isinstance(inner, list):
        inner = {"services": inner}
    if isinstance(inner, dict):
        services = inner.get("services")
        if isinstance(services, str):
            services = [services]
        if isinstance(services, list) and services and all(isinstance(name, str) for name in services):
            return Selection(tuple(services))
        reason = next((inner[key] for key in ("refusal", "error", "reason") if key in inner), None)
        if isinstance(reason, str) and reason.strip():
            copied = reason.strip().casefold() == REASON
            return Selection(refusal=_NO_REASON if copied else reason.strip())
    return Problem("no_selection", "The answer names no services and gives no reason", hint=_FORM)


def read_choice(completion: Completion) -> str | None:
    """The text that a model chose, ``None`` where none can be read."""
    try:
        chosen = _object_in(completion).get("answer")
    except NoPlan:
        return None
    return chosen if isinstance(chosen, str) else None


def _object_in(completion: Completion) -> Json:
    return extract_object(
        completion.content, reasoning=completion.reasoning, finish_reason=completion.finish_reason
    )
