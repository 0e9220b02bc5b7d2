"""The broker: what a connection to one needs, by its protocol, and how a message is sent.

A message is a hint to a row that is stored already, so nothing that a broker does may fail who sends one.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from typing import Any

import structlog

log = structlog.get_logger(__name__)

REDIS = {"redis", "rediss", "redis+socket", "rediss+socket", "sentinel"}
AMQP = {"amqp", "amqps"}
SCHEMES = {*REDIS, *AMQP, "memory"}  # memory: for tests

# A broker that hangs must not hold up who sends: the sweep repeats what it did not take.
ANSWER_SECONDS = 2.0
LEAVE_ALONE_SECONDS = 5.0
# How long a worker may take to notice that its broker's host has vanished without a word.
UNHEARD_SECONDS = 5

_leave_alone_until = 0.0


def transport_options(url: str, *, longest_task: float) -> dict[str, Any]:
    """For Celery's connections. A Redis keeps to itself for how long a worker may be at a task, in seconds; what
    RabbitMQ takes it must say that it has, as a Redis does anyway."""
    options: dict[str, Any] = {"max_retries": 1, "interval_start": 0.0}
    if _scheme(url) in AMQP:
        return options | {"confirm_publish": True}
    return options | {
        "visibility_timeout": longest_task,
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": ANSWER_SECONDS,
        "health_check_interval": UNHEARD_SECONDS,
    }


def tls(url: str) -> Mapping[str, Any] | None:
    """What the transport does not do by itself: to look whether a certificate is this host's."""
    return {"server_hostname": None, "cert_reqs": ssl.CERT_REQUIRED} if _scheme(url) == "amqps" else None


def send(task: Any, *arguments: Any) -> bool:
    """Whether the broker took the message. One that did not is left alone for a moment, or else every request
    would wait for it in turn."""
    global _leave_alone_until
    if time.monotonic() < _leave_alone_until:
        return False
    try:
        task.apply_async(arguments, retry=False)
    except Exception as error:  # whatever the transport raises: the answer is the same
        _leave_alone_until = time.monotonic() + LEAVE_ALONE_SECONDS
        told = f"{type(error).__name__}: {error}"
        log.warning("broker unreachable", task=task.name, arguments=arguments, error=told)
        return False
    return True


def _scheme(url: str) -> str:
    return url.partition("://")[0]
