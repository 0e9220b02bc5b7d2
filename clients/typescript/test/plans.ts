/** Plans of a shop, and who carries them out. */

import type { ExecutionPlan, Facts, Handlers } from "../src/index.js";

export const AT_ONCE = { firstSeconds: 0, mostSeconds: 0 };

export const REFUND: ExecutionPlan = {
  tasks: [
    { id: "task0", input: { order_id: "ORD-17", message: "We refunded you." } },
    { id: "task1", service: "find_order", input: { order_id: "$task0.order_id" } },
    { id: "task2", service: "issue_refund", input: { payment_id: "$task1.payment_id", amount: "$task1.amount" } },
    {
      id: "task3",
      service: "notify_customer",
      input: { email: "$task1.email", message: "$task0.message" },
      after: ["task2"],
    },
  ],
  parallel_groups: [["task1"], ["task2"], ["task3"]],
};

const text = { type: "string" };
export const FACTS: { readonly [name: string]: Facts } = {
  find_order: {
    input_schema: {
      type: "object",
      properties: { order_id: text },
      required: ["order_id"],
      additionalProperties: false,
    },
    output_schema: {
      type: "object",
      properties: { amount: { type: "number" } },
      required: ["payment_id", "email"],
    },
    annotations: { readOnlyHint: true },
  },
  issue_refund: { annotations: { destructiveHint: true } },
  notify_customer: { annotations: { destructiveHint: false } },
};

export const ORDER = { payment_id: "PAY-1", amount: 12.5, email: "a@b.test" };

export function shop(calls: unknown[][], more: Handlers = {}): Handlers {
  const noted =
    (name: string, output: object) =>
    (input: object): object => {
      calls.push([name, input]);
      return output;
    };
  return {
    find_order: noted("find_order", ORDER),
    issue_refund: noted("issue_refund", { refund_id: "R-1" }),
    notify_customer: noted("notify_customer", {}),
    ...more,
  };
}

/** A plan of independent steps, one for each of the services. */
export function sideBySide(...services: string[]): ExecutionPlan {
  const steps = services.map((service, index) => ({ id: `task${index + 1}`, service, input: {} }));
  return { tasks: [{ id: "task0", input: {} }, ...steps], parallel_groups: [] };
}
