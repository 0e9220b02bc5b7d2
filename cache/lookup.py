"""Finding the plan that serves a request.

Similarity proposes, structure decides: a candidate is served only when no guard objects, its values can be
replaced, and the caller accepts the result (which is where plans are validated against today's services).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from django.db.models import Count, Q
from numpy.typing import NDArray

from cache.contest import Contest
from cache.examples.nearest import nearest
from cache.guards import WORDING_GUARDS, Refusal, check_guards
from cache.models import Entry
from cache.plans.provenance import CannotFill, Recipe, RecipeInvalid, fill_plan
from cache.plans.renaming import pair_fields, rename_params, rename_plan
from cache.requests import Request, fields_digest
from cache.storage import quarantine
from cache.templates.templates import Template, TemplateInvalid, make_template
from orra.base.rows import Rows
from orra.base.strictjson import Json

CANDIDATES = 8
READ_FIRST = 2
VARIANTS = 32
YES, OPEN = "yes", "open"

# The usable entries of exactly a template, and of these ids. Written out because every lookup asks them, and
# composing them anew each time costs more than their answers. What is not selected is fetched when it is looked
# at.
SERVING = Rows(
    Entry,
    *("id", "identity", "template_key", "template", "plan"),
    *("recipe", "services", "dependencies", "replan_reason", "cost"),
)
USABLE = f"SELECT {SERVING.columns} FROM cache_entry WHERE expires_at > now() AND quarantined_at IS NULL"
SAME_TEMPLATE = f"""{USABLE}
    AND scope = %s AND template_key = %s AND identity IN ('', %s) ORDER BY created_at DESC LIMIT %s
"""
OF_IDS = f"{USABLE} AND id = ANY(%s)"


@dataclass(frozen=True)
class Policy:
    """How ready the caller is to be served. ``accept`` returns why a filled plan must not be served, or ``None``.
    ``embed`` gives a template's unit vector, or ``None`` when there is none to be had now. ``floor`` is the lowest
    cosine similarity for a hit by meaning. ``valid`` tells whether an entry's plan is still good for the request
    it was made for: then a plan that is not accepted is the new values' fault, and the entry stays. ``current``
    tells whether what the entry depends on is as it was. ``rehearse`` leaves everything as it is. ``verdicts``
    gives what is known, by template key, of entries whose wording alone a guard objects to: ``yes`` lets one serve
    all the same. ``None``: nobody is ever asked. ``contest`` tells what else than an entry's plan could be done
    with the request's params: so much hangs on its wording. Guards ``leaving_out`` are not heeded."""

    accept: Callable[[Json], str | None]
    embed: Callable[[str], NDArray[np.float32] | None]
    floor: float
    valid: Callable[[Entry], bool] = lambda entry: False
    current: Callable[[Entry], bool] = lambda entry: True
    contest: Callable[[Entry], Contest] = lambda entry: Contest.OPEN
    rehearse: bool = False
    verdicts: Callable[[], Mapping[str, str]] | None = None
    leaving_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """An entry that was looked at, and why it was not served. ``verdict`` is there where only wording stood
    against it: ``yes`` (then it was served in spite of the refusal), ``no``, ``unclear``, or ``open`` while nobody
    knows."""

    entry_id: str
    template: str
    similarity: float
    refusal: Refusal | None
    verdict: str | None = None

    def as_dict(self) -> dict[str, Json]:
        return {
            "entry_id": self.entry_id,
            "template": self.template,
            "similarity": round(self.similarity, 4),
            "guard": self.refusal.guard if self.refusal else None,
            "reason": self.refusal.reason if self.refusal else None,
            **({"model_check": self.verdict} if self.verdict else {}),
        }


