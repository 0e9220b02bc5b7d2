"""The planner that asks a model: one prompt, one answer, one draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orra.base.strictjson import Json
from planengine.llm.client import Endpoint, complete
from planengine.llm.completions import Completion
from planengine.planners.parsing import NoPlan, extract_plan
from planengine.planners.prompts import PROMPT_VERSION
from planengine.planners.prompts.full import build_messages
from planengine.planners.prompts.schemas import plan_schema
from planengine.planners.protocol import FULL, Draft, Feedback, Job
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

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.model, self.address = endpoint.model, endpoint.base_url
        self.name = f"model:{endpoint.model}:{PROMPT_VERSION}"

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        messages = build_messages(job, feedback=feedback)
        completion = complete(
            self.endpoint,
            messages,
            deadline=deadline,
            schema=plan_schema(spec.name for spec in job.catalogue),
            output_tokens=raised_budget(self.endpoint, feedback),
            on_progress=job.on_progress if self.endpoint.streams else None,
        )
        return read_draft(completion, prompt=prompt_of(messages))

    def prompt(self, job: Job, *, feedback: Feedback | None) -> str:
        return prompt_of(build_messages(job, feedback=feedback))

    def asks_again(self, feedback: Feedback) -> bool:
        return feedback.cut_off or not feedback.repeated


def raised_budget(endpoint: Endpoint, feedback: Feedback | None) -> int | None:
    """Twice the tokens that did not suffice. A budget that nobody has set is the server's, and may be a small
    one."""
    if feedback is None or not feedback.cut_off:
        return None
    if endpoint.max_output_tokens is not None:
        return 2 * max(endpoint.max_output_tokens, feedback.completion_tokens or 0)
    return max(2 * (feedback.completion_tokens or 0), LEAST_RAISED_TOKENS)


def prompt_of(messages: Sequence[Mapping[str, str]]) -> str:
    """What an attempt keeps of a chat."""
    return "\n\n".join(message["content"] for message in messages)


def read_draft(completion: Completion, *, prompt: str) -> Draft:
    """The whole plan in an answer, or the problem that there is none."""
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
        warnings=warnings_of(completion, prompt),
        prompt=prompt,
        answer=kept(answer),
        reasoning=kept(completion.reasoning),
        model=completion.model,
        usage=completion.usage,
        way=FULL,
    )


def kept(text: str) -> str:
    """A model's words, cut to what an attempt keeps."""
    return text if len(text) <= MAX_KEPT else text[:MAX_KEPT] + " [cut here]"


def warnings_of(completion: Completion, prompt: str) -> tuple[Problem, ...]:
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
