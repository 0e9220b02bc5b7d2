/** The engine's client. */

import { type OrraOptions, connect } from "./connection.js";
import { PlanUnfinished } from "./errors.js";
import { type PlanEvent, listen } from "./events.js";
import { type Call, type CallOptions, type Connection, exchange } from "./exchange.js";
import { rowsOf } from "./pages.js";
import { sleep } from "./time.js";
import type * as T from "./types.js";

const MOST_WAIT_SECONDS = 60;
const USUAL_PLAN_SECONDS = 120;
const FIRST_LOOK_SECONDS = 0.2;
const MOST_BETWEEN_LOOKS = 2;

export interface AskOptions extends CallOptions {
  /** `use` (if not given), `bypass`, `refresh` or `only`. */
  readonly cache?: T.CacheMode | undefined;
  /** Sent again, the same key gives the same plan. If not given, each call has one of its own. */
  readonly idempotencyKey?: string | undefined;
}

export interface CreatePlanOptions extends AskOptions {
  /** How long the engine waits for the outcome before it answers, 0 to 60. */
  readonly waitSeconds?: number | undefined;
}

/** How many rows a page of a list has, 1 to 200. */
export interface ListOptions {
  readonly pageSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Rows<Row> = AsyncGenerator<Row, void, undefined>;

/** Its methods are the API's operations. Each takes a signal, is sent again where that is safe, and throws an `OrraError`. */
export class Orra {
  readonly #connection: Connection;

  constructor(options: OrraOptions = {}) {
    this.#connection = connect(options);
  }

  get baseUrl(): string {
    return this.#connection.baseUrl;
  }

  /** The finished plan for an action: ready, not actionable or failed. Throws `PlanUnfinished` after `timeoutSeconds`. */
  async plan(action: string, params?: T.Params, options: AskOptions = {}): Promise<T.Plan> {
    const seconds = options.timeoutSeconds ?? USUAL_PLAN_SECONDS;
    const began = Date.now();
    const waitSeconds = Math.min(Math.max(seconds, 0), MOST_WAIT_SECONDS);
    const asked = await this.createPlan(action, params, { ...options, waitSeconds, timeoutSeconds: undefined });
    return this.#finished(asked, began, seconds, options.signal);
  }

  /** The plan once it is finished. Throws `PlanUnfinished` after `timeoutSeconds`. */
  async waitForPlan(planId: string, options: CallOptions = {}): Promise<T.Plan> {
    const seconds = options.timeoutSeconds ?? USUAL_PLAN_SECONDS;
    const began = Date.now();
    return this.#finished(await this.getPlan(planId, { signal: options.signal }), began, seconds, options.signal);
  }

  /** Asks for a plan. It may not be finished yet: `plan` waits for it, and so does `waitForPlan`. */
  createPlan(action: string, params?: T.Params, options: CreatePlanOptions = {}): Promise<T.Plan> {
    const { cache = "use", waitSeconds = 0, idempotencyKey = newKey() } = options;
    const headers = { "Idempotency-Key": checkedIdempotencyKey(idempotencyKey) };
    const body = { action, cache, wait_seconds: waitSeconds, ...(params === undefined ? {} : { params }) };
    return this.#do(post(["plans"], body, { headers, seconds: waitSeconds }), options);
  }

  getPlan(planId: string, options?: CallOptions): Promise<T.Plan> {
    return this.#do(get(["plans", planId]), options);
  }

  /** The project's plans, newest first, without their attempts. */
  listPlans(filters: T.Filters<"list_plans"> = {}, options?: ListOptions): Rows<T.Plan> {
    return this.#rows(["plans"], filters, options);
  }

  /** Says that a plan is wrong, or right after all. The last verdict counts, so it may be said again. */
  reportPlan(
    planId: string,
    verdict: T.Verdict = "wrong_plan",
    options: CallOptions & { readonly note?: string | undefined } = {},
  ): Promise<T.Plan> {
    return this.#do(post(["plans", planId, "report"], { verdict, note: options.note ?? "" }), options);
  }

