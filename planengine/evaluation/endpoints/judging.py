"""What the answers of a model's server mean for an operator, and what orra will do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planengine.drafting.generation import Failure
from planengine.evaluation.endpoints.asking import Answer, Observed, answered, completions_of, counts_tokens
from planengine.evaluation.endpoints.facts import (
    TOKENS_FOR_ANSWER,
    Form,
    Style,
    comes_in_pieces,
    context_of,
    facts_of,
    is_cut,
    is_kept_from_thinking,
    judge_form,
    judge_style,
    room_for,
    said_in,
)
from planengine.evaluation.endpoints.findings import Checked, Finding, State
from planengine.evaluation.endpoints.sample import LONG, ODD_WORD
from planengine.llm.bodies import Call, request_body
from planengine.llm.endpoint import Endpoint, site_of
from planengine.llm.errors import ModelContextOverflow, ModelTimeout
from planengine.llm.families import family_of
from planengine.llm.refusals import quote
from planengine.llm.structured_output import Rung

SHOWN_MODELS = 5
SHOWN_PROBLEMS = 3
# Errors that are mended in orra's own variables.
_MISCONFIGURED = {"model_auth": "key", "model_not_found": "model", "model_bad_answer": "server"}

FORM_NAMES: Mapping[Rung, str] = {
    Rung.STRICT_SCHEMA: "json_schema, strict",
    Rung.SCHEMA: "json_schema",
    Rung.OBJECT_SCHEMA: "json_object, schema",
    Rung.OBJECT: "json_object",
    Rung.VALUE: "json with a value (TGI)",
    Rung.PROMPT: "no response_format",
}


def judge_planner(endpoint: Endpoint, observed: Observed) -> Checked:
    findings = tuple(_findings(endpoint, observed))
    url = site_url(endpoint)
    return Checked("planner", f"{endpoint.model} at {url}", findings, facts_of(endpoint, observed))


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
    if completions_of(observed):
        yield _reasoning(observed)
        yield _streaming(endpoint, observed)
    yield _usage(observed)
    yield _dialect(endpoint, observed)
    yield _plan(endpoint, observed)


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
    if isinstance(answer.error, ModelTimeout):
        return Finding(
            name,
            State.NOTE,
            f"{size} is not read and answered within {answer.seconds:.0f} s: it is too much for this server",
            "Plans over as many services run into PLANNING_DEADLINE_SECONDS. Show the model fewer of them "
            "(LLM_CONTEXT_TOKENS), allow more time, or ask again with more --seconds.",
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
    if is_cut(answer) is None and ODD_WORD not in said_in(answer.completion).lower():
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
        case Form.FAILS:
            return f"the server fails at it: {answer.error}"
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
    }[judge_style(completions_of(observed))]
    return Finding("reasoning", State.OK, seen, then)


def _streaming(endpoint: Endpoint, observed: Observed) -> Finding:
    if not endpoint.streams:
        return Finding(
            "streaming", State.OK, "not asked for (LLM_STREAM)", "A plan's progress is not seen as it is made."
        )
    if not observed.dialect.streams:
        return Finding("streaming", State.NOTE, "refused", "Answers are taken whole.")
    if comes_in_pieces(observed):
        return Finding("streaming", State.OK, "answers come in pieces", "A plan's progress is seen as it is made.")
    return Finding("streaming", State.NOTE, "asked for, but answers come whole", "They are taken as they come.")


def _usage(observed: Observed) -> Finding:
    if counts_tokens(observed):
        return Finding("tokens", State.OK, "are counted by the server", "They are recorded with each attempt.")
    if observed.whole and observed.whole.completion and observed.whole.completion.usage.prompt_tokens is not None:
        return Finding(
            "tokens",
            State.NOTE,
            "are counted by the server in whole answers, and not in streams",
            "They are recorded as unknown, never as 0; with LLM_STREAM=0 they are recorded.",
        )
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


def _plan(endpoint: Endpoint, observed: Observed) -> Finding:
    outcome, seconds = observed.outcome, observed.seconds
    tried = f"{len(outcome.trials)} attempt{'s' if len(outcome.trials) > 1 else ''}, {seconds:.1f} s"
    if outcome.status == "ready":
        state = State.OK if len(outcome.trials) == 1 else State.NOTE
        return Finding("sample plan", state, f"valid after {tried}", "")
    failure = outcome.failure
    if failure is not None and failure.code not in ("plan_rejected", "not_actionable"):
        return Finding("sample plan", State.FAILS, f"{failure.message} ({failure.code})")
    if failure is not None and failure.code == "not_actionable":
        said = quote(failure.message, site_of(endpoint))
        return Finding(
            "sample plan", State.FAILS, f"none after {tried}: the model says that nothing can be done ({said})"
        )
    return Finding(
        "sample plan",
        State.FAILS,
        f"none after {tried}: {_what_was_wrong(endpoint, observed)}",
        "evaluate_planner says how often that happens with your services.",
    )


def _what_was_wrong(endpoint: Endpoint, observed: Observed) -> str:
    """The codes of all drafts' problems, and the last draft's first problems in words."""
    trials = observed.outcome.trials
    codes = sorted({problem.code for trial in trials for problem in trial.problems})
    last = [quote(problem.message, site_of(endpoint)) for problem in trials[-1].problems[:SHOWN_PROBLEMS]]
    return f"{', '.join(codes)}. At last: {'; '.join(last)}"
