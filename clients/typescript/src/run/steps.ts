/** One step: its input put together and checked, the question whether it may run, its handler, its output. */

import { HandlerFailed, isObject } from "../errors.js";
import { type Retries, USUAL_RETRIES, pauseBefore } from "../exchange.js";
import { sleep } from "../time.js";
import type { JsonObject } from "../types.js";
import type { Facts } from "./facts.js";
import { type Node, inputAsWritten } from "./graph.js";
import { type Handlers, call } from "./handlers.js";
import type { Outcome, Step } from "./outcomes.js";
import { STOPPED } from "./progress.js";
import type { Checker } from "./schemas.js";

export const RUN_RETRIES: Retries = { ...USUAL_RETRIES, times: 2 };

/** What a run works with. `outputs`: what the tasks that are done gave. `mayDestroy`: why a step may not; "": it may. */
export interface Means {
  readonly handlers: Handlers;
  readonly facts: ReadonlyMap<string, Facts>;
  readonly outputs: Map<string, JsonObject>;
  readonly check: Checker;
  readonly mayDestroy: (step: Step) => Promise<string>;
  readonly signal: AbortSignal;
  /** Rejects when the signal is aborted, whether or not somebody listens to it. */
  readonly stopped: Promise<never>;
  readonly retries: Retries;
  readonly key: string;
}

const MOST_CHARACTERS = 500;
const INTERRUPTED = "The run was stopped while it was at work: nobody knows how far it came.";

/** The step as it begins. */
export function started(node: Node, means: Means): Outcome {
  return outcomeOf(node, resolve(node, means).input, { status: "running" });
}

/** What a dry run tells of it: an input that comes from another step is not known yet, and not checked. */
export function rehearse(node: Node, means: Means): Outcome {
  const { input } = resolve(node, means);
  const fault = node.needs.length === 0 ? faultOf(means, means.facts.get(node.service)?.input_schema, input) : "";
  return outcomeOf(
    node,
    input,
    fault
      ? { status: "failed", why: `Its input does not fit the service's schema: ${fault}` }
      : { status: "would_run" },
  );
}

/** What becomes of it. Never rejects: whatever goes wrong is its outcome. */
export async function takeStep(node: Node, means: Means): Promise<Outcome> {
  const began = performance.now();
  const { input, lacking } = resolve(node, means);
  const end = await take(node, input, lacking, means).catch((error: unknown) => failed(wordsOf(error), error));
  return outcomeOf(node, input, { ...end, seconds: (performance.now() - began) / 1000 });
}

type End = Partial<Outcome> & Pick<Outcome, "status">;

function outcomeOf(node: Node, input: JsonObject, end: End): Outcome {
  const { task, service } = node;
  return {
    task,
    service,
    input: structuredClone(input),
    output: null,
    why: "",
    becauseOf: [],
    calls: 0,
    seconds: 0,
    ...end,
  };
}

/** The inputs with the values that they refer to; those of tasks that have given nothing yet stay references. */
function resolve(node: Node, means: Means): { input: JsonObject; lacking: string[] } {
  const lacking: string[] = [];
  const members = Object.entries(inputAsWritten(node)).map(([name, written]): [string, unknown] => {
    const source = node.inputs.get(name);
    const from = source && "from" in source ? source.from : undefined;
    const given = from && means.outputs.get(from.task);
    if (!from || !given) return [name, written];
    if (Object.hasOwn(given, from.field)) return [name, given[from.field]];
    lacking.push(`${name} is to be ${from.task}'s ${from.field}, which ${from.task} did not give.`);
    return [name, written];
  });
  return { input: Object.fromEntries(members), lacking };
}

async function take(node: Node, input: JsonObject, lacking: readonly string[], means: Means): Promise<End> {
  if (lacking.length > 0) return failed(lacking.join(" "));
  const facts = means.facts.get(node.service);
  const fault = faultOf(means, facts?.input_schema, input);
  if (fault) return failed(`Its input does not fit the service's schema: ${fault}`);
  const step = stepOf(node, input, facts);
  const refusal = step.destructive ? await refusalOf(step, means) : "";
  if (means.signal.aborted) return { status: "skipped", why: STOPPED };
  if (refusal) return { status: "refused", why: refusal };
  return callRepeatedly(step, facts, means);
}

function stepOf(node: Node, input: JsonObject, facts: Facts | undefined): Step {
  const said = facts?.annotations ?? {};
  const readOnly = said.readOnlyHint === true;
  return {
    task: node.task,
    service: node.service,
    input,
    readOnly,
    destructive: !readOnly && said.destructiveHint !== false,
    idempotent: readOnly || said.idempotentHint === true,
    revertible: facts?.revertible === true,
  };
}

async function refusalOf(step: Step, means: Means): Promise<string> {
  try {
    return await Promise.race([means.mayDestroy({ ...step, input: structuredClone(step.input) }), means.stopped]);
  } catch (error) {
    return `The hook before destructive steps failed: ${wordsOf(error)}`;
  }
}

/** Calls the handler, again only where that is known to do no harm. */
async function callRepeatedly(step: Step, facts: Facts | undefined, means: Means): Promise<End> {
  const times = step.idempotent ? means.retries.times : 0;
  for (let calls = 1; ; calls += 1) {
    const end = await callOnce(step, calls, facts, means);
    const again = calls <= times && end.status === "failed" && "error" in end && mayHelp(end.error);
    const pause = again ? pauseBefore(means.retries, calls, undefined) : undefined;
    if (pause === undefined) return { ...end, calls };
    await sleep(pause, means.signal).catch(() => undefined);
    if (means.signal.aborted) return { ...end, calls };
  }
}

function mayHelp(error: unknown): boolean {
  return !(error instanceof HandlerFailed) || error.retryable;
}

async function callOnce(step: Step, attempt: number, facts: Facts | undefined, means: Means): Promise<End> {
  const { task, service } = step;
  const context = { task, service, attempt, idempotencyKey: `${means.key}-${task}`, signal: means.signal };
  const handler = means.handlers[service];
  try {
    if (handler === undefined) throw new HandlerFailed(`There is no handler for ${service}.`);
    const called = call(handler, step.input, context, means.stopped);
    return judged(await Promise.race([called, means.stopped]), facts, means);
  } catch (error) {
    if (means.signal.aborted) return { status: "interrupted", why: INTERRUPTED, error };
    return failed(wordsOf(error), error);
  }
}

function judged(output: unknown, facts: Facts | undefined, means: Means): End {
  if (!isObject(output)) return failed("What it gave is no object.");
  const fault = faultOf(means, facts?.output_schema, output);
  return fault
    ? { ...failed(`What it gave does not fit the service's schema: ${fault}`), output }
    : { status: "done", output };
}

function faultOf(means: Means, schema: JsonObject | undefined, value: JsonObject): string {
  return schema === undefined ? "" : means.check(schema, value).join(" ");
}

function failed(why: string, ...thrown: unknown[]): End {
  return { status: "failed", why, ...(thrown.length > 0 ? { error: thrown[0] } : {}) };
}

function wordsOf(error: unknown): string {
  const named =
    error instanceof Error && !(error instanceof HandlerFailed) ? `${error.name}: ${error.message}` : undefined;
  const said = named ?? (error instanceof Error ? error.message : String(error));
  return said.length <= MOST_CHARACTERS ? said : `${said.slice(0, MOST_CHARACTERS - 1)}…`;
}
