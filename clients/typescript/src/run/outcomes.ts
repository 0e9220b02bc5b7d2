/** What became of each step of a run. */

import { OrraError } from "../errors.js";
import type { JsonObject } from "../types.js";

/**
 * - `running`: it has begun; only the callback hears of this.
 * - `done`: its handler gave an output that fits.
 * - `failed`: it could not be done; `why` says why.
 * - `refused`: the hook before destructive steps refused it.
 * - `skipped`: a step that it needs (`becauseOf`) is not done, or the run was stopped before it began.
 * - `interrupted`: it had begun when the run was stopped, and nobody knows how far it came.
 * - `would_run`: the run is a dry one.
 */
export type Status = "running" | "done" | "failed" | "refused" | "skipped" | "interrupted" | "would_run";

/** A step that may begin. What a service does not say of its effects counts as the worse case. */
export interface Step {
  readonly task: string;
  readonly service: string;
  readonly input: JsonObject;
  readonly readOnly: boolean;
  readonly destructive: boolean;
  /** Whether it may be called again after a call that failed: it changes nothing, or nothing more. */
  readonly idempotent: boolean;
  readonly revertible: boolean;
}

export interface Outcome {
  readonly task: string;
  readonly service: string;
  readonly status: Status;
  /** What the handler got; `$taskN.field` stands for what is not known yet. */
  readonly input: JsonObject;
  /** What the handler gave, also where it does not fit. */
  readonly output: JsonObject | null;
  /** What went wrong, in a sentence. */
  readonly why: string;
  /** The tasks that a step was skipped for. */
  readonly becauseOf: readonly string[];
  /** How often the handler was called. */
  readonly calls: number;
  readonly seconds: number;
  /** What the handler threw. */
  readonly error?: unknown;
}

/** The outcomes of all steps, in the order of the plan. */
export class Run {
  constructor(readonly steps: readonly Outcome[]) {}

  get isDone(): boolean {
    return this.steps.every((step) => step.status === "done");
  }

  /** What was given, by task. */
  get outputs(): ReadonlyMap<string, JsonObject> {
    return new Map(this.steps.flatMap((step) => (step.output ? [[step.task, step.output]] : [])));
  }

  of(service: string): Outcome[] {
    return this.steps.filter((step) => step.service === service);
  }

  /** Itself; throws {@link RunFailed} where a step is not done. */
  throwUnlessDone(): this {
    if (!this.isDone) throw new RunFailed(this);
    return this;
  }
}

/** A step of the plan is not done. */
export class RunFailed extends OrraError {
  readonly run: Run;

  constructor(run: Run) {
    const done = run.steps.filter((step) => step.status === "done").length;
    const fault = run.steps.find((step) => step.status !== "done" && step.status !== "skipped");
    const first = fault ? ` ${fault.task} (${fault.service}) ${fault.status}: ${fault.why}` : "";
    super(`${done} of ${run.steps.length} steps are done.${first}`);
    this.run = run;
  }
}

/** The signal stopped a run; `run` tells how far it came, `cause` is the signal's reason. */
export class RunInterrupted extends OrraError {
  readonly run: Run;

  constructor(run: Run, reason: unknown) {
    const done = run.steps.filter((step) => step.status === "done").length;
    super(`The run was stopped: ${done} of ${run.steps.length} steps are done.`);
    this.run = run;
    this.cause = reason;
  }
}
