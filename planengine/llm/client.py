"""Chat completions from any OpenAI-compatible server: one call in, one :class:`Completion` or one typed error out.

Nothing here knows plans, rows or settings. How real servers differ is kept in four places: what they want said
differently (:mod:`planengine.llm.dialects`), what they answer (:mod:`planengine.llm.completions`), also piece by
piece (:mod:`planengine.llm.streams`), and what went wrong (:mod:`planengine.llm.errors`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from orra.base import tracing
from orra.base.strictjson import Json
from planengine.exceptions import ModelError
from planengine.llm import gen_ai
from planengine.llm.bodies import Call, first_dialect, request_body
from planengine.llm.completions import Completion, OnProgress, Usage
from planengine.llm.dialects import (
    Dialect,
    Message,
    adapt,
    is_limit_too_high,
    is_vague,
    memory,
    weaker_forms,
    without_limit,
    without_options,
)
from planengine.llm.endpoint import Endpoint, server_of, site_of
from planengine.llm.errors import (
    EmptyStream,
    ModelContextOverflow,
    ModelNotFound,
    ModelOverloaded,
    ModelRefusedRequest,
    ModelTimeout,
    ModelUnreachable,
)
from planengine.llm.exchange import converse, fetch
from planengine.llm.model_list import read_model_list
from planengine.llm.patience import Patience, is_loading, pause_after
from planengine.llm.refusals import Site, quote
from planengine.llm.structured_output import Rung

__all__ = ["Endpoint", "Patience", "complete"]

log = structlog.get_logger(__name__)

# For the list of models, which only makes an error clearer.
LIST_SECONDS = 5.0
MAX_LISTED = 12
# Characters that are kept of an answer that broke off.
MAX_WRITTEN = 200_000
# After so many failures in a row the form of structured output is suspected of them.
FAILURES_OF_A_FORM = 2


def complete(
    endpoint: Endpoint,
    messages: Sequence[Message],
    *,
    deadline: float,
    schema: Mapping[str, Json] | None = None,
    output_tokens: int | None = None,
    on_progress: OnProgress | None = None,
) -> Completion:
    """The model's answer by ``deadline`` (``time.monotonic`` seconds), tries and pauses included. Raises the
    errors of :mod:`planengine.llm.errors`, with the last that was written. ``on_progress`` is told of each piece
    as it comes, where the server sends pieces; whoever stores that should do so less often."""
    remembered = memory.recall(endpoint.base_url, endpoint.model)
    asking = _Asking(
        endpoint,
        Call(messages, schema, output_tokens),
        deadline,
        on_progress,
        remembered=remembered,
        dialect=remembered or first_dialect(endpoint),
        streams=endpoint.streams or on_progress is not None,
    )
    told = gen_ai.of_call("chat", endpoint.model, endpoint.base_url)
    with tracing.span(f"chat {endpoint.model}", told, kind="client") as span:
        while True:
            completion = asking.try_once()
            if completion is not None:
                span.note(gen_ai.of_completion(completion))
                return completion


@dataclass
class _Asking:
    """One question, asked until it is answered. ``forms`` are those for this question alone, where weaker ones
    than the dialect's are tried; ``refused_stream``: a stream was opened for it and stayed empty."""

    endpoint: Endpoint
    call: Call
    deadline: float
    on_progress: OnProgress | None
    remembered: Dialect | None
    dialect: Dialect
    streams: bool
    started: float = field(default_factory=time.monotonic)
    tried: float = 0.0
    tries: int = 0
    absences: int = 0
    server_failures: int = 0
    forms: tuple[Rung, ...] | None = None
    refused_stream: bool = False
    failure: ModelError | None = None
    broken: ModelUnreachable | None = None
    written: tuple[str, str] = ("", "")
    spent: Usage | None = None
    request: dict[str, Json] = field(default_factory=dict)

    def try_once(self) -> Completion | None:
        """The answer; ``None`` when it is to be asked again. Raises when that would not help."""
        self.tried = time.monotonic()
        streams = self.streams and not self.refused_stream
        self.request = request_body(self.endpoint, self.call, dialect=self.spoken, streams=streams)
        try:
            completion = self._converse()
        except ModelError as error:
            if error.answer or error.reasoning:
                self.written = (error.answer[:MAX_WRITTEN], error.reasoning[:MAX_WRITTEN])
            try:
                self._after(error)
            except ModelError as last:
                last.answer, last.reasoning = self.written
                raise last from None
            return None
        usage = completion.usage if self.spent is None else self.spent + completion.usage
        if _says_nothing(completion) and self._ask_for_less():
            self.spent = usage
            return None
        self._remember(completion)
        return replace(completion, usage=usage, seconds=time.monotonic() - self.started)

    @property
    def spoken(self) -> Dialect:
        return self.dialect if self.forms is None else replace(self.dialect, rungs=self.forms)

    @property
    def site(self) -> Site:
        return site_of(self.endpoint)

    def _converse(self) -> Completion:
        return converse(
            server_of(self.endpoint),
            self.request,
            site=self.site,
            deadline=self.deadline,
            on_progress=self.on_progress,
        )

    def _after(self, error: ModelError) -> None:
        """Returns when the question is to be asked again."""
        if isinstance(error, ModelTimeout):
            raise self._too_late()
        if isinstance(error, ModelNotFound):
            raise ModelNotFound(error.message + _offer(self.endpoint, site=self.site, deadline=self.deadline))
        if isinstance(error, EmptyStream) and not self.refused_stream:
            self.refused_stream = True
        elif isinstance(error, ModelContextOverflow | ModelRefusedRequest):
            self._say_otherwise(error)
        else:
            self._wait(error)

    def _say_otherwise(self, error: ModelContextOverflow | ModelRefusedRequest) -> None:
        overflow = isinstance(error, ModelContextOverflow)
        if self.call.output_tokens is not None and (
            overflow or is_limit_too_high(error.refusal, sent=self.request)
        ):
            self.call = replace(self.call, output_tokens=None)  # perhaps only the raised budget does not fit
            return
        if overflow:  # prompt and answer share the context, whatever of them the server names
            adapted = without_limit(self.spoken, sent=self.request)
        else:
            adapted = adapt(self.spoken, error.refusal, sent=self.request)
        if (
            adapted is None
            and isinstance(error, ModelRefusedRequest)
            and error.may_be_form
            and is_vague(error.refusal)
        ):
            if self._ask_for_less():
                return
            adapted = without_options(self.spoken, sent=self.request)
        if adapted is None:
            raise error
        if self.forms is not None:
            self.forms, adapted = adapted.rungs, replace(adapted, rungs=self.dialect.rungs)
        first = first_dialect(self.endpoint)
        if self.remembered is not None and adapted.unlearns(self.remembered, first=first):
            self._forget()
        else:
            self.dialect = adapted

    def _wait(self, error: ModelError) -> None:
        """For what may pass. A server that was there when it was asked and then was gone may be starting again."""
        self.failure = error
        gone = self._is_gone(error)
        if isinstance(error, ModelUnreachable) and error.was_there:
            self.broken = error
        if isinstance(error, ModelUnreachable) or is_loading(error):
            self._forget()
        elif isinstance(error, ModelOverloaded) and error.retry_after is None:
            self.server_failures += 1
            if self.server_failures >= FAILURES_OF_A_FORM:
                self._ask_for_less()
        awaited = gone and self.endpoint.patience.awaits_restarts
        self.absences, self.tries = self.absences + awaited, self.tries + (not awaited)
        pause = pause_after(
            error,
            tries=self.absences if awaited else self.tries,
            patience=self.endpoint.patience,
            until_deadline=awaited or is_loading(error),
        )
        if pause is None or time.monotonic() + pause >= self.deadline:
            raise self._broken_off(error) if gone else error
        time.sleep(pause)

    def _is_gone(self, error: ModelError) -> bool:
        return isinstance(error, ModelUnreachable) and not error.was_there and self.broken is not None

    def _broken_off(self, error: ModelError) -> ModelUnreachable:
        assert self.broken is not None
        return ModelUnreachable(f"{self.broken.message} Asked again: {error.message}", was_there=True)

    def _too_late(self) -> ModelError:
        now = time.monotonic()
        if self.failure is not None and now - self.tried < (now - self.started) / 2:
            # What took the time is why it was asked again.
            return self._broken_off(self.failure) if self._is_gone(self.failure) else self.failure
        written = sum(map(len, self.written))
        verb = "answer" if not written else f"end its answer, of which {written:,} characters had come,"
        return ModelTimeout(
            f"The model {self.site.model!r} at {self.site.url} did not {verb} within {now - self.started:.3g} s, "
            "all the time that was left. Use a faster model, or allow more time."
        )

    def _ask_for_less(self) -> bool:
        """Whether there is a weaker form of structured output to ask for."""
        if self.call.schema is None or self.spoken.rung is Rung.PROMPT:
            return False
        self.forms = weaker_forms(self.spoken.rungs)
        return True

    def _forget(self) -> None:
        """Forgets what was learnt of the server, because another may run in its place."""
        memory.forget(self.endpoint.base_url, self.endpoint.model)
        self.dialect, self.remembered, self.forms = first_dialect(self.endpoint), None, None
        self.server_failures = 0

    def _remember(self, completion: Completion) -> None:
        dialect = self._learnt()
        if completion.server == "ollama":
            dialect = replace(dialect, forces_sampling=True)
        if dialect == first_dialect(self.endpoint):
            if self.remembered is not None and self.remembered.suspects_form:
                memory.forget(self.endpoint.base_url, self.endpoint.model)
            return
        memory.learn(self.endpoint.base_url, self.endpoint.model, dialect, server=completion.server)
        if dialect != self.remembered:
            log.info(
                "model server understood",
                url=self.site.url,
                model=self.endpoint.model,
                response_format=dialect.rung.name.lower(),
                token_limit=next(iter(dialect.token_limits), None),
                omitted=sorted(dialect.omitted),
                merges_roles=dialect.merges_roles,
            )

    def _learnt(self) -> Dialect:
        """A form that the server fails at may have been innocent: only a second time in a row is it given up."""
        dialect = self.dialect
        if self.forms is not None:
            log.warning(
                "an answer came only in a weaker form of structured output",
                url=self.site.url,
                model=self.endpoint.model,
                response_format=dialect.rung.name.lower(),
                weaker=self.spoken.rung.name.lower(),
                hint="If that goes on, set LLM_RESPONSE_FORMAT=none.",
            )
            rungs = self.forms if dialect.suspects_form else dialect.rungs
            dialect = replace(dialect, rungs=rungs, suspects_form=not dialect.suspects_form)
        elif self.call.schema is not None:
            dialect = replace(dialect, suspects_form=False)
        if self.refused_stream:
            dialect = replace(dialect, omitted=dialect.omitted | {"stream", "stream_options"})
        return dialect


def _says_nothing(completion: Completion) -> bool:
    said = completion.content.strip() or completion.reasoning.strip()
    return not said and completion.finish_reason != "length"


def _offer(endpoint: Endpoint, *, site: Site, deadline: float) -> str:
    """What the server offers instead, as far as it tells."""
    try:
        body = fetch(server_of(endpoint), "/models", deadline=min(deadline, time.monotonic() + LIST_SECONDS))
    except ModelError:
        return ""
    names = [quote(model.name, site) for model in read_model_list(body)]
    if not names:
        return ""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f" It offers {', '.join(names[:MAX_LISTED])}{more}."
