"""How long and how often a fault that may pass is waited for."""

from __future__ import annotations

import random
from dataclasses import dataclass

from planengine.exceptions import ModelError
from planengine.llm.errors import ModelOverloaded, ModelRateLimited

# A server that asks for more is not waited for.
LONGEST_ASKED_PAUSE = 120.0


@dataclass(frozen=True)
class Patience:
    """How a fault that may pass is met: ``retries`` further tries, after pauses that double from
    ``first_pause`` to ``longest_pause`` seconds. A server that is loading its model is waited for until the
    deadline, and so is one that was there and cannot be reached any more, if ``awaits_restarts``. One that falls
    silent for ``longest_silence`` seconds in mid-stream is given up."""

    retries: int = 3
    first_pause: float = 0.5
    longest_pause: float = 8.0
    longest_silence: float = 60.0
    awaits_restarts: bool = True


def pause_after(
    error: ModelError, *, tries: int, patience: Patience, until_deadline: bool = False
) -> float | None:
    """Seconds to wait before asking again after ``tries`` tries, ``None`` when that would not help."""
    if not error.retryable or (tries > patience.retries and not until_deadline):
        return None
    pause = min(patience.first_pause * 2.0 ** min(tries - 1, 16), patience.longest_pause) * random.uniform(0.75, 1)
    asked = error.retry_after if isinstance(error, ModelRateLimited | ModelOverloaded) else None
    return max(pause, asked or 0.0) if (asked or 0.0) <= LONGEST_ASKED_PAUSE else None


def is_loading(error: ModelError) -> bool:
    return isinstance(error, ModelOverloaded) and error.loading
