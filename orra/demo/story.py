"""What the shop asks for, in order, and what must come of it for the demo to be true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orra.base.strictjson import Json
from orra.demo.shop import READING


class Origin(StrEnum):
    """Where a plan is to come from; a planner is the composer, or the model when one is configured."""

    PLANNER = "planner"
    SAME_TEMPLATE = "exact"
    SAME_MEANING = "semantic"


@dataclass(frozen=True)
class Expected:
    """``uses``: exactly these services, in any order; ``at_once``: so many tasks that run at the same time;
    ``near_miss``: the cache looked at a plan and refused it; ``says``: texts that the explanation contains;
    ``mended``: the first plan is refused with this problem, and the next has none."""

    status: str = "ready"
    origin: Origin | None = Origin.PLANNER
    uses: frozenset[str] = frozenset()
    at_once: int = 1
    near_miss: bool = False
    says: tuple[str, ...] = ()
    mended: str = ""


@dataclass(frozen=True)
class Step:
    """``confirm``: the client says afterwards that the plan is right."""

    shows: str
    action: str
    params: Mapping[str, Json]
    expected: Expected
    confirm: bool = False


REFUND_AND_TELL = frozenset({"find_order", "issue_refund", "find_customer", "notify_customer"})
LAPTOP = {"query": "a used one for college, powerful enough for programming"}

STORY: tuple[Step, ...] = (
    Step(
        shows="nothing is cached yet, so it is planned; the client says that the plan is right",
        action="Refund order ORD-1042 and tell the customer",
        params={"order_id": "ORD-1042", "message": "Your refund is on its way."},
        expected=Expected(uses=REFUND_AND_TELL, at_once=2),
        confirm=True,
    ),
    Step(
        shows="the same words with other values",
        action="Refund order ORD-2077 and tell the customer",
        params={"order_id": "ORD-2077", "message": "We are sorry about the teapot and refund it."},
        expected=Expected(origin=Origin.SAME_TEMPLATE, uses=REFUND_AND_TELL, at_once=2),
    ),
    Step(
        shows="other words that mean the same, each of them accounted for",
        action="Hello, could you please refund my order ORD-3051 and tell the customer?",
        params={"order_id": "ORD-3051", "message": "Your money is on its way back."},
        expected=Expected(origin=Origin.SAME_MEANING, uses=REFUND_AND_TELL, at_once=2),
    ),
    Step(
        shows="nearly the same words, another meaning: not served, and refused with the word that turns it",
        action="Do not refund order ORD-2077, just tell the customer",
        params={"order_id": "ORD-2077", "message": "The time for returns has passed."},
        expected=Expected(
            status="not_actionable",
            origin=None,
            uses=REFUND_AND_TELL - {"issue_refund"},
            near_miss=True,
            says=("'not'", "accounted for"),
        ),
    ),
    Step(
        shows="two things that do not need each other",
        action="Check the stock of TEA-0042 and estimate the delivery to 1100-148",
        params={"sku": "TEA-0042", "postal_code": "1100-148"},
        expected=Expected(uses=frozenset({"check_inventory", "estimate_delivery"}), at_once=2),
    ),
    Step(
        shows="nobody in the shop can do it",
        action="Translate the manual of TEA-0042 into Portuguese",
        params={"sku": "TEA-0042"},
        expected=Expected(status="not_actionable", origin=None),
    ),
    Step(
        shows="something is missing that only the asker knows",
        action="Refund 49.90 euros for the broken teapot",
        params={"amount": 49.90},
        expected=Expected(status="not_actionable", origin=None, says=("payment_id",)),
    ),
    Step(
        shows="the developer sends more than the service takes",
        action="Search for a laptop that suits the customer",
        params={"budget": "800", "category": "laptop", **LAPTOP},
        expected=Expected(
            status="failed",
            origin=None,
            says=("ORCHESTRATION ERROR", "PROBLEM", "HOW TO FIX", "search_products", "budget", "category"),
        ),
    ),
    Step(
        shows="the same, mended as the diagnosis says",
        action="Search for a laptop that suits the customer",
        params=LAPTOP,
        expected=Expected(uses=frozenset({"search_products"})),
    ),
    Step(
        shows="the shop's grounding wants the terms checked before such a refund: the first plan skips that",
        action="Refund the returned order ORD-4410",
        params={"order_id": "ORD-4410"},
        expected=Expected(
            uses=frozenset({"check_refund_eligibility", "find_order", "issue_refund"}),
            mended="grounding_capability_missing",
        ),
    ),
)


def faults(step: Step, plan: Mapping[str, Json], *, planner: str, story: Sequence[Step] = STORY) -> list[str]:
    """What did not come out as the story tells it, in sentences; empty when all did.

    ``planner`` is ``composer`` or ``model``. A model is free to use more services, to put them in another order,
    to explain itself in its own words, to decline what it is right to decline, and to look up what nobody can use;
    one that small models' traps have caught leaves to the composer what that can plan. It is not free to leave a
    service out, to refund what must not be refunded, or to be asked where the cache has the plan.
    """
    found = list(_outcome_faults(step.expected, plan, planner))
    if not found and plan["status"] == "ready":
        found += _content_faults(step, plan["plan"], planner)
        found += _foreign_values(step, plan["plan"], story)
    return found


def services_of(plan: Json) -> list[str]:
    return [task["service"] for task in plan["tasks"] if "service" in task]


def explanation_of(plan: Mapping[str, Json]) -> str:
    """Why there is no execution plan, as the engine tells it; empty when there is one."""
    error = plan["error"]
    if not error:
        return ""
    more = [line for line in error["how_to_fix"] if line not in error["message"]]
    return "\n".join([error["message"], *more])


def refusals_of(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The cache entries that were near and not served, each with its ``guard`` and ``reason``, nearest first."""
    return list(plan["cache"].get("guards", []))


