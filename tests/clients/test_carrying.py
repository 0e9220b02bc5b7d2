"""Carrying plans out: order, values, checks, retries, refusals, and what is told of each step."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import orra_client
from orra_client import HandlerFailed, HttpHandler, NotConfigured, Outcome, Run, Status, Step, run, run_async
from orra_client.carrying import PlanInvalid
from orra_client.exchange import Retries

Json = Any
AT_ONCE = Retries(times=2, first=0.0)
READS = {"annotations": {"readOnlyHint": True}}
ADDS = {"annotations": {"readOnlyHint": False, "destructiveHint": False}}
IDEMPOTENT = {"annotations": {"idempotentHint": True}}


def plan(*tasks: Json, **constants: Json) -> Json:
    return {"tasks": [{"id": "task0", "input": constants}, *tasks], "parallel_groups": []}


def task(number: int, service: str, *after: str, **inputs: Json) -> Json:
    return {"id": f"task{number}", "service": service, "input": inputs, "after": list(after)}


FIND = task(1, "find", order="$task0.order")
REFUND = task(2, "refund", payment="$task1.payment", lines="$task1.lines")
TELL = task(3, "tell", "task2", customer="$task1.customer", text="$task0.text")
SHOP = plan(FIND, REFUND, TELL, order="A-1", text="$task1.payment")

FOUND = {"payment": 17, "lines": [{"sku": "a"}], "customer": {"name": "Ana"}}


def steps(result: Run) -> dict[str, str]:
    return {step.task: str(step.status) for step in result.steps}


def handlers(**more: Any) -> dict[str, Any]:
    return {"find": lambda given: FOUND, "refund": lambda given: {"id": 5}, "tell": lambda given: None} | more


def test_values_keep_their_types_and_constants_are_no_references() -> None:
    got: dict[str, Json] = {}

    def noting(name: str, output: Json) -> Callable[[Json], Json]:
        def handle(given: Json) -> Json:
            got[name] = given
            return output

        return handle

    result = run(
        SHOP, {"find": noting("find", FOUND), "refund": noting("refund", {"id": 5}), "tell": noting("tell", None)}
    )

    assert result.is_done and result.raise_unless_done() is result
    assert got == {
        "find": {"order": "A-1"},
        "refund": {"payment": 17, "lines": [{"sku": "a"}]},
        "tell": {"customer": {"name": "Ana"}, "text": "$task1.payment"},
    }
    assert result.outputs == {"task1": FOUND, "task2": {"id": 5}, "task3": {}}
    assert [step.calls for step in result.steps] == [1, 1, 1]


def test_no_handler_sees_what_another_did_to_its_inputs() -> None:
    def spoils(given: Json) -> Json:
        given["lines"].append("spoiled")
        return {}

    twice = plan(FIND, REFUND, {**REFUND, "id": "task3", "after": ["task2"]}, order="A-1")
    result = run(twice, handlers(refund=spoils))
    assert [step.input["lines"] for step in result.of("refund")] == [[{"sku": "a"}]] * 2
    assert result.outputs["task1"] == FOUND and FOUND["lines"] == [{"sku": "a"}]


def test_what_does_not_wait_for_one_another_runs_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=30)
    three = plan(*(task(number, "meet") for number in (1, 2, 3)))

    assert run(three, {"meet": lambda given: {"n": together.wait()}}).is_done
    alone = run(three, {"meet": lambda given: {"n": threading.Barrier(1).wait()}}, max_parallel=1)
    assert alone.is_done


def test_no_more_run_at_the_same_time_than_may() -> None:
    lock, now, most, three = threading.Lock(), [0], [0], threading.Barrier(3, timeout=30)

    def count(given: Json) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        three.wait()
        with lock:
            now[0] -= 1

    assert run(plan(*(task(number, "count") for number in range(1, 19))), {"count": count}, max_parallel=3).is_done
    assert most[0] == 3


def test_coroutines_and_functions_do_in_both_ways() -> None:
    async def find(given: Json) -> Json:
        await asyncio.sleep(0)
        return FOUND

    mixed = handlers(find=find)
    assert run(SHOP, mixed).is_done
    assert asyncio.run(run_async(SHOP, mixed)).is_done

    async def in_a_loop() -> Run:
        return run(SHOP, mixed)

    assert asyncio.run(in_a_loop()).is_done


def test_nothing_runs_after_a_failure_that_it_needs_and_the_rest_does() -> None:
    heard: list[tuple[str, str]] = []

    def fails(given: Json) -> Json:
        raise RuntimeError("no money")

    more = plan(
        FIND, REFUND, TELL, task(4, "find", order="$task0.order"), task(5, "tell", "task3"), order="A", text=""
    )
    result = run(
        more, handlers(refund=fails), on_step=lambda outcome: heard.append((outcome.task, str(outcome.status)))
    )

    assert steps(result) == {
        "task1": "done",
        "task2": "failed",
        "task3": "skipped",
        "task4": "done",
        "task5": "skipped",
    }
    assert result.steps[1].why == "RuntimeError: no money"
    assert isinstance(result.steps[1].error, RuntimeError)
    assert result.steps[2].because_of == ("task2",) and "needs task2, which is not done" in result.steps[2].why
    assert result.steps[4].because_of == ("task3",)
    assert [each for each in heard if each[0] == "task2"] == [("task2", "running"), ("task2", "failed")]
    assert ("task3", "skipped") in heard
    with pytest.raises(orra_client.RunFailed, match=r"2 of 5 steps are done. task2 \(refund\) failed") as caught:
        result.raise_unless_done()
    assert caught.value.run is result
    json.dumps([step.as_dict() for step in result.steps])


@pytest.mark.parametrize(
    ("service", "calls"), [(None, 1), ({}, 1), (ADDS, 1), (IDEMPOTENT, 3), (READS, 3), ({"annotations": None}, 1)]
)
def test_only_what_does_no_harm_twice_is_tried_again(service: Json, calls: int) -> None:
    def fails(given: Json) -> Json:
        given.clear()
        raise ConnectionError("reset")

    services = None if service is None else {"find": service}
    result = run(plan(FIND, order="A"), {"find": fails}, services=services, retries=AT_ONCE)
    assert (result.steps[0].calls, steps(result)) == (calls, {"task1": "failed"})
    assert result.steps[0].input == {"order": "A"}


def test_what_cannot_help_is_not_tried_again() -> None:
    def fails(given: Json) -> Json:
        raise HandlerFailed("There is no such order.")

    result = run(plan(FIND, order="A"), {"find": fails}, services={"find": READS}, retries=AT_ONCE)
    assert (result.steps[0].calls, result.steps[0].why) == (1, "There is no such order.")


def test_a_later_try_counts() -> None:
    tries = iter([OSError("reset"), SystemExit(3), {"payment": 1}])

    def third_time(given: Json) -> Json:
        each = next(tries)
        if isinstance(each, BaseException):
            raise each
        return each

    result = run(plan(FIND, order="A"), {"find": third_time}, services={"find": READS}, retries=AT_ONCE)
    assert result.is_done and (result.steps[0].calls, result.steps[0].why, result.steps[0].error) == (3, "", None)


def test_before_what_may_destroy_something_a_hook_is_asked_one_at_a_time() -> None:
    asked: list[Step] = []
    services = {"find": READS, "tell": ADDS, "refund": {"annotations": {"destructiveHint": True}}}

    def hook(step: Step) -> bool:
        assert not lock.locked()
        with lock:
            asked.append(step)
        step.input["lines"].append("spoiled")
        return True

    lock = threading.Lock()
    both = plan(FIND, REFUND, {**REFUND, "id": "task3"}, order="A")
    result = run(both, handlers(), services=services, before_destructive=hook)

    assert result.is_done
    assert sorted((step.task, step.service, step.input["payment"]) for step in asked) == [
        ("task2", "refund", 17),
        ("task3", "refund", 17),
    ]
    assert result.steps[1].input["lines"] == [{"sku": "a"}]


async def refuses_later(step: Step) -> str:
    return "Not today."


def raises(step: Step) -> bool:
    raise LookupError("nobody to ask")


@pytest.mark.parametrize(
    ("hook", "why"),
    [
        (lambda step: False, "refused it"),
        (lambda step: None, "refused it"),
        (lambda step: 1, "refused it"),
        (lambda step: "Too much money.", "Too much money."),
        (refuses_later, "Not today."),
        (raises, "failed: LookupError: nobody to ask"),
    ],
)
def test_a_hook_that_does_not_say_yes_refuses(hook: Any, why: str) -> None:
    services = {"find": READS, "tell": ADDS}  # nothing is known of the refund: it may destroy something
    called: list[str] = []

    result = run(SHOP, handlers(refund=called.append), services=services, before_destructive=hook)

    assert steps(result) == {"task1": "done", "task2": "refused", "task3": "skipped"}
    assert why in result.steps[1].why
    assert (called, result.steps[1].calls) == ([], 0)


def test_inputs_and_outputs_are_held_against_the_schemas() -> None:
    schema = {
        "type": "object",
        "properties": {"payment": {"type": "integer", "nullable": True}},
        "required": ["payment"],
    }
    services: dict[str, Json] = {
        "find": {"output_schema": schema, **READS},
        "refund": {"input_schema": schema},
        "tell": {},
    }

    assert run(SHOP, handlers(), services=services).is_done
    assert run(SHOP, handlers(find=lambda given: FOUND | {"payment": None}), services=services).is_done

    wrong = run(SHOP, handlers(find=lambda given: FOUND | {"payment": "17"}), services=services, retries=AT_ONCE)
    assert steps(wrong) == {"task1": "failed", "task2": "skipped", "task3": "skipped"}
    assert "does not fit the service's schema, at $.payment: " in wrong.steps[0].why
    assert wrong.steps[0].output == FOUND | {"payment": "17"} and wrong.steps[0].calls == 1

    missing = run(SHOP, handlers(), services={**services, "refund": {"input_schema": {"required": ["reason"]}}})
    assert steps(missing) == {"task1": "done", "task2": "failed", "task3": "skipped"}
    assert (missing.steps[1].calls, missing.steps[1].why) == (
        0,
        "Its input does not fit the service's schema, 'reason' is a required property",
    )
    assert run(SHOP, handlers(), services={"refund": {"input_schema": {"required": ["x"]}}}, check=False).is_done


@pytest.mark.parametrize("given", ["text", 5, [1], True])
def test_an_output_that_is_no_object_is_a_failure(given: Json) -> None:
    result = run(plan(FIND, order="A"), {"find": lambda inputs: given})
    assert steps(result) == {"task1": "failed"} and "no object" in result.steps[0].why


def test_what_a_task_did_not_give_fails_the_one_that_needs_it() -> None:
    result = run(SHOP, handlers(find=lambda given: {"lines": []}))
    assert steps(result) == {"task1": "done", "task2": "failed", "task3": "skipped"}
    assert result.steps[1].why == "'payment' is to be task1's 'payment', which task1 did not give."


def test_a_dry_run_calls_nobody() -> None:
    heard: list[Outcome] = []
    called: list[Any] = []
    services = {"find": {"input_schema": {"properties": {"order": {"type": "string"}}}}}
    everywhere = dict.fromkeys(("find", "refund", "tell"), called.append)

    result = run(
        SHOP,
        everywhere,
        services=services,
        dry_run=True,
        on_step=heard.append,
        before_destructive=called.append,  # type: ignore[arg-type]
    )

    assert set(steps(result).values()) == {"would_run"} and called == []
    assert result.steps[0].input == {"order": "A-1"}
    assert result.steps[1].input == {"payment": "$task1.payment", "lines": "$task1.lines"}
    assert heard == list(result.steps)
    wrong = run(
        {**SHOP, "tasks": [{"id": "task0", "input": {"order": 5, "text": ""}}, *SHOP["tasks"][1:]]},
        everywhere,
        services=services,
        dry_run=True,
    )
    assert list(steps(wrong).values()) == ["failed", "skipped", "skipped"]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([task(1, "find", x="$task2.y"), task(2, "find", x="$task1.y")], "wait for one another"),
        ([task(1, "find", "task1")], "wait for one another"),
        ([task(1, "find", "task9")], "task9, which the plan does not have"),
        ([task(1, "find", x="$task9.y")], "task9, which the plan does not have"),
        ([task(1, "find", x="$task0.nothing")], "'nothing', which task0 does not hold"),
        ([task(1, "find"), task(1, "find")], "same id"),
        ([{"id": "final", "input": {"error": "no"}}], "names no service"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_before_anything_is_done(tasks: Json, said: str) -> None:
    called: list[Any] = []
    with pytest.raises(PlanInvalid, match=said):
        run(plan(*tasks), {"find": called.append})
    assert called == []


def test_so_is_one_without_handlers_or_tasks() -> None:
    called: list[Any] = []
    with pytest.raises(NotConfigured, match="no handler for refund, tell. Nothing was done"):
        run(SHOP, {"find": called.append})
    with pytest.raises(NotConfigured, match="HTTP address"):
        run(SHOP, handlers(refund="ftp://nowhere"))
    with pytest.raises(NotConfigured, match="HTTP address"):
        run(SHOP, handlers(refund=5))
    with pytest.raises(orra_client.PlanFailed):
        run({"id": "o_1", "status": "failed", "plan": None, "error": {"message": "no"}}, {})
    with pytest.raises(ValueError, match="max_parallel"):
        run(SHOP, handlers(), max_parallel=0)
    assert called == []
    assert run(plan(), {}).steps == ()


def test_without_the_library_nothing_goes_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)
    with pytest.raises(NotConfigured, match=r"orra-client\[schemas\]"):
        run(SHOP, handlers(), services={"find": {"output_schema": {}}})
    assert run(SHOP, handlers(), services={"find": READS}).is_done


def test_a_callback_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fails(outcome: Outcome) -> None:
        raise ValueError("broken display")

    assert run(SHOP, handlers(), on_step=fails).is_done
    assert "broken display" in caplog.text


# Cancelling


def test_cancelling_stops_coroutines_and_begins_nothing_more() -> None:
    heard: list[Outcome] = []

    async def carried() -> Run:
        begun = asyncio.Event()

        async def works(given: Json) -> Json:
            begun.set()
            await asyncio.Event().wait()

        running = asyncio.create_task(run_async(SHOP, handlers(refund=works), on_step=heard.append))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await running
        so_far: Run = caught.value.run  # type: ignore[attr-defined]
        return so_far

    so_far = asyncio.run(carried())
    assert steps(so_far) == {"task1": "done", "task2": "interrupted", "task3": "skipped"}
    assert [outcome.status for outcome in heard if outcome.task == "task2"] == [Status.RUNNING, Status.INTERRUPTED]


@pytest.mark.parametrize("where", ["handler", "hook"])
def test_a_thread_is_waited_for_and_what_it_did_counts(where: str) -> None:
    begun, may_end, called = threading.Event(), threading.Event(), list[Json]()

    def works(given: Json) -> Json:
        begun.set()
        assert may_end.wait(30)
        return True if where == "hook" else {"id": 7}

    async def carried() -> Run:
        chosen = handlers(refund=called.append if where == "hook" else works)
        hook = works if where == "hook" else None
        services = {"find": READS}
        running = asyncio.create_task(run_async(SHOP, chosen, services=services, before_destructive=hook))
        await asyncio.to_thread(begun.wait, 30)
        running.cancel()
        may_end.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await running
        so_far: Run = caught.value.run  # type: ignore[attr-defined]
        return so_far

    so_far = asyncio.run(carried())
    second = "skipped" if where == "hook" else "done"
    assert steps(so_far) == {"task1": "done", "task2": second, "task3": "skipped"}
    assert called == []


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_tells_how_far_it_came() -> None:
    def interrupts(given: Json) -> Json:
        os.kill(os.getpid(), signal.SIGINT)
        return {"id": 7}

    with pytest.raises(KeyboardInterrupt) as caught:
        run(SHOP, handlers(refund=interrupts))
    assert steps(caught.value.run) == {"task1": "done", "task2": "done", "task3": "skipped"}  # type: ignore[attr-defined]


# Over HTTP


class Worker(BaseHTTPRequestHandler):
    seen: list[tuple[Mapping[str, str], Json]] = []
    answers: dict[str, list[tuple[int, bytes]]] = {}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append((dict(self.headers), body))
        of_path = self.answers[self.path]
        status, answer = of_path.pop(0) if len(of_path) > 1 else of_path[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Worker.seen, Worker.answers = [], {}
    with ThreadingHTTPServer(("127.0.0.1", 0), Worker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_address_does_the_work(address: str) -> None:
    Worker.answers = {"/find": [(503, b"busy"), (200, json.dumps(FOUND).encode())], "/tell": [(204, b"")]}
    chosen = {"find": f"{address}/find", "tell": HttpHandler(f"{address}/tell", headers={"X-Token": "secret"})}

    result = run(SHOP, handlers(**chosen), services={"find": READS}, retries=AT_ONCE)

    assert result.is_done and result.outputs["task3"] == {}
    first, again, told = Worker.seen
    assert first[1] == again[1] == {"order": "A-1"} and told[1]["customer"] == {"name": "Ana"}
    assert first[0]["Idempotency-Key"] == again[0]["Idempotency-Key"] != told[0]["Idempotency-Key"]
    assert told[0]["X-Token"] == "secret" and "secret" not in repr(chosen)


@pytest.mark.parametrize(
    ("answer", "calls", "why"),
    [
        ((404, b'{"detail": "No such order."}'), 1, "It answered 404: "),
        ((302, b""), 1, "It answered 302"),
        ((500, b""), 3, "It answered 500"),
        ((200, b"<html>"), 1, "other than JSON"),
        ((200, b"[1]"), 1, "no object"),
    ],
)
def test_an_address_that_answers_wrongly(address: str, answer: tuple[int, bytes], calls: int, why: str) -> None:
    Worker.answers = {"/find": [answer]}
    result = run(plan(FIND, order="A"), {"find": f"{address}/find"}, services={"find": READS}, retries=AT_ONCE)
    assert (result.steps[0].calls, len(Worker.seen)) == (calls, calls)
    assert why in result.steps[0].why


def test_an_address_where_nobody_is() -> None:
    result = run(plan(FIND, order="A"), {"find": "http://127.0.0.1:9/"}, retries=AT_ONCE)
    assert steps(result) == {"task1": "failed"} and "does not answer" in result.steps[0].why
