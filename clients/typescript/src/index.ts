export { Orra, type AskOptions, type CreatePlanOptions, type ListOptions } from "./orra.js";
export { USUAL_URL, type OrraOptions } from "./connection.js";
export { USUAL_RETRIES, type CallOptions, type Retries } from "./exchange.js";
export type { EventName, PlanEvent } from "./events.js";
export {
  BadRequest,
  CannotRun,
  Conflict,
  EngineFailed,
  NoAnswer,
  NotAuthorized,
  NotConfigured,
  NotFound,
  OrraError,
  PlanFailed,
  PlanUnfinished,
  Problem,
  TooManyRequests,
  UnexpectedAnswer,
} from "./errors.js";
export { run, type Known, type RunOptions } from "./run/run.js";
export { checkValue, type Checker } from "./run/schemas.js";
export type { Handler, HttpHandler, StepContext } from "./run/handlers.js";
export type { Outcome, RunResult, Status, Step, StepError } from "./run/outcomes.js";
export type * from "./types.js";
export type { components, operations, paths } from "./schema.js";
