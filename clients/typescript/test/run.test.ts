/** What runs when, with what. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type ExecutionPlan, type Handlers, type Outcome, RunFailed, run } from "../src/index.js";
import { FACTS, ORDER, REFUND, shop, sideBySide } from "./plans.js";

test("each service gets what the plan says, in its order, with its type", async () => {
  const calls: unknown[][] = [];

  const result = await run(REFUND, shop(calls), { services: FACTS });

  assert.deepEqual(calls, [
    ["find_order", { order_id: "ORD-17" }],
    ["issue_refund", { payment_id: "PAY-1", amount: 12.5 }],
    ["notify_customer", { email: "a@b.test", message: "We refunded you." }],
  ]);
  assert.ok(result.isDone);
  assert.equal(result.throwUnlessDone(), result);
  assert.deepEqual(result.outputs.get("task2"), { refund_id: "R-1" });
  assert.deepEqual(
    result.of("find_order").map((step) => [step.status, step.calls]),
    [["done", 1]],
  );
});

test("values of every type, and names that objects have of themselves, arrive as they are", async () => {
  const values = JSON.parse(
    '{"__proto__": [1, {"a": null}], "constructor": "$task1.no", "n": 0, "e": "", "f": false}',
  );
  const names = Object.keys(values);
  const input = Object.fromEntries(names.map((name) => [name, `$task0.${name}`]));
  const plan = {
    tasks: [
      { id: "task0", input: values },
      { id: "task1", service: "toString", input },
    ],
    parallel_groups: [],
  };
  let got: unknown;

  const result = await run(plan, { toString: ((given) => void (got = given)) satisfies Handlers[string] });

  assert.ok(result.isDone);
  assert.deepEqual(Object.entries(got as object), Object.entries(values));
});

test("after a failure nothing runs that needs it, and the rest goes on", async () => {
  const plan: ExecutionPlan = {
    tasks: [
      { id: "task0", input: {} },
      { id: "task1", service: "broken", input: {} },
      { id: "task2", service: "fine", input: { a: "$task1.a" } },
      { id: "task3", service: "fine", input: {}, after: ["task2"] },
      { id: "task4", service: "fine", input: {} },
    ],
    parallel_groups: [],
  };
  const told: string[] = [];

  const result = await run(
    plan,
    { broken: () => Promise.reject(new Error("no luck")), fine: () => ({ a: 1 }) },
    { onStep: (outcome) => told.push(`${outcome.task} ${outcome.status}`) },
  );

  assert.deepEqual(
    result.steps.map((step) => [step.task, step.status, step.becauseOf]),
    [
      ["task1", "failed", []],
      ["task2", "skipped", ["task1"]],
      ["task3", "skipped", ["task2"]],
      ["task4", "done", []],
    ],
  );
  assert.equal(result.steps[0]?.why, "Error: no luck");
  assert.deepEqual(result.steps[1]?.input, { a: "$task1.a" });
  assert.deepEqual(told.toSorted(), [
    "task1 failed",
    "task1 running",
    "task2 skipped",
    "task3 skipped",
    "task4 done",
    "task4 running",
  ]);
  assert.throws(
    () => result.throwUnlessDone(),
    (error: unknown) => error instanceof RunFailed && /1 of 4 steps.*no luck/.test(error.message),
  );
});

test("steps that do not need each other run side by side, up to so many", async () => {
  for (const maxParallel of [1, 2, 5]) {
    let atWork = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const handler = async (): Promise<object> => {
      atWork += 1;
      most = Math.max(most, atWork);
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === Math.min(maxParallel, 4)) waiting.splice(0).forEach((go) => go());
      });
      atWork -= 1;
      return {};
    };

    const result = await run(sideBySide("a", "a", "a", "a"), { a: handler }, { maxParallel });

    assert.ok(result.isDone);
    assert.equal(most, Math.min(maxParallel, 4));
  }
});

test("what a task did not give is not left out", async () => {
  const calls: unknown[][] = [];

  const result = await run(
    REFUND,
    shop(calls, { find_order: () => ({ payment_id: "PAY-1", email: "a@b.test" }) }),
    { services: FACTS },
  );

  assert.equal(result.steps[1]?.status, "failed");
  assert.match(result.steps[1]?.why ?? "", /amount is to be task1's amount, which task1 did not give/);
  assert.deepEqual(calls, []);
});

test("an output is what it was when it was given", async () => {
  const order = { ...ORDER };
  const calls: unknown[][] = [];
  const onStep = (outcome: Outcome): void =>
    void (outcome.output && Object.assign(outcome.output, { amount: -1 }));

  await run(REFUND, shop(calls, { find_order: () => order }), { onStep });

  assert.deepEqual(calls[0], ["issue_refund", { payment_id: "PAY-1", amount: 12.5 }]);
});
