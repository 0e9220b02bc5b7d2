"""The planner that asks a model: one prompt, one answer, one draft."""

from __future__ import annotations

from orra.base.strictjson import Json
from planengine.llm.client import Endpoint, complete
from planengine.llm.completions import Completion
from planengine.llm.structured_output import plan_schema
from planengine.planners.parsing import NoPlan, extract_plan
from planengine.planners.prompts import PROMPT_VERSION, build_messages
from planengine.planners.protocol import Draft, Feedback, Job
from planengine.validation.problems import Problem

LEAST_RAISED_TOKENS = 8192
# English and JSON come to 3 to 5 characters per token.
MOST_CHARACTERS_PER_TOKEN = 6
LEAST_CONTEXT = 1000  # no server's context is smaller; some do not count what they had in their cache
MAX_KEPT = 200_000


class ModelPlanner:
    """Drafts with the model at ``endpoint``. An answer without a plan in it is a draft with a problem, so that the
    model can be told; a server that gives no answer is an error (:mod:`planengine.llm.errors`)."""

    source = "model"
    heeds_feedback = True

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.model = endpoint.model
        self.name = f"model:{endpoint.model}:{PROMPT_VERSION}"

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        messages = build_messages(job, feedback=feedback)
        completion = complete(
            self.endpoint,
            messages,
            deadline=deadline,
            schema=plan_schema(spec.name for spec in job.catalogue),
            output_tokens=_raised_budget(self.endpoint, feedback),
            on_progress=job.on_progress if self.endpoint.streams else None,
        )
        prompt = "\n\n".join(message["content"] for message in messages)
        return _read_draft(completion, prompt=prompt)


def _raised_budget(endpoint: Endpoint, feedback: Feedback | None) -> int | None:
    """Twice the tokens that did not suffice. A budget that nobody has set is the server's, and may be a small
    one."""
    if feedback is None or not feedback.cut_off:
        return None
    if endpoint.max_output_tokens is not None:
        return 2 * max(endpoint.max_output_tokens, feedback.completion_tokens or 0)
    return max(2 * (feedback.completion_tokens or 0), LEAST_RAISED_TOKENS)


def _read_draft(completion: Completion, *, prompt: str) -> Draft:
    plan: Json = None
    problems: tuple[Problem, ...] = ()
    try:
        plan = extract_plan(
            completion.content, reasoning=completion.reasoning, finish_reason=completion.finish_reason
        )
    except NoPlan as error:
        problems = (error.problem,)
    answer = completion.content or completion.reasoning
    return Draft(
        plan=plan,
        problems=problems,
        warnings=_warnings(completion, prompt),
        prompt=prompt,
        answer=_kept(answer),
        reasoning=_kept(completion.reasoning),
        model=completion.model,
        usage=completion.usage,
    )


def _kept(text: str) -> str:
    return text if len(text) <= MAX_KEPT else text[:MAX_KEPT] + " [cut here]"


def _warnings(completion: Completion, prompt: str) -> tuple[Problem, ...]:
    """A server that cuts long prompts (Ollama, silently) counts fewer tokens than the prompt can have."""
    counted = completion.usage.prompt_tokens
    if counted is None or counted < LEAST_CONTEXT or len(prompt) <= MOST_CHARACTERS_PER_TOKEN * counted:
        return ()
    return (
        Problem(
            "prompt_cut",
            f"The model's server counted {counted} tokens in a prompt of {len(prompt)} characters: it has cut it",
            hint="Give the model a longer context (Ollama: OLLAMA_CONTEXT_LENGTH, or num_ctx in the Modelfile).",
        ),
    )
