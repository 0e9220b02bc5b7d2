/** An engine that answers what it is told to, and remembers what it was asked. */

import { Orra, type Retries } from "../src/index.js";

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: unknown;
}

export type Answer =
  Response | Error | ((asked: Asked, signal: AbortSignal | null) => Response | Promise<Response>);

export const KEY = "sk-orra-v1-verysecret";

export class Engine {
  readonly asked: Asked[] = [];
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : undefined;
    const asked = { method: init?.method ?? "GET", url: new URL(String(input)), headers, body };
    this.asked.push(asked);
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === "function") return answer(asked, init?.signal ?? null);
    if (!answer) throw new Error("The engine was told no answer.");
    return answer.clone();
  };

  client(retries: Partial<Retries> = {}): Orra {
    return new Orra({
      baseUrl: "http://engine.test:8005",
      apiKey: KEY,
      fetch: this.fetch,
      retries: { firstSeconds: 0, mostSeconds: 0, ...retries },
    });
  }
}

export function json(body: unknown, status = 200, headers: { [name: string]: string } = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

export function problem(status: number, code: string, headers: { [name: string]: string } = {}): Response {
  return json(
    { type: `urn:orra:problem:${code}`, title: "No", status, code, detail: `It is ${code}.` },
    status,
    headers,
  );
}

/** A connection that breaks after the request may have arrived, or before (`code`). */
export function broken(code = "ECONNRESET"): Error {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

/** A stream that gives these pieces and then ends, or breaks. */
export function stream(pieces: readonly (string | Uint8Array)[], failure?: Error): Response {
  const left = [...pieces];
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      else if (failure) controller.error(failure);
      else controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
}

/** Never answers; its request ends when its signal does. */
export function silent(_asked: Asked, signal: AbortSignal | null): Promise<Response> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

export async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}
