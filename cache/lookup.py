"""Finding the plan that serves a request.

The exact template comes first. Else the nearest examples vote on what the request's plan is, and what they propose
is served when its risk is within the project's tolerance, every word is accounted for where that is asked
(:mod:`cache.examples.judgement`), its values can be replaced or its services wired anew, and the caller accepts
the result (which is where plans are validated against today's services).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from django.db.models import Count, Q
from numpy.typing import NDArray

from cache.decisions import Candidate, Decision, Grounds, Refusal
from cache.examples.held import Held
from cache.examples.judgement import Judgement, judge
from cache.examples.nearest import Nearest, find_nearest
from cache.examples.observed import look_up
from cache.examples.votes import COUNTER, NEAREST, Example, count_votes
from cache.examples.wording import content, is_free_literal, words_of
from cache.models import Entry
from cache.plans.filling import CannotFill
from cache.plans.provenance import Recipe, RecipeInvalid, fill_plan
from cache.plans.renaming import pair_fields, rename_params, rename_plan
from cache.plans.surroundings import check_surroundings
from cache.policy import Policy
from cache.requests import Request, fields_digest
from cache.storage import quarantine, skeleton_for
from cache.templates.templates import Template, TemplateInvalid, make_template
from orra.base.rows import Rows
from orra.base.strictjson import Json

__all__ = ["Candidate", "Decision", "Grounds", "Refusal", "find", "find_again", "find_by_template"]

# So many entries of the proposed skeleton are tried, nearest first.
TRIED = 3
VARIANTS = 32
YES, OPEN = "yes", "open"
# What somebody who understands the wording may overrule, as long as no word turns what is asked.
ABOUT_WORDING = frozenset({"risk", "words"})

REPORTED = Refusal("reported", "Its plan was found wrong for such a request.")
CONTESTED = Refusal("contested", "A nearly identical template led to something else, so examples vote.")

# The usable entries of exactly a template, and of these ids. Written out because every lookup asks them, and
# composing them anew each time costs more than their answers. What is not selected is fetched when it is looked
# at.
SERVING = Rows(
    Entry,
    *("id", "kind", "identity", "template_key", "template", "plan", "skeleton", "contested"),
    *("recipe", "services", "dependencies", "replan_reason", "cost", "expires_at"),
    also=("row_version",),
)


def _usable(columns: str) -> str:
    return f"SELECT {columns} FROM cache_entry WHERE expires_at > now() AND quarantined_at IS NULL"


def _of_template(columns: str) -> str:
    return f"""
        ({_usable(columns)} AND scope = %s AND template_key = %s AND identity IN ('', %s) AND kind = 'plan'
            ORDER BY created_at DESC LIMIT %s)
        UNION ALL ({_usable(columns)} AND project_id = %s AND template_key = %s AND kind = '{COUNTER}' LIMIT %s)
    """


# A row has another version after every change, which is what remembered rows are compared by.
WHOLE = f"{SERVING.columns}, cache_entry.xmin::text"
SAME_TEMPLATE = _of_template(WHOLE)
OF_IDS = f"{_usable(WHOLE)} AND id = ANY(%s)"
# One text that differs when any of the rows of :data:`SAME_TEMPLATE` does, or there is another.
MARK_OF_TEMPLATE = f"""
    SELECT coalesce(string_agg(id || ' ' || version, ',' ORDER BY id COLLATE "C"), '')
    FROM ({_of_template("id, xmin::text AS version")}) AS row
"""


def same_template(request: Request) -> tuple[Entry, ...]:
    """The usable entries of exactly the request's template, newest first, and its counter-examples."""
    return tuple(SERVING.fetch(SAME_TEMPLATE, values_of_template(request)))


def values_of_template(request: Request) -> list[Json]:
    """What :data:`SAME_TEMPLATE` and :data:`MARK_OF_TEMPLATE` take."""
    key = request.template.key
    return [request.scope.digest, key, request.identity, VARIANTS, request.scope.project_id, key, VARIANTS]


def mark_of(entries: Sequence[Entry]) -> str:
    """What :data:`MARK_OF_TEMPLATE` gives while these are the entries of the template."""
    versions: dict[str, str] = {entry.id: vars(entry)["row_version"] for entry in entries}
    return ",".join(f"{entry_id} {versions[entry_id]}" for entry_id in sorted(versions))


def find(request: Request, policy: Policy) -> Decision:
    """The plan that the cache has for this request, or why it has none. The exact template comes first: it needs
    no embedding and no search."""
    started = time.perf_counter()
    same = same_template(request)
    decision, reported = _by_template(request, policy, same)
    if not decision.hit and policy.floor < 1:
        decision = replace(_by_meaning(request, policy, decision.candidates, reported), entries=same)
    return replace(decision, milliseconds=_since(started))


