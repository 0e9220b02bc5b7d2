"""What the answers of a model's server mean, as facts for a program. Knows no network."""

from __future__ import annotations

import re
from enum import StrEnum

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.evaluation.endpoints.asking import Answer, Observed, answered, completions_of, counts_tokens
from planengine.evaluation.endpoints.sample import LONG, ODD_WORD
from planengine.llm.completions import Completion
from planengine.llm.endpoint import Endpoint
from planengine.llm.errors import ModelOverloaded, ModelRefusedRequest
from planengine.llm.refusals import read_json
from planengine.llm.structured_output import Rung
from planengine.planners.model import MOST_CHARACTERS_PER_TOKEN

# As measured (benchmarks/planning/prompt_sizes.py): the rules and a request, and a service; and room to reason and
# answer.
TOKENS_WITHOUT_SERVICES = 1000
TOKENS_PER_SERVICE = 140
TOKENS_FOR_ANSWER = 4000
_TAGS = re.compile(r"<think(?:ing)?>|\[THINK\]", re.IGNORECASE)
_CLOSING = re.compile(r"</think(?:ing)?>|\[/THINK\]", re.IGNORECASE)


class Form(StrEnum):
    CONSTRAINS = "constrains"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Style(StrEnum):
    """Where reasoning is: in a field of its own, between tags, before a closing tag, or nowhere to be seen."""

    FIELD = "field"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    NONE = "none"


def facts_of(endpoint: Endpoint, observed: Observed) -> dict[str, Json]:
    said = answered(observed.outcome)
    completions = completions_of(observed)
    return {
        "reachable": said,
        "models": len(observed.listed) if observed.listed is not None else None,
        "context": context_of(endpoint, observed),
        "prompt_cut": is_cut(observed.long),
        "forms": {rung.name.lower(): judge_form(rung, answer) for rung, answer in observed.answers.items()},
        "form_in_use": observed.dialect.rung.name.lower() if said else None,
        "reasoning": judge_style(completions) if completions else None,
        "streams": comes_in_pieces(observed) if completions else None,
        "counts_tokens": counts_tokens(observed) if said else None,
        "valid_at_attempt": len(observed.outcome.trials) if observed.outcome.status == "ready" else None,
        "plan_seconds": round(observed.seconds, 2),
    }


def judge_form(rung: Rung, answer: Answer) -> Form:
    """Whether an answer was held to what ``response_format`` asks. Only the odd word is a proof of a schema, and
    only an object where a sentence was asked for is one of ``json_object``."""
    if isinstance(answer.error, ModelRefusedRequest):
        return Form.REFUSED
    if isinstance(answer.error, ModelOverloaded):
        return Form.FAILS
    completion = answer.completion
    if completion is None:
        return Form.UNKNOWN
    text = said_in(completion)
    if not text:
        return Form.UNKNOWN  # the tokens were spent on reasoning
    try:
        value = parse(text)
    except InvalidJson:
        return Form.IGNORED
    if rung is Rung.OBJECT:
        return Form.CONSTRAINS if isinstance(value, dict) else Form.IGNORED
    return Form.CONSTRAINS if value == {"colour": ODD_WORD} else Form.IGNORED


def judge_style(completions: list[Completion]) -> Style:
    texts = [completion.content for completion in completions]
    if any(completion.reasoning.strip() for completion in completions):
        return Style.FIELD
    if any(_TAGS.search(text) for text in texts):
        return Style.TAGGED
    return Style.UNTAGGED if any(_CLOSING.search(text) for text in texts) else Style.NONE


def is_kept_from_thinking(observed: Observed) -> bool:
    """Whether the model shows reasoning when it is free to answer, and none when it is held to the form in use."""
    free, held = observed.long, observed.answers.get(observed.dialect.rung)
    if free is None or free.completion is None or held is None or held.completion is None:
        return False
    return (
        judge_style([free.completion]) is not Style.NONE
        and judge_form(observed.dialect.rung, held) is Form.CONSTRAINS
        and judge_style([held.completion]) is Style.NONE
    )


def is_cut(answer: Answer | None) -> bool | None:
    """Whether the server counted fewer tokens than the long prompt can have; ``None`` when it does not tell."""
    counted = answer.completion.usage.prompt_tokens if answer and answer.completion else None
    return None if not counted else len(LONG) > MOST_CHARACTERS_PER_TOKEN * counted


def context_of(endpoint: Endpoint, observed: Observed) -> int | None:
    """Tokens of context: as the list of models has it, else as one of the server's own pages has it."""
    listed = {model.name: model.context for model in observed.listed or ()}
    if found := listed.get(endpoint.model):
        return found
    if len(listed) == 1 and (only := next(iter(listed.values()))):
        return only  # a server of one model may know it by another name
    told = (context_in(body, endpoint.model) for body in observed.pages.values())
    return next((length for length in told if length), None)


def context_in(body: bytes, model: str) -> int | None:
    """In llama.cpp's ``/props``, TGI's ``/info``, Ollama's ``/api/ps`` and LM Studio's ``/api/v0/models``: what
    the model was loaded with, not what it could have."""
    page = read_json(body)
    if not isinstance(page, dict):
        return None
    settings = page.get("default_generation_settings")
    lengths: list[Json] = [page.get("max_total_tokens")]
    lengths.append(settings.get("n_ctx") if isinstance(settings, dict) else None)
    for items in (page.get("models"), page.get("data")):
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and model in (item.get("name"), item.get("model"), item.get("id")):
                lengths += [item.get("loaded_context_length"), item.get("context_length")]
    return next((length for length in lengths if type(length) is int and length > 0), None)


def room_for(context: int) -> int:
    """How many services of ordinary size a prompt may hold beside the rules and the answer."""
    return max(0, (context - TOKENS_WITHOUT_SERVICES - TOKENS_FOR_ANSWER) // TOKENS_PER_SERVICE)


def comes_in_pieces(observed: Observed) -> bool:
    return any(
        answer.pieces > 1 for answer in (*observed.answers.values(), *([observed.long] if observed.long else []))
    )


def said_in(completion: Completion) -> str:
    """The answer without the reasoning before it; the reasoning's field when the model stopped without more."""
    text = _CLOSING.split(completion.content)[-1].strip()
    if not text and completion.finish_reason == "stop":
        text = completion.reasoning.strip()
    fenced = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", text, re.DOTALL)
    return fenced[1] if fenced else text
