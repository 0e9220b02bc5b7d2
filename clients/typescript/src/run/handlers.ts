/** What carries a step out: a function, or an HTTP address. */

import { HandlerFailed, NotConfigured, isObject } from "../errors.js";
import { Limit } from "../time.js";
import type { JsonObject } from "../types.js";

export interface StepContext {
  readonly task: string;
  readonly service: string;
  /** 1 for the first call. */
  readonly attempt: number;
  /** The same for every call of this step in a run: what a service tells repetitions by. */
  readonly idempotencyKey: string;
  /** Aborted when the run is stopped. */
  readonly signal: AbortSignal;
}

interface Handles {
  handle(input: JsonObject, context: StepContext): unknown;
}

/** An address that takes a step's input as a JSON object and answers with its output as one. */
export interface HttpHandler {
  readonly url: string | URL;
  /** `POST`, if not given. */
  readonly method?: string | undefined;
  readonly headers?: { readonly [name: string]: string } | undefined;
  /** How long it may take; 60, if not given. */
  readonly timeoutSeconds?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Gives the output as an object, or a promise of it. A function may say which inputs it takes: they are checked
 * against the service's schema before it is called. After a {@link HandlerFailed} that is not retryable it is not
 * called again, nor is a service that says nothing of being idempotent.
 */
export type Handler = Handles["handle"] | HttpHandler | URL | string;

/** By the names of services. */
export interface Handlers {
  readonly [service: string]: Handler;
}

const USUAL_SECONDS = 60;
const AGAIN: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** Calls it, until the run is `stopped`; the output as JSON has it, so that nothing which happens to the handler's own object later is seen. */
export async function call(
  handler: Handler,
  input: JsonObject,
  context: StepContext,
  stopped: Promise<never>,
): Promise<unknown> {
  const own = structuredClone(input);
  if (typeof handler !== "function") {
    return callHttp(isAddress(handler) ? { url: handler } : handler, own, context, stopped);
  }
  const output = await handler(own, context);
  return output === undefined || output === null ? {} : JSON.parse(JSON.stringify(output));
}

/** Throws {@link NotConfigured} where a service has none. */
export function checkHandlers(handlers: Handlers, services: ReadonlySet<string>): void {
  const missing = [...services].filter((name) => !Object.hasOwn(handlers, name));
  if (missing.length > 0)
    throw new NotConfigured(`There is no handler for ${missing.join(", ")}. Nothing was done.`);
  for (const name of services) {
    const handler: unknown = handlers[name];
    const url = isObject(handler) && !(handler instanceof URL) ? handler["url"] : handler;
    const fits =
      (typeof url === "string" || url instanceof URL) && /^https?:/.test(String(url)) && URL.canParse(String(url));
    if (typeof handler !== "function" && !fits) {
      throw new NotConfigured(`The handler for ${name} must be a function or an HTTP address.`);
    }
  }
}

function isAddress(handler: string | URL | HttpHandler): handler is string | URL {
  return typeof handler === "string" || handler instanceof URL;
}

async function callHttp(
  address: HttpHandler,
  input: JsonObject,
  context: StepContext,
  stopped: Promise<never>,
): Promise<unknown> {
  const {
    url,
    method = "POST",
    headers = {},
    timeoutSeconds = USUAL_SECONDS,
    fetch: send = globalThis.fetch,
  } = address;
  const sent = new Headers({ "Content-Type": "application/json", Accept: "application/json" });
  sent.set("Idempotency-Key", context.idempotencyKey);
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  const limit = new Limit(timeoutSeconds, undefined);
  stopped.catch(() => limit.close());
  try {
    const init: RequestInit = {
      method,
      headers: sent,
      body: JSON.stringify(input),
      signal: limit.signal,
      redirect: "error",
    };
    const response = await send(url, init);
    return outputOf(response.status, await response.text());
  } catch (error) {
    if (error instanceof HandlerFailed || context.signal.aborted) throw error;
    const why = limit.isLate ? `It did not answer within ${timeoutSeconds} s.` : "It does not answer.";
    throw new HandlerFailed(why, { retryable: true, cause: error });
  } finally {
    limit.end();
  }
}

function outputOf(status: number, text: string): unknown {
  if (status < 200 || status > 299) {
    const said = text.trim().slice(0, 200);
    throw new HandlerFailed(`It answered ${status}${said ? `: ${said}` : "."}`, {
      retryable: AGAIN.includes(status),
    });
  }
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    throw new HandlerFailed("It answered with something other than JSON.");
  }
}
