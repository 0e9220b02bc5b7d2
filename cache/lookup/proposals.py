"""Making the plan that examples propose: from one of their entries, or wired anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cache.decisions import Candidate, Refusal
from cache.examples.judgement import Judgement
from cache.examples.votes import Example
from cache.examples.wording import is_free_literal, words_of
from cache.lookup.rows import of_ids
from cache.lookup.serving import meant_otherwise, serve
from cache.models import Entry
from cache.plans.unsaid import unsaid_values
from cache.policy import Policy
from cache.requests import Request, fields_digest
from cache.storage import skeleton_for
from orra.base.strictjson import Json

# So many entries of the proposed skeleton are tried, nearest first.
TRIED = 3
YES, OPEN = "yes", "open"
# What somebody who understands the wording may overrule, as long as no word turns what is asked.
ABOUT_WORDING = frozenset({"risk", "words"})


@dataclass(frozen=True)
class Made:
    """What came of the proposal: a plan, filled from an entry unless ``entry_id`` is ``None``, or the entries that
    did not serve. ``tried`` are those up to the one that did."""

    plan: Json = None
    entry_id: str | None = None
    cost: Mapping[str, Json] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    tried: tuple[tuple[Entry, Example], ...] = ()
    overruled: bool = False


def make(request: Request, policy: Policy, judgement: Judgement) -> Made:
    """The plan that the votes propose. Where only its wording is against it, a verdict on one of its entries may
    overrule that, but for words that an example alone accounts for."""
    objection = judgement.objection
    if objection is None:
        return fill_or_wire(request, policy, judgement)
    would_be = refused_nearest(judgement, Refusal(*objection))
    turned = judgement.account is not None and judgement.account.turned
    if policy.verdicts is None or turned or not would_be.entry_id:
        return Made(candidates=(would_be,))
    return _appeal(request, policy, judgement, policy.verdicts(), would_be)


def refused_nearest(judgement: Judgement, refusal: Refusal) -> Candidate:
    """The nearest example, and why what it proposes is not served."""
    nearest = judgement.vote.nearest
    return Candidate(nearest.entry_id, nearest.template, nearest.similarity, refusal)


def _appeal(
    request: Request, policy: Policy, judgement: Judgement, verdicts: Mapping[str, str], would_be: Candidate
) -> Made:
    """``would_be`` with what is known of its entry, which serves when that is a yes. Nobody is asked about one
    that could not serve anyhow."""
    made = fill_or_wire(request, replace(policy, rehearse=True), judgement, wiring=False)
    if made.entry_id is None:
        return Made(candidates=(would_be, *made.candidates))
    key = Entry.objects.filter(pk=made.entry_id).values_list("template_key", flat=True).first()
    verdict = verdicts.get(key or "", OPEN)
    asked = replace(would_be, entry_id=made.entry_id, verdict=verdict)
    if verdict != YES:
        return Made(candidates=(asked,))
    return replace(made, candidates=(asked,), overruled=True)


def fill_or_wire(
    request: Request,
    policy: Policy,
    judgement: Judgement,
    *,
    tried: Sequence[tuple[Entry, Example]] | None = None,
    wiring: bool = True,
) -> Made:
    """From an entry of the skeleton with the request's own fields, or else from one whose fields pair off with
    them, or else wired anew. ``tried``: the entries, where they are known."""
    refused: list[Candidate] = []
    seen: list[tuple[Entry, Example]] = []
    for entry, example in _entries(request, judgement, policy.read or of_ids) if tried is None else tried:
        seen.append((entry, example))
        plan, refusal = serve(entry, request, policy, judgement)
        if refusal is None:
            return Made(plan, entry.id, entry.cost, tuple(refused), tuple(seen))
        refused.append(Candidate(entry.id, example.template, example.similarity, refusal))
    if wiring and "examples" not in policy.terms.without:
        plan = _wired(request, policy, judgement)
        if plan is not None:
            return Made(plan, candidates=tuple(refused))
    if not refused:
        reason = "No entry has these params, and names do not tell how to wire its services for them."
        nearest = judgement.vote.nearest
        refused.append(Candidate("", nearest.template, nearest.similarity, Refusal("fields", reason)))
    return Made(candidates=tuple(refused))


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
    # Which values its examples had is not known here.
    others = () if judgement.common is None else unsaid_values(request.template, request.params)
    if meant_otherwise(others, vote.services, request, policy, common=judgement.common or ()) is not None:
        return None
    return plan if policy.accept(plan) is None else None
