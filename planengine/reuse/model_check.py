"""The model check: where only a guard about wording refuses a near entry, a model may be asked whether both
requests mean the same.

Off unless the installation names a model (``CHECK_MODEL``) and the project wants it. The question is asked by a
worker, before it plans; the answer is remembered, and from then on the web processes serve by it. Anything but
a clear yes leaves the miss a miss, and an endpoint that fails is left alone for a while. Questions count as the
project's usage and against its budget; where that does not suffice, no model is asked.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping

import structlog
from django.conf import settings

from cache import lookup
from cache.examples import verdicts
from cache.lookup import Decision
from cache.models import Entry
from cache.requests import Request
from orra.base import metrics
from planengine.accounting import budgets
from planengine.exceptions import BudgetExceeded, ModelError
from planengine.llm.client import complete
from planengine.llm.endpoint import Endpoint
from planengine.models import Project
from planengine.reuse.questions import QUESTION_VERSION, YES, build_question, read_answer

log = structlog.get_logger(__name__)

MAX_QUESTIONS = 2
LEAVE_ENDPOINT_SECONDS = 30.0


def verdicts_for(project: Project, request: Request) -> Callable[[], Mapping[str, str]] | None:
    """What is known about the request's template, asked of the database at most once; ``None`` when no model check
    is to be heeded."""
    endpoint = _endpoint_for(project)
    if endpoint is None:
        return None
    return functools.cache(lambda: verdicts.recall(request, model=_name(endpoint)))


def settle(project: Project, request: Request, decision: Decision) -> bool:
    """Asks about the nearest entries that a verdict could make serve; whether anything is known now that was not
    before. No transaction may be open: this may take ``CHECK_DEADLINE_SECONDS``."""
    endpoint = _endpoint_for(project)
    undecided = [seen.entry_id for seen in decision.candidates if seen.verdict == lookup.OPEN][:MAX_QUESTIONS]
    if endpoint is None or not undecided or time.monotonic() < _left_alone_until.get(_site(endpoint), 0.0):
        return False
    deadline = time.monotonic() + settings.CHECK_DEADLINE_SECONDS
    entries = Entry.objects.usable().in_bulk(undecided)
    answer = None
    for entry in (entries[entry_id] for entry_id in undecided if entry_id in entries):
        try:
            answer = _ask(project, endpoint, request, entry, deadline=deadline)
        except BudgetExceeded as error:
            metrics.MODEL_CHECKS.labels(error.code).inc()
            log.info("model not asked", project=project.pk, entry=entry.pk, code=error.code)
            break
        except ModelError as error:
            _left_alone_until[_site(endpoint)] = time.monotonic() + LEAVE_ENDPOINT_SECONDS
            metrics.MODEL_CHECKS.labels(error.code).inc()
            log.warning("model check failed", project=project.pk, entry=entry.pk, code=error.code)
            break
        verdicts.remember(request, entry, model=_name(endpoint), answer=answer)
        metrics.MODEL_CHECKS.labels(answer).inc()
        log.info("model check", project=project.pk, entry=entry.pk, answer=answer)
        if answer == YES:
            break
    return answer is not None


def _ask(project: Project, endpoint: Endpoint, request: Request, entry: Entry, *, deadline: float) -> str:
    question = build_question(request.template, lookup.template_of(entry))
    prompt = "".join(message["content"] for message in question)
    prompt_tokens = functools.partial(budgets.tokens_in, prompt)
    room = budgets.make_room(project, prompt_tokens)
    try:
        completion = complete(endpoint, question, deadline=deadline)
    except ModelError as error:
        written = error.reasoning + error.answer
        room.settle(budgets.spent_on_error(error.code, prompt_tokens, written=written), model_check=True)
        raise
    said = completion.reasoning + completion.content
    spent = budgets.spent_on(endpoint.model, completion.usage, prompt=prompt, answer=said)
    room.settle(spent, model_check=True)
    metrics.MODEL_TOKENS.labels("prompt").inc(completion.usage.prompt_tokens or 0)
    metrics.MODEL_TOKENS.labels("completion").inc(completion.usage.completion_tokens or 0)
    return read_answer(completion.content, finish_reason=completion.finish_reason)


def _endpoint_for(project: Project) -> Endpoint | None:
    if project.model_check != Project.ModelCheck.ON or not settings.CHECK_MODEL:
        return None
    return _endpoint(settings.CHECK_MODEL, settings.CHECK_API_BASE_URL, settings.CHECK_API_KEY)


@functools.lru_cache(maxsize=1)
def _endpoint(model: str, base_url: str, api_key: str) -> Endpoint:
    return Endpoint(model=model, base_url=base_url, api_key=api_key)


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.model}:{QUESTION_VERSION}"


def _site(endpoint: Endpoint) -> str:
    return f"{endpoint.model} {endpoint.base_url}"


_left_alone_until: dict[str, float] = {}
