"""Reasons not to reuse a plan although its template looks alike.

A guard compares two templates' words and slots and says why they may want different plans, or nothing. Guards know
no more than :mod:`cache.language`, so they fail closed where they can: what one text says and the other does not,
and what may matter, refuses. They are for hits by meaning; equal keys need none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from cache.contest import Contest
from cache.guards import deeds, values, wording
from cache.guards.case import Case
from cache.readings import Reading
from cache.templates.templates import Template

# In the order in which they are asked: the cheap and the telling first.
GUARDS: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("fields", values.same_fields),
    ("choices", values.same_choices),
    ("literals", values.same_literals),
    ("slots", values.same_slots),
    ("text", values.has_text_constants),
    ("polarity", deeds.same_polarity),
    ("scope", wording.same_scope),
    ("antonym", deeds.no_opposites),
    ("effect", deeds.same_effects),
    ("unit", values.same_units),
    ("direction", wording.same_directions),
    ("clause", deeds.same_clauses),
    ("name", wording.same_names),
    ("tense", deeds.same_tense),
    ("mood", deeds.same_mood),
    ("role", wording.same_roles),
    ("words", wording.same_words),
    ("order", wording.same_order),
)

# The guards that are about wording alone. What they refuse may mean the same, and somebody who understands it may
# overrule them; the others tell of values, opposites, amounts and roles, and have the last word.
WORDING_GUARDS = frozenset({"effect", "clause", "name", "mood", "words"})


@dataclass(frozen=True)
class Refusal:
    """``guard`` is stable, ``reason`` is for people."""

    guard: str
    reason: str


def check_guards(
    asked: Template,
    cached: Template,
    *,
    text_constants: Sequence[str] = (),
    contest: Contest = Contest.OPEN,
    leaving_out: Collection[str] = (),
) -> Refusal | None:
    """The first guard's refusal to serve ``asked`` from the plan of ``cached``, or None when all let it pass.
    ``text_constants`` are those of the cached plan's recipe. ``contest``: what else could be done with these
    params; where something could, every word counts, and where there is no other plan to be made of them, few do.
    Guards of the names in ``leaving_out`` are not asked."""
    case = Case(Reading(asked), Reading(cached), text_constants, contest)
    for name, guard in GUARDS:
        if name in leaving_out:
            continue
        reason = guard(case)
        if reason:
            return Refusal(name, reason)
    return None
