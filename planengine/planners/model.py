"""The planner that asks a model: one prompt, one answer, one draft."""

from __future__ import annotations

from orra.strictjson import Json
from planengine.llm import Completion, Endpoint, complete
from planengine.parsing import NoPlan, extract_plan
from planengine.planners.base import Draft, Feedback, Job
from planengine.problems import Problem
from planengine.prompts import PROMPT_VERSION, build_messages


class ModelPlanner:
    """Drafts with the model at ``endpoint``. An answer without a plan in it is a draft with a problem, so that the
    model can be told; a server that gives no answer is an error (:mod:`planengine.model_errors`)."""

    source = "model"
    heeds_feedback = True

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.model = endpoint.model
        self.name = f"model:{endpoint.model}:{PROMPT_VERSION}"

    def draft(self, job: Job, *, feedback: Feedback | None, deadline: float) -> Draft:
        messages = build_messages(job, feedback=feedback)
        completion = complete(self.endpoint, messages, deadline=deadline)
        prompt = "\n\n".join(message["content"] for message in messages)
        return _read_draft(completion, prompt=prompt)


def _read_draft(completion: Completion, *, prompt: str) -> Draft:
    plan: Json = None
    problems: tuple[Problem, ...] = ()
    try:
        plan = extract_plan(
            completion.content, reasoning=completion.reasoning, finish_reason=completion.finish_reason
        )
    except NoPlan as error:
        problems = (error.problem,)
    return Draft(
        plan=plan,
        problems=problems,
        prompt=prompt,
        answer=completion.content or completion.reasoning,
        model=completion.model,
        usage=completion.usage,
    )
