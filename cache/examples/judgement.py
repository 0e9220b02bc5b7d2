"""Whether what the votes propose may be served: its risk, and what of the request is not accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from cache.examples.acceptance import Adjustment, log_odds, most_risk, risk_of
from cache.examples.accounting import Account, Known, account, may_mean_values
from cache.examples.votes import Example, Vote
from cache.reasons import Guard
from orra.base.strictjson import Json

# Until a skeleton has so many examples every word counts, whatever its services do, unless nothing else could be
# done with the request's params.
FEW = 3


@dataclass(frozen=True)
class Terms:
    """On which terms a project is served: the share of wrong hits that it tolerates, what it has seen of the risk
    so far, and what an ablation leaves out."""

    tolerance: float = 0.01
    adjustment: Adjustment = Adjustment()
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Seen:
    """What all examples of a scope say of some words: those that an example of the skeleton has, and those that
    stand in examples of many."""

    known: frozenset[str] = frozenset()
    neutral: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """``odds`` are the prior's log odds of the proposal's being wrong, ``risk`` the project's probability,
    ``most_risk`` the most that it tolerates of one hit. ``account`` is ``None`` where words need not be accounted
    for. ``common`` are words that stand in so many examples that they mean no one value of a param; ``None`` where
    none need be asked whether it does."""

    vote: Vote
    odds: float
    risk: float
    most_risk: float
    account: Account | None
    common: frozenset[str] | None = None

    @property
    def objection(self) -> tuple[Guard, str] | None:
        """Why the proposal is not served, for programs and for people; ``None`` when it may be."""
        if self.risk > self.most_risk:
            return "risk", (
                f"The risk that this is another request is {self.risk:.1%}, and {self.most_risk:.1%} is tolerated."
            )
        if self.account is not None and not self.account.settled:
            return "words", f"Not accounted for: {', '.join(self.account.told)}."
        return None

    @property
    def _margin(self) -> float:
        """Below 0 where what is nearer could not be made."""
        vote, rival = self.vote, self.vote.rival
        if rival is None or rival is not vote.barred:
            return vote.numbers.margin
        return vote.nearest.similarity - rival.similarity

    def as_dict(self) -> dict[str, Json]:
        vote, rival = self.vote, self.vote.rival
        return {
            "services": list(vote.services),
            "examples": len(vote.examples),
            "nearest": _told(vote.nearest),
            "rival": None if rival is None else _told(rival),
            "margin": round(self._margin, 4),
            "other_services": list(vote.unseen),
            "risk": round(self.risk, 5),
            "most_risk": round(self.most_risk, 5),
            "not_accounted_for": [] if self.account is None else list(self.account.told),
            "numbers": {name: round(value, 4) for name, value in vote.numbers.named().items()},
            "log_odds": round(self.odds, 4),
        }


def judge(
    vote: Vote,
    words: Sequence[str],
    *,
    terms: Terms,
    read_only: bool,
    described: Collection[str],
    with_params: bool,
    unsaid: bool = False,
    barred: bool = False,
    look_up: Callable[[Sequence[str], str], Seen],
) -> Judgement:
    """``words`` are the request's, ``described`` those of the proposed services and their inputs. ``barred``: a
    nearer example led to something else that changes things, and these params do not suffice for it. ``unsaid``:
    whether params have values that the request does not say, which words of it may mean. ``look_up`` tells of
    words and a skeleton what other examples say; it is asked only where something is not accounted for."""
    odds = log_odds(vote.numbers, without=terms.without)
    if barred:
        vote = replace(vote, rival=vote.barred)
    found = common = None
    few = len(vote.examples) < FEW
    # What a plan holds besides params, the words decide.
    alone = vote.numbers.only and with_params and vote.nearest.wirable
    if "words" not in terms.without and (barred or not read_only or few):
        common = _common(vote.examples)
        if unsaid and (doubtful := may_mean_values(words, described=described, common=common)):
            common |= look_up(doubtful, vote.skeleton).neutral
    if common is not None and (barred or not read_only or not alone):
        known = Known(tuple(each.words for each in vote.examples), frozenset(described))
        found = account(words, known)
        if found.unknown or found.missing:
            seen = look_up((*found.unknown, *found.missing), vote.skeleton)
            found = found.given(known=seen.known, neutral=seen.neutral)
    return Judgement(vote, odds, risk_of(odds, terms.adjustment), most_risk(terms.tolerance), found, common)


def _common(examples: Sequence[Example]) -> frozenset[str]:
    seen = Counter(word for example in examples for word in frozenset(example.words))
    return frozenset(word for word, times in seen.items() if times >= FEW)


def _told(example: Example) -> dict[str, Json]:
    return {
        "kind": example.kind,
        "services": list(example.services),
        "template": example.template,
        "similarity": round(example.similarity, 4),
        "entry_id": example.entry_id or None,
    }
