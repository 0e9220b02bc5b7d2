/** Carries a plan out where the client runs. */

import { CannotRun, PlanFailed, isObject } from "../errors.js";
import { type Retries, USUAL_RETRIES } from "../exchange.js";
import type { Annotations, ExecutionPlan, JsonObject, Plan } from "../types.js";
import { type Graph, type Node, dependentsOf, readGraph } from "./graph.js";
import { type Handler, isHandler } from "./handlers.js";
import type { Outcome, RunResult, Step } from "./outcomes.js";
import { type Checker, checkValue } from "./schemas.js";
import { type Around, takeStep } from "./steps.js";

/** What is to be known of a service: its schemas, and what it says of its effects. */
export interface Known {
  readonly name: string;
  readonly input_schema: JsonObject;
  readonly output_schema: JsonObject;
  readonly annotations?: Annotations;
}

export interface RunOptions {
  /**
   * The plan's services, as `orra.listServices()` gives them. With them inputs and outputs are checked, and steps that
   * may be repeated are. Without them every step counts as one that may destroy something.
   */
  readonly services?: Iterable<Known> | AsyncIterable<Known> | undefined;
  /** Call nothing: tell what would be called, with what. */
  readonly dryRun?: boolean | undefined;
  /** Asked before each step that may destroy something. It is refused unless the answer is `true`. */
  readonly beforeDestructive?: ((step: Step) => boolean | Promise<boolean>) | undefined;
  /** Told of every step's outcome, when there is one. If it throws, nothing more is begun, and `run` throws that. */
  readonly onStep?: ((outcome: Outcome) => void | Promise<void>) | undefined;
  /** How many steps run side by side at most; 8, if not given. */
  readonly maxParallel?: number | undefined;
  /** Ends it: nothing more is begun, and what runs is told so. */
  readonly signal?: AbortSignal | undefined;
  /** For how many seconds a handler may run, each time it is called. */
  readonly stepSeconds?: number | undefined;
  /** How steps that may be repeated are. */
  readonly retries?: Partial<Retries> | undefined;
  /** What inputs and outputs are checked by; `checkValue`, if not given. */
  readonly check?: Checker | undefined;
}

const USUAL_PARALLEL = 8;

/**
 * Carries out a plan with a function, or an HTTP address, for each of its services. A step begins as soon as all that
 * it depends on is done; nothing runs after a failure that it depends on, and what does not depend on it goes on.
 * Resolves with the outcome of every step, also when some failed or the signal stopped it. Throws `PlanFailed` for a
 * plan that is not ready, and `CannotRun` where it is clear beforehand that it cannot be carried out.
 */
export async function run(
  plan: Plan | ExecutionPlan,
  handlers: { readonly [service: string]: Handler },
  options: RunOptions = {},
): Promise<RunResult> {
  const graph = readGraph(executionPlanOf(plan));
  const services = options.services && (await byName(options.services));
  const problems = [...graph.problems, ...missing(graph, handlers, services, options)];
  if (problems.length > 0) throw new CannotRun(problems);
  const around: Around = {
    handlers,
    services,
    check: options.check ?? checkValue,
    dryRun: options.dryRun ?? false,
    beforeDestructive: options.beforeDestructive,
    signal: options.signal,
    stepSeconds: options.stepSeconds,
    retries: { ...USUAL_RETRIES, ...options.retries },
    runKey: "id" in plan ? plan.id : newRunKey(),
  };
  return new Run(graph, around, options).finished();
}

class Run {
  readonly #outcomes = new Map<string, Outcome>();
  readonly #outputs: Map<string, JsonObject>;
  readonly #dependents: ReadonlyMap<string, readonly Node[]>;
  readonly #left: Map<string, number>;
  readonly #ready: Node[];
  readonly #most: number;
  #active = 0;
  #next = 0;
  #hookFailed: { readonly error: unknown } | undefined;

  constructor(
    readonly graph: Graph,
    readonly around: Around,
    readonly options: RunOptions,
  ) {
    this.#outputs = new Map([["task0", graph.constants]]);
    this.#dependents = dependentsOf(graph.nodes);
    this.#left = new Map(graph.nodes.map((node) => [node.task, node.needs.length]));
    this.#ready = graph.nodes.filter((node) => node.needs.length === 0);
    this.#most = Math.max(1, Math.floor(options.maxParallel ?? USUAL_PARALLEL) || 1);
  }

