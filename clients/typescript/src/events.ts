/** What happens to a plan, as it happens. */

import { NoAnswer, UnexpectedAnswer, isObject } from "./errors.js";
import { type Call, type Connection, isTransient, open, pauseBefore, refusal, retryAfter } from "./exchange.js";
import { Decoder } from "./sse.js";
import { Limit, sleep } from "./time.js";
import type { JsonObject } from "./types.js";

export type EventName =
  | "queued"
  | "cache"
  | "following"
  | "attempt_started"
  | "progress"
  | "answered"
  | "attempt_failed"
  | "problems_found"
  | "retry"
  | "ready"
  | "not_actionable"
  | "failed";

/** `id` is the place to go on after; an event of how things are just now has that of the one before it. */
export interface PlanEvent {
  readonly name: EventName | (string & {});
  readonly data: JsonObject;
  readonly id: string;
}

const LAST_ONES: readonly string[] = ["ready", "not_actionable", "failed"];
/** The engine says that it is still there every 15 s. */
const SILENT_SECONDS = 45;

/**
 * A plan's events, from the beginning or after `lastEventId`, until it is finished. A stream that breaks is gone on
 * with after the last event that came, until there was nothing for the connection's patience.
 */
export async function* listen(
  connection: Connection,
  path: string,
  options: { readonly lastEventId?: string | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<PlanEvent> {
  const { signal } = options;
  const { retries } = connection;
  let last = options.lastEventId ?? "";
  let comeBackSeconds: number | undefined;
  let failures = 0;
  let brokenSince = 0;
  for (;;) {
    let failure: Error = new NoAnswer("The stream of events ended before the plan was finished.");
    let told: number | undefined;
    const quiet = new Limit(SILENT_SECONDS, signal);
    const decoder = new Decoder();
    try {
      const call = callFor(path, last);
      const response = await open(connection, call, quiet.signal);
      if (response.status === 204) return;
      if (response.status !== 200 || !isEventStream(response)) {
        const refused = await refusal(call, response);
        if (!isTransient(response.status)) throw refused;
        told = retryAfter(response.headers.get("Retry-After"));
        failure = refused;
      } else {
        for await (const bytes of bytesOf(response)) {
          quiet.restart();
          for (const heard of decoder.take(bytes)) {
            comeBackSeconds = heard.retry ?? comeBackSeconds;
            if (heard.data === undefined) continue;
            failures = 0;
            last = heard.id ?? last;
            yield { name: heard.name, data: objectOf(heard.name, heard.data), id: last };
            if (LAST_ONES.includes(heard.name)) return;
          }
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!quiet.isLate && !isBroken(error)) throw error;
      if (error instanceof NoAnswer) failure = error;
    } finally {
      quiet.close();
    }
    if (failures === 0) brokenSince = Date.now();
    failures += 1;
    const pause = pauseBefore(retries, Math.min(failures, 10), told ?? comeBackSeconds);
    const broken = (Date.now() - brokenSince) / 1000;
    if (retries.times === 0 || pause === undefined || broken + pause > retries.patienceSeconds) throw failure;
    await sleep(pause, signal);
  }
}

function callFor(path: string, last: string): Call {
  const headers = { Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) };
  return { method: "GET", path, headers, repeatable: true };
}

async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Whether a stream broke, rather than said something wrong: what the network throws is no error of ours. */
function isBroken(error: unknown): boolean {
  return error instanceof NoAnswer || error instanceof TypeError;
}

function isEventStream(response: Response): boolean {
  return (response.headers.get("Content-Type") ?? "").startsWith("text/event-stream");
}

function objectOf(name: string, data: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = undefined;
  }
  if (!isObject(value))
    throw new UnexpectedAnswer(`The event ${name.slice(0, 80)} has no JSON object as its data.`);
  return value;
}
