import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import {
  BadRequest,
  Conflict,
  EngineFailed,
  NoAnswer,
  NotAuthorized,
  NotConfigured,
  NotFound,
  Orra,
  PlanUnfinished,
  Problem,
  TooManyRequests,
  UnexpectedAnswer,
} from "../src/index.js";
import { Engine, KEY, all, broken, json, problem, silent } from "./fakes.js";

const PLAN = { id: "o_1", status: "ready", finished_at: "2026-01-31T12:00:00+00:00" };
const PENDING = { id: "o_1", status: "planning", finished_at: null };

test("a call is sent to the engine with the key", async () => {
  const engine = new Engine(json(PLAN));

  await engine.client().getPlan("o_1");

  const [asked] = engine.asked;
  assert.equal(asked?.url.href, "http://engine.test:8005/v1/plans/o_1");
  assert.equal(asked?.headers.get("Authorization"), `Bearer ${KEY}`);
  assert.equal(asked?.headers.has("Content-Type"), false);
});

test("a name never leads to another address", async () => {
  const engine = new Engine(json({}));

  await engine.client().getService("../plans?x=#");

  assert.equal(engine.asked[0]?.url.pathname, "/v1/services/..%2Fplans%3Fx%3D%23");
  for (const name of ["", ".", ".."]) assert.throws(() => engine.client().getService(name), TypeError);
});

test("every plan that is asked for has a key of its own, which stays when it is sent again", async () => {
  const engine = new Engine(broken(), problem(503, "database_unreachable"), json(PLAN, 201), json(PLAN, 201));
  const orra = engine.client();

  await orra.createPlan("Refund order ORD-17", { order_id: "ORD-17" });
  await orra.createPlan("Refund order ORD-17", { order_id: "ORD-17" });

  const keys = engine.asked.map((asked) => asked.headers.get("Idempotency-Key"));
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[2], keys[3]);
  assert.deepEqual(engine.asked[0]?.body, {
    action: "Refund order ORD-17",
    cache: "use",
    wait_seconds: 0,
    params: { order_id: "ORD-17" },
  });
});

for (const key of ["", "a\nb", "ä", "x".repeat(256)]) {
  test(`no idempotency key: ${JSON.stringify(key.slice(0, 10))}`, () => {
    assert.throws(() => new Engine(json(PLAN)).client().createPlan("x", {}, { idempotencyKey: key }), TypeError);
  });
}

const ONCE: { readonly [name: string]: (orra: Orra) => Promise<unknown> } = {
  createProject: (orra) => orra.createProject("shop"),
  createApiKey: (orra) => orra.createApiKey("ci"),
  rotateApiKey: (orra) => orra.rotateApiKey("k_1", { overlap_seconds: 60 }),
  replayCacheEntry: (orra) => orra.replayCacheEntry("ce_1"),
};
for (const [name, call] of Object.entries(ONCE)) {
  test(`${name} is not sent again when it may have arrived`, async () => {
    for (const answer of [broken(), problem(503, "away"), problem(502, "bad_gateway")]) {
      const engine = new Engine(answer);
      await assert.rejects(call(engine.client()));
      assert.equal(engine.asked.length, 1);
    }
  });

  test(`${name} is sent again when it was refused for now, or never arrived`, async () => {
    for (const answer of [broken("ECONNREFUSED"), problem(429, "too_many", { "Retry-After": "0" })]) {
      const engine = new Engine(answer, json({}, 201));
      await call(engine.client());
      assert.equal(engine.asked.length, 2);
    }
  });
}

test("what stays wrong is told after so many tries", async () => {
  const engine = new Engine(problem(503, "database_unreachable"));

  await assert.rejects(engine.client({ times: 2 }).getProject(), EngineFailed);

  assert.equal(engine.asked.length, 3);
});

test("an engine that wants to be left alone for long is", async () => {
  const engine = new Engine(problem(429, "queue_full", { "Retry-After": "3600" }));

  const error = await engine
    .client()
    .getProject()
    .catch((thrown: unknown) => thrown);

  assert.ok(error instanceof TooManyRequests);
  assert.equal(error.retryAfter, 3600);
  assert.equal(engine.asked.length, 1);
});

