"""Random plans: whatever waits for whatever, nothing runs too early, nothing runs twice that must not."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orra_client import Outcome, Status, Step, run
from orra_client.exchange import Retries

SERVICES: dict[str, dict[str, Any]] = {
    "reads": {"annotations": {"readOnlyHint": True}},
    "adds": {"annotations": {"readOnlyHint": False, "destructiveHint": False}},
    "destroys": {"annotations": {"destructiveHint": True, "idempotentHint": True}},
    "unknown": {},
}
ONCE = ("adds", "unknown")


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Tasks that take from, or come after, any of those before them, told in any order."""
    tasks: list[dict[str, Any]] = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        before = [f"task{other}" for other in range(number)]
        takes = draw(st.lists(st.sampled_from(before), max_size=4))
        after = draw(st.lists(st.sampled_from(before[1:]), max_size=2, unique=True)) if number > 1 else []
        inputs = {f"input{place}": f"${other}.value" for place, other in enumerate(takes)}
        service = draw(st.sampled_from(sorted(SERVICES)))
        tasks.append({"id": f"task{number}", "service": service, "input": inputs, "after": after})
    constants = {"id": "task0", "input": {"value": draw(st.integers() | st.text() | st.lists(st.booleans()))}}
    return {"tasks": draw(st.permutations([constants, *tasks]))}


def needs(task: dict[str, Any]) -> set[str]:
    return ({value.split(".")[0][1:] for value in task["input"].values()} | set(task["after"])) - {"task0"}


@given(
    plan=plans(),
    troubles=st.dictionaries(
        st.integers(1, 12).map("task{}".format), st.sampled_from(["fails", "refused", "once"])
    ),
    max_parallel=st.integers(1, 4),
)
def test_the_order_holds_and_every_step_is_told(
    plan: dict[str, Any], troubles: dict[str, str], max_parallel: int
) -> None:
    tasks = {task["id"]: task for task in plan["tasks"] if task["id"] != "task0"}
    lock, done, calls, heard = threading.Lock(), set[str](), Counter[str](), list[Outcome]()

    def handler_of(service: str) -> Any:
        def handle(inputs: dict[str, Any]) -> dict[str, Any]:
            task = inputs["me"]
            with lock:
                calls[task] += 1
                assert needs(tasks[task]) <= done
                trouble, first = troubles.get(task), calls[task] == 1
            for name, value in inputs.items():
                source = tasks[task]["input"].get(name, "").split(".")[0][1:]
                if source == "task0":
                    assert value == constant
                elif source:
                    assert value == {"from": source}
            if trouble == "fails" or (trouble == "once" and first):
                raise ConnectionError(task)
            with lock:
                done.add(task)
            return {"value": {"from": task}}

        return handle

    def hook(step: Step) -> bool:
        assert step.facts.destructive
        return troubles.get(step.task) != "refused"

    [constant] = [task["input"]["value"] for task in plan["tasks"] if task["id"] == "task0"]
    told = {"tasks": [{**task, "input": {**task["input"], "me": task["id"]}} for task in plan["tasks"]]}

    result = run(
        told,
        {service: handler_of(service) for service in SERVICES},
        services=SERVICES,
        before_destructive=hook,
        on_step=heard.append,
        max_parallel=max_parallel,
        retries=Retries(times=2, first=0.0),
    )

    status = {step.task: step.status for step in result.steps}
    assert list(status) == [task["id"] for task in plan["tasks"] if task["id"] != "task0"]
    for task, facts in tasks.items():
        once, destructive = facts["service"] in ONCE, facts["service"] in ("destroys", "unknown")
        lost = [need for need in needs(facts) if status[need] is not Status.DONE]
        if lost:
            assert (status[task], calls[task]) == (Status.SKIPPED, 0)
        elif troubles.get(task) == "refused" and destructive:
            assert (status[task], calls[task]) == (Status.REFUSED, 0)
        elif troubles.get(task) == "fails" or (troubles.get(task) == "once" and once):
            assert (status[task], calls[task]) == (Status.FAILED, 1 if once else 3)
        else:
            assert status[task] is Status.DONE
            assert calls[task] == (2 if troubles.get(task) == "once" else 1)
        if once:
            assert calls[task] <= 1
    last = {outcome.task: outcome.status for outcome in heard}
    assert last == status
    assert Counter(outcome.task for outcome in heard if outcome.status is not Status.RUNNING) == dict.fromkeys(
        status, 1
    )
