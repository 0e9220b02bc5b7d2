"""How the composer says that there is no plan: what is missing or doubtful, and what would make it work."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cache.languages import turning_words
from cache.templates.templates import Template
from planengine.catalogue.schemas import type_names
from planengine.planners.wiring.assembly import Missing
from planengine.planners.wiring.workbench import Workbench

MOST_NAMED = 3


class NotActionable(Exception):
    """Why there is no plan, for whoever asked."""


def no_service(text: str, *, nearest: str, similarity: float) -> NotActionable:
    return NotActionable(
        f"No registered service can '{shown(text)}'. The nearest, '{nearest}', is for something else"
        f" (similarity {similarity:.2f}). Register a service for it, {_add_example(nearest)}."
    )


def either(action: str, one: Collection[str], other: Collection[str]) -> NotActionable:
    """Both could be meant: these services, or those in their place."""
    first, second = (", ".join(map(repr, sorted(names))) for names in (one, other))
    if not one or not other:
        extra = first or second
        return NotActionable(
            f"Whether '{shown(action)}' asks for {extra} too, nothing tells. If it does, say so in a sentence of"
            f" its own, in the words of {extra}; if not, leave out what sounds like it; or configure a model."
        )
    return NotActionable(
        f"Both {first} and {second} could be meant by '{shown(action)}', and nothing tells which. Say it in the"
        " words of the one that you mean, add an example to it that says it so, or configure a model."
    )


def not_accounted(template: Template, unknown: Sequence[str], service: str) -> NotActionable:
    """Words that nothing of the plan accounts for, before ``service`` changes something."""
    raws = {"{" + slot.name + "}": slot.raw for slot in template.slots}
    literal = next((raws[word] for word in unknown if word in raws), None)
    if literal is not None:
        return NotActionable(
            f"'{literal}' is not accounted for: it stands in the action and no param holds it. Send it as a param"
            " that a service takes, or leave it out."
        )
    words = list(dict.fromkeys(" ".join(raws.get(each, each) for each in word.split(" ")) for word in unknown))
    told = ", ".join(f"'{shown(word)}'" for word in words) + (" is" if len(words) == 1 else " are")
    if any(word.casefold() in turning_words() for word in unknown):
        return NotActionable(
            f"{told} not accounted for, and may turn what '{service}' is to do. Say only what is to be done, or"
            " configure a model."
        )
    said = [name for slot in template.slots for name in slot.name.split("|")]  # of shared values each
    unsaid = [
        f"'{shown(field)}'"
        for field, _ in template.fields
        if not any(name == field or name.startswith(f"{field}.") for name in said)
    ]
    if unsaid:
        return NotActionable(
            f"{told} not accounted for, and the action does not say the value of"
            f" {' or '.join(unsaid[:MOST_NAMED])}. Where that is meant, say it as the param has it; else"
            f" {_add_example(service)}."
        )
    return NotActionable(f"{told} not accounted for: {_add_example(service)}.")


def not_said(text: str, service: str) -> NotActionable:
    return NotActionable(
        f"'{shown(text)}' does not say what '{service}' does. Say it in its words, {_add_example(service)}."
    )


def no_order(one: str, other: str) -> NotActionable:
    return NotActionable(
        f"'{one}' and '{other}' may both change something, and the action does not say which comes first. Say each"
        " in a sentence of its own, in their order."
    )


def not_supplied(bench: Workbench, missing: Missing) -> NotActionable:
    if not missing.field:
        return NotActionable(
            f"Service '{missing.service}' has a rule for its inputs that the params do not keep: {missing.reason}."
            " Send params that keep it."
        )
    kind = type_names(bench.field_of(missing.service, missing.field).types)
    needs = f"Service '{missing.service}' needs '{missing.field}' ({kind}): {missing.reason}."
    unfit = bench.unfitting(missing.service, missing.field)
    remedy = "Send a value that fits." if unfit else f"Send it as a param named '{missing.field}'."
    return NotActionable(f"{needs} {remedy}")


def not_taken(params: Collection[str], service: str) -> NotActionable:
    told = ", ".join(f"'{param}'" for param in sorted(params))
    return NotActionable(
        f"'{service}' suits the action and has no input for {told}, nor has what could help it. Say in the action"
        " what it is for, or leave it out."
    )


def _add_example(service: str) -> str:
    return f"add an example to '{service}' that says it so, or configure a model"


def shown(text: str) -> str:
    return text if len(text) <= 120 else text[:119] + "…"
