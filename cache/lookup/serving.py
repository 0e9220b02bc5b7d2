"""Whether an entry serves a request: its services are as they were, its values can be replaced, and the caller
accepts the result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from cache.decisions import Refusal
from cache.examples.accounting import may_mean_values
from cache.examples.judgement import Judgement
from cache.examples.wording import words_of
from cache.models import Entry
from cache.plans.filling import CannotFill
from cache.plans.provenance import Recipe, RecipeInvalid, fill_plan
from cache.plans.renaming import pair_fields, rename_params, rename_plan
from cache.plans.surroundings import check_surroundings
from cache.plans.unsaid import Unsaid, other_values, unsaid_values
from cache.policy import Policy
from cache.requests import Request
from cache.storage import quarantine
from cache.templates.templates import Template, TemplateInvalid, make_template
from cache.templates.tokens import name_words
from orra.base.strictjson import Json

# What an entry is refused for that is to be planned anew, though its plan is valid.
SECOND_BEST: Final = "replan"


def fill(entry: Entry, template: Template, params: Mapping[str, Json]) -> Json:
    """The entry's plan with the values of another request. Raises :class:`CannotFill`; a row that an older or
    damaged version wrote counts as one that cannot be filled."""
    try:
        recipe = Recipe.from_json(entry.recipe)
    except RecipeInvalid as error:
        raise CannotFill("entry_unreadable", f"The stored recipe cannot be read: {error}") from error
    return fill_plan(entry.plan, recipe, template, params)


def template_of(entry: Entry) -> Template:
    """The entry's stored template. Raises :class:`TemplateInvalid`."""
    return Template.from_json(entry.template)


def serve(
    entry: Entry, request: Request, policy: Policy, judgement: Judgement | None = None
) -> tuple[Json, Refusal | None]:
    """The filled and accepted plan, or why this entry does not serve the request. ``judgement``: what proposes it,
    unless it has the request's template."""
    if not policy.current(entry):
        return None, Refusal("dependency", "A service that its plan uses has changed or is gone.")
    if entry.replan_reason and not policy.second_best:
        return None, Refusal(SECOND_BEST, entry.replan_reason)
    try:
        recipe = Recipe.from_json(entry.recipe)
        if judgement is None:
            plan, refusal = _fill_same_template(entry, recipe, request, policy)
        else:
            plan, refusal = _fill_by_meaning(entry, recipe, request, policy, judgement)
        if refusal is not None:
            return None, refusal
    except CannotFill as error:
        return None, Refusal(error.code, error.message)
    except (RecipeInvalid, TemplateInvalid) as error:
        if not policy.rehearse:
            quarantine(entry.id, str(error))
        return None, Refusal("entry_unreadable", str(error))
    objection = policy.accept(plan)
    if objection is None:
        return plan, None
    if not policy.rehearse and not policy.valid(entry):
        quarantine(entry.id, objection)
    return None, Refusal("validation", objection)


def meant_otherwise(
    others: Unsaid,
    services: Iterable[str],
    request: Request,
    policy: Policy,
    *,
    common: Collection[str] = (),
    literals: bool = False,
) -> Refusal | None:
    """Why ``others``, values that the request does not say, keep a plan that was made without its words from
    serving: one that is not ``common`` may mean one of them, or one of its ``literals``."""
    if not others:
        return None
    named = frozenset().union(*(name_words(str(path[-1])) for path, value in others if isinstance(value, bool)))
    words = may_mean_values(
        words_of(request.template),
        described=frozenset(policy.services.described(tuple(services))) - named,
        common=common,
        literals=literals,
    )
    if not words:
        return None
    names = ", ".join(repr(".".join(map(str, path))) for path, _ in others)
    told = ", ".join(f"'{word}'" for word in words)
    return Refusal("unsaid", f"{told} may mean {names}, and this was not planned with both.")


def _fill_same_template(
    entry: Entry, recipe: Recipe, request: Request, policy: Policy
) -> tuple[Json, Refusal | None]:
    plan = fill_plan(entry.plan, recipe, request.template, request.params)
    others = other_values(recipe.unsaid, request.params)
    return plan, meant_otherwise(others, entry.services, request, policy, literals=recipe.pinned != ())


def _fill_by_meaning(
    entry: Entry, recipe: Recipe, request: Request, policy: Policy, judgement: Judgement
) -> tuple[Json, Refusal | None]:
    """The entry's plan with the request's values and under its names, or why they cannot be put in."""
    cached = template_of(entry)
    template, params = request.template, request.params
    pairs = None if template.fields == cached.fields else pair_fields(template.fields, cached.fields)
    if pairs is not None:
        params = rename_params(params, pairs)
        template = make_template(request.action, params, discriminating_terms=request.discriminating_terms)
    different = check_surroundings(template, cached, text_constants=recipe.text_constants)
    if different is not None:
        return None, Refusal(*different)
    plan = fill_plan(entry.plan, recipe, template, params)
    common = judgement.common
    if common is not None:
        others = other_values(recipe.unsaid, params)
        pinned = recipe.pinned != ()
        refusal = meant_otherwise(others, entry.services, request, policy, common=common, literals=pinned)
        if refusal is None:
            # The value is the same, or the entry's action says it in place of a word: a new word may mean another.
            unsaid, common = unsaid_values(template, params), common.union(words_of(cached))
            refusal = meant_otherwise(unsaid, entry.services, request, policy, common=common)
        if refusal is not None:
            return None, refusal
    return (plan if pairs is None else rename_plan(plan, pairs)), None
