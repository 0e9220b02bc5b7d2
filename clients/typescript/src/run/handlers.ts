/** What carries a step out: a function, or an HTTP address. */

import { isObject } from "../errors.js";
import type { JsonObject } from "../types.js";

export interface StepContext {
  readonly task: string;
  readonly service: string;
  /** 1 for the first call. */
  readonly attempt: number;
  /** The same for every call of this step, also when the plan is run again: what a service tells repetitions by. */
  readonly idempotencyKey: string;
  /** Aborted when the run is stopped or the step takes too long. */
  readonly signal: AbortSignal;
}

interface Handles {
  handle(input: JsonObject, context: StepContext): unknown;
}

/** An address that takes a step's input as a JSON body and answers with its output. */
export interface HttpHandler {
  readonly url: string | URL;
  /** `POST`, if not given. */
  readonly method?: string | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Gives the output as an object, or a promise of it. A function may say which inputs it takes: they are checked
 * against the service's schema before it is called. An error with `retryable: false` is not tried again.
 */
export type Handler = Handles["handle"] | HttpHandler | URL | string;

/** Calls it; the output as JSON has it, so that nothing which happens to the handler's own object later is seen. */
export async function call(handler: Handler, input: JsonObject, context: StepContext): Promise<unknown> {
  const own = structuredClone(input);
  const output = typeof handler === "function" ? await handler(own, context) : await callHttp(handler, own, context);
  return output === undefined || output === null ? {} : JSON.parse(JSON.stringify(output));
}

export function isHandler(value: unknown): value is Handler {
  if (typeof value === "function") return true;
  const url = isObject(value) && !(value instanceof URL) ? value["url"] : value;
  return (typeof url === "string" || url instanceof URL) && /^https?:/.test(String(url));
}

class HttpFailed extends Error {
  constructor(
    message: string,
    readonly retryable: boolean,
  ) {
    super(message);
  }
}

async function callHttp(handler: Exclude<Handler, Handles["handle"]>, input: JsonObject, context: StepContext): Promise<unknown> {
  const { url, method = "POST", headers = {}, fetch = globalThis.fetch } =
    typeof handler === "string" || handler instanceof URL ? { url: handler } : handler;
  const sent = new Headers({ "Content-Type": "application/json", Accept: "application/json" });
  sent.set("Idempotency-Key", context.idempotencyKey);
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  const body = JSON.stringify(input);
  const response = await fetch(url, { method, headers: sent, body, signal: context.signal, redirect: "error" });
  const text = await response.text();
  if (!response.ok) {
    const again = response.status >= 500 || response.status === 429 || response.status === 408;
    throw new HttpFailed(`${context.service} answered ${response.status}.`, again);
  }
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    throw new HttpFailed(`${context.service} answered with something other than JSON.`, false);
  }
}
