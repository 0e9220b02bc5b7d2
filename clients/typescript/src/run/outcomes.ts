/** What becomes of each step when a plan is carried out. */

import type { JsonObject } from "../types.js";

/**
 * - `done`: its handler gave an output that fits.
 * - `failed`: it could not be done; `error` says why.
 * - `refused`: the hook before destructive steps did not say yes.
 * - `skipped`: a step that it depends on (`because`) was not done, or the run was stopped before it began.
 * - `planned`: it would be called; the run is a dry one.
 */
export type Status = "done" | "failed" | "refused" | "skipped" | "planned";

/** A step that is about to begin. What a service does not say of itself counts as the worst. */
export interface Step {
  readonly task: string;
  readonly service: string;
  readonly input: JsonObject;
  readonly readOnly: boolean;
  readonly destructive: boolean;
  /** Whether it may be called again when a call failed: it changes nothing, or nothing more. */
  readonly repeatable: boolean;
}

/**
 * `code` is stable: `missing_value`, `invalid_input`, `handler_failed`, `timed_out`, `stopped`, `invalid_output`,
 * `not_confirmed`, `not_reached`. Of a step that timed out or was stopped nobody knows what it did.
 */
export interface StepError {
  readonly code: string;
  readonly message: string;
  /** What the handler or the hook threw. */
  readonly cause?: unknown;
}

export interface Outcome {
  readonly task: string;
  readonly service: string;
  readonly status: Status;
  /** What it was called with; `null` where that was never known. In a dry run what is not known yet stays `$taskN.field`. */
  readonly input: JsonObject | null;
  readonly output: JsonObject | null;
  readonly error: StepError | null;
  /** Of a skipped step: the tasks that it depends on and that were not done. */
  readonly because: readonly string[];
  /** How often its handler was called. */
  readonly attempts: number;
  readonly seconds: number;
}

export interface RunResult {
  /** Whether every step was done (or, in a dry run, would be called). */
  readonly ok: boolean;
  /** Whether the signal ended it. */
  readonly stopped: boolean;
  /** Of every step, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  /** What each task that was done gave; of `task0` its constants. */
  readonly outputs: ReadonlyMap<string, JsonObject>;
}
