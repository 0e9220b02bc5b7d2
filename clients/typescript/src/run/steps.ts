/** One step: its input put together and checked, its handler called, its output checked. */

import { isObject } from "../errors.js";
import { type Retries, pauseBefore } from "../exchange.js";
import { Limit, sleep } from "../time.js";
import type { JsonObject } from "../types.js";
import type { Node } from "./graph.js";
import { type Handler, call } from "./handlers.js";
import type { Outcome, Status, Step, StepError } from "./outcomes.js";
import type { Known } from "./run.js";
import type { Checker } from "./schemas.js";

export interface Around {
  readonly handlers: { readonly [service: string]: Handler };
  readonly services: ReadonlyMap<string, Known> | undefined;
  readonly check: Checker;
  readonly dryRun: boolean;
  readonly beforeDestructive: ((step: Step) => boolean | Promise<boolean>) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly stepSeconds: number | undefined;
  readonly retries: Retries;
  readonly runKey: string;
}

type Outputs = ReadonlyMap<string, JsonObject>;

/** Never rejects: whatever goes wrong is the step's outcome. `outputs`: what the tasks that are done gave. */
export async function takeStep(node: Node, outputs: Outputs, around: Around): Promise<Outcome> {
  const began = performance.now();
  const taken = await take(node, outputs, around).catch((error: unknown) => failed("handler_failed", error));
  const { status, input = null, output = null, error = null, attempts = 0 } = taken;
  const seconds = (performance.now() - began) / 1000;
  return { task: node.task, service: node.service, status, input, output, error, because: [], attempts, seconds };
}

interface Taken {
  readonly status: Status;
  readonly input?: JsonObject;
  readonly output?: JsonObject;
  readonly error?: StepError;
  readonly attempts?: number;
}

async function take(node: Node, outputs: Outputs, around: Around): Promise<Taken> {
  const service = around.services?.get(node.service);
  const { input, lacking, open } = inputOf(node, outputs, around.dryRun);
  if (lacking.length > 0) return { ...failed("missing_value", `It was not given ${lacking.join(", ")}.`), input };
  const faults = service ? around.check(open.length ? loose(service.input_schema, open) : service.input_schema, input) : [];
  if (faults.length > 0) return { ...failed("invalid_input", `Its input does not fit: ${faults.join(" ")}`), input };
  if (around.dryRun) return { status: "planned", input };
  const step = stepOf(node, input, service);
  const refusal = step.destructive ? await refusalOf(step, around) : undefined;
  if (refusal) return { status: "refused", input, error: refusal };
  return { input, ...(await callRepeatedly(step, service, around)) };
}

/** `lacking`: references that came to nothing. `open`: inputs that a dry run does not know. */
function inputOf(node: Node, outputs: Outputs, dryRun: boolean): { input: JsonObject; lacking: string[]; open: string[] } {
  const lacking: string[] = [];
  const open: string[] = [];
  const members = [...node.inputs].flatMap(([name, source]): [string, unknown][] => {
    if ("value" in source) return [[name, source.value]];
    const { task, field } = source.from;
    const given = outputs.get(task);
    if (given && Object.hasOwn(given, field)) return [[name, given[field]]];
    if (dryRun) open.push(name);
    else lacking.push(`${name} ($${task}.${field})`);
    return dryRun ? [[name, `$${task}.${field}`]] : [];
  });
  return { input: Object.fromEntries(members), lacking, open };
}

/** The schema without what it says of inputs that are not known yet, or of several together. */
function loose(schema: JsonObject, open: readonly string[]): JsonObject {
  const { allOf: _a, anyOf: _b, oneOf: _c, not: _d, if: _e, ...rest } = schema;
  const properties = isObject(rest["properties"]) ? rest["properties"] : {};
  const loosened = Object.entries(properties).map(([name, said]) => [name, open.includes(name) ? true : said]);
  return { ...rest, properties: Object.fromEntries(loosened) };
}

function stepOf(node: Node, input: JsonObject, service: Known | undefined): Step {
  const said = service?.annotations ?? {};
  const readOnly = said.readOnlyHint === true;
  return {
    task: node.task,
    service: node.service,
    input,
    readOnly,
    destructive: !readOnly && said.destructiveHint !== false,
    repeatable: readOnly || said.idempotentHint === true,
  };
}

async function refusalOf(step: Step, around: Around): Promise<StepError | undefined> {
  if (!around.beforeDestructive) return undefined;
  const error = { code: "not_confirmed", message: "It may destroy something, and was not confirmed." };
  try {
    const copy = { ...step, input: structuredClone(step.input) };
    return (await around.beforeDestructive(copy)) === true ? undefined : error;
  } catch (cause) {
    return { ...error, cause };
  }
}

async function callRepeatedly(step: Step, service: Known | undefined, around: Around): Promise<Taken> {
  for (let attempt = 1; ; attempt += 1) {
    const taken = await callOnce(step, attempt, service, around);
    const again = step.repeatable && attempt <= around.retries.times && taken.status === "failed" && mayHelp(taken.error);
    const pause = again ? pauseBefore(around.retries, attempt, undefined) : undefined;
    if (pause === undefined) return { ...taken, attempts: attempt };
    await sleep(pause, around.signal).catch(() => undefined);
    if (around.signal?.aborted) return { ...taken, attempts: attempt };
  }
}

function mayHelp(error: StepError | undefined): boolean {
  if (!error || !["handler_failed", "timed_out"].includes(error.code)) return false;
  return !(isObject(error.cause) && error.cause["retryable"] === false);
}

async function callOnce(step: Step, attempt: number, service: Known | undefined, around: Around): Promise<Taken> {
  const limit = new Limit(around.stepSeconds, around.signal);
  const { task, service: name } = step;
  const context = { task, service: name, attempt, idempotencyKey: `${around.runKey}-${task}`, signal: limit.signal };
  const handler = around.handlers[name];
  try {
    if (handler === undefined) throw new Error(`There is no handler for ${name}.`);
    const output = await Promise.race([call(handler, step.input, context), aborted(limit.signal)]);
    const faults = isObject(output)
      ? service
        ? around.check(service.output_schema, output)
        : []
      : ["It must be an object."];
    if (faults.length > 0) return failed("invalid_output", `It was called, and its output does not fit: ${faults.join(" ")}`);
    return { status: "done", output: output as JsonObject };
  } catch (error) {
    if (around.signal?.aborted) return failed("stopped", "The run was stopped while it ran: what it did is not known.", error);
    if (limit.isLate) {
      return failed("timed_out", `It did not end within ${around.stepSeconds} s: what it did is not known.`, error);
    }
    return failed("handler_failed", error);
  } finally {
    limit.end();
  }
}

/** Rejects when the signal is aborted, whether or not a handler listens to it. */
function aborted(signal: AbortSignal): Promise<never> {
  const reached = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  reached.catch(() => undefined);
  return reached;
}

function failed(code: string, why: unknown, cause: unknown = why): Taken {
  const message = typeof why === "string" ? why : why instanceof Error ? why.message : String(why);
  return { status: "failed", error: typeof cause === "string" ? { code, message } : { code, message, cause } };
}