def mended_of(plan: Mapping[str, Json]) -> list[dict[str, Json]]:
    """The problems for which the drafts before the one that was taken were refused."""
    if plan["status"] != "ready":
        return []
    return [problem for attempt in plan.get("attempts", [])[:-1] for problem in attempt["problems"]]


def _outcome_faults(expected: Expected, plan: Mapping[str, Json], planner: str) -> Iterator[str]:
    status, source = plan["status"], plan["source"]
    if status != expected.status and not (planner == "model" and _may_differ(expected, plan)):
        yield f"its status is {status}, not {expected.status}: {explanation_of(plan) or 'it has a plan'}"
        return
    wanted = (planner, "composer") if expected.origin in (Origin.PLANNER, None) else (expected.origin,)
    if status == "ready" and source not in wanted:
        yield f"its plan comes from {source}, not from {wanted[0]} ({plan['cache']['reason']}{_refused_by(plan)})"
    if expected.near_miss and not refusals_of(plan):
        yield f"the cache refused no plan that was near ({plan['cache']['reason']})"
    refused_for = [problem["code"] for problem in mended_of(plan)]
    if planner == "composer" and expected.mended and expected.mended not in refused_for:
        yield f"no plan was refused for {expected.mended}"
    if status != "ready" and not explanation_of(plan).strip():
        yield "it does not say why"
    if planner == "composer" or status == expected.status == "failed":
        yield from (f"it does not say {text!r}" for text in expected.says if text not in explanation_of(plan))


def _may_differ(expected: Expected, plan: Mapping[str, Json]) -> bool:
    """A model may decline what fails, may plan what the composer leaves to one that understands it, and a weak one
    that does not refuse may look something up."""
    if plan["status"] == "ready":
        return expected.near_miss or READING.issuperset(services_of(plan["plan"]))
    return expected.near_miss or (plan["status"] == "not_actionable" and expected.status == "failed")


def _refused_by(plan: Mapping[str, Json]) -> str:
    return "".join(f"; {refusal['guard']}: {refusal['reason']}" for refusal in refusals_of(plan)[:1])


def _content_faults(step: Step, plan: Json, planner: str) -> Iterator[str]:
    expected, used = step.expected, set(services_of(plan))
    if missing := sorted(expected.uses - used):
        yield f"its plan leaves out {', '.join(missing)}"
    surplus = used - expected.uses if planner == "composer" else used & {"issue_refund"} - expected.uses
    if surplus:
        yield f"its plan calls {', '.join(sorted(surplus))}, which nobody asked for"
    widest = max(map(len, plan["parallel_groups"]))
    if planner == "composer" and widest < expected.at_once:
        yield f"at most {widest} of its tasks run at the same time, not {expected.at_once}"
    constants = plan["tasks"][0]["input"]
    for field, value in step.params.items():
        if constants.get(field) != value:
            yield f"its {field} is {constants.get(field)!r}, not {value!r}"


def _foreign_values(step: Step, plan: Json, story: Sequence[Step]) -> Iterator[str]:
    """Values of other requests: the fault that makes ordinary caches dangerous."""
    foreign = [value for other in story for value in other.params.values() if value not in step.params.values()]
    for field, value in plan["tasks"][0]["input"].items():
        if value in foreign and str(value) not in step.action:
            yield f"its {field} is {value!r}, which is of another request"