@dataclass(frozen=True)
class Decision:
    """``kind`` is ``exact``, ``semantic`` or ``miss``; ``plan`` holds the request's own values. ``reason`` is a
    stable word, ``cost`` what planning the entry had cost, ``candidates`` are the ones looked at, best first."""

    kind: str
    reason: str
    plan: Json = None
    entry_id: str | None = None
    similarity: float | None = None
    cost: Mapping[str, Json] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    vector: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    milliseconds: float = 0.0
    embedding_milliseconds: float = 0.0

    @property
    def hit(self) -> bool:
        return self.kind != "miss"

    @property
    def guard(self) -> str:
        """What refused the best candidate: the would-be hit, had similarity decided. Empty when nothing did."""
        return next((seen.refusal.guard for seen in self.candidates if seen.refusal), "")

    def as_dict(self) -> dict[str, Json]:
        """What a Plan shows of it."""
        return {
            "decision": self.kind,
            "entry_id": self.entry_id,
            "similarity": None if self.similarity is None else round(self.similarity, 4),
            "reason": self.reason,
            "guards": [candidate.as_dict() for candidate in self.candidates if candidate.refusal],
        }


def find(request: Request, policy: Policy) -> Decision:
    """The plan that the cache has for this request, or why it has none. The exact template comes first: it needs
    no embedding and no search."""
    started = time.perf_counter()
    decision = _by_template(request, policy)
    if not decision.hit and policy.floor < 1:
        decision = _by_meaning(request, policy, decision.candidates)
    return replace(decision, milliseconds=_since(started))


def find_by_template(request: Request, policy: Policy) -> Decision:
    """The first half of :func:`find`: one statement, and nothing to embed."""
    started = time.perf_counter()
    decision = _by_template(request, policy)
    return replace(decision, milliseconds=_since(started))


def serves_identical_only(request: Request) -> bool:
    """Whether there are plans for the request's template, and each is good for one identical request only: what is
    planned next will hardly serve others either."""
    same = Entry.objects.usable().filter(scope=request.scope.digest, template_key=request.template.key)
    found = same.aggregate(any=Count("id"), reusable=Count("id", filter=Q(identity="")))
    return bool(found["any"]) and not found["reusable"]


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


def _by_template(request: Request, policy: Policy) -> Decision:
    found = SERVING.fetch(SAME_TEMPLATE, [request.scope.digest, request.template.key, request.identity, VARIANTS])
    # The one for the identical request first, then the newest.
    variants = sorted(found, key=lambda entry: entry.reusable)
    served, refused = _first_served([(entry, 1.0) for entry in variants], request, policy, by_meaning=False)
    if served is None:
        return Decision("miss", "only_exact_templates", candidates=refused)
    return Decision("exact", "same_template", served.plan, served.entry_id, 1.0, served.cost, refused)


def _by_meaning(request: Request, policy: Policy, refused: tuple[Candidate, ...]) -> Decision:
    """The search by meaning. ``refused`` are the entries of the same template, which are not looked at again."""
    started = time.perf_counter()
    vector = policy.embed(request.template.embedding_text)
    embedding_milliseconds = _since(started)
    if vector is None:
        return Decision("miss", "no_embedding", candidates=refused, embedding_milliseconds=embedding_milliseconds)
    best, entries = _nearest(request, vector, floor=policy.floor, but_not=[seen.entry_id for seen in refused])
    served, more_refused = _first_served(entries, request, policy, by_meaning=True)
    refused += more_refused
    if served is not None:
        reason = "model_check" if served.overruling else "same_meaning"
        decision = Decision("semantic", reason, served.plan, served.entry_id, served.similarity, served.cost)
    elif refused:
        decision = Decision("miss", "refused", similarity=best)
    else:
        decision = Decision("miss", "nothing_cached" if best is None else "nothing_similar", similarity=best)
    return replace(decision, candidates=refused, vector=vector, embedding_milliseconds=embedding_milliseconds)


def _nearest(
    request: Request, vector: NDArray[np.float32], *, floor: float, but_not: Sequence[str]
) -> tuple[float | None, Iterator[tuple[Entry, float]]]:
    """The best similarity there is, and the usable entries from ``floor`` up: those of the request's own fields
    first, then the others, which serve only when their fields can be renamed; best first among each."""
    found = nearest(
        request.scope.digest,
        vector,
        fields=fields_digest(request.template),
        floor=floor,
        limit=CANDIDATES,
        but_not=but_not,
    )
    similarities = {entry_id: 1.0 - distance for entry_id, distance in found}
    near = [(entry_id, similarity) for entry_id, similarity in similarities.items() if similarity >= floor]
    return max(similarities.values(), default=None), _read(near)


