/** The engine's data under short names. They are generated from its OpenAPI document, see `schema.ts`. */

import type { components, operations } from "./schema.js";

type Schemas = components["schemas"];

/** A JSON object. */
export type JsonObject = { [name: string]: unknown };

/** One request and its outcome. `plan` is there when it is `ready`, `error` when it is `not_actionable` or `failed`. */
export type Plan = Schemas["Plan"];
export type PlanStatus = Schemas["PlanStatus"];
/** Tasks, and which of them may run side by side. */
export type ExecutionPlan = Schemas["ExecutionPlan"];
/** `task0` has no service and holds constants; inputs of the others are references, `$taskN.field`. */
export type Task = Schemas["Task"];
export type PlanError = Schemas["PlanError"];
export type PlanProblem = Schemas["PlanProblem"];
export type CacheDecision = Schemas["CacheDecision"];
export type CacheMode = Schemas["CacheMode"];
/** Values by field, or a list of `{field, value}`. */
export type Params = NonNullable<Schemas["PlanRequest"]["params"]>;
export type Verdict = Schemas["Verdict"];

export type Project = Schemas["Project"];
export type NewProject = Schemas["NewProject"];
export type ProjectSettings = Schemas["PatchedProjectRequest"];
export type ApiKey = Schemas["ApiKey"];
export type NewApiKey = Schemas["NewApiKey"];
/** What a key is for, and until when. */
export type ApiKeyFacts = Omit<Schemas["ApiKeyRequest"], "name">;
export type Rotation = Schemas["RotationRequest"];
export type Usage = Schemas["UsageTotals"];

export type Service = Schemas["Service"];
/** With schemas as programs hold them, whose `type` is any text to TypeScript unless it is written in place. */
type WithSchemas<S extends { input_schema: unknown; output_schema: unknown }> = Omit<
  S,
  "input_schema" | "output_schema"
> & { input_schema: JsonObject; output_schema: JsonObject };
/** What a service says of itself when it is registered. */
export type ServiceFacts = WithSchemas<Schemas["ServiceRequest"]>;
export type NamedService = WithSchemas<Schemas["NamedServiceRequest"]>;
export type ServiceChange = Schemas["ServiceDryRun"];
export type ServicesOutcome = Schemas["ServicesOutcome"];
export type Annotations = Service["annotations"];

export type Grounding = Schemas["Grounding"];
export type GroundingFacts = Schemas["GroundingRequest"];
export type GroundingSummary = Schemas["GroundingSummary"];

export type Entry = Schemas["Entry"];
export type Explanation = Schemas["Explanation"];
export type CacheStats = Schemas["CacheStats"];
export type Evicted = Schemas["Evicted"];

/** What the engine answers when it refuses a request (RFC 9457). */
export type ProblemBody = Schemas["Problem"];
export type Fault = Schemas["Fault"];

/** What a list can be narrowed down by. */
export type Filters<Operation extends keyof operations> = Omit<
  NonNullable<operations[Operation]["parameters"]["query"]>,
  "cursor" | "limit"
>;
