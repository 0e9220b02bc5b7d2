"""What a job's grounding asks of planners: which services to call, in which order, and what a model is told.

Whether a plan keeps to it, :mod:`planengine.grounding.checks` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orra.base.strictjson import Json, canonical
from planengine.catalogue.specs import ServiceSpec
from planengine.grounding.specs import RuleKind
from planengine.planners.protocol import Job

# Of the constraints so much is told; what is checked is checked all the same.
MOST_CHARACTERS = 8_000


def demanded_services(job: Job) -> list[ServiceSpec]:
    """Those that do what the use case requires, or what a rule wants before something."""
    names = dict.fromkeys(
        doer.service for capability in _demanded(job) for doer in job.covered.of(capability).doers
    )
    return [spec for spec in map(job.catalogue.get, names) if spec is not None]


def lacking(services: Collection[str], job: Job) -> Iterator[list[str]]:
    """Of each capability that these services must have and do not, the services that have it."""
    if job.grounding is None:
        return
    covered, called = job.covered, frozenset(services)
    wanted = list(job.grounding.use_case.capabilities)
    for rule in job.grounding.spec.rules:
        if rule.kind == RuleKind.REQUIRES and covered.of(rule.then).suspects & called:
            wanted.append(rule.first)
    for capability in dict.fromkeys(wanted):
        done = covered.of(capability)
        if done.doers and not done.services & called:
            yield [doer.service for doer in done.doers]


def order_among(services: Collection[str], job: Job) -> list[tuple[str, str]]:
    """Pairs of these services of which the second must come after the first."""
    if job.grounding is None:
        return []
    covered = job.covered
    order = [each for each in job.grounding.use_case.order if covered.of(each).services.intersection(services)]
    ordered = [*zip(order, order[1:], strict=False)]
    rules = [rule for rule in job.grounding.spec.rules if rule.kind == RuleKind.REQUIRES]
    pairs: dict[tuple[str, str], None] = {}
    for first, then in [*ordered, *((rule.first, rule.then) for rule in rules)]:
        ones = [name for name in services if name in covered.of(first).services]
        for other in services if ones else ():
            if other in covered.of(then).suspects and other not in ones:
                pairs[ones[0], other] = None
    return list(pairs)


def told_of(job: Job) -> Json:
    """The job's grounding as a model reads it, as data; ``None`` without one."""
    if job.grounding is None:
        return None
    use_case, covered = job.grounding.use_case, job.covered
    told: dict[str, Json] = {"use_case": use_case.action}
    if use_case.intent:
        told["intent"] = use_case.intent
    told["capabilities"] = [
        {"capability": each, "services": [doer.service for doer in covered.of(each).doers]}
        for each in use_case.capabilities
    ]
    told |= {name: list(given) for name in ("order", "forbidden") if (given := getattr(use_case, name))}
    constraints = job.grounding.spec.content["constraints"]
    left = MOST_CHARACTERS - len(canonical(told))
    kept: list[Json] = []
    for each in constraints:
        left -= len(canonical(each))
        if left >= 0:
            kept.append(each)
    if constraints:
        told["constraints"] = kept
    if len(kept) < len(constraints):
        told["constraints_left_out"] = len(constraints) - len(kept)
    return told


def _demanded(job: Job) -> list[str]:
    if job.grounding is None:
        return []
    rules = job.grounding.spec.rules
    before = (rule.first for rule in rules if rule.kind == RuleKind.REQUIRES)
    return [*job.grounding.use_case.capabilities, *before]