def _read(near: Sequence[tuple[str, float]]) -> Iterator[tuple[Entry, float]]:
    """The usable entries of these, in their order. Few are read at first, because mostly one of the nearest
    serves."""
    for some in filter(None, (near[:READ_FIRST], near[READ_FIRST:])):
        entries = {entry.pk: entry for entry in SERVING.fetch(OF_IDS, [[entry_id for entry_id, _ in some]])}
        yield from ((entries[entry_id], similarity) for entry_id, similarity in some if entry_id in entries)


@dataclass(frozen=True)
class _Served:
    plan: Json
    entry_id: str
    similarity: float
    overruling: bool
    cost: Mapping[str, Json]


def _first_served(
    found: Iterable[tuple[Entry, float]], request: Request, policy: Policy, *, by_meaning: bool
) -> tuple[_Served | None, tuple[Candidate, ...]]:
    """The first entry that serves the request, and those that a guard or anything else refused, which may include
    the one that serves."""
    refused: list[Candidate] = []
    for entry, similarity in found:
        plan, refusal = _serve(entry, request, policy, by_meaning=by_meaning)
        verdict = None
        if refusal is not None:
            plan, verdict = _appeal(entry, request, policy, refusal)
            refused.append(Candidate(entry.id, entry.template_text, similarity, refusal, verdict))
        if refusal is None or verdict == YES:
            overruling = refusal is not None
            return _Served(plan, entry.id, similarity, overruling, entry.cost), tuple(refused)
    return None, tuple(refused)


def _appeal(entry: Entry, request: Request, policy: Policy, refusal: Refusal) -> tuple[Json, str | None]:
    """What a model said about an entry that only its wording keeps from serving, with the filled plan. ``None``
    when more speaks against the entry, or when no model may be asked."""
    if policy.verdicts is None or refusal.guard not in WORDING_GUARDS:
        return None, None
    without = replace(policy, rehearse=True, leaving_out=WORDING_GUARDS)
    plan, harder = _serve(entry, request, without, by_meaning=True)
    if harder is not None:
        return None, None
    return plan, policy.verdicts().get(entry.template_key, OPEN)


def _serve(entry: Entry, request: Request, policy: Policy, *, by_meaning: bool) -> tuple[Json, Refusal | None]:
    """The filled and accepted plan, or why this entry does not serve the request."""
    if not policy.current(entry):
        return None, Refusal("dependency", "A service that its plan uses has changed or is gone.")
    if entry.replan_reason:
        return None, Refusal("replan", entry.replan_reason)
    try:
        recipe = Recipe.from_json(entry.recipe)
        if by_meaning:
            plan, refusal = _fill_by_meaning(entry, recipe, request, policy)
            if refusal is not None:
                return None, refusal
        else:
            plan = fill_plan(entry.plan, recipe, request.template, request.params)
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


def _fill_by_meaning(
    entry: Entry, recipe: Recipe, request: Request, policy: Policy
) -> tuple[Json, Refusal | None]:
    """The entry's plan with the request's values and under its names, or the guard that objects."""
    cached = template_of(entry)
    template, params = request.template, request.params
    pairs = None if template.fields == cached.fields else pair_fields(template.fields, cached.fields)
    if pairs is not None:
        params = rename_params(params, pairs)
        template = make_template(request.action, params, discriminating_terms=request.discriminating_terms)
    refusal = check_guards(
        template,
        cached,
        text_constants=recipe.text_constants,
        contest=policy.contest(entry),
        leaving_out=policy.leaving_out,
    )
    if refusal is not None:
        return None, refusal
    plan = fill_plan(entry.plan, recipe, template, params)
    return (plan if pairs is None else rename_plan(plan, pairs)), None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
