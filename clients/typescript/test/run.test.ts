import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import {
  type ExecutionPlan,
  type Facts,
  HandlerFailed,
  type Handlers,
  NotConfigured,
  type Outcome,
  type Plan,
  PlanFailed,
  PlanInvalid,
  RunFailed,
  RunInterrupted,
  run,
} from "../src/index.js";
import { Engine, json, problem, silent } from "./fakes.js";

const AT_ONCE = { firstSeconds: 0, mostSeconds: 0 };

const REFUND: ExecutionPlan = {
  tasks: [
    { id: "task0", input: { order_id: "ORD-17", message: "We refunded you." } },
    { id: "task1", service: "find_order", input: { order_id: "$task0.order_id" } },
    { id: "task2", service: "issue_refund", input: { payment_id: "$task1.payment_id", amount: "$task1.amount" } },
    { id: "task3", service: "notify_customer", input: { email: "$task1.email", message: "$task0.message" }, after: ["task2"] },
  ],
  parallel_groups: [["task1"], ["task2"], ["task3"]],
};

const text = { type: "string" };
const FACTS: { readonly [name: string]: Facts } = {
  find_order: {
    input_schema: { type: "object", properties: { order_id: text }, required: ["order_id"], additionalProperties: false },
    output_schema: { type: "object", properties: { amount: { type: "number" } }, required: ["payment_id", "email"] },
    annotations: { readOnlyHint: true },
  },
  issue_refund: { annotations: { destructiveHint: true } },
  notify_customer: { annotations: { destructiveHint: false } },
};

const ORDER = { payment_id: "PAY-1", amount: 12.5, email: "a@b.test" };

function shop(calls: unknown[][], more: Handlers = {}): Handlers {
  const noted = (name: string, output: object) => (input: object): object => {
    calls.push([name, input]);
    return output;
  };
  return {
    find_order: noted("find_order", ORDER),
    issue_refund: noted("issue_refund", { refund_id: "R-1" }),
    notify_customer: noted("notify_customer", {}),
    ...more,
  };
}

/** A plan of independent steps, one for each of the services. */
function sideBySide(...services: string[]): ExecutionPlan {
  const steps = services.map((service, index) => ({ id: `task${index + 1}`, service, input: {} }));
  return { tasks: [{ id: "task0", input: {} }, ...steps], parallel_groups: [] };
}

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
  assert.deepEqual(result.of("find_order").map((step) => [step.status, step.calls]), [["done", 1]]);
});

test("values of every type, and names that objects have of themselves, arrive as they are", async () => {
  const values = JSON.parse('{"__proto__": [1, {"a": null}], "constructor": "$task1.no", "n": 0, "e": "", "f": false}');
  const names = Object.keys(values);
  const input = Object.fromEntries(names.map((name) => [name, `$task0.${name}`]));
  const plan = { tasks: [{ id: "task0", input: values }, { id: "task1", service: "toString", input }], parallel_groups: [] };
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

  assert.deepEqual(result.steps.map((step) => [step.task, step.status, step.becauseOf]), [
    ["task1", "failed", []],
    ["task2", "skipped", ["task1"]],
    ["task3", "skipped", ["task2"]],
    ["task4", "done", []],
  ]);
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
  assert.throws(() => result.throwUnlessDone(), (error: unknown) => error instanceof RunFailed && /1 of 4 steps.*no luck/.test(error.message));
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

    assert.deepEqual(result.steps.map((step) => [step.status, step.calls]), [["failed", calls]]);
    assert.equal(keys.size, 1);
  });
}

test("a failure that lasts is not tried again, one that passes is done", async () => {
  const services = { a: { annotations: { readOnlyHint: true } } };
  const lasting = { a: () => Promise.reject(new HandlerFailed("There is no such order.")) };
  const passing = { a: (_input: object, context: { attempt: number }) => (context.attempt < 3 ? Promise.reject("later") : {}) };

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
  assert.match(result.steps[0]?.why ?? "", /gave does not fit.*must have payment_id.*amount must be number, not string/);
  assert.deepEqual(result.steps[0]?.output, { amount: "12.50" });
  assert.deepEqual(result.steps.map((step) => step.status), ["failed", "skipped", "skipped"]);
});

test("nothing is checked where nobody wants it, and by another validator where there is one", async () => {
  const handlers = shop([], { find_order: () => ({ ...ORDER, amount: "12.50" }) });

  assert.ok((await run(REFUND, handlers, { services: FACTS, check: false })).isDone);
  const result = await run(REFUND, handlers, { services: FACTS, check: () => ["Never."] });
  assert.match(result.steps[0]?.why ?? "", /Never\./);
});