def find_by_template(request: Request, policy: Policy) -> Decision:
    """The first half of :func:`find`: one statement, and nothing to embed."""
    started = time.perf_counter()
    decision, _ = _by_template(request, policy, same_template(request))
    return replace(decision, milliseconds=_since(started))


def find_again(request: Request, policy: Policy, entries: Sequence[Entry], grounds: Grounds | None) -> Decision:
    """The hit that :func:`find` would give if the ``entries`` are those of the template and the ``grounds`` hold,
    which is for whoever asks to find out; else a miss. Asks the database for nothing."""
    started = time.perf_counter()
    policy = replace(policy, rehearse=True)
    decision, _ = _by_template(request, policy, entries)
    if not decision.hit and grounds is not None and _concerns(grounds, request, policy):
        made = _made_plan(request, policy, grounds.judgement, tried=grounds.tried, wiring=False)
        if made.plan is not None:
            decision = _served(made, grounds.judgement, decision.candidates)
    return replace(decision, milliseconds=_since(started))


def find_held(request: Request, policy: Policy, held: Held) -> Decision:
    """The hit that :func:`find` would give if nothing has the request's template and the scope is as it is
    ``held``, which is for whoever asks to find out; else anything but a hit with grounds. Asks the database only
    for words that nothing accounts for, and for entries that were not tried before."""

    def read(ids: Sequence[str]) -> list[Entry]:
        known = {entry_id: entry for entry_id in ids if (entry := held.entries.get(entry_id)) is not None}
        if missing := [entry_id for entry_id in ids if entry_id not in known]:
            for entry in SERVING.fetch(OF_IDS, [missing]):
                held.entries.put(entry.id, entry)
                known[entry.id] = entry
        return list(known.values())

    started = time.perf_counter()
    policy = replace(policy, rehearse=True, read=read, verdicts=None)
    if policy.floor >= 1:
        return Decision("miss", "only_exact_templates")
    decision = _by_meaning(request, policy, (), (), held=held)
    return replace(decision, milliseconds=_since(started))


def _concerns(grounds: Grounds, request: Request, policy: Policy) -> bool:
    """Whether the votes would be counted alike for this request. Templates with equal keys may differ in what
    votes look at."""
    template = request.template
    asked = (template.embedding_text, words_of(template), policy.floor, policy.scale)
    return asked == (grounds.text, grounds.words, grounds.floor, grounds.scale)


def serves_identical_only(request: Request) -> bool:
    """Whether there are plans for the request's template, and each is good for one identical request only: what is
    planned next will hardly serve others either."""
    same = Entry.objects.usable().plans().filter(scope=request.scope.digest, template_key=request.template.key)
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


def _by_template(request: Request, policy: Policy, found: Sequence[Entry]) -> tuple[Decision, tuple[Entry, ...]]:
    """The decision, and the counter-examples of just this template."""
    reported = tuple(entry for entry in found if entry.kind == COUNTER)
    wrong = {entry.skeleton for entry in reported}
    refused: list[Candidate] = []
    # The one for the identical request first, then the newest.
    for entry in sorted((entry for entry in found if entry.kind != COUNTER), key=lambda entry: entry.reusable):
        plan, refusal = None, REPORTED if entry.skeleton in wrong else None
        if refusal is None and entry.contested and not _is_of(entry, request):
            refusal = CONTESTED
        if refusal is None:
            plan, refusal = _serve(entry, request, policy, by_meaning=False)
        if refusal is None:
            served = Decision("exact", "same_template", plan, entry.id, 1.0, entry.cost, tuple(refused))
            return replace(served, entries=tuple(found)), reported
        refused.append(Candidate(entry.id, entry.template_text, 1.0, refusal))
    return Decision("miss", "only_exact_templates", candidates=tuple(refused)), reported


def _is_of(entry: Entry, request: Request) -> bool:
    """Whether the entry was made for the identical request."""
    return isinstance(entry.recipe, dict) and entry.recipe.get("request") == request.identity


def _by_meaning(
    request: Request,
    policy: Policy,
    refused: tuple[Candidate, ...],
    reported: Sequence[Entry],
    *,
    held: Held | None = None,
) -> Decision:
    """``refused`` are the entries of the same template, which are not served, though they have their votes.
    ``held``: where the nearest are looked for, if not in the database."""
    started = time.perf_counter()
    vector = policy.embed(request.template.embedding_text)
    embedding_milliseconds = _since(started)
    if vector is None:
        return Decision("miss", "no_embedding", candidates=refused, embedding_milliseconds=embedding_milliseconds)
    near = (
        find_nearest(request.scope.digest, vector, limit=NEAREST)
        if held is None
        else held.nearest(vector, limit=NEAREST)
    )
    examples = _examples(near, policy, vector, reported)
    wrong = {entry.skeleton for entry in reported}
    decision = _by_votes(request, policy, vector, near, examples, refused, wrong)
    return replace(decision, vector=vector, embedding_milliseconds=embedding_milliseconds)


