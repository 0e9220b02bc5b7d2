/** One call until it is answered: what is sent, when it is sent again, and how the answer is read. */

import { NoAnswer, NotConfigured, UnexpectedAnswer, problemOf } from "./errors.js";
import { Limit, sleep } from "./time.js";

/** `repeatable`: it may be sent again when nobody knows whether it has arrived. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: object;
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  readonly repeatable: boolean;
  /** How long the engine may take on purpose. */
  readonly seconds?: number;
  /** False for what needs no API key. */
  readonly authorized?: boolean;
}

/**
 * `times`: how often a call is sent again at most. Before it is, a random time passes, up to `firstSeconds` and each
 * time twice as many, `mostSeconds` in the end; what the engine says (`Retry-After`) counts instead, up to
 * `patienceSeconds`.
 */
export interface Retries {
  readonly times: number;
  readonly firstSeconds: number;
  readonly mostSeconds: number;
  readonly patienceSeconds: number;
}

export const USUAL_RETRIES: Retries = { times: 3, firstSeconds: 0.25, mostSeconds: 8, patienceSeconds: 60 };

/** What can be said of a single call. A signal that aborts it throws its own reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For how many seconds an answer is waited for, beyond the time for which a call waits on purpose. */
  readonly timeoutSeconds?: number | undefined;
}

export interface Connection {
  readonly baseUrl: string;
  readonly timeoutSeconds: number;
  readonly retries: Retries;
  readonly fetch: typeof fetch;
  /** The headers that a call is sent with; what holds the key keeps it to itself. */
  readonly headersOf: (call: Call) => Headers;
}

/** `sent`: the engine may have seen the call. */
class NoReply {
  constructor(
    readonly why: string,
    readonly sent: boolean,
  ) {}
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const TRANSIENT: readonly number[] = [502, 503, 504];
const NEVER_SENT: readonly unknown[] = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/** The JSON that answers a call; `undefined` for an answer without any. */
export async function exchange(connection: Connection, call: Call, options: CallOptions = {}): Promise<unknown> {
  for (let number = 1; ; number += 1) {
    const reply = await send(connection, call, options);
    const gone = number > 1 && call.method === "DELETE" && !(reply instanceof NoReply) && reply.status === 404;
    if (gone) return undefined; // the try before this one did it, and its answer was lost
    const again = number <= connection.retries.times && mayHelp(call, reply);
    const pause = again ? pauseBefore(connection.retries, number, retryAfterOf(reply)) : undefined;
    if (pause === undefined) return read(call, reply);
    await sleep(pause, options.signal);
  }
}

/** In seconds, before the try after `number` ones; `undefined`: it is not worth waiting for. */
export function pauseBefore(retries: Retries, number: number, told: number | undefined): number | undefined {
  if (told !== undefined) return told <= retries.patienceSeconds ? told : undefined;
  const longest = Math.min(retries.firstSeconds * 2 ** (number - 1), retries.mostSeconds);
  return longest * (0.5 + Math.random() / 2);
}

/** In seconds, where a header says it, as a number or as a date. */
export function retryAfter(header: string | null): number | undefined {
  const said = (header ?? "").trim();
  if (/^[0-9]{1,9}$/.test(said)) return Number(said);
  const moment = said ? Date.parse(said) : Number.NaN;
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}

/** Opens a call: the response, its body still to be read. Throws {@link NoAnswer} or the signal's reason. */
export async function open(
  connection: Connection,
  call: Call,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  const answer = await attempt(connection, call, signal).catch((error: unknown) =>
    noReply(connection, error, signal),
  );
  if (answer instanceof NoReply) throw new NoAnswer(answer.why);
  return answer;
}

/** The error that an answer which is no success stands for. */
export async function refusal(call: Call, response: Response): Promise<Error> {
  const reply = { status: response.status, text: await response.text(), headers: response.headers };
  try {
    read(call, reply);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return new UnexpectedAnswer(`${call.method} ${call.path} was answered with ${response.status}.`);
}

export function isTransient(status: number): boolean {
  return TRANSIENT.includes(status);
}

async function send(connection: Connection, call: Call, options: CallOptions): Promise<Reply | NoReply> {
  options.signal?.throwIfAborted();
  const seconds = (options.timeoutSeconds ?? connection.timeoutSeconds) + (call.seconds ?? 0);
  const limit = new Limit(seconds, options.signal);
  try {
    const response = await attempt(connection, call, limit.signal);
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    if (limit.isLate) return new NoReply(`${connection.baseUrl} did not answer within ${seconds} s.`, true);
    return noReply(connection, error, options.signal);
  } finally {
    limit.end();
  }
}

function attempt(connection: Connection, call: Call, signal: AbortSignal | undefined): Promise<Response> {
  const init: RequestInit = { method: call.method, headers: connection.headersOf(call), redirect: "manual" };
  if (call.body !== undefined) init.body = JSON.stringify(call.body);
  if (signal) init.signal = signal;
  const send = connection.fetch; // called without a receiver: a browser's fetch takes none
  return send(connection.baseUrl + call.path + queryOf(call.query), init);
}

/** Why nobody answered, without what was sent. */
function noReply(connection: Connection, error: unknown, signal: AbortSignal | undefined): NoReply {
  signal?.throwIfAborted();
  if (error instanceof NotConfigured) throw error;
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code: unknown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const why = typeof code === "string" ? code : error instanceof Error ? error.message : "no reason is known";
  return new NoReply(
    `${connection.baseUrl} does not answer: ${why}. Is the engine running there?`,
    !NEVER_SENT.includes(code),
  );
}

function mayHelp(call: Call, reply: Reply | NoReply): boolean {
  if (reply instanceof NoReply) return call.repeatable || !reply.sent;
  return reply.status === 429 || (isTransient(reply.status) && call.repeatable);
}

function retryAfterOf(reply: Reply | NoReply): number | undefined {
  return reply instanceof NoReply ? undefined : retryAfter(reply.headers.get("Retry-After"));
}

function read(call: Call, reply: Reply | NoReply): unknown {
  if (reply instanceof NoReply) throw new NoAnswer(reply.why);
  const body = jsonOf(reply.text);
  if (reply.status >= 400) throw problemOf(reply.status, body, retryAfterOf(reply));
  if (reply.status >= 300 || reply.status === 0) {
    throw new UnexpectedAnswer(`${call.method} ${call.path} is redirected. Use the engine's own address.`);
  }
  if (reply.status !== 204 && body === undefined) {
    throw new UnexpectedAnswer(
      `${call.method} ${call.path} was answered with something other than JSON. Is this the engine's address?`,
    );
  }
  return body;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function queryOf(query: object | undefined): string {
  const told = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}
