"""A small shop's services, as its developers would register them.

What one service gives is named as another one takes it: ``find_order`` gives the ``payment_id`` that
``issue_refund`` needs and the ``customer_id`` that ``find_customer`` needs, which gives the ``email`` that
``notify_customer`` needs. Each says what it does to the world, and those that change something give requests that
they were made for. The shop has a rule for returns, too, which a plan must keep.
"""

from __future__ import annotations

from collections.abc import Mapping

from orra.base.strictjson import Json

Schema = dict[str, Json]


def _text(description: str, **more: Json) -> Schema:
    return {"type": "string", "description": description, **more}


def _object(
    properties: Mapping[str, Schema],
    *,
    required: tuple[str, ...] | None = None,
    definitions: Mapping[str, Schema] | None = None,
) -> Schema:
    """``required`` left out: every property is."""
    names = list(properties if required is None else required)
    closed = {"type": "object", "properties": dict(properties), "required": names, "additionalProperties": False}
    return closed | ({"$defs": dict(definitions)} if definitions else {})


ORDER_ID = _text("The order's number.", examples=["ORD-1042"])
CUSTOMER_ID = _text("The customer's number.", examples=["CUST-17"])
PAYMENT_ID = _text("The payment that settled the order.", examples=["PAY-88120"])
SKU = _text("The product's article number.", examples=["TEA-0042"])
EMAIL = _text("The customer's e-mail address.", format="email")
AMOUNT = {"type": "number", "description": "In the shop's currency, the euro.", "exclusiveMinimum": 0}
POSTAL_CODE = _text("Where the parcel goes.", examples=["1100-148"])
ORDER_LINE: Schema = {
    "type": "object",
    "properties": {"sku": SKU, "quantity": {"type": "integer", "minimum": 1}},
    "required": ["sku", "quantity"],
}
PRODUCT: Schema = {
    "type": "object",
    "properties": {"sku": SKU, "name": {"type": "string"}, "price": {"type": "number"}},
    "required": ["sku", "name", "price"],
}

READS: Json = {"readOnlyHint": True, "openWorldHint": False}

