/**
 * Everything that the client throws on purpose.
 *
 *     OrraError
 *     ├── NotConfigured          no address, or no key, was given
 *     ├── NoAnswer               the engine could not be reached, or did not answer in time
 *     ├── UnexpectedAnswer       what answered is not orra, or speaks another version of it
 *     ├── Problem                the engine refused the request: status, code, detail, problems, howToFix
 *     │   ├── BadRequest         400, 413, 415, 422 and other 4xx: what was sent is wrong
 *     │   ├── NotAuthorized      401, 403: the key is missing, unknown, revoked or may not do this
 *     │   ├── NotFound           404
 *     │   ├── Conflict           409
 *     │   ├── TooManyRequests    429: `retryAfter` seconds
 *     │   └── EngineFailed       5xx: trying again may help
 *     ├── PlanUnfinished         a plan was not finished in the time that there was; `plan` is it as it was
 *     ├── PlanFailed             there is no execution plan: `plan.error` says why
 *     ├── PlanInvalid            a plan cannot be carried out as it is; nothing was done
 *     ├── HandlerFailed          a handler could not do its work (handlers throw it)
 *     ├── RunFailed              a step of a run is not done; `run` tells what became of each
 *     └── RunInterrupted         a signal stopped a run; `run` tells how far it came
 *
 * A signal that aborts a call throws its own reason. No message holds an API key.
 */

import type { Fault, Plan, ProblemBody } from "./types.js";

export class OrraError extends Error {
  /** What to do about it, in sentences. */
  readonly howToFix: readonly string[];

  constructor(message: string, howToFix: readonly string[] = []) {
    super(message);
    this.name = new.target.name;
    this.howToFix = howToFix;
  }
}

export class NotConfigured extends OrraError {}
export class NoAnswer extends OrraError {}
export class UnexpectedAnswer extends OrraError {}

export class Problem extends OrraError {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  /** What is wrong and what to do. */
  readonly detail: string;
  /** The single faults. */
  readonly problems: readonly Fault[];
  /** JSON pointer of the faulty part of the request. */
  readonly pointer: string | undefined;
  /** After how many seconds the engine wants to be asked again, where it says so. */
  readonly retryAfter: number | undefined;
  /** All that was answered. */
  readonly body: Partial<ProblemBody> & { readonly [member: string]: unknown };

  constructor(status: number, body: { readonly [member: string]: unknown }, retryAfter?: number) {
    const code = text(body["code"]) || `http_${status}`;
    const detail = text(body["detail"]) || text(body["title"]) || `The engine answered ${status}.`;
    super(
      `${detail} (${code})`,
      list(body["how_to_fix"]).filter((each) => typeof each === "string"),
    );
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.problems = list(body["problems"]).filter(isFault);
    this.pointer = text(body["pointer"]) || undefined;
    this.retryAfter = retryAfter;
    this.body = body;
  }
}

export class BadRequest extends Problem {}
export class NotAuthorized extends Problem {}
export class NotFound extends Problem {}
export class Conflict extends Problem {}
export class TooManyRequests extends Problem {}
export class EngineFailed extends Problem {}

/** The error for an answer of this status; `body` is its JSON, or anything else. */
export function problemOf(status: number, body: unknown, retryAfter?: number): Problem {
  const Kind = KINDS[status] ?? (status >= 500 ? EngineFailed : BadRequest);
  return new Kind(status, isObject(body) ? body : {}, retryAfter);
}

const KINDS: { readonly [status: number]: typeof Problem } = {
  401: NotAuthorized,
  403: NotAuthorized,
  404: NotFound,
  409: Conflict,
  429: TooManyRequests,
};

export class PlanUnfinished extends OrraError {
  readonly plan: Plan;

  constructor(plan: Plan, seconds: number) {
    super(`Plan ${plan.id} is still ${plan.status} after ${Math.round(seconds)} s. It goes on being planned.`);
    this.plan = plan;
  }
}

export class PlanFailed extends OrraError {
  readonly plan: Plan;

  constructor(plan: Plan) {
    const why = plan.error?.message ?? `Plan ${plan.id} is ${plan.status}: it has no tasks to carry out.`;
    super(why, plan.error?.how_to_fix ?? []);
    this.plan = plan;
  }
}

export class PlanInvalid extends OrraError {}

/** A handler may throw it; any other error counts as one after which trying again may help. */
export class HandlerFailed extends OrraError {
  readonly retryable: boolean;

  constructor(message: string, options: { readonly retryable?: boolean; readonly cause?: unknown } = {}) {
    super(message);
    this.retryable = options.retryable ?? false;
    if ("cause" in options) this.cause = options.cause;
  }
}

export function isObject(value: unknown): value is { [member: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFault(value: unknown): value is Fault {
  return isObject(value) && typeof value["code"] === "string" && typeof value["message"] === "string";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