  /** What happens to a plan, from the beginning or after an event, until it is finished. A broken stream is gone on with. */
  listenToPlan(
    planId: string,
    options: { readonly lastEventId?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<PlanEvent, void, undefined> {
    return listen(this.#connection, pathOf(["plans", planId, "events"]), options);
  }

  /** Makes a project; its `api_key` is told this once. Needs no key where registration is open, else the operator's token. */
  createProject(name: string, settings: T.ProjectSettings = {}, options?: CallOptions): Promise<T.NewProject> {
    return this.#do(post(["projects"], { ...settings, name }, { repeatable: false, authorized: false }), options);
  }

  getProject(options?: CallOptions): Promise<T.Project> {
    return this.#do(get(["project"]), options);
  }

  /** Changes the project's settings; those that are not named stay. */
  updateProject(settings: T.ProjectSettings, options?: CallOptions): Promise<T.Project> {
    return this.#do({ method: "PATCH", path: pathOf(["project"]), body: settings, repeatable: true }, options);
  }

  /** The project's keys, revoked ones too. */
  listApiKeys(options?: ListOptions): Rows<T.ApiKey> {
    return this.#rows(["api-keys"], {}, options);
  }

  /** Makes another key, for everything unless `scopes` are told; its `api_key` is told this once. */
  createApiKey(name = "", facts: T.ApiKeyFacts = {}, options?: CallOptions): Promise<T.NewApiKey> {
    return this.#do(post(["api-keys"], { ...facts, name }, { repeatable: false }), options);
  }

  /** Replaces a key by one with its name and scopes, told this once; the old one is good for a day, or as told. */
  rotateApiKey(keyId: string, facts: T.Rotation = {}, options?: CallOptions): Promise<T.NewApiKey> {
    return this.#do(post(["api-keys", keyId, "rotate"], { ...facts }, { repeatable: false }), options);
  }

  async revokeApiKey(keyId: string, options?: CallOptions): Promise<void> {
    await this.#do(remove(["api-keys", keyId]), options);
  }

  /** Tokens, money and calls, and what the cache saved; from a day on, or of the last 30 days. */
  getUsage(filters: T.Filters<"get_usage"> = {}, options?: CallOptions): Promise<T.Usage> {
    return this.#do(get(["usage"], filters), options);
  }

  /** The project's services, by name. */
  listServices(filters: T.Filters<"list_services"> = {}, options?: ListOptions): Rows<T.Service> {
    return this.#rows(["services"], filters, options);
  }

  getService(name: string, options?: CallOptions): Promise<T.Service> {
    return this.#do(get(["services", name]), options);
  }

  /** Registers or changes a service. The version rises only when something changed. */
  putService(name: string, service: T.ServiceFacts, options?: CallOptions): Promise<T.Service> {
    return this.#do(put(["services", name], service), options);
  }

  /**
   * Registers or changes up to 500 services. `atomic` (if not given): all, or none where one is refused (`BadRequest`);
   * `each`: the others are stored. `dryRun`: nothing is stored, and what would happen is told.
   */
  putServices(
    services: Iterable<T.NamedService>,
    options: CallOptions & {
      readonly mode?: "atomic" | "each" | undefined;
      readonly dryRun?: boolean | undefined;
    } = {},
  ): Promise<T.ServicesOutcome> {
    const body = { services: [...services], mode: options.mode ?? "atomic", dry_run: options.dryRun ?? false };
    return this.#do({ ...put(["services"], body), seconds: 60 }, options);
  }

  /** What registering or changing a service would do. Nothing is stored. */
  dryRunService(name: string, service: T.ServiceFacts, options?: CallOptions): Promise<T.ServiceChange> {
    return this.#do(post(["services", name, "dry-run"], service), options);
  }

  async deleteService(name: string, options?: CallOptions): Promise<void> {
    await this.#do(remove(["services", name]), options);
  }

  /** The project's groundings by name, of each the version that holds. */
  listGroundings(filters: T.Filters<"list_groundings"> = {}, options?: ListOptions): Rows<T.GroundingSummary> {
    return this.#rows(["groundings"], filters, options);
  }

  /** One grounding: the version that holds, or another one. */
  getGrounding(
    name: string,
    options: CallOptions & { readonly version?: string | undefined } = {},
  ): Promise<T.Grounding> {
    return this.#do(get(["groundings", name], { version: options.version }), options);
  }

  /** Applies a grounding: from now on this version holds. */
  putGrounding(name: string, grounding: T.GroundingFacts, options?: CallOptions): Promise<T.Grounding> {
    return this.#do(put(["groundings", name], grounding), options);
  }

  /** Removes a grounding with all its versions. */
  async deleteGrounding(name: string, options?: CallOptions): Promise<void> {
    await this.#do(remove(["groundings", name]), options);
  }

  /** A grounding's versions, newest first. */
  listGroundingVersions(name: string, options?: ListOptions): Rows<T.GroundingSummary> {
    return this.#rows(["groundings", name, "versions"], {}, options);
  }

  /** What the cache holds, newest first. */
  listCacheEntries(filters: T.Filters<"list_cache_entries"> = {}, options?: ListOptions): Rows<T.Entry> {
    return this.#rows(["cache", "entries"], filters, options);
  }

  getCacheEntry(entryId: string, options?: CallOptions): Promise<T.Entry> {
    return this.#do(get(["cache", "entries", entryId]), options);
  }

  async evictCacheEntry(entryId: string, options?: CallOptions): Promise<void> {
    await this.#do(remove(["cache", "entries", entryId]), options);
  }

  /** Evicts every entry that uses a service. */
  purgeCacheEntries(service: string, options?: CallOptions): Promise<T.Evicted> {
    return this.#do({ ...remove(["cache", "entries"]), query: { service } }, options);
  }

  /** A new plan from an entry, with these values or its own, validated against today's services. */
  replayCacheEntry(
    entryId: string,
    request: { readonly action?: string; readonly params?: T.Params } = {},
    options?: CallOptions,
  ): Promise<T.Plan> {
    return this.#do(post(["cache", "entries", entryId, "replay"], request, { repeatable: false }), options);
  }

  /** What the cache would do with a request, and why. Nothing is served, planned or changed. */
  explainCache(action: string, params?: T.Params, options?: CallOptions): Promise<T.Explanation> {
    return this.#do(post(["cache", "explain"], { action, ...(params === undefined ? {} : { params }) }), options);
  }

  /** What the cache did for the project: since it began, since a time, or in the last hours. */
  getCacheStats(filters: T.Filters<"get_cache_stats"> = {}, options?: CallOptions): Promise<T.CacheStats> {
    return this.#do(get(["cache", "stats"], filters), options);
  }

  async #finished(
    asked: T.Plan,
    began: number,
    seconds: number,
    signal: AbortSignal | undefined,
  ): Promise<T.Plan> {
    let plan = asked;
    for (
      let pause = FIRST_LOOK_SECONDS;
      plan.finished_at === null;
      pause = Math.min(2 * pause, MOST_BETWEEN_LOOKS)
    ) {
      const left = seconds - (Date.now() - began) / 1000;
      if (left <= 0) throw new PlanUnfinished(plan, seconds);
      await sleep(Math.min(pause, left), signal);
      plan = await this.getPlan(plan.id, { signal });
    }
    return plan;
  }

  async #do<Answer>(call: Call, options: CallOptions | undefined): Promise<Answer> {
    return (await exchange(this.#connection, call, options)) as Answer;
  }

  #rows<Row>(path: readonly string[], filters: object, options: ListOptions = {}): Rows<Row> {
    const { pageSize: limit, signal } = options;
    return rowsOf<Row>((cursor) => this.#do(get(path, { ...filters, limit, cursor }), { signal }));
  }
}

function get(path: readonly string[], query: object = {}): Call {
  return { method: "GET", path: pathOf(path), query, repeatable: true };
}

function put(path: readonly string[], body: object): Call {
  return { method: "PUT", path: pathOf(path), body, repeatable: true };
}

function post(path: readonly string[], body: object, more: Partial<Call> = {}): Call {
  return { method: "POST", path: pathOf(path), body, repeatable: true, ...more };
}

function remove(path: readonly string[]): Call {
  return { method: "DELETE", path: pathOf(path), repeatable: true };
}

/** `/v1` and the segments, each quoted: a name never leads elsewhere. Throws a `TypeError` for one that is none. */
function pathOf(segments: readonly string[]): string {
  for (const segment of segments) {
    if (typeof segment !== "string" || ["", ".", ".."].includes(segment)) {
      throw new TypeError(`${JSON.stringify(segment)} is no name and no id.`);
    }
  }
  return `/v1/${segments.map(encodeURIComponent).join("/")}`;
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function checkedIdempotencyKey(key: string): string {
  if (!/^[ -~]{1,255}$/.test(key))
    throw new TypeError("`idempotencyKey` must be 1 to 255 printable ASCII characters.");
  return key;
}
