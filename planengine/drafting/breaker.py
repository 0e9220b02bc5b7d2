"""Whether the first model is asked at all, where another planner can stand in for it: a circuit breaker.

    closed ──LLM_BREAKER_FAILURES in a row──▶ open ──LLM_BREAKER_SECONDS later──▶ one call tries it
      ▲                                        ▲────────────it failed again──────────┤
      └──────────────────────it answered─────────────────────────────────────────────┘

It is a row, shared by all processes and read by workers only, never for a hit. While it is open nobody waits for
a model that is known to be down. Whoever moves ``retry_at`` on is the one who tries, so two never try at once; one
that is lost on the way is followed by another when its own time is over.

A failure is an endpoint that gave no answer. An answer that is no good says that the model is there, also where no
time was left for another one.
"""

from __future__ import annotations

import hashlib

import structlog
from django.conf import settings
from django.db import connection

from orra.base import metrics
from planengine.drafting.generation import Outcome
from planengine.models import Breaker

log = structlog.get_logger(__name__)

DOWN = frozenset(
    {
        "model_unreachable",
        "model_overloaded",
        "model_timeout",
        "model_rate_limited",
        "model_quota_exhausted",
    }
)

# Parameters: how long the try may take, the endpoint.
TRY = """
    UPDATE planengine_breaker SET retry_at = statement_timestamp() + %s * interval '1 second'
    WHERE endpoint = %s AND retry_at <= statement_timestamp()
"""

# Parameters: endpoint, failures to open after, seconds to stay open (twice each).
FAILED = """
    INSERT INTO planengine_breaker AS breaker (endpoint, failures, retry_at)
    VALUES (%s, 1, CASE WHEN 1 >= %s THEN statement_timestamp() + %s * interval '1 second' END)
    ON CONFLICT (endpoint) DO UPDATE SET
        failures = breaker.failures + 1,
        retry_at = CASE WHEN breaker.failures + 1 >= %s THEN statement_timestamp() + %s * interval '1 second' END
    RETURNING failures
"""


def endpoint_of(model: str, base_url: str) -> str:
    """A name that tells the model. The address is digested, because a key may hide in it."""
    return f"{model[:40]}@{hashlib.sha256(f'{model} {base_url}'.encode()).hexdigest()[:16]}"


def lets_through(endpoint: str, *, seconds: float) -> bool:
    """Whether the caller may ask the endpoint now, in a call of at most ``seconds``."""
    row = Breaker.objects.filter(pk=endpoint).first()
    if row is None or row.retry_at is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute(TRY, [seconds, endpoint])
        tries = bool(cursor.rowcount)
    if tries:
        log.info("model tried again", endpoint=endpoint, failures=row.failures)
    return tries


def last_call_failed(endpoint: str) -> bool:
    """Whether the endpoint's last call failed."""
    return Breaker.objects.filter(pk=endpoint, failures__gt=0).exists()


def is_down(outcome: Outcome) -> bool:
    return outcome.failure is not None and outcome.failure.code in DOWN


def note(endpoint: str, outcome: Outcome) -> None:
    """What came of the calls, if there were any."""
    if not outcome.trials:
        return
    if not is_down(outcome) or outcome.ran_out_of_time:
        _note_answer(endpoint)
        return
    threshold, seconds = settings.LLM_BREAKER_FAILURES, settings.LLM_BREAKER_SECONDS
    with connection.cursor() as cursor:
        cursor.execute(FAILED, [endpoint, threshold, seconds, threshold, seconds])
        [failures] = cursor.fetchone()
    if failures == threshold:
        metrics.BREAKER.labels("opened").inc()
        log.error("model left alone", endpoint=endpoint, failures=failures, seconds=seconds)


def _note_answer(endpoint: str) -> None:
    """Closes the breaker. One without failures needs no change, and costs no write."""
    ailing = Breaker.objects.filter(pk=endpoint, failures__gt=0)
    was_open = ailing.filter(retry_at__isnull=False)
    if was_open.update(failures=0, retry_at=None):
        metrics.BREAKER.labels("closed").inc()
        log.warning("model answers again", endpoint=endpoint)
    else:
        ailing.update(failures=0)
