export { Orra, type AskOptions, type CreatePlanOptions, type ListOptions } from "./orra.js";
export { USUAL_URL, type OrraOptions } from "./connection.js";
export { USUAL_RETRIES, type CallOptions, type Retries } from "./exchange.js";
export type { EventName, PlanEvent } from "./events.js";
export {
  BadRequest,
  Conflict,
  EngineFailed,
  HandlerFailed,
  NoAnswer,
  NotAuthorized,
  NotConfigured,
  NotFound,
  OrraError,
  PlanFailed,
  PlanInvalid,
  PlanUnfinished,
  Problem,
  TooManyRequests,
  UnexpectedAnswer,
} from "./errors.js";
export { run, type RunOptions } from "./run/run.js";
export type { Facts, Services } from "./run/facts.js";
export { checkValue, type Checker } from "./run/schemas.js";
export type { Handler, Handlers, HttpHandler, StepContext } from "./run/handlers.js";
export { Run, RunFailed, RunInterrupted, type Outcome, type Status, type Step } from "./run/outcomes.js";
export type * from "./types.js";
export type { components, operations, paths } from "./schema.js";