test("what a task did not give is not left out", async () => {
  const calls: unknown[][] = [];

  const result = await run(REFUND, shop(calls, { find_order: () => ({ payment_id: "PAY-1", email: "a@b.test" }) }), { services: FACTS });

  assert.equal(result.steps[1]?.status, "failed");
  assert.match(result.steps[1]?.why ?? "", /amount is to be task1's amount, which task1 did not give/);
  assert.deepEqual(calls, []);
});

for (const given of [7, "text", [], true]) {
  test(`${JSON.stringify(given)} is no output`, async () => {
    const [step] = (await run(sideBySide("a"), { a: () => given })).steps;

    assert.deepEqual([step?.status, step?.why], ["failed", "What it gave is no object."]);
  });
}

test("an output is what it was when it was given", async () => {
  const order = { ...ORDER };
  const calls: unknown[][] = [];
  const onStep = (outcome: Outcome): void => void (outcome.output && Object.assign(outcome.output, { amount: -1 }));

  await run(REFUND, shop(calls, { find_order: () => order }), { onStep });

  assert.deepEqual(calls[0], ["issue_refund", { payment_id: "PAY-1", amount: 12.5 }]);
});

test("a dry run calls nobody and tells what is known", async () => {
  const calls: unknown[][] = [];
  const beforeDestructive = (): never => assert.fail();

  const result = await run(REFUND, shop(calls), { services: FACTS, dryRun: true, beforeDestructive });

  assert.deepEqual(calls, []);
  assert.deepEqual(result.steps.map((step) => [step.status, step.input]), [
    ["would_run", { order_id: "ORD-17" }],
    ["would_run", { payment_id: "$task1.payment_id", amount: "$task1.amount" }],
    ["would_run", { email: "$task1.email", message: "We refunded you." }],
  ]);
  assert.ok(!result.isDone);

  const wrong = structuredClone(REFUND);
  wrong.tasks[0]!.input["order_id"] = 17;
  const failed = await run(wrong, shop(calls), { services: FACTS, dryRun: true });
  assert.deepEqual(failed.steps.map((step) => step.status), ["failed", "skipped", "skipped"]);
});

test("a signal stops the run: nothing more begins, and how far it came is told", async () => {
  const stop = new AbortController();
  const plan = sideBySide("done", "deaf", "listening", "later");
  let heard = false;
  const handlers: Handlers = {
    done: () => ({ a: 1 }),
    deaf: () => new Promise(() => undefined),
    listening: (_input, { signal }) => {
      signal.addEventListener("abort", () => (heard = true));
      setImmediate(() => stop.abort(new Error("enough")));
      return new Promise(() => undefined);
    },
    later: () => assert.fail(),
  };

  const error = await run(plan, handlers, { signal: stop.signal, maxParallel: 2 }).catch((thrown: unknown) => thrown);

  assert.ok(error instanceof RunInterrupted);
  assert.ok(heard);
  assert.deepEqual(error.run.steps.map((step) => step.status), ["done", "interrupted", "interrupted", "skipped"]);
  assert.equal((error.cause as Error).message, "enough");
  await assert.rejects(run(plan, handlers, { signal: stop.signal }), RunInterrupted);
});

test("however many steps are at work, a signal has one listener more, and none when the run is over", async () => {
  const { signal } = new AbortController();
  const listeners: number[] = [];
  const server = new Engine(() => {
    listeners.push(getEventListeners(signal, "abort").length);
    return json({});
  });
  const handler = { url: "http://shop.test/", fetch: server.fetch };

  const result = await run(sideBySide(...Array<string>(30).fill("a")), { a: handler }, { signal, maxParallel: 30 });

  assert.ok(result.isDone);
  assert.deepEqual(new Set(listeners), new Set([1]));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal ends the question whether a step may run", async () => {
  const stop = new AbortController();
  const beforeDestructive = (): Promise<boolean> => {
    setImmediate(() => stop.abort());
    return new Promise(() => undefined);
  };

  const error = await run(sideBySide("a"), { a: () => assert.fail() }, { beforeDestructive, signal: stop.signal }).catch((thrown: unknown) => thrown);

  assert.ok(error instanceof RunInterrupted);
  assert.deepEqual(error.run.steps.map((step) => step.status), ["skipped"]);
});

test("a callback that fails stops nothing", async (context) => {
  const shown = context.mock.method(console, "error", () => undefined);
  const onStep = (): never => {
    throw new Error("no screen");
  };

  assert.ok((await run(REFUND, shop([]), { onStep })).isDone);

  assert.equal(shown.mock.callCount(), 6);
});

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
  const plan = { id: "o_1", status: "failed", plan: null, error: { message: "Nothing does that.", how_to_fix: ["Register one."] } };

  await assert.rejects(run(plan as unknown as Plan, {}), (error: unknown) => {
    assert.ok(error instanceof PlanFailed);
    assert.deepEqual([error.message, error.howToFix], ["Nothing does that.", ["Register one."]]);
    return true;
  });
});

test("an address does the work, with a key of the step's own", async () => {
  const server = new Engine(problem(503, "busy"), json({ refund_id: "R-1" }));
  const plan: ExecutionPlan = {
    tasks: [{ id: "task0", input: { x: 1 } }, { id: "task1", service: "a", input: { x: "$task0.x" } }],
    parallel_groups: [],
  };
  const handler = { url: "http://shop.test/refund", headers: { Authorization: "Bearer own" }, fetch: server.fetch };

  const result = await run(plan, { a: handler }, { services: { a: { annotations: { idempotentHint: true } } }, retries: AT_ONCE });

  assert.deepEqual(result.outputs.get("task1"), { refund_id: "R-1" });
  assert.deepEqual(server.asked.map((asked) => [asked.method, asked.url.href, asked.body]), [
    ["POST", "http://shop.test/refund", { x: 1 }],
    ["POST", "http://shop.test/refund", { x: 1 }],
  ]);
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

test("services may come from a list of the engine", async () => {
  async function* services(): AsyncGenerator<Facts> {
    for (const [name, facts] of Object.entries(FACTS)) yield { name, ...facts };
  }
  const asked: string[] = [];
  const beforeDestructive = (step: { service: string }): boolean => asked.push(step.service) > 0;

  assert.ok((await run(REFUND, shop([]), { services: services(), beforeDestructive })).isDone);

  assert.deepEqual(asked, ["issue_refund"]);
});
