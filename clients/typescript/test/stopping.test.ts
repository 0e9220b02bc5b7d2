/** Runs that are stopped, and who hears of what. */

import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";

import { type Handlers, RunInterrupted, run } from "../src/index.js";
import { Engine, json } from "./fakes.js";
import { REFUND, shop, sideBySide } from "./plans.js";

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

  const error = await run(plan, handlers, { signal: stop.signal, maxParallel: 2 }).catch(
    (thrown: unknown) => thrown,
  );

  assert.ok(error instanceof RunInterrupted);
  assert.ok(heard);
  assert.deepEqual(
    error.run.steps.map((step) => step.status),
    ["done", "interrupted", "interrupted", "skipped"],
  );
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

  const result = await run(
    sideBySide(...Array<string>(30).fill("a")),
    { a: handler },
    { signal, maxParallel: 30 },
  );

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

  const error = await run(
    sideBySide("a"),
    { a: () => assert.fail() },
    { beforeDestructive, signal: stop.signal },
  ).catch((thrown: unknown) => thrown);

  assert.ok(error instanceof RunInterrupted);
  assert.deepEqual(
    error.run.steps.map((step) => step.status),
    ["skipped"],
  );
});

test("a callback that fails stops nothing", async (context) => {
  const shown = context.mock.method(console, "error", () => undefined);
  const onStep = (): never => {
    throw new Error("no screen");
  };

  assert.ok((await run(REFUND, shop([]), { onStep })).isDone);

  assert.equal(shown.mock.callCount(), 6);
});
