/** What is asked and checked before and after a step, and what is repeated. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type Facts, HandlerFailed, type Handlers, run } from "../src/index.js";
import { AT_ONCE, FACTS, ORDER, REFUND, shop, sideBySide } from "./plans.js";

const REPEATED: readonly (readonly [Facts["annotations"], number])[] = [
  [{ readOnlyHint: true }, 3],
  [{ idempotentHint: true }, 3],
  [{ readOnlyHint: false }, 1],
  [{}, 1],
  [undefined, 1],
];
for (const [annotations, calls] of REPEATED) {
  test(`of ${JSON.stringify(annotations)} a failed call is made ${calls} times`, async () => {
    const keys = new Set<string>();
    const handlers: Handlers = {
      a: (_input, context) => {
        keys.add(context.idempotencyKey);
        throw new Error("no luck");
      },
    };

    const result = await run(sideBySide("a"), handlers, { services: { a: { annotations } }, retries: AT_ONCE });

    assert.deepEqual(
      result.steps.map((step) => [step.status, step.calls]),
      [["failed", calls]],
    );
    assert.equal(keys.size, 1);
  });
}

test("a failure that lasts is not tried again, one that passes is done", async () => {
  const services = { a: { annotations: { readOnlyHint: true } } };
  const lasting = { a: () => Promise.reject(new HandlerFailed("There is no such order.")) };
  const passing = {
    a: (_input: object, context: { attempt: number }) => (context.attempt < 3 ? Promise.reject("later") : {}),
  };

  const [failed] = (await run(sideBySide("a"), lasting, { services, retries: AT_ONCE })).steps;
  const [done] = (await run(sideBySide("a"), passing, { services, retries: AT_ONCE })).steps;

  assert.deepEqual([failed?.status, failed?.calls, failed?.why], ["failed", 1, "There is no such order."]);
  assert.deepEqual([done?.status, done?.calls, done?.why], ["done", 3, ""]);
});

const ANSWERS = [
  [true, "done", ""],
  [false, "refused", "The hook before destructive steps refused it."],
  ["", "refused", "The hook before destructive steps refused it."],
  ["Ask Ann.", "refused", "Ask Ann."],
] as const;
for (const [answer, status, why] of ANSWERS) {
  test(`before a destructive step the hook says ${JSON.stringify(answer)}`, async () => {
    const asked: string[] = [];
    const beforeDestructive = (step: { service: string; input: object }): boolean | string => {
      asked.push(step.service);
      Object.assign(step.input, { amount: 1_000_000 });
      return answer;
    };
    const calls: unknown[][] = [];

    const result = await run(REFUND, shop(calls), { services: FACTS, beforeDestructive });

    assert.deepEqual(asked, ["issue_refund"]);
    assert.deepEqual([result.steps[1]?.status, result.steps[1]?.why], [status, why]);
    assert.deepEqual(result.steps[1]?.input, { payment_id: "PAY-1", amount: 12.5 });
    assert.equal(result.steps[2]?.status, answer === true ? "done" : "skipped");
  });
}

test("what is not known may destroy something, and a hook that fails refuses", async () => {
  const beforeDestructive = (): never => {
    throw new Error("no terminal");
  };

  const result = await run(sideBySide("a"), { a: () => assert.fail() }, { beforeDestructive });

  assert.deepEqual([result.steps[0]?.status, result.steps[0]?.calls], ["refused", 0]);
  assert.match(result.steps[0]?.why ?? "", /no terminal/);
});

test("whoever is asked is asked about one step after the other", async () => {
  let asking = 0;
  const beforeDestructive = async (): Promise<boolean> => {
    asking += 1;
    assert.equal(asking, 1);
    await Promise.resolve();
    asking -= 1;
    return true;
  };

  assert.ok((await run(sideBySide("a", "a", "a"), { a: () => ({}) }, { beforeDestructive })).isDone);
});

test("an input that does not fit is not sent, an output that does not fit goes no further", async () => {
  const wrong = structuredClone(REFUND);
  wrong.tasks[0]!.input["order_id"] = 17;
  const calls: unknown[][] = [];

  const [refused] = (await run(wrong, shop(calls), { services: FACTS })).steps;
  const result = await run(REFUND, shop(calls, { find_order: () => ({ amount: "12.50" }) }), { services: FACTS });

  assert.match(refused?.why ?? "", /input does not fit.*order_id must be string, not number/);
  assert.deepEqual(calls, []);
  assert.match(
    result.steps[0]?.why ?? "",
    /gave does not fit.*must have payment_id.*amount must be number, not string/,
  );
  assert.deepEqual(result.steps[0]?.output, { amount: "12.50" });
  assert.deepEqual(
    result.steps.map((step) => step.status),
    ["failed", "skipped", "skipped"],
  );
});

test("nothing is checked where nobody wants it, and by another validator where there is one", async () => {
  const handlers = shop([], { find_order: () => ({ ...ORDER, amount: "12.50" }) });

  assert.ok((await run(REFUND, handlers, { services: FACTS, check: false })).isDone);
  const result = await run(REFUND, handlers, { services: FACTS, check: () => ["Never."] });
  assert.match(result.steps[0]?.why ?? "", /Never\./);
});

test("a dry run calls nobody and tells what is known", async () => {
  const calls: unknown[][] = [];
  const beforeDestructive = (): never => assert.fail();

  const result = await run(REFUND, shop(calls), { services: FACTS, dryRun: true, beforeDestructive });

  assert.deepEqual(calls, []);
  assert.deepEqual(
    result.steps.map((step) => [step.status, step.input]),
    [
      ["would_run", { order_id: "ORD-17" }],
      ["would_run", { payment_id: "$task1.payment_id", amount: "$task1.amount" }],
      ["would_run", { email: "$task1.email", message: "We refunded you." }],
    ],
  );
  assert.ok(!result.isDone);

  const wrong = structuredClone(REFUND);
  wrong.tasks[0]!.input["order_id"] = 17;
  const failed = await run(wrong, shop(calls), { services: FACTS, dryRun: true });
  assert.deepEqual(
    failed.steps.map((step) => step.status),
    ["failed", "skipped", "skipped"],
  );
});

test("services may come from a list of the engine", async () => {
  async function* services(): AsyncGenerator<Facts> {
    for (const [name, facts] of Object.entries(FACTS)) yield { name, ...facts };
  }
  const asked: string[] = [];
  const beforeDestructive = (step: { service: string }): boolean => asked.push(step.service) > 0;

  assert.ok((await run(REFUND, shop([]), { services: services(), beforeDestructive })).isDone);

  assert.deepEqual(asked, ["issue_refund"]);
});
