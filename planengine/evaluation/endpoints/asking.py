"""Asks the model's server a few small questions. What the answers mean is for :mod:`.judging` to say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from orra.base.strictjson import Json
from planengine.drafting.generation import Outcome, generate
from planengine.evaluation.endpoints.sample import COLOUR, LONG, NO_OBJECT, ODD_SCHEMA, sample_job
from planengine.exceptions import ModelError
from planengine.llm.bodies import Call, first_dialect, request_body
from planengine.llm.completions import Completion, Progress
from planengine.llm.dialects import Dialect, adapt, memory
from planengine.llm.endpoint import Endpoint, server_of, site_of
from planengine.llm.errors import EmptyStream, ModelRefusedRequest, ModelTimeout, ModelUnreachable
from planengine.llm.exchange import converse, fetch
from planengine.llm.model_list import OfferedModel, read_model_list
from planengine.llm.structured_output import Rung
from planengine.planners.model import ModelPlanner

# Enough for a model that reasons about the colour of the sky, little for one that cannot stop.
ANSWER_TOKENS = 2048
FORMS = (Rung.STRICT_SCHEMA, Rung.SCHEMA, Rung.OBJECT_SCHEMA, Rung.OBJECT, Rung.VALUE)
# For what is only read: lists and settings.
PAGE_SECONDS = 5.0
# Where servers tell the context that they were started with: llama.cpp, Ollama, TGI, LM Studio.
PAGES = ("/props", "/api/ps", "/info", "/api/v0/models")


@dataclass(frozen=True)
class Answer:
    """What came of one question: a completion or an error. ``dialect`` is how it was put in the end; ``pieces``:
    in how many parts the answer came."""

    dialect: Dialect
    completion: Completion | None = None
    error: ModelError | None = None
    pieces: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Observed:
    """``listed`` is ``None`` where the server gave no list, and ``unlisted`` says why. ``dialect`` is what the
    client speaks with the server. ``answers`` are to the same small question in each form of
    structured output; ``long`` is to a long prompt, and ``whole`` to a small one that was not to be streamed: it
    is asked where the tokens of streams are not counted. ``pages`` are bodies by their path."""

    outcome: Outcome
    seconds: float
    dialect: Dialect
    listed: tuple[OfferedModel, ...] | None
    unlisted: str = ""
    answers: Mapping[Rung, Answer] = field(default_factory=dict)
    long: Answer | None = None
    whole: Answer | None = None
    pages: Mapping[str, bytes] = field(default_factory=dict)


def observe(endpoint: Endpoint, *, attempts: int, plan_seconds: float, seconds: float) -> Observed:
    """A plan as any request's would be made, by ``plan_seconds``; then, where that was answered at all, at most
    seven questions of at most ``seconds`` each. A question that is not answered in time is the last one."""
    memory.forget(endpoint.base_url, endpoint.model)
    started = time.monotonic()
    outcome = generate(ModelPlanner(endpoint), sample_job(), attempts=attempts, deadline=started + plan_seconds)
    observed = Observed(
        outcome=outcome,
        seconds=time.monotonic() - started,
        dialect=memory.recall(endpoint.base_url, endpoint.model) or first_dialect(endpoint),
        listed=None,
    )
    observed = _with_list(endpoint, observed)
    if not answered(outcome):
        return observed
    answers: dict[Rung, Answer] = {}
    for rung in FORMS:
        answer = _ask_for(rung, endpoint, observed.dialect, seconds=seconds)
        answers[rung] = answer
        observed = replace(
            observed, answers=answers, dialect=replace(answer.dialect, rungs=observed.dialect.rungs)
        )
        if _is_silent(answer):
            return observed
    plain = replace(observed.dialect, rungs=(Rung.PROMPT,))
    long = ask(endpoint, LONG, dialect=plain, seconds=seconds)
    observed = replace(observed, long=long, pages=_read_pages(endpoint, observed))
    if not endpoint.streams or not plain.streams or _is_silent(long) or counts_tokens(observed):
        return observed
    whole = replace(plain, omitted=plain.omitted | {"stream", "stream_options"})
    return replace(observed, whole=ask(endpoint, COLOUR, dialect=whole, seconds=seconds))


def answered(outcome: Outcome) -> bool:
    """Whether the model said anything at all, right or wrong."""
    return any(not trial.error_code for trial in outcome.trials)


def completions_of(observed: Observed) -> list[Completion]:
    """The answers to the questions, as the client would ask them."""
    asked = [*observed.answers.values(), *([observed.long] if observed.long else [])]
    return [answer.completion for answer in asked if answer.completion is not None]


def counts_tokens(observed: Observed) -> bool:
    """Whether the server has told how many tokens a call had."""
    usages = [trial.draft.usage for trial in observed.outcome.trials]
    usages += [completion.usage for completion in completions_of(observed)]
    return any(usage.prompt_tokens is not None for usage in usages)


def ask(
    endpoint: Endpoint,
    text: str,
    *,
    dialect: Dialect,
    seconds: float,
    schema: Mapping[str, Json] | None = None,
) -> Answer:
    """In this form of structured output and no other: that it is refused is an answer too. What else is refused is
    said differently, as the client would; what may pass is not asked again."""
    started = time.monotonic()
    pieces = 0

    def count(progress: Progress) -> None:
        nonlocal pieces
        pieces += 1

    call = Call([{"role": "user", "content": text}], schema, output_tokens=ANSWER_TOKENS)
    while True:
        request = request_body(endpoint, call, dialect=dialect, streams=endpoint.streams)
        try:
            completion = converse(
                server_of(endpoint),
                request,
                site=site_of(endpoint),
                deadline=started + seconds,
                on_progress=count,
            )
        except ModelError as error:
            adapted = None
            if isinstance(error, EmptyStream) and "stream" in request:
                adapted = replace(dialect, omitted=dialect.omitted | {"stream", "stream_options"})
            if isinstance(error, ModelRefusedRequest):
                adapted = adapt(dialect, error.refusal, sent=request)
            if adapted is None or adapted.rungs != dialect.rungs:
                return Answer(dialect, error=error, seconds=time.monotonic() - started)
            dialect = adapted
        else:
            return Answer(dialect, completion, pieces=pieces, seconds=time.monotonic() - started)


def _ask_for(rung: Rung, endpoint: Endpoint, dialect: Dialect, *, seconds: float) -> Answer:
    text = NO_OBJECT if rung is Rung.OBJECT else COLOUR
    return ask(endpoint, text, dialect=replace(dialect, rungs=(rung,)), seconds=seconds, schema=ODD_SCHEMA)


def _is_silent(answer: Answer) -> bool:
    return isinstance(answer.error, ModelTimeout | ModelUnreachable)


def _with_list(endpoint: Endpoint, observed: Observed) -> Observed:
    try:
        body = fetch(server_of(endpoint), "/models", deadline=time.monotonic() + PAGE_SECONDS)
    except ModelError as error:
        return replace(observed, unlisted=error.code)
    return replace(observed, listed=read_model_list(body))


def _read_pages(endpoint: Endpoint, observed: Observed) -> dict[str, bytes]:
    """Not asked of a server that has told in its list, nor of OpenAI's own."""
    told = any(model.context for model in observed.listed or ())
    if told or not endpoint.base_url:
        return {}
    parts = urlsplit(endpoint.base_url)
    root = replace(server_of(endpoint), base_url=f"{parts.scheme}://{parts.netloc}")
    pages = {}
    for path in PAGES:
        try:
            pages[path] = fetch(root, path, deadline=time.monotonic() + PAGE_SECONDS)
        except ModelError:
            continue  # another kind of server
    return pages
