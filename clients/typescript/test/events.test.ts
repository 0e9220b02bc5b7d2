import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import { EngineFailed, NoAnswer, NotFound, UnexpectedAnswer } from "../src/index.js";
import { Decoder } from "../src/sse.js";
import { Engine, all, broken, json, problem, silent, stream } from "./fakes.js";

const QUEUED = 'id: 0.0\nevent: queued\ndata: {"plan_id": "o_1"}\n\n';
const PROGRESS = 'event: progress\ndata: {"answer_chars": 3}\n\n';
const STARTED = 'id: 7.1\nevent: attempt_started\ndata: {"attempt": 1}\n\n';
const READY = 'id: end.1\nevent: ready\ndata: {"source": "model"}\n\n';

test("events come in their order until the plan is finished", async () => {
  const engine = new Engine(
    stream(["retry: 0\n\n", QUEUED, ": still here\n\n", PROGRESS + STARTED, READY, STARTED]),
  );

  const events = await all(engine.client().listenToPlan("o_1"));

  assert.deepEqual(
    events.map((event) => [event.name, event.id]),
    [
      ["queued", "0.0"],
      ["progress", "0.0"],
      ["attempt_started", "7.1"],
      ["ready", "end.1"],
    ],
  );
  assert.deepEqual(events[1]?.data, { answer_chars: 3 });
  assert.equal(engine.asked[0]?.headers.get("Accept"), "text/event-stream");
});

test("a stream that ends or breaks is gone on with after the last event", async () => {
  const engine = new Engine(
    stream(["retry: 0\n\n", QUEUED, PROGRESS]),
    stream([STARTED, "id: 8.1\nevent: half"], new TypeError("terminated")),
    broken(),
    problem(503, "database_unreachable", { "Retry-After": "0" }),
    stream([READY]),
  );

  const events = await all(engine.client().listenToPlan("o_1"));

  assert.deepEqual(
    events.map((event) => event.name),
    ["queued", "progress", "attempt_started", "ready"],
  );
  assert.deepEqual(
    engine.asked.map((asked) => asked.headers.get("Last-Event-ID")),
    [null, "0.0", "7.1", "7.1", "7.1"],
  );
});

test("who has heard all of it hears nothing more", async () => {
  const engine = new Engine(new Response(null, { status: 204 }));

  assert.deepEqual(await all(engine.client().listenToPlan("o_1", { lastEventId: "end.1" })), []);
  assert.equal(engine.asked[0]?.headers.get("Last-Event-ID"), "end.1");
});

test("a stream that stays broken is told", async () => {
  const away = new Engine(problem(503, "database_unreachable"));
  await assert.rejects(all(away.client({ times: 0 }).listenToPlan("o_1")), EngineFailed);

  const ending = new Engine(stream([QUEUED]));
  await assert.rejects(all(ending.client({ times: 0 }).listenToPlan("o_1")), NoAnswer);

  const longAway = new Engine(problem(503, "away", { "Retry-After": "3600" }));
  await assert.rejects(all(longAway.client().listenToPlan("o_1")), EngineFailed);
  assert.equal(longAway.asked.length, 1);
});

test("what is wrong is told at once", async () => {
  const engine = new Engine(problem(404, "not_found"));
  await assert.rejects(all(engine.client().listenToPlan("o_1")), NotFound);
  assert.equal(engine.asked.length, 1);

  await assert.rejects(all(new Engine(json({})).client().listenToPlan("o_1")), UnexpectedAnswer);
  await assert.rejects(
    all(new Engine(stream(["data: nonsense\n\n"])).client().listenToPlan("o_1")),
    UnexpectedAnswer,
  );
});

test("a signal ends listening, before and between events", async () => {
  const stop = new AbortController();
  const engine = new Engine(stream(["retry: 0\n\n", QUEUED]), silent);
  const heard: string[] = [];

  await assert.rejects(async () => {
    for await (const event of engine.client().listenToPlan("o_1", { signal: stop.signal })) {
      heard.push(event.name);
      stop.abort(new Error("enough"));
    }
  }, /enough/);
  await assert.rejects(all(engine.client().listenToPlan("o_1", { signal: stop.signal })), /enough/);

  assert.deepEqual(heard, ["queued"]);
});

test("who stops listening ends the stream", async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode(QUEUED)),
    cancel: () => {
      cancelled = true;
    },
  });
  const engine = new Engine(() => new Response(body, { headers: { "Content-Type": "text/event-stream" } }));

  for await (const event of engine.client().listenToPlan("o_1")) if (event.name === "queued") break;

  assert.ok(cancelled);
});

test("wherever a stream is cut, it says the same", () => {
  const lines = fc.constantFrom(
    "event: ready",
    "data: {}",
    "data:é€😀",
    "data",
    "id: 1.2",
    "id: \0",
    "retry: 5",
    ": comment",
    "",
    "x: y",
  );
  const ends = fc.constantFrom("\n", "\r", "\r\n");
  const texts = fc.array(fc.tuple(lines, ends), { maxLength: 20 }).map((parts) => parts.flat().join(""));
  fc.assert(
    fc.property(texts, fc.array(fc.nat(200), { maxLength: 5 }), (text, cuts) => {
      const bytes = new TextEncoder().encode(text);
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const cut = new Decoder();
      const heard = places.slice(1).flatMap((end, index) => cut.take(bytes.slice(places[index], end)));
      assert.deepEqual(heard, new Decoder().take(bytes));
    }),
  );
});

test("an event of several lines is one text", () => {
  const [heard] = new Decoder().take(new TextEncoder().encode("data: a\ndata:  b\nid: 3\n\n"));

  assert.deepEqual(heard, { name: "message", data: "a\n b", id: "3", retry: undefined });
});

test("an event without an end is refused, not collected", () => {
  const decoder = new Decoder();
  const piece = new TextEncoder().encode("x".repeat(1024 * 1024));

  assert.throws(() => {
    for (let count = 0; count < 20; count += 1) decoder.take(piece);
  }, UnexpectedAnswer);
});
