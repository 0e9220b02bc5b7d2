"""What happened to a request, when, and how long each part took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orra.base.strictjson import Json
from orra.operators.display import brief
from planengine.admin.parts.explaining import DECISIONS
from planengine.lifecycle.outcomes import PARTS
from planengine.models import Attempt, Plan
from planengine.planners import repair

MAX_CODES = 6
WIDTH = 1000.0  # of all the time, as bars are drawn
LEAST = 6.0  # of a bar that is to be seen


@dataclass(frozen=True)
class Moment:
    """``begins`` and ``seconds`` are in seconds, the first since the request; ``seconds`` is ``None`` for what
    takes no time, or has not ended. ``kind`` is for the colour of its bar."""

    kind: str
    what: str
    begins: float
    seconds: float | None = None
    told: str = ""
    bar_x: float = 0.0
    bar_width: float = LEAST

    @property
    def ends(self) -> float:
        return self.begins + (self.seconds or 0.0)


def timeline(plan: Plan, attempts: Sequence[Attempt]) -> list[Moment]:
    """In the order in which it began, with bars in proportion."""
    moments = sorted(_moments(plan, attempts), key=lambda moment: moment.begins)
    whole = max((moment.ends for moment in moments), default=0.0) or 1.0
    return [_with_bar(moment, whole) for moment in moments]


def timings(plan: Plan) -> list[tuple[str, str]]:
    """What was measured, by name."""
    found = ((part, _milliseconds(plan.timings_ms, part)) for part in PARTS)
    return [(part, f"{milliseconds:,.2f} ms") for part, milliseconds in found if milliseconds]


def _with_bar(moment: Moment, whole: float) -> Moment:
    width = min(WIDTH, max(LEAST, (moment.seconds or 0.0) / whole * WIDTH))
    x = min(moment.begins / whole * WIDTH, WIDTH - width)
    return Moment(moment.kind, moment.what, moment.begins, moment.seconds, moment.told, x, width)


def _moments(plan: Plan, attempts: Sequence[Attempt]) -> Iterator[Moment]:
    yield Moment("point", "Asked", 0.0, told=f"cache mode {plan.cache_mode}")
    accepted, looked = (_milliseconds(plan.timings_ms, part) / 1000 for part in ("accepting", "cache"))
    decided = DECISIONS.get(plan.decision, plan.decision)
    if looked or plan.decision in ("exact", "semantic", "example", "miss"):
        embedding = _milliseconds(plan.timings_ms, "embedding")
        told = f"{decided}; {embedding:.1f} ms of it the embedding" if embedding else decided
        yield Moment("cache", "Cache looked up", accepted, looked, told)
    if plan.enqueued_at is not None:
        yield Moment("point", "Enqueued", _since(plan, plan.enqueued_at), told="when a worker was last told of it")
    if attempts and (waited := _since(plan, attempts[0].created_at) - accepted - looked) > 0:
        told = f"and its turn; taken up {plan.lease_token} times" if plan.lease_token > 1 else "and its turn"
        yield Moment("wait", "Waited for a worker", accepted + looked, waited, told)
    for attempt in attempts:
        yield _of_attempt(plan, attempt)
    if plan.finished_at is not None:
        end = _since(plan, plan.finished_at)
        if plan.stored_entry_id:
            yield Moment("point", "Kept in the cache", end, told=f"entry {plan.stored_entry_id}")
        yield Moment("point", f"Finished: {plan.get_status_display()}", end)


def _of_attempt(plan: Plan, attempt: Attempt) -> Moment:
    name = "Repair" if attempt.planner.partition(":")[0] == repair.NAME.partition(":")[0] else "Draft"
    begins = max(0.0, _since(plan, attempt.created_at))
    if plan.finished_at is not None and attempt.seconds is not None:
        # The row of a draft that asks no model is written at its end.
        begins = min(begins, max(0.0, _since(plan, plan.finished_at) - attempt.seconds))
    bad = bool(attempt.problems or attempt.error_code)
    kind = "open" if attempt.seconds is None else "bad" if bad else "draft"
    return Moment(kind, f"{name} {attempt.number}", begins, attempt.seconds, ", ".join(_facts(attempt)))


def _facts(attempt: Attempt) -> Iterator[str]:
    yield f"by {brief(attempt.model or attempt.planner, 60)}"
    if attempt.way:
        yield {"select": "asked for services", "full": "asked for a whole plan"}.get(attempt.way, attempt.way)
    if attempt.prompt_tokens is not None:
        yield f"{attempt.prompt_tokens:,} + {attempt.completion_tokens or 0:,} tokens"
    if attempt.cost is not None:
        yield f"cost {attempt.cost:.6f}"
    if attempt.seconds is None:
        yield "not ended"
    if attempt.error_code:
        yield f"error {brief(attempt.error_code, 60)}"
    elif codes := _codes(attempt.problems):
        yield "problems: " + ", ".join(codes)


def _codes(problems: Json) -> list[str]:
    rows = problems if isinstance(problems, list) else []
    codes = dict.fromkeys(str(row.get("code", "")) for row in rows if isinstance(row, dict))
    return [brief(code, 60) for code in list(codes)[:MAX_CODES]]


def _since(plan: Plan, moment: datetime) -> float:
    return (moment - plan.created_at).total_seconds()


def _milliseconds(timings: Json, name: str) -> float:
    found = timings.get(name) if isinstance(timings, dict) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) and found > 0 else 0.0
