/** A plan as a graph: which step needs which, and what it takes from it. */

import { PlanInvalid, isObject } from "../errors.js";
import type { ExecutionPlan, JsonObject, Task } from "../types.js";

export interface Reference {
  readonly task: string;
  readonly field: string;
}

/** Where an input comes from: a reference to what another task gives, or a value as it stands. */
export type Source = { readonly from: Reference } | { readonly value: unknown };

export interface Node {
  readonly task: string;
  readonly service: string;
  readonly inputs: ReadonlyMap<string, Source>;
  /** The tasks with a service that come before it, because it takes something from them or is to come `after` them. */
  readonly needs: readonly string[];
}

export interface Graph {
  /** In the plan's order. */
  readonly nodes: readonly Node[];
  readonly constants: JsonObject;
}

const CONSTANTS = "task0";
const REFERENCE = /^\$(task(?:0|[1-9][0-9]{0,5}))\.([^]+)$/;

/** The reference that a value is, if it is one: whole and alone. */
export function readReference(value: unknown): Reference | undefined {
  const [, task, field] = typeof value === "string" ? (REFERENCE.exec(value) ?? []) : [];
  return task !== undefined && field !== undefined ? { task, field } : undefined;
}

/** Throws {@link PlanInvalid}. */
export function readGraph(plan: ExecutionPlan): Graph {
  const given: unknown = plan.tasks.find((task) => task.id === CONSTANTS)?.input;
  const constants = isObject(given) ? given : {};
  const ids = new Set(plan.tasks.map((task) => task.id));
  if (ids.size < plan.tasks.length) throw new PlanInvalid("Two tasks of the plan have the same id.");
  const nodes = plan.tasks.filter((task) => task.id !== CONSTANTS).map((task) => readNode(task, ids, constants));
  if (hasCycle(nodes)) throw new PlanInvalid("Tasks of the plan wait for one another.");
  return { nodes, constants };
}

function readNode(task: Task, ids: ReadonlySet<string>, constants: JsonObject): Node {
  if (!task.service) throw new PlanInvalid(`${task.id} names no service.`);
  const inputs = Object.entries(task.input ?? {}).map(([name, value]): [string, Source] => {
    const from = readReference(value);
    if (from?.task === CONSTANTS && !Object.hasOwn(constants, from.field)) {
      throw new PlanInvalid(`${task.id}'s ${name} is to be task0's ${from.field}, which task0 does not hold.`);
    }
    return [name, from ? { from } : { value }];
  });
  const referred = inputs.flatMap(([, source]) => ("from" in source ? [source.from.task] : []));
  const needs = [...new Set([...referred, ...(task.after ?? [])])].filter((other) => other !== CONSTANTS);
  const unknown = needs.filter((other) => !ids.has(other));
  if (unknown.length > 0)
    throw new PlanInvalid(`${task.id} waits for ${unknown.join(", ")}, which the plan does not have.`);
  return { task: task.id, service: task.service, inputs: new Map(inputs), needs };
}

/** By task, the tasks that need it. */
export function dependentsOf(nodes: readonly Node[]): ReadonlyMap<string, readonly Node[]> {
  const dependents = new Map<string, Node[]>(nodes.map((node) => [node.task, []]));
  for (const node of nodes) for (const other of node.needs) dependents.get(other)?.push(node);
  return dependents;
}

function hasCycle(nodes: readonly Node[]): boolean {
  const dependents = dependentsOf(nodes);
  const left = new Map(nodes.map((node) => [node.task, node.needs.length]));
  const free = nodes.filter((node) => node.needs.length === 0).map((node) => node.task);
  let seen = 0;
  for (let task = free.pop(); task !== undefined; task = free.pop()) {
    seen += 1;
    for (const { task: next } of dependents.get(task) ?? []) {
      const still = (left.get(next) ?? 0) - 1;
      left.set(next, still);
      if (still === 0) free.push(next);
    }
  }
  return seen < nodes.length;
}

/** The inputs as the plan has them, references included. */
export function inputAsWritten(node: Node): JsonObject {
  const members = [...node.inputs].map(([name, source]): [string, unknown] => [
    name,
    "from" in source ? `$${source.from.task}.${source.from.field}` : source.value,
  ]);
  return Object.fromEntries(members);
}