def _examples(
    near: Nearest, policy: Policy, vector: NDArray[np.float32], reported: Sequence[Entry]
) -> list[Example]:
    """Those of the scope, of the services' developers and of what was reported for just this template, nearest
    first."""
    found = list(near.examples)
    if "examples" not in policy.terms.without:
        found += policy.services.samples(vector)
    if "refusals" in policy.terms.without:
        found = [each for each in found if each.kind != "refusal"]
    found += [
        Example(COUNTER, entry.skeleton, tuple(sorted(entry.services)), "", (), 1.0, entry.id, entry.template_text)
        for entry in reported
    ]
    return sorted(found, key=lambda each: -each.similarity)[:NEAREST]


def _by_votes(
    request: Request,
    policy: Policy,
    vector: NDArray[np.float32],
    near: Nearest,
    examples: Sequence[Example],
    refused: tuple[Candidate, ...],
    wrong: Collection[str],
) -> Decision:
    """``near`` are the examples of the scope, among others in ``examples``. ``wrong`` are the skeletons that were
    found wrong for just this template."""
    best = examples[0].similarity if examples else None
    judgement = _judged(request, policy, vector, examples)
    if judgement is None or judgement.vote.nearest.similarity < policy.floor:
        reason = "nothing_cached" if best is None else "nothing_similar"
        reason = "refused" if refused else reason
        return Decision("miss", reason, similarity=best, candidates=refused, judgement=judgement)
    if judgement.vote.skeleton in wrong:
        return Decision(
            "miss",
            "refused",
            similarity=best,
            candidates=(*refused, _would_be(judgement, REPORTED)),
            judgement=judgement,
        )
    made = _make(request, policy, judgement)
    if made.plan is None:
        return Decision(
            "miss", "refused", similarity=best, candidates=refused + made.candidates, judgement=judgement
        )
    return replace(_served(made, judgement, refused), grounds=_grounds(request, policy, judgement, near, made))


def _grounds(request: Request, policy: Policy, judgement: Judgement, near: Nearest, made: _Made) -> Grounds | None:
    """``None`` for what no entry served, and where it cannot be told how long they last."""
    if made.entry_id is None or made.overruled or not near.version or near.until is None:
        return None
    return Grounds(
        judgement=replace(judgement, vote=judgement.vote.brief()),
        tried=made.tried,
        version=near.version,
        until=min(near.until, *(entry.expires_at for entry, _ in made.tried)),
        text=request.template.embedding_text,
        words=words_of(request.template),
        floor=policy.floor,
        scale=policy.scale,
    )


def _served(made: _Made, judgement: Judgement, refused: tuple[Candidate, ...]) -> Decision:
    reason = "model_check" if made.overruled else "same_meaning" if made.entry_id else "made_by_example"
    return Decision(
        kind="semantic" if made.entry_id else "example",
        reason=reason,
        plan=made.plan,
        entry_id=made.entry_id,
        similarity=judgement.vote.nearest.similarity,
        cost=made.cost,
        candidates=refused + made.candidates,
        judgement=judgement,
    )


def _judged(
    request: Request, policy: Policy, vector: NDArray[np.float32], examples: Sequence[Example]
) -> Judgement | None:
    words = words_of(request.template)
    vote = count_votes(
        examples,
        fields=fields_digest(request.template),
        words=content(words),
        rivals_of=lambda services: policy.services.rivals_of(services, vector),
        takes=policy.services.take,
        scale=policy.scale,
    )
    if vote is None:
        return None
    return judge(
        vote,
        words,
        terms=policy.terms,
        read_only=policy.services.read_only(vote.services),
        described=policy.services.described(vote.services),
        with_params=bool(request.params),
        look_up=lambda some, skeleton: look_up(request.scope.digest, some, skeleton),
    )


@dataclass(frozen=True)
class _Made:
    """What came of the proposal: a plan, filled from an entry unless ``entry_id`` is ``None``, or the entries that
    did not serve. ``tried`` are those up to the one that did."""

    plan: Json = None
    entry_id: str | None = None
    cost: Mapping[str, Json] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    tried: tuple[tuple[Entry, Example], ...] = ()
    overruled: bool = False


