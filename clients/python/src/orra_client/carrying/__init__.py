"""Carrying a plan out where the client runs.

``graph`` says what waits for what and what a task takes; ``facts`` what the services say of their effects;
``checking`` holds inputs and outputs against their schemas; ``handlers`` call what does the work; ``progress``
decides what may run next; ``running`` does it. Only ``handlers``, ``performing`` and ``running`` do anything but
compute.
"""

from orra_client.carrying.graph import PlanInvalid, Step
from orra_client.carrying.handlers import Handler, HandlerFailed, HttpHandler
from orra_client.carrying.outcomes import Outcome, Run, RunFailed, Status
from orra_client.carrying.running import run, run_async

__all__ = [
    "Handler",
    "HandlerFailed",
    "HttpHandler",
    "Outcome",
    "PlanInvalid",
    "Run",
    "RunFailed",
    "Status",
    "Step",
    "run",
    "run_async",
]
