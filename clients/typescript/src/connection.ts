/** Where the engine is, and the key: checked before anything is sent, so that no error of the network holds it. */

import { NotConfigured } from "./errors.js";
import { type Call, type Connection, type Retries, USUAL_RETRIES } from "./exchange.js";

export const USUAL_URL = "http://localhost:8005";
const USUAL_TIMEOUT_SECONDS = 30;

/** `baseUrl` and `apiKey`: if not given, what `ORRA_URL` and `ORRA_API_KEY` say. `fetch` takes the network's place. */
export interface OrraOptions {
  readonly baseUrl?: string | URL | undefined;
  readonly apiKey?: string | undefined;
  /** For how many seconds an answer is waited for, beyond the time for which a call waits on purpose. */
  readonly timeoutSeconds?: number | undefined;
  readonly retries?: Partial<Retries> | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** Throws {@link NotConfigured}. The key is in a closure: what shows the connection does not show it. */
export function connect(options: OrraOptions): Connection {
  const key = checkedKey(options.apiKey ?? variable("ORRA_API_KEY"));
  return {
    baseUrl: checkedUrl(String(options.baseUrl ?? (variable("ORRA_URL") || USUAL_URL))),
    timeoutSeconds: options.timeoutSeconds ?? USUAL_TIMEOUT_SECONDS,
    retries: { ...USUAL_RETRIES, ...options.retries },
    fetch: options.fetch ?? globalThis.fetch,
    headersOf: (call) => headersOf(call, key),
  };
}

function headersOf(call: Call, key: string): Headers {
  if (call.authorized !== false && !key) {
    throw new NotConfigured("There is no API key: set ORRA_API_KEY, or give the client one as `apiKey`.");
  }
  const headers = new Headers({ Accept: "application/json", ...call.headers });
  if (call.body !== undefined) headers.set("Content-Type", "application/json");
  if (key) headers.set("Authorization", `Bearer ${key}`);
  return headers;
}

function checkedUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url && (url.username || url.password)) {
    throw new NotConfigured(
      "The engine's address must not hold a user or a password: the key is given as `apiKey`.",
    );
  }
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new NotConfigured(
      `The engine's address must be like ${USUAL_URL}, not ${JSON.stringify(given.slice(0, 200))}.`,
    );
  }
  return (url.origin + url.pathname).replace(/\/{1,9}$/, "").replace(/\/v1$/, "");
}

function checkedKey(given: string): string {
  const key = given.trim();
  if (!/^[!-~]*$/.test(key)) {
    throw new NotConfigured("The API key has characters that no key has. Copy it again, in one line.");
  }
  return key;
}

/** An environment variable, where there is an environment. */
function variable(name: string): string {
  const around = globalThis as { process?: { env?: { [name: string]: string | undefined } } };
  return around.process?.env?.[name]?.trim() ?? "";
}
