/** A plan as a graph: which step needs which, and what it takes from it. */

import { isObject } from "../errors.js";
import type { ExecutionPlan, JsonObject } from "../types.js";

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
  /** What makes it impossible to carry it out. */
  readonly problems: readonly string[];
}

const CONSTANTS = "task0";
const REFERENCE = /^\$(task(?:0|[1-9][0-9]{0,5}))\.([^]+)$/;

/** The reference that a value is, if it is one: whole and alone. */
export function readReference(value: unknown): Reference | undefined {
  const [, task, field] = typeof value === "string" ? (REFERENCE.exec(value) ?? []) : [];
  return task !== undefined && field !== undefined ? { task, field } : undefined;
}

export function readGraph(plan: ExecutionPlan): Graph {
  const problems: string[] = [];
  const tasks = plan.tasks.filter((task) => task.id !== CONSTANTS);
  const given: unknown = plan.tasks.find((task) => task.id === CONSTANTS)?.input;
  const constants = isObject(given) ? given : {};
  const known = new Set(tasks.map((task) => task.id));
  if (known.size + plan.tasks.filter((task) => task.id === CONSTANTS).length < plan.tasks.length) {
    problems.push("Two tasks have the same id.");
  }
  const nodes = tasks.map((task): Node => {
    if (!task.service) problems.push(`${task.id} names no service.`);
    const needs = new Set<string>();
    const need = (other: string): void => {
      if (known.has(other)) needs.add(other);
      else if (other !== CONSTANTS) problems.push(`${task.id} needs ${other}, which the plan does not have.`);
    };
    const inputs = Object.entries(task.input ?? {}).map(([name, value]): [string, Source] => {
      const from = readReference(value);
      if (!from) return [name, { value }];
      need(from.task);
      if (from.task === CONSTANTS && !Object.hasOwn(constants, from.field)) {
        problems.push(`${task.id} takes ${from.field} from task0, which does not have it.`);
      }
      return [name, { from }];
    });
    for (const other of task.after ?? []) need(other);
    return { task: task.id, service: task.service ?? "", inputs: new Map(inputs), needs: [...needs] };
  });
  if (problems.length === 0 && hasCycle(nodes)) problems.push("Its tasks wait for each other in a circle.");
  return { nodes, constants, problems };
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