SERVICES: Mapping[str, Mapping[str, Json]] = {
    "find_order": {
        "type": "service",
        "description": "Finds an order by its number: who placed it, how it was paid and what is in it.",
        "input_schema": _object({"order_id": ORDER_ID}),
        "output_schema": _object(
            {
                "order_id": ORDER_ID,
                "customer_id": CUSTOMER_ID,
                "payment_id": PAYMENT_ID,
                "postal_code": POSTAL_CODE,
                "lines": {"type": "array", "items": {"$ref": "#/$defs/OrderLine"}},
                "order_status": _text("How far it is.", enum=["placed", "packed", "shipped", "delivered"]),
            },
            definitions={"OrderLine": ORDER_LINE},
        ),
        "annotations": READS,
    },
    "find_customer": {
        "type": "service",
        "description": "Finds a customer by number: name, e-mail address and language.",
        "input_schema": _object({"customer_id": CUSTOMER_ID}),
        "output_schema": _object(
            {
                "customer_id": CUSTOMER_ID,
                "customer_name": _text("As the customer wants to be called."),
                "email": EMAIL,
                "language": _text("The language to write in.", enum=["en", "de", "pt"]),
            }
        ),
        "annotations": READS,
    },
    "find_payment": {
        "type": "service",
        "description": "Finds a payment: how much was paid, by which means, and whether it has arrived.",
        "input_schema": _object({"payment_id": PAYMENT_ID}),
        "output_schema": _object(
            {
                "payment_id": PAYMENT_ID,
                "amount": AMOUNT,
                "means": _text("How it was paid.", enum=["card", "transfer", "voucher"]),
                "payment_status": _text("Whether it has arrived.", enum=["pending", "settled", "refunded"]),
            }
        ),
        "annotations": READS,
    },
    "issue_refund": {
        "type": "service",
        "description": "Refunds a payment to the customer, in full unless an amount is given.",
        "input_schema": _object(
            {"payment_id": PAYMENT_ID, "amount": AMOUNT, "reason": _text("Why, for the books.")},
            required=("payment_id",),
        ),
        "output_schema": _object(
            {"refund_id": _text("The refund's number."), "refunded_amount": AMOUNT},
        ),
        "revertible": True,
        "annotations": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False},
        "capabilities": ["refund an order"],
        "examples": [
            "Refund payment {payment_id}",
            "Give the customer {amount} euros of payment {payment_id} back because of {reason}",
            "Please refund the order that the customer returned",
            {
                "action": "Pay 15 euros of PAY-20417 back, a cup was chipped",
                "params": {"payment_id": "PAY-20417", "amount": 15, "reason": "a cup was chipped"},
            },
        ],
    },
    "check_refund_eligibility": {
        "type": "service",
        "description": "Says whether a payment may be refunded: what was bought is back, and in time.",
        "input_schema": _object({"payment_id": PAYMENT_ID}),
        "output_schema": _object(
            {
                "eligible": {"type": "boolean", "description": "Whether the terms allow it."},
                "terms": _text("The term that decided it."),
            }
        ),
        "annotations": READS,
        "capabilities": ["verify refund eligibility"],
    },
    "check_inventory": {
        "type": "service",
        "description": "Checks how many pieces of a product are in stock.",
        "input_schema": _object({"sku": SKU}),
        "output_schema": _object({"sku": SKU, "pieces_in_stock": {"type": "integer", "minimum": 0}}),
        "annotations": READS,
    },
    "estimate_delivery": {
        "type": "service",
        "description": "Estimates the day on which a delivery to a postal code arrives.",
        "input_schema": _object(
            {
                "postal_code": POSTAL_CODE,
                "speed": _text("How fast.", enum=["standard", "express"], default="standard"),
            },
            required=("postal_code",),
        ),
        "output_schema": _object({"arrives_on": _text("The day.", format="date"), "carrier": {"type": "string"}}),
        "annotations": {"readOnlyHint": True, "openWorldHint": True},
    },
    "notify_customer": {
        "type": "service",
        "description": "Tells a customer something: sends a message to the customer's e-mail address.",
        "input_schema": _object({"email": EMAIL, "message": _text("What to tell, as plain text.", minLength=1)}),
        "output_schema": _object({"notification_id": _text("The notification's number.")}),
        "annotations": {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": True},
        "examples": [
            "Send {email} this message: {message}",
            "Let the customer know",
            "Inform the customer of what happened with the order",
        ],
    },
    "search_products": {
        "type": "agent",
        "description": "Searches the shop's products for what suits a customer who says in words what is wanted.",
        "input_schema": _object({"query": _text("What the customer looks for, in the customer's own words.")}),
        "output_schema": _object(
            {"products": {"type": "array", "items": {"$ref": "#/$defs/Product"}}},
            definitions={"Product": PRODUCT},
        ),
        "annotations": READS,
    },
}

# The services that only look something up.
READING = frozenset(name for name, facts in SERVICES.items() if facts["annotations"]["readOnlyHint"])

# What holds of returns: no refund of returned goods whose terms nobody has looked at.
GROUNDING: Json = {
    "domain": "returns",
    "version": "1",
    "mode": "strict",
    "use_cases": [
        {
            "action": "Refund the returned order {order_id}",
            "also": ["The customer has returned order {order_id}, refund it"],
            "params": {"order_id": "ORD-1042"},
            "capabilities": ["verify refund eligibility", "refund an order"],
            "order": True,
            "intent": "A customer has sent an order back and wants the money.",
        }
    ],
    "constraints": [
        "Refund no more than was paid.",
        {"rule": "at_most", "most": 1, "of": "refund an order"},
    ],
}
