"""What the answers of a model's server mean, and what orra will do about it. Knows no network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.drafting.generation import Failure
from planengine.evaluation.endpoints.asking import Answer, Observed, answered
from planengine.evaluation.endpoints.findings import Checked, Finding, State
from planengine.evaluation.endpoints.sample import LONG, ODD_WORD
from planengine.llm.client import Call, Endpoint, request_body, site_of
from planengine.llm.completions import Completion
from planengine.llm.errors import ModelContextOverflow, ModelRefusedRequest, quote, read_json
from planengine.llm.families import family_of
from planengine.llm.structured_output import Rung
from planengine.planners.model import MOST_CHARACTERS_PER_TOKEN

SHOWN_MODELS = 5
# As measured (benchmarks/prompt_sizes.py): the rules and a request, and a service; and room to reason and answer.
TOKENS_WITHOUT_SERVICES = 1000
TOKENS_PER_SERVICE = 140
TOKENS_FOR_ANSWER = 4000
# Errors that are mended in orra's own variables.
_MISCONFIGURED = {"model_auth": "key", "model_not_found": "model", "model_bad_answer": "server"}
_TAGS = re.compile(r"<think(?:ing)?>|\[THINK\]", re.IGNORECASE)
_CLOSING = re.compile(r"</think(?:ing)?>|\[/THINK\]", re.IGNORECASE)

FORM_NAMES: Mapping[Rung, str] = {
    Rung.STRICT_SCHEMA: "json_schema, strict",
    Rung.SCHEMA: "json_schema",
    Rung.OBJECT_SCHEMA: "json_object, schema",
    Rung.OBJECT: "json_object",
    Rung.VALUE: "json with a value (TGI)",
    Rung.PROMPT: "no response_format",
}


class Form(StrEnum):
    CONSTRAINS = "constrains"
    IGNORED = "ignored"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Style(StrEnum):
    """Where reasoning is: in a field of its own, between tags, before a closing tag, or nowhere to be seen."""

    FIELD = "field"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    NONE = "none"


def judge_planner(endpoint: Endpoint, observed: Observed) -> Checked:
    findings = tuple(_findings(endpoint, observed))
    url = site_url(endpoint)
    return Checked("planner", f"{endpoint.model} at {url}", findings, facts_of(endpoint, observed))


def facts_of(endpoint: Endpoint, observed: Observed) -> dict[str, Json]:
    said = answered(observed.outcome)
    completions = _completions(observed)
    return {
        "reachable": said,
        "models": len(observed.listed) if observed.listed is not None else None,
        "context": context_of(endpoint, observed),
        "prompt_cut": is_cut(observed.long),
        "forms": {rung.name.lower(): judge_form(rung, answer) for rung, answer in observed.answers.items()},
        "form_in_use": observed.dialect.rung.name.lower() if said else None,
        "reasoning": judge_style(completions) if completions else None,
        "streams": _streams(observed) if completions else None,
        "counts_tokens": _counts_tokens(observed) if said else None,
        "valid_at_attempt": len(observed.outcome.trials) if observed.outcome.status == "ready" else None,
        "plan_seconds": round(observed.seconds, 2),
    }


def judge_form(rung: Rung, answer: Answer) -> Form:
    """Whether an answer was held to what ``response_format`` asks. Only the odd word is a proof of a schema, and
    only an object where a sentence was asked for is one of ``json_object``."""
    if isinstance(answer.error, ModelRefusedRequest):
        return Form.REFUSED
    completion = answer.completion
    if completion is None:
        return Form.UNKNOWN
    text = _said(completion)
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


def site_url(endpoint: Endpoint) -> str:
    return endpoint.base_url.partition("?")[0] or "OpenAI's own address"


def _findings(endpoint: Endpoint, observed: Observed) -> Iterator[Finding]:
    failure = observed.outcome.failure
    if not answered(observed.outcome) and failure is not None:
        yield _unanswered(failure)
        yield from _list_findings(endpoint, observed)
        return
    yield Finding("server", State.OK, f"answers at {site_url(endpoint)}")
    yield Finding(
        "key", State.OK, "one is sent and accepted" if endpoint.api_key else "none is set, none is asked for"
    )
    yield from _list_findings(endpoint, observed)
    yield _context(endpoint, observed)
    yield _long_prompt(observed)
    yield from _forms(observed)
    if _completions(observed):
        yield _reasoning(observed)
        yield _streaming(endpoint, observed)
    yield _usage(observed)
    yield _dialect(endpoint, observed)
    yield _plan(observed)


def _unanswered(failure: Failure) -> Finding:
    name = _MISCONFIGURED.get(failure.code)
    then = "Hits of the cache are served; every other plan fails with this error."
    state = State.MISCONFIGURED if name else State.FAILS
    return Finding(name or "server", state, f"{failure.message} ({failure.code})", then)


def _list_findings(endpoint: Endpoint, observed: Observed) -> Iterator[Finding]:
    if observed.listed is None:
        yield Finding("models", State.UNKNOWN, f"no list is given ({observed.unlisted})", "It is not needed.")
        return
    names = [model.name for model in observed.listed]
    if not names:
        yield Finding("models", State.UNKNOWN, "the list is empty", "It is not needed.")
        return
    more = f" and {len(names) - SHOWN_MODELS} more" if len(names) > SHOWN_MODELS else ""
    site = site_of(endpoint)
    offered = ", ".join(quote(name, site) for name in names[:SHOWN_MODELS]) + more
    if endpoint.model in names:
        yield Finding("models", State.OK, f"{endpoint.model} is on the list ({offered})")
    else:
        yield Finding(
            "models",
            State.NOTE,
            f"{endpoint.model} is not on the list ({offered})",
            "Nothing, as long as the server answers to that name.",
        )


def _context(endpoint: Endpoint, observed: Observed) -> Finding:
    context = context_of(endpoint, observed)
    if context is None:
        return Finding("context", State.UNKNOWN, "the server does not tell its length")
    room = room_for(context)
    services = f"room for about {room:,} services" if room else "no room for services"
    told = f"{context:,} tokens: {services} beside an answer of {TOKENS_FOR_ANSWER:,} tokens"
    return Finding("context", State.OK if room >= 20 else State.NOTE, told)


def _long_prompt(observed: Observed) -> Finding:
    name, answer = "long prompt", observed.long
    size = f"a prompt of {len(LONG):,} characters"
    if answer is None:
        return Finding(name, State.UNKNOWN, "not asked, because the server did not answer before")
    if isinstance(answer.error, ModelContextOverflow):
        return Finding(
            name,
            State.NOTE,
            f"{size} is refused: {answer.error.message}",
            "Plans over more services than fit fail with model_context_overflow.",
        )
    if answer.completion is None:
        return Finding(name, State.UNKNOWN, f"no answer: {answer.error}")
    if is_cut(answer):
        counted = answer.completion.usage.prompt_tokens
        return Finding(
            name,
            State.FAILS,
            f"{size} was counted as {counted:,} tokens: the server cuts what is longer, and says nothing",
            "Plans get the warning prompt_cut. Give the model a longer context (Ollama: OLLAMA_CONTEXT_LENGTH).",
        )
    if is_cut(answer) is None and ODD_WORD not in _said(answer.completion).lower():
        return Finding(name, State.UNKNOWN, f"{size}: neither its tokens were told nor its first line remembered")
    return Finding(name, State.OK, f"{size} is read to the end, in {answer.seconds:.1f} s")


def _forms(observed: Observed) -> Iterator[Finding]:
    used = observed.dialect.rung
    for rung, answer in observed.answers.items():
        form = judge_form(rung, answer)
        state = {Form.CONSTRAINS: State.OK, Form.UNKNOWN: State.UNKNOWN}.get(form, State.NOTE)
        then = ""
        if rung is used:
            then = "Plans are asked for in this form."
            if form is not Form.CONSTRAINS:
                then += " It does not bind the model: the rules in the prompt, validation and retries have to do."
        yield Finding(FORM_NAMES[rung], state, _seen(form, answer), then)
    if used is Rung.PROMPT:
        yield Finding(
            FORM_NAMES[used], State.NOTE, "no form of JSON is accepted", "The rules in the prompt ask for JSON."
        )


def _seen(form: Form, answer: Answer) -> str:
    match form:
        case Form.CONSTRAINS:
            return "holds the model to it"
        case Form.REFUSED:
            return "refused"
        case Form.IGNORED:
            return "accepted, and the model is not held to it"
        case Form.UNKNOWN:
            return f"could not be found out ({answer.error.code})" if answer.error else "could not be found out"


def _reasoning(observed: Observed) -> Finding:
    if is_kept_from_thinking(observed):
        return Finding(
            "reasoning",
            State.NOTE,
            "none when the model is held to JSON, some when it is free",
            "It plans without thinking: give the server its reasoning parser, or set LLM_RESPONSE_FORMAT=none.",
        )
    seen, then = {
        Style.FIELD: (
            "in a field of its own",
            "It is kept apart; a plan is looked for in it only when there is no answer.",
        ),
        Style.TAGGED: (
            "in the answer, between tags",
            "What stands before the last closing tag is not read as the plan.",
        ),
        Style.UNTAGGED: (
            "in the answer, with a closing tag only: the server has no parser for it",
            "What stands before the last closing tag is not read as the plan.",
        ),
        Style.NONE: ("none is seen", ""),
    }[judge_style(_completions(observed))]
    return Finding("reasoning", State.OK, seen, then)


def _streaming(endpoint: Endpoint, observed: Observed) -> Finding:
    if not endpoint.streams:
        return Finding(
            "streaming", State.OK, "not asked for (LLM_STREAM)", "A plan's progress is not seen as it is made."
        )
    if not observed.dialect.streams:
        return Finding("streaming", State.NOTE, "refused", "Answers are taken whole.")
    if _streams(observed):
        return Finding("streaming", State.OK, "answers come in pieces", "A plan's progress is seen as it is made.")
    return Finding("streaming", State.NOTE, "asked for, but answers come whole", "They are taken as they come.")


def _usage(observed: Observed) -> Finding:
    if _counts_tokens(observed):
        return Finding("tokens", State.OK, "are counted by the server", "They are recorded with each attempt.")
    return Finding(
        "tokens", State.NOTE, "are not counted by the server", "They are recorded as unknown, never as 0."
    )


def _dialect(endpoint: Endpoint, observed: Observed) -> Finding:
    """What is left out or called otherwise, and what is sent of sampling."""
    dialect = observed.dialect
    learnt = [f"{name} is left out" for name in sorted(dialect.omitted)]
    if not dialect.token_limits:
        learnt.append("no limit of tokens is sent")
    elif dialect.token_limits[0] != "max_tokens":
        learnt.append(f"the limit of tokens is called {dialect.token_limits[0]}")
    if dialect.merges_roles:
        learnt.append("everything is said by the user")
    request = request_body(endpoint, Call([]), dialect=dialect)
    sent = [f"{name} {request[name]}" for name in ("temperature", "top_p", "top_k") if name in request]
    sampling = f"sampling: {', '.join(sent)}" if sent else "sampling is the server's"
    family = family_of(endpoint.model).name
    seen = "; ".join([*learnt, sampling]) + (f" (family {family})" if family != "unknown" else "")
    return Finding("said", State.OK, seen)


def _plan(observed: Observed) -> Finding:
    outcome, seconds = observed.outcome, observed.seconds
    tried = f"{len(outcome.trials)} attempt{'s' if len(outcome.trials) > 1 else ''}, {seconds:.1f} s"
    if outcome.status == "ready":
        state = State.OK if len(outcome.trials) == 1 else State.NOTE
        return Finding("sample plan", state, f"valid after {tried}", "")
    if outcome.failure is not None and outcome.failure.code not in ("plan_rejected", "not_actionable"):
        return Finding("sample plan", State.FAILS, f"{outcome.failure.message} ({outcome.failure.code})")
    codes = sorted({problem.code for trial in outcome.trials for problem in trial.problems})
    found = f": {', '.join(codes)}" if codes else ""
    return Finding(
        "sample plan",
        State.FAILS,
        f"none after {tried}{found}",
        "evaluate_planner says how often that happens with your services.",
    )


def _completions(observed: Observed) -> list[Completion]:
    answers = [*observed.answers.values(), *([observed.long] if observed.long else [])]
    return [answer.completion for answer in answers if answer.completion is not None]


def _counts_tokens(observed: Observed) -> bool:
    usages = [trial.draft.usage for trial in observed.outcome.trials]
    usages += [completion.usage for completion in _completions(observed)]
    return any(usage.prompt_tokens is not None for usage in usages)


def _streams(observed: Observed) -> bool:
    return any(
        answer.pieces > 1 for answer in (*observed.answers.values(), *([observed.long] if observed.long else []))
    )


def _said(completion: Completion) -> str:
    """The answer without the reasoning before it; the reasoning's field when the model stopped without more."""
    text = _CLOSING.split(completion.content)[-1].strip()
    if not text and completion.finish_reason == "stop":
        text = completion.reasoning.strip()
    fenced = re.fullmatch(r"```(?:json)?\s*(.*?)\s*```", text, re.DOTALL)
    return fenced[1] if fenced else text
