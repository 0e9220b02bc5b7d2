/** What may run next: it is told what became of the steps, and says which others follow from that. */

import { type Node, dependentsOf, inputAsWritten } from "./graph.js";
import { type Outcome, Run } from "./outcomes.js";

export const STOPPED = "The run was stopped.";

/** A step is ready when all that it needs is done; it is skipped when something that it needs will not be. */
export class Progress {
  readonly #nodes: readonly Node[];
  readonly #tell: (outcome: Outcome) => void;
  readonly #dependents: ReadonlyMap<string, readonly Node[]>;
  readonly #waitingFor: Map<string, number>;
  readonly #ready: Node[];
  readonly #outcomes = new Map<string, Outcome>();
  readonly #begun = new Set<string>();
  #next = 0;

  constructor(nodes: readonly Node[], tell: (outcome: Outcome) => void) {
    this.#nodes = nodes;
    this.#tell = tell;
    this.#dependents = dependentsOf(nodes);
    this.#waitingFor = new Map(nodes.map((node) => [node.task, node.needs.length]));
    this.#ready = nodes.filter((node) => node.needs.length === 0);
  }

  /** A step that may begin now; it counts as begun. */
  next(): Node | undefined {
    const node = this.#ready[this.#next];
    if (node) {
      this.#next += 1;
      this.#begun.add(node.task);
    }
    return node;
  }

  /** Notes what became of a step, and of those that it keeps from running. */
  end(node: Node, outcome: Outcome): void {
    this.#note(outcome);
    if (outcome.status === "done" || outcome.status === "would_run") {
      for (const dependent of this.#dependents.get(node.task) ?? []) {
        const left = (this.#waitingFor.get(dependent.task) ?? 0) - 1;
        this.#waitingFor.set(dependent.task, left);
        if (left === 0 && !this.#outcomes.has(dependent.task)) this.#ready.push(dependent);
      }
      return;
    }
    const reached = [node];
    for (let lost = reached.pop(); lost; lost = reached.pop()) {
      for (const dependent of this.#dependents.get(lost.task) ?? []) {
        if (this.#outcomes.has(dependent.task)) continue;
        const missing = dependent.needs.filter((need) => this.#isLost(need));
        const why = `It needs ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not done.`;
        this.#note({ ...skipped(dependent, why), becauseOf: missing });
        reached.push(dependent);
      }
    }
  }

  /** None of the steps that have not begun will. */
  skipTheRest(): void {
    this.#ready.length = this.#next;
    for (const node of this.#nodes) {
      if (!this.#begun.has(node.task) && !this.#outcomes.has(node.task)) this.#note(skipped(node, STOPPED));
    }
  }

  tell(outcome: Outcome): void {
    this.#tell(outcome);
  }

  result(): Run {
    return new Run(this.#nodes.flatMap((node) => this.#outcomes.get(node.task) ?? []));
  }

  #note(outcome: Outcome): void {
    this.#outcomes.set(outcome.task, outcome);
    this.#tell(outcome);
  }

  #isLost(task: string): boolean {
    const status = this.#outcomes.get(task)?.status;
    return status !== undefined && status !== "done" && status !== "would_run";
  }
}

function skipped(node: Node, why: string): Outcome {
  const { task, service } = node;
  const input = inputAsWritten(node);
  return { task, service, status: "skipped", input, output: null, why, becauseOf: [], calls: 0, seconds: 0 };
}