test("a date says when to come back, too", async () => {
  const engine = new Engine(problem(503, "away", { "Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT" }), json(PLAN));

  await engine.client().getPlan("o_1");

  assert.equal(engine.asked.length, 2);
});

test("what was deleted by a try whose answer was lost is deleted", async () => {
  const engine = new Engine(broken(), problem(404, "not_found"));
  await engine.client().deleteService("find_order");

  await assert.rejects(new Engine(problem(404, "not_found")).client().deleteService("find_order"), NotFound);
});

const KINDS = [
  [400, BadRequest],
  [401, NotAuthorized],
  [403, NotAuthorized],
  [404, NotFound],
  [409, Conflict],
  [413, BadRequest],
  [429, TooManyRequests],
  [500, EngineFailed],
] as const;
for (const [status, Kind] of KINDS) {
  test(`${status} is a ${Kind.name}`, async () => {
    const body = {
      status,
      code: "wrong",
      detail: "It is wrong.",
      pointer: "/action",
      problems: [{ field: "action", code: "wrong", message: "It is." }, "nonsense"],
      how_to_fix: ["Do it right.", 7],
    };

    const error = await new Engine(json(body, status))
      .client({ times: 0 })
      .getProject()
      .catch((thrown: unknown) => thrown);

    assert.ok(error instanceof Kind && error instanceof Problem);
    assert.equal(error.name, Kind.name);
    assert.equal(error.message, "It is wrong. (wrong)");
    assert.equal(error.pointer, "/action");
    assert.deepEqual(error.problems, [body.problems[0]]);
    assert.deepEqual(error.howToFix, ["Do it right."]);
  });
}

for (const body of ["<html>", "", "[1]", "null", '{"code": 7, "problems": {"a": 1}}']) {
  test(`an error that is no problem is told as its status: ${JSON.stringify(body)}`, async () => {
    const error = await new Engine(new Response(body, { status: 502 }))
      .client({ times: 0 })
      .getProject()
      .catch((thrown: unknown) => thrown);

    assert.ok(error instanceof EngineFailed);
    assert.equal(error.code, "http_502");
    assert.deepEqual(error.problems, []);
  });
}

test("another server, and one that sends us elsewhere, is told", async () => {
  for (const answer of [
    new Response("<html>"),
    new Response("", { status: 301, headers: { Location: "http://other.test" } }),
  ]) {
    await assert.rejects(new Engine(answer).client().getProject(), UnexpectedAnswer);
  }
});

test("no error and nothing that is shown holds the key", async () => {
  const engine = new Engine(broken());
  const orra = engine.client({ times: 0 });

  const errors = [
    await orra.getProject().catch((thrown: unknown) => thrown),
    await new Engine(problem(401, "unknown_api_key"))
      .client()
      .getProject()
      .catch((thrown: unknown) => thrown),
  ];

  for (const shown of [orra, ...errors]) {
    assert.ok(!inspect(shown, { depth: 10, showHidden: true }).includes("verysecret"));
    assert.ok(!JSON.stringify(shown).includes("verysecret"));
  }
  assert.ok(errors[0] instanceof NoAnswer);
});

for (const key of ["sk-orra-v1-verysecret\nX: y", "sk-orra-v1-verysecret ä"]) {
  test(`a key that cannot be sent is refused without being shown: ${JSON.stringify(key)}`, () => {
    assert.throws(
      () => new Orra({ apiKey: key }),
      (error: unknown) => error instanceof NotConfigured && !inspect(error).includes("verysecret"),
    );
  });
}

for (const url of [
  "localhost:8005",
  "ftp://engine.test",
  "http://",
  "http://engine.test/?a=b",
  "http://me:secret@engine.test",
]) {
  test(`no address: ${url}`, () => {
    assert.throws(
      () => new Orra({ baseUrl: url, apiKey: KEY }),
      (error: unknown) => error instanceof NotConfigured && !error.message.includes("me:secret"),
    );
  });
}

