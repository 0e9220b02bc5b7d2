"""How the composer says that there is no plan: what is missing or doubtful, and what whoever asked can do."""

from __future__ import annotations

from planengine.planners.composer.bench import Workbench
from planengine.planners.composer.chaining import Missing, types_text


class NotActionable(Exception):
    """Why there is no plan, for whoever asked."""


def no_service(text: str, *, nearest: str, similarity: float) -> NotActionable:
    return NotActionable(
        f"No registered service can '{shown(text)}'. The nearest, '{nearest}', is for something"
        f" else (similarity {similarity:.2f}). Register a service for it or change the action."
    )


def not_supplied(bench: Workbench, missing: Missing) -> NotActionable:
    kind = types_text(bench.field_of(missing.service, missing.field))
    needs = f"Service '{missing.service}' needs '{missing.field}' ({kind}): {missing.reason}."
    unfit = bench.unfitting(missing.service, missing.field)
    remedy = "Send a value that fits." if unfit else f"Send it as a param named '{missing.field}'."
    return NotActionable(f"{needs} {remedy}")


def shown(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