  async finished(): Promise<RunResult> {
    await new Promise<void>((resolve) => this.#begin(resolve));
    for (const node of this.graph.nodes) {
      if (!this.#outcomes.has(node.task)) await this.#tell(node, skipped(node, []));
    }
    if (this.#hookFailed) throw this.#hookFailed.error;
    const outcomes = this.graph.nodes.flatMap((node) => this.#outcomes.get(node.task) ?? []);
    const ok = outcomes.every((outcome) => outcome.status === "done" || outcome.status === "planned");
    return { ok, stopped: this.around.signal?.aborted ?? false, outcomes, outputs: this.#outputs };
  }

  /** Begins what can begin; `resolve` is called when nothing runs and nothing more will. */
  #begin(resolve: () => void): void {
    while (!this.#isHalted && this.#active < this.#most && this.#next < this.#ready.length) {
      const node = this.#ready[this.#next];
      this.#next += 1;
      if (!node) continue;
      this.#active += 1;
      void takeStep(node, this.#outputs, this.around)
        .then((outcome) => this.#end(node, outcome))
        .finally(() => {
          this.#active -= 1;
          this.#begin(resolve);
        });
    }
    if (this.#active === 0 && (this.#isHalted || this.#next >= this.#ready.length)) resolve();
  }

  async #end(node: Node, outcome: Outcome): Promise<void> {
    if (outcome.output) this.#outputs.set(node.task, outcome.output);
    await this.#tell(node, outcome);
    const ended = [node];
    for (let each = ended.pop(); each; each = ended.pop()) {
      for (const dependent of this.#dependents.get(each.task) ?? []) {
        const left = (this.#left.get(dependent.task) ?? 0) - 1;
        this.#left.set(dependent.task, left);
        if (left > 0) continue;
        const because = dependent.needs.filter((need) => !this.#isDone(need));
        if (because.length === 0) {
          this.#ready.push(dependent);
        } else {
          await this.#tell(dependent, skipped(dependent, because));
          ended.push(dependent);
        }
      }
    }
  }

  async #tell(node: Node, outcome: Outcome): Promise<void> {
    this.#outcomes.set(node.task, outcome);
    if (this.#hookFailed) return;
    try {
      await this.options.onStep?.(outcome);
    } catch (error) {
      this.#hookFailed = { error };
    }
  }

  #isDone(task: string): boolean {
    const status = this.#outcomes.get(task)?.status;
    return status === "done" || status === "planned";
  }

  get #isHalted(): boolean {
    return this.#hookFailed !== undefined || (this.around.signal?.aborted ?? false);
  }
}

function skipped(node: Node, because: readonly string[]): Outcome {
  const message = because.length
    ? `It depends on ${because.join(" and ")}, which ${because.length === 1 ? "was" : "were"} not done.`
    : "The run was stopped before it began.";
  const error = { code: because.length ? "not_reached" : "stopped", message };
  const { task, service } = node;
  return { task, service, status: "skipped", input: null, output: null, error, because, attempts: 0, seconds: 0 };
}

function executionPlanOf(plan: Plan | ExecutionPlan): ExecutionPlan {
  if ("tasks" in plan) return plan;
  if (!plan.plan) throw new PlanFailed(plan);
  return plan.plan;
}

async function byName(services: Iterable<Known> | AsyncIterable<Known>): Promise<ReadonlyMap<string, Known>> {
  const found = new Map<string, Known>();
  for await (const service of services) found.set(service.name, service);
  return found;
}

function missing(
  graph: Graph,
  handlers: { readonly [service: string]: Handler },
  services: ReadonlyMap<string, Known> | undefined,
  options: RunOptions,
): string[] {
  const used = [...new Set(graph.nodes.map((node) => node.service).filter(Boolean))];
  const unhandled = used.filter((name) => !isObject(handlers) || !Object.hasOwn(handlers, name) || !isHandler(handlers[name]));
  const unknown = services ? used.filter((name) => !services.has(name)) : [];
  return [
    ...(options.dryRun ? [] : unhandled.map((name) => `There is no handler for ${name}: give a function or an address.`)),
    ...unknown.map((name) => `${name} is not among the services.`),
  ];
}

function newRunKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