test("address and key are taken from the environment", async () => {
  process.env["ORRA_URL"] = "http://other.test/orra/v1/";
  process.env["ORRA_API_KEY"] = " sk-orra-v1-other ";
  try {
    const engine = new Engine(json({}));
    await new Orra({ fetch: engine.fetch }).getProject();
    assert.equal(engine.asked[0]?.url.href, "http://other.test/orra/v1/project");
    assert.equal(engine.asked[0]?.headers.get("Authorization"), "Bearer sk-orra-v1-other");
  } finally {
    delete process.env["ORRA_URL"];
    delete process.env["ORRA_API_KEY"];
  }
});

test("without a key nothing is sent but what needs none", async () => {
  const engine = new Engine(json({ api_key: "sk-orra-v1-new" }, 201));
  const orra = new Orra({ fetch: engine.fetch, apiKey: "" });

  await assert.rejects(orra.getProject(), NotConfigured);
  assert.equal((await orra.createProject("shop")).api_key, "sk-orra-v1-new");
  assert.equal(engine.asked.length, 1);
});

test("a signal ends a call with its own reason, and nothing is sent after it", async () => {
  const engine = new Engine(silent);
  const stop = new AbortController();
  const asked = engine.client().getProject({ signal: stop.signal });
  stop.abort(new Error("enough"));

  await assert.rejects(asked, /enough/);
  await assert.rejects(engine.client().getProject({ signal: stop.signal }), /enough/);
  assert.equal(engine.asked.length, 1);
});

test("an answer that does not come is told", async () => {
  const engine = new Engine(silent);

  await assert.rejects(engine.client({ times: 1 }).getProject({ timeoutSeconds: 0.001 }), NoAnswer);

  assert.equal(engine.asked.length, 2);
});

test("a list goes through its pages, at the client's own address", async () => {
  const engine = new Engine(
    json({
      next: "http://internal:9/v1/plans?cursor=abc%3D&limit=2",
      previous: null,
      results: [{ id: "o_1" }, { id: "o_2" }],
    }),
    json({ next: null, previous: "x", results: [{ id: "o_3" }] }),
  );

  const plans = await all(engine.client().listPlans({ status: "ready" }, { pageSize: 2 }));

  assert.deepEqual(
    plans.map((plan) => plan.id),
    ["o_1", "o_2", "o_3"],
  );
  assert.deepEqual(
    engine.asked.map((asked) => asked.url.href),
    [
      "http://engine.test:8005/v1/plans?status=ready&limit=2",
      "http://engine.test:8005/v1/plans?status=ready&limit=2&cursor=abc%3D",
    ],
  );
});

test("a page is fetched when its rows are wanted, and not before", async () => {
  const engine = new Engine(json({ next: "http://x/?cursor=b", results: [{ name: "a" }] }));

  for await (const service of engine.client().listServices()) {
    assert.equal(service.name, "a");
    break;
  }

  assert.equal(engine.asked.length, 1);
});

test("plan waits until the plan is finished", async () => {
  const engine = new Engine(json(PENDING, 202), json(PENDING), json(PLAN));

  const plan = await engine.client().plan("Refund order ORD-17");

  assert.equal(plan.status, "ready");
  assert.deepEqual(
    engine.asked.map((asked) => asked.method),
    ["POST", "GET", "GET"],
  );
  assert.deepEqual(engine.asked[0]?.body, { action: "Refund order ORD-17", cache: "use", wait_seconds: 60 });
});

test("a plan that is not finished in time is told as it was", async () => {
  const orra = new Engine(json(PENDING, 202)).client();

  const error = await orra.plan("x", {}, { timeoutSeconds: 0 }).catch((thrown: unknown) => thrown);

  assert.ok(error instanceof PlanUnfinished);
  assert.equal(error.plan.id, "o_1");
});

test("many services are put at once", async () => {
  const engine = new Engine(json({ stored: true, services: [], evicts: {} }));
  const service = { name: "a", description: "A.", input_schema: {}, output_schema: {} };

  await engine.client().putServices(new Set([service]), { mode: "each", dryRun: true });

  assert.deepEqual(engine.asked[0]?.body, { services: [service], mode: "each", dry_run: true });
  assert.equal(`${engine.asked[0]?.method} ${engine.asked[0]?.url.pathname}`, "PUT /v1/services");
});
