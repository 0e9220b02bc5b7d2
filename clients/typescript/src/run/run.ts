/** Carries a plan out where the client runs. */

import { PlanFailed } from "../errors.js";
import type { Retries } from "../exchange.js";
import { Limit } from "../time.js";
import type { ExecutionPlan, Plan } from "../types.js";
import { type Services, factsByName } from "./facts.js";
import { type Node, readGraph } from "./graph.js";
import { type Handlers, checkHandlers } from "./handlers.js";
import { type Outcome, type Run, RunInterrupted, type Step } from "./outcomes.js";
import { Progress } from "./progress.js";
import { type Checker, checkValue } from "./schemas.js";
import { type Means, RUN_RETRIES, rehearse, started, takeStep } from "./steps.js";

export interface RunOptions {
  /**
   * What is known of the services, for example `orra.listServices()`. Only what is idempotent is tried again, and
   * inputs and outputs are checked against the schemas. Of a service that is not among them the worst is assumed.
   */
  readonly services?: Services | undefined;
  /** Nobody is called: it is told what would be, with what. */
  readonly dryRun?: boolean | undefined;
  /** Asked before each step that may destroy something, one at a time. Anything but `true` refuses it; a text says why. */
  readonly beforeDestructive?: ((step: Step) => boolean | string | Promise<boolean | string>) | undefined;
  /** Hears of each step when it begins and when it is over. If it fails, that is told on the console and no more. */
  readonly onStep?: ((outcome: Outcome) => void) | undefined;
  /** How many steps run side by side at most; 8, if not given. */
  readonly maxParallel?: number | undefined;
  /** Stops the run: nothing more begins, and the handlers at work are told by the signal that they were given. */
  readonly signal?: AbortSignal | undefined;
  readonly retries?: Partial<Retries> | undefined;
  /** What inputs and outputs are checked with; `false`: with nothing. */
  readonly check?: Checker | false | undefined;
}

const USUAL_PARALLEL = 8;

/**
 * Carries a plan out and tells what became of each step; a step that fails throws nothing. `handlers`: what does the
 * work, by service: a function that takes the input and gives the output, or an HTTP address. A step begins once all
 * that it needs is done, side by side with others; after a failure nothing runs that needs it.
 *
 * Throws `PlanFailed`, `PlanInvalid` and `NotConfigured` before anything is done, and {@link RunInterrupted} when the
 * signal stopped it.
 */
export async function run(plan: Plan | ExecutionPlan, handlers: Handlers, options: RunOptions = {}): Promise<Run> {
  const most = options.maxParallel ?? USUAL_PARALLEL;
  if (!(most >= 1)) throw new RangeError("`maxParallel` must be 1 or more.");
  const graph = readGraph(structuredClone(executionPlanOf(plan)));
  checkHandlers(handlers, new Set(graph.nodes.map((node) => node.service)));
  const limit = new Limit(undefined, options.signal); // one listener, however many steps are at work
  const means: Means = {
    handlers,
    facts: await factsByName(options.services),
    outputs: new Map([["task0", graph.constants]]),
    check: options.check === false ? () => [] : (options.check ?? checkValue),
    mayDestroy: oneAtATime(options.beforeDestructive),
    signal: limit.signal,
    stopped: whenAborted(limit.signal),
    retries: { ...RUN_RETRIES, ...options.retries },
    key: newKey(),
  };
  const progress = new Progress(graph.nodes, (outcome) => tell(options.onStep, outcome));
  if (options.dryRun) {
    for (let node = progress.next(); node; node = progress.next()) progress.end(node, rehearse(node, means));
    return progress.result();
  }
  await new Promise<void>((resolve) => new Carrying(progress, means, most, resolve).go());
  limit.end();
  const result = progress.result();
  if (means.signal.aborted && !result.isDone) throw new RunInterrupted(result, means.signal.reason);
  return result;
}

class Carrying {
  #active = 0;

  constructor(
    readonly progress: Progress,
    readonly means: Means,
    readonly most: number,
    readonly over: () => void,
  ) {}

  /** Begins what may begin. When nothing is at work any more, it is over. */
  go(): void {
    while (this.#active < this.most) {
      if (this.means.signal.aborted) this.progress.skipTheRest();
      const node = this.progress.next();
      if (!node) break;
      this.#active += 1;
      this.progress.tell(started(node, this.means));
      void this.#take(node);
    }
    if (this.#active === 0) this.over();
  }

  async #take(node: Node): Promise<void> {
    const outcome = await takeStep(node, this.means);
    this.#active -= 1;
    if (outcome.output) this.means.outputs.set(node.task, structuredClone(outcome.output));
    this.progress.end(node, outcome);
    this.go();
  }
}

function executionPlanOf(plan: Plan | ExecutionPlan): ExecutionPlan {
  if ("tasks" in plan) return plan;
  if (!plan.plan) throw new PlanFailed(plan);
  return plan.plan;
}

/** Why a step may not run; "": it may. Whoever is asked is asked about one step after the other. */
function oneAtATime(hook: RunOptions["beforeDestructive"]): (step: Step) => Promise<string> {
  if (!hook) return () => Promise.resolve("");
  let before: Promise<unknown> = Promise.resolve();
  return (step) => {
    const asked = before.then(async () => {
      const said = await hook(step);
      if (said === true) return "";
      return typeof said === "string" && said ? said : "The hook before destructive steps refused it.";
    });
    before = asked.catch(() => undefined);
    return asked;
  };
}

function tell(onStep: RunOptions["onStep"], outcome: Outcome): void {
  try {
    onStep?.(outcome);
  } catch (error) {
    console.error(`onStep failed for ${outcome.task}`, error);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  return aborted;
}

function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
