/**
 * A small shop, end to end: registers its services, asks for plans, and carries them out here.
 *
 *     ORRA_URL=http://localhost:8005 node examples/shop.mjs
 *
 * Without `ORRA_API_KEY` it makes a project of its own. The shop's work is done by the functions below, on a few rows
 * in memory; with `--dry-run` none of them is called.
 */

// @ts-check

import { HandlerFailed, Orra, run } from "orra-client";

/** @import { Handlers, JsonObject, NamedService, Outcome } from "orra-client" */

/** @param {string} description */
const text = (description) => ({ type: "string", description });
/** @param {JsonObject} properties */
const object = (properties, required = Object.keys(properties)) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const ORDER_ID = text("The order's number.");
const CUSTOMER_ID = text("The customer's number.");
const PAYMENT_ID = text("The payment that settled the order.");
const EMAIL = text("The customer's e-mail address.");
const AMOUNT = { type: "number", description: "In the shop's currency, the euro.", exclusiveMinimum: 0 };

/** @type {NamedService[]} */
const SERVICES = [
  {
    name: "find_order",
    description: "Finds an order by its number: who placed it and how it was paid.",
    input_schema: object({ order_id: ORDER_ID }),
    output_schema: object({ order_id: ORDER_ID, customer_id: CUSTOMER_ID, payment_id: PAYMENT_ID }),
    annotations: { readOnlyHint: true },
  },
  {
    name: "find_customer",
    description: "Finds a customer by number: name and e-mail address.",
    input_schema: object({ customer_id: CUSTOMER_ID }),
    output_schema: object({ customer_id: CUSTOMER_ID, customer_name: text("The customer's name."), email: EMAIL }),
    annotations: { readOnlyHint: true },
  },
  {
    name: "issue_refund",
    description: "Refunds a payment to the customer, in full unless an amount is given.",
    input_schema: object({ payment_id: PAYMENT_ID, amount: AMOUNT }, ["payment_id"]),
    output_schema: object({ refund_id: text("The refund's number."), refunded_amount: AMOUNT }),
    annotations: { destructiveHint: true, idempotentHint: false },
    examples: ["Refund payment {payment_id}", "Please refund the order that the customer returned"],
  },
  {
    name: "notify_customer",
    description: "Tells a customer something: sends a message to the customer's e-mail address.",
    input_schema: object({ email: EMAIL, message: text("What to tell.") }),
    output_schema: object({ notification_id: text("The notification's number.") }),
    annotations: { destructiveHint: false },
    examples: ["Let the customer know", "Inform the customer of what happened with the order"],
  },
];

const orders = new Map([["ORD-1042", { customer_id: "CUST-17", payment_id: "PAY-88120" }]]);
const customers = new Map([["CUST-17", { customer_name: "Ana", email: "ana@shop.test" }]]);
const payments = new Map([["PAY-88120", { amount: 25.5, refunded: false }]]);
/** @type {{ email: string, message: string }[]} */
const outbox = [];

/**
 * @template Row
 * @param {Map<string, Row>} rows
 * @param {string} id
 */
function found(rows, id) {
  const row = rows.get(id);
  if (!row) throw new HandlerFailed(`The shop knows no ${id}.`);
  return row;
}

/** @type {Handlers} */
const HANDLERS = {
  /** @param {{ order_id: string }} input */
  find_order: ({ order_id }) => ({ order_id, ...found(orders, order_id) }),
  /** @param {{ customer_id: string }} input */
  find_customer: ({ customer_id }) => ({ customer_id, ...found(customers, customer_id) }),
  /** @param {{ payment_id: string, amount?: number }} input */
  issue_refund({ payment_id, amount }) {
    const payment = found(payments, payment_id);
    if (payment.refunded) throw new HandlerFailed(`${payment_id} was refunded before.`);
    payment.refunded = true;
    return { refund_id: "REF-1", refunded_amount: amount ?? payment.amount };
  },
  /** @param {{ email: string, message: string }} notice */
  notify_customer(notice) {
    outbox.push(notice);
    return { notification_id: `NOTE-${outbox.length}` };
  },
};

/** @type {[action: string, params: JsonObject][]} */
const REQUESTS = [
  ["Refund order ORD-1042 and tell the customer", { order_id: "ORD-1042", message: "The money is on its way" }],
  ["Refund order ORD-1042 and tell the customer", { order_id: "ORD-1042", message: "And once more" }],
];

/** @param {Outcome} outcome */
function show(outcome) {
  if (outcome.status === "running") return;
  const told = outcome.output ? JSON.stringify(outcome.output) : outcome.why || JSON.stringify(outcome.input);
  console.log(`  ${outcome.task} ${outcome.service.padEnd(16)}${outcome.status.padEnd(10)}${told}`);
}

let orra = new Orra();
if (!process.env["ORRA_API_KEY"]) {
  const project = await orra.createProject("the shop in TypeScript");
  orra = new Orra({ apiKey: project.api_key });
}
await orra.putServices(SERVICES);

for (const [action, params] of REQUESTS) {
  const plan = await orra.plan(action, params);
  console.log(`\n${action}: ${plan.status} (${plan.source ?? "no source"})`);
  if (plan.error) console.log(`  ${plan.error.message}`);
  if (!plan.plan) continue;
  const carriedOut = await run(plan, HANDLERS, {
    services: orra.listServices(),
    dryRun: process.argv.includes("--dry-run"),
    beforeDestructive: (step) => Number(step.input["amount"] ?? 0) <= 100 || "More than 100 € takes a manager.",
    onStep: show,
  });
  console.log(carriedOut.isDone ? "  All is done." : "  Not all is done.");
}

console.log(`\nIn the outbox: ${JSON.stringify(outbox)}`);
