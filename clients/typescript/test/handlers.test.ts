/** What cannot be carried out, and who does the work. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { type ExecutionPlan, NotConfigured, type Plan, PlanFailed, PlanInvalid, run } from "../src/index.js";
import { Engine, json, problem, silent } from "./fakes.js";
import { AT_ONCE, sideBySide } from "./plans.js";

for (const given of [7, "text", [], true]) {
  test(`${JSON.stringify(given)} is no output`, async () => {
    const [step] = (await run(sideBySide("a"), { a: () => given })).steps;

    assert.deepEqual([step?.status, step?.why], ["failed", "What it gave is no object."]);
  });
}

const step = (more: object): ExecutionPlan["tasks"][number] => ({ id: "task1", service: "a", input: {}, ...more });
const INVALID: { readonly [name: string]: ExecutionPlan["tasks"] } = {
  "two tasks of one id": [step({}), step({})],
  "a task without a service": [{ id: "task1", input: {} }],
  "a reference to no task": [step({ input: { a: "$task7.a" } })],
  "a task that comes after none": [step({ after: ["task7"] })],
  "a constant that is not there": [step({ input: { a: "$task0.toString" } })],
  "a task that waits for itself": [step({ input: { a: "$task1.a" } })],
  "tasks that wait for each other": [step({ after: ["task2"] }), step({ id: "task2", input: { a: "$task1.a" } })],
};
for (const [name, tasks] of Object.entries(INVALID)) {
  test(`no plan: ${name}`, async () => {
    const plan = { tasks: [{ id: "task0", input: {} }, ...tasks], parallel_groups: [] };

    await assert.rejects(run(plan, { a: () => assert.fail() }), PlanInvalid);
  });
}

test("a service without a handler, or with none that can be called, is told before anything is done", async () => {
  const first = (): never => assert.fail();

  await assert.rejects(run(sideBySide("a", "toString", "b"), { a: first }), (error: unknown) => {
    assert.ok(error instanceof NotConfigured);
    assert.match(error.message, /no handler for toString, b/);
    return true;
  });
  for (const handler of ["ftp://x.test", "nonsense", null, 7, {}]) {
    await assert.rejects(run(sideBySide("b", "a"), { b: first, a: handler as string }), NotConfigured);
  }
});

test("a plan that is not ready is not carried out", async () => {
  const plan = {
    id: "o_1",
    status: "failed",
    plan: null,
    error: { message: "Nothing does that.", how_to_fix: ["Register one."] },
  };

  await assert.rejects(run(plan as unknown as Plan, {}), (error: unknown) => {
    assert.ok(error instanceof PlanFailed);
    assert.deepEqual([error.message, error.howToFix], ["Nothing does that.", ["Register one."]]);
    return true;
  });
});

test("an address does the work, with a key of the step's own", async () => {
  const server = new Engine(problem(503, "busy"), json({ refund_id: "R-1" }));
  const plan: ExecutionPlan = {
    tasks: [
      { id: "task0", input: { x: 1 } },
      { id: "task1", service: "a", input: { x: "$task0.x" } },
    ],
    parallel_groups: [],
  };
  const handler = {
    url: "http://shop.test/refund",
    headers: { Authorization: "Bearer own" },
    fetch: server.fetch,
  };

  const result = await run(
    plan,
    { a: handler },
    { services: { a: { annotations: { idempotentHint: true } } }, retries: AT_ONCE },
  );

  assert.deepEqual(result.outputs.get("task1"), { refund_id: "R-1" });
  assert.deepEqual(
    server.asked.map((asked) => [asked.method, asked.url.href, asked.body]),
    [
      ["POST", "http://shop.test/refund", { x: 1 }],
      ["POST", "http://shop.test/refund", { x: 1 }],
    ],
  );
  assert.equal(server.asked[0]?.headers.get("Authorization"), "Bearer own");
  const keys = server.asked.map((asked) => asked.headers.get("Idempotency-Key"));
  assert.ok(keys[0] && keys[0] === keys[1]);
});

const REPLIES = [
  [() => new Response("no such order", { status: 404 }), 1, /It answered 404: no such order/],
  [() => new Response("<html>"), 1, /other than JSON/],
  [() => new Response("[]"), 1, /no object/],
  [() => Promise.reject(new TypeError("fetch failed")), 3, /does not answer/],
  [silent, 3, /did not answer within 0.001 s/],
] as const;
for (const [answer, calls, why] of REPLIES) {
  test(`an address that fails: ${why}`, async () => {
    const handler = { url: "http://shop.test/", fetch: new Engine(answer).fetch, timeoutSeconds: 0.001 };
    const options = { services: { a: { annotations: { readOnlyHint: true } } }, retries: AT_ONCE };

    const [step] = (await run(sideBySide("a"), { a: handler }, options)).steps;

    assert.deepEqual([step?.status, step?.calls], ["failed", calls]);
    assert.match(step?.why ?? "", why);
  });
}