def _make(request: Request, policy: Policy, judgement: Judgement) -> _Made:
    """The plan that the votes propose. Where only its wording is against it, a verdict on one of its entries may
    overrule that, but for words that an example alone accounts for."""
    objection = judgement.objection
    if objection is None:
        return _made_plan(request, policy, judgement)
    would_be = _would_be(judgement, Refusal(*objection))
    turned = judgement.account is not None and judgement.account.turned
    if policy.verdicts is None or turned or not would_be.entry_id:
        return _Made(candidates=(would_be,))
    return _appeal(request, policy, judgement, policy.verdicts(), would_be)


def _would_be(judgement: Judgement, refusal: Refusal) -> Candidate:
    nearest = judgement.vote.nearest
    return Candidate(nearest.entry_id, nearest.template, nearest.similarity, refusal)


def _appeal(
    request: Request, policy: Policy, judgement: Judgement, verdicts: Mapping[str, str], would_be: Candidate
) -> _Made:
    """``would_be`` with what is known of its entry, which serves when that is a yes. Nobody is asked about one
    that could not serve anyhow."""
    made = _made_plan(request, replace(policy, rehearse=True), judgement, wiring=False)
    if made.entry_id is None:
        return _Made(candidates=(would_be, *made.candidates))
    key = Entry.objects.filter(pk=made.entry_id).values_list("template_key", flat=True).first()
    verdict = verdicts.get(key or "", OPEN)
    asked = replace(would_be, entry_id=made.entry_id, verdict=verdict)
    if verdict != YES:
        return _Made(candidates=(asked,))
    return replace(made, candidates=(asked,), overruled=True)


def _made_plan(
    request: Request,
    policy: Policy,
    judgement: Judgement,
    *,
    tried: Sequence[tuple[Entry, Example]] | None = None,
    wiring: bool = True,
) -> _Made:
    """From an entry of the skeleton with the request's own fields, or else from one whose fields pair off with
    them, or else wired anew. ``tried``: the entries, where they are known."""
    refused: list[Candidate] = []
    seen: list[tuple[Entry, Example]] = []
    for entry, example in _entries(request, judgement, policy.read or _read) if tried is None else tried:
        seen.append((entry, example))
        plan, refusal = _serve(entry, request, policy, by_meaning=True)
        if refusal is None:
            return _Made(plan, entry.id, entry.cost, tuple(refused), tuple(seen))
        refused.append(Candidate(entry.id, example.template, example.similarity, refusal))
    if wiring and "examples" not in policy.terms.without:
        plan = _wired(request, policy, judgement)
        if plan is not None:
            return _Made(plan, candidates=tuple(refused))
    if not refused:
        reason = "No entry has these params, and names do not tell how to wire its services for them."
        nearest = judgement.vote.nearest
        refused.append(Candidate("", nearest.template, nearest.similarity, Refusal("fields", reason)))
    return _Made(candidates=tuple(refused))


def _read(ids: Sequence[str]) -> list[Entry]:
    return SERVING.fetch(OF_IDS, [list(ids)])


def _entries(
    request: Request, judgement: Judgement, read: Callable[[Sequence[str]], Sequence[Entry]]
) -> Iterator[tuple[Entry, Example]]:
    """The entries to try, those with the request's fields first. The first mostly serves, so the others are read
    when it does not."""
    fields = fields_digest(request.template)
    held = [each for each in judgement.vote.examples if each.entry_id]
    tried = sorted(held, key=lambda each: each.fields != fields)[:TRIED]
    for some in (tried[:1], tried[1:]):
        entries = {entry.pk: entry for entry in read([each.entry_id for each in some])} if some else {}
        yield from ((entries[each.entry_id], each) for each in some if each.entry_id in entries)


def _wired(request: Request, policy: Policy, judgement: Judgement) -> Json | None:
    """The skeleton's services wired for the request's params; not where its plans hold what names cannot tell, or
    the request a literal that no param does."""
    vote = judgement.vote
    if not vote.nearest.wirable or any(is_free_literal(word) for word in words_of(request.template)):
        return None
    plan = policy.services.wire(vote.services)
    if plan is None or skeleton_for(request, plan).digest != vote.skeleton:
        return None
    return plan if policy.accept(plan) is None else None


def _serve(entry: Entry, request: Request, policy: Policy, *, by_meaning: bool) -> tuple[Json, Refusal | None]:
    """The filled and accepted plan, or why this entry does not serve the request."""
    if not policy.current(entry):
        return None, Refusal("dependency", "A service that its plan uses has changed or is gone.")
    if entry.replan_reason:
        return None, Refusal("replan", entry.replan_reason)
    try:
        recipe = Recipe.from_json(entry.recipe)
        if by_meaning:
            plan, refusal = _fill_by_meaning(entry, recipe, request)
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


def _fill_by_meaning(entry: Entry, recipe: Recipe, request: Request) -> tuple[Json, Refusal | None]:
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
    return (plan if pairs is None else rename_plan(plan, pairs)), None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
