"""Finding: by the exact template, else by what the nearest examples propose."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cache.decisions import Candidate, Decision, Grounds, Refusal
from cache.examples.held import Held
from cache.examples.judgement import Judgement, judge
from cache.examples.nearest import Nearest, find_nearest
from cache.examples.observed import look_up
from cache.examples.votes import COUNTER, NEAREST, Example, count_votes
from cache.examples.wording import content, words_of
from cache.lookup.proposals import Made, fill_or_wire, make, refused_nearest
from cache.lookup.rows import of_ids, same_template
from cache.lookup.serving import serve
from cache.models import Entry
from cache.plans.unsaid import unsaid_values
from cache.policy import Policy
from cache.reasons import Reason
from cache.requests import Request, fields_digest

REPORTED = Refusal("reported", "Its plan was found wrong for such a request.")
CONTESTED = Refusal("contested", "A nearly identical template led to something else, so examples vote.")


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
        made = fill_or_wire(request, policy, grounds.judgement, tried=grounds.tried, wiring=False)
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
            for entry in of_ids(missing):
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
            plan, refusal = serve(entry, request, policy)
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
        reason: Reason = "refused" if refused else "nothing_cached" if best is None else "nothing_similar"
        return Decision("miss", reason, similarity=best, candidates=refused, judgement=judgement)
    if judgement.vote.skeleton in wrong:
        return Decision(
            "miss",
            "refused",
            similarity=best,
            candidates=(*refused, refused_nearest(judgement, REPORTED)),
            judgement=judgement,
        )
    made = make(request, policy, judgement)
    if made.plan is None:
        return Decision(
            "miss", "refused", similarity=best, candidates=refused + made.candidates, judgement=judgement
        )
    return replace(_served(made, judgement, refused), grounds=_grounds(request, policy, judgement, near, made))


def _grounds(request: Request, policy: Policy, judgement: Judgement, near: Nearest, made: Made) -> Grounds | None:
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


def _served(made: Made, judgement: Judgement, refused: tuple[Candidate, ...]) -> Decision:
    reason: Reason = "model_check" if made.overruled else "same_meaning" if made.entry_id else "made_by_example"
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
        unsaid=bool(unsaid_values(request.template, request.params)),
        barred=vote.barred is not None and not policy.services.read_only(vote.barred.services),
        look_up=lambda some, skeleton: look_up(request.scope.digest, some, skeleton),
    )


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
