"""A small shop, end to end: services are registered, a request becomes a plan, and the plan is carried out here.

    ORRA_URL=http://localhost:8005 python shop.py          makes a project of its own
    ORRA_API_KEY=sk-orra-v1-… python shop.py               uses the key's project

The shop's data are in this process. A refund is asked for before it is made; here the answer is yes.
"""

from __future__ import annotations

import os
from typing import Any

from orra_client import Orra, Outcome, Run, Status, Step, run

ORDERS = {"ORD-1042": {"customer_id": "CUST-17", "payment_id": "PAY-88120", "postal_code": "1100-148"}}
CUSTOMERS = {"CUST-17": {"customer_name": "Ana", "email": "ana@example.org", "language": "pt"}}
REFUNDED: list[str] = []
SENT: list[tuple[str, str]] = []


def find_order(given: dict[str, Any]) -> dict[str, Any]:
    return {"order_id": given["order_id"], **ORDERS[given["order_id"]]}


async def find_customer(given: dict[str, Any]) -> dict[str, Any]:
    return {"customer_id": given["customer_id"], **CUSTOMERS[given["customer_id"]]}


def issue_refund(given: dict[str, Any]) -> dict[str, Any]:
    REFUNDED.append(given["payment_id"])
    return {"refund_id": f"REF-{len(REFUNDED)}", "refunded_amount": given.get("amount", 49.9)}


def notify_customer(given: dict[str, Any]) -> dict[str, Any]:
    SENT.append((given["email"], given["message"]))
    return {"notification_id": f"MSG-{len(SENT)}"}


HANDLERS = {
    "find_order": find_order,
    "find_customer": find_customer,
    "issue_refund": issue_refund,
    "notify_customer": notify_customer,
}


def closed(*required: str, **kinds: str) -> dict[str, Any]:
    """The schema of an object with these members and no others; without names all are required."""
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in kinds.items()},
        "required": list(required or kinds),
        "additionalProperties": False,
    }


SERVICES: list[dict[str, Any]] = [
    {
        "name": "find_order",
        "description": "Finds an order by its number: who placed it, how it was paid and where it goes.",
        "input_schema": closed(order_id="string"),
        "output_schema": closed(
            order_id="string", customer_id="string", payment_id="string", postal_code="string"
        ),
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "find_customer",
        "description": "Finds a customer by number: name, e-mail address and language.",
        "input_schema": closed(customer_id="string"),
        "output_schema": closed(customer_id="string", customer_name="string", email="string", language="string"),
        "annotations": {"readOnlyHint": True},
    },
    {
        "name": "issue_refund",
        "description": "Refunds a payment to the customer, in full unless an amount is given.",
        "input_schema": closed("payment_id", payment_id="string", amount="number"),
        "output_schema": closed(refund_id="string", refunded_amount="number"),
        "annotations": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False},
        "examples": ["Refund payment {payment_id}", "Please refund the order that the customer returned"],
    },
    {
        "name": "notify_customer",
        "description": "Tells a customer something: sends a message to the customer's e-mail address.",
        "input_schema": closed(email="string", message="string"),
        "output_schema": closed(notification_id="string"),
        "annotations": {"readOnlyHint": False, "destructiveHint": False},
        "examples": ["Send {email} this message: {message}", "Let the customer know"],
    },
]


def client() -> Orra:
    """Of the project of ORRA_API_KEY, or of a new one."""
    if os.environ.get("ORRA_API_KEY"):
        return Orra()
    with Orra(api_key="") as nobody:
        return Orra(api_key=nobody.create_project("shop").api_key)


def ask_first(step: Step) -> bool:
    print(f"  about to call {step.service}({dict(step.input)}): yes")
    return True


def tell(outcome: Outcome) -> None:
    if outcome.status is not Status.RUNNING:
        print(f"  {outcome.task} {outcome.service}: {outcome.status} {outcome.output or outcome.why}")


def main() -> Run:
    with client() as orra:
        orra.put_services(SERVICES)
        params = {"order_id": "ORD-1042", "message": "Your refund is on its way."}
        plan = orra.plan("Refund order ORD-1042 and tell the customer", params)
        services = list(orra.list_services())
        print(f"Plan {plan.id}, from {plan.source}: {plan.execution_plan().parallel_groups}")

        print("What it would do:")
        run(plan, HANDLERS, services=services, dry_run=True, on_step=tell)
        print("What it does:")
        done = run(
            plan, HANDLERS, services=services, before_destructive=ask_first, on_step=tell
        ).raise_unless_done()
        orra.report_plan(plan.id, "right_plan")
    return done


if __name__ == "__main__":
    main()
