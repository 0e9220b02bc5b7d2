"""Requests against small catalogues, with the one plan that is right for each, or why there must be none.

``plan`` maps each service to its inputs; an input comes from ``"field"`` of task0 or from ``"service.field"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec

READING = frozenset(("analyze", "check", "convert", "estimate", "find", "get", "list", "search"))


def service(
    name: str, description: str, inputs: str, outputs: str, *, optional: str = "", examples: tuple[str, ...] = ()
) -> ServiceSpec:
    """Fields are written ``name:type``, separated by spaces; the type is ``string`` when it is left out. What its
    name says to look something up only reads."""
    reads = name.split("_")[0] in READING
    required, others = _fields(inputs), _fields(optional)
    return ServiceSpec(
        id=f"s_{name.replace('_', '')}",
        name=name,
        type="service",
        description=description,
        version=1,
        input_schema={"type": "object", "properties": required | others, "required": list(required)},
        output_schema={"type": "object", "properties": _fields(outputs)},
        revertible=False,
        annotations={"readOnlyHint": True} if reads else {},
        given_examples=examples,
    )


def _fields(text: str) -> dict[str, Json]:
    pairs = (part.partition(":") for part in text.split())
    return {name: {"type": kind or "string"} for name, _, kind in pairs}


SHOP = (
    service(
        "get_customer",
        "Looks up a customer's name, e-mail address and language.",
        "customer_id",
        "customer_id customer_name email language",
    ),
    service(
        "get_order",
        "Looks up an order: what was bought, by whom, and how it was paid.",
        "order_id",
        "order_id customer_id payment_id product_id order_total:number",
    ),
    service(
        "get_payment",
        "Looks up a payment's card, amount and state.",
        "payment_id",
        "payment_id amount:number card_type status",
    ),
    service(
        "issue_refund",
        "Refunds a payment to the customer's card.",
        "payment_id",
        "refund_id refunded:number",
        optional="reason",
    ),
    service(
        "cancel_order", "Cancels an order that has not been shipped yet.", "order_id", "cancellation_id status"
    ),
    service(
        "check_stock", "Tells how many pieces of a product are in stock.", "product_id", "quantity_on_hand:integer"
    ),
    service("get_price", "Looks up the current price of a product.", "product_id", "price:number currency"),
    service(
        "list_reviews",
        "Lists what customers wrote in their reviews of a product.",
        "product_id",
        "reviews:array average_rating:number",
    ),
    service(
        "estimate_delivery",
        "Estimates when an order will arrive at a postcode.",
        "order_id postcode",
        "delivery_date",
    ),
    service(
        "notify_customer", "Sends a customer a message by e-mail.", "email", "notification_id", optional="message"
    ),
    service(
        "search_products",
        "Searches the shop's products by what the customer is looking for.",
        "query",
        "product_ids:array",
    ),
    service(
        "restock_product",
        "Orders more pieces of a product from the supplier.",
        "product_id quantity:integer",
        "purchase_id",
    ),
)

HR = (
    service(
        "find_employee", "Finds an employee by work e-mail address.", "work_email", "employee_id full_name team_id"
    ),
    service("create_employee", "Creates the record of a new employee.", "full_name start_date", "employee_id"),
    service("open_mailbox", "Opens a mailbox for an employee.", "employee_id", "mailbox_address"),
    service(
        "assign_laptop",
        "Assigns a laptop from the store room to an employee.",
        "employee_id",
        "asset_tag",
        optional="laptop_model",
    ),
    service(
        "get_vacation_balance",
        "Tells how many days of vacation an employee has left.",
        "employee_id",
        "days_left:integer",
    ),
    service(
        "request_vacation",
        "Files a request for vacation for an employee.",
        "employee_id first_day last_day",
        "vacation_request_id",
    ),
    service("approve_vacation", "Approves a vacation request.", "vacation_request_id", "approved_at"),
    service("reject_vacation", "Rejects a vacation request.", "vacation_request_id", "rejected_at"),
    service("get_team", "Looks up a team and its manager.", "team_id", "team_name manager_id"),
    service("print_payslip", "Prints an employee's payslip for a month.", "employee_id month", "document_url"),
    service(
        "deactivate_account",
        "Deactivates an employee's account on the last day at work.",
        "employee_id",
        "deactivated_at",
    ),
)

TRAVEL = (
    service(
        "search_flights",
        "Searches for flights between two cities on a day.",
        "departure_city arrival_city travel_date",
        "flight_id fare:number",
    ),
    service("find_hotels", "Finds hotels in a city.", "city", "hotel_id hotel_name"),
    service("get_weather", "Gives the weather forecast for a city.", "city", "forecast temperature:number"),
    service("list_museums", "Lists the museums of a city with their opening hours.", "city", "museums:array"),
    service(
        "build_itinerary",
        "Puts a flight and a hotel together into an itinerary.",
        "flight_id hotel_id",
        "itinerary_id",
    ),
    service("book_hotel", "Books a room in a hotel.", "hotel_id guest_name", "booking_id"),
    service(
        "convert_currency",
        "Converts an amount of money from one currency to another.",
        "amount:number from_currency to_currency",
        "converted:number",
    ),
    service("translate_text", "Translates a text into another language.", "text target_language", "translation"),
    service(
        "get_visa_rules", "Tells which visa a citizen needs for a country.", "nationality country", "visa_type"
    ),
)

INFRASTRUCTURE = (
    service("build_image", "Builds a container image from a repository.", "repository", "image_id"),
    service(
        "scan_image",
        "Scans a container image for vulnerabilities.",
        "image_id",
        "scan_report vulnerabilities:integer",
    ),
    service(
        "deploy_image", "Deploys a container image to an environment.", "image_id environment", "deployment_id"
    ),
    service(
        "rollback_deployment",
        "Rolls a deployment back to the version before it.",
        "deployment_id",
        "rolled_back_at",
    ),
    service("get_logs", "Fetches the recent logs of a server.", "hostname", "log_lines:array"),
    service(
        "get_metrics", "Fetches CPU and memory metrics of a server.", "hostname", "cpu_load:number memory:number"
    ),
    service("restart_server", "Restarts a server.", "hostname", "restarted_at"),
    service(
        "analyze_logs", "Analyzes log lines and names the likely cause of errors.", "log_lines:array", "root_cause"
    ),
    service(
        "open_incident", "Opens an incident ticket with its root cause.", "root_cause severity", "incident_id"
    ),
    service("page_engineer", "Pages the engineer on call about an incident.", "incident_id", "page_id"),
    service("resize_disk", "Resizes the disk of a server.", "hostname size_gb:integer", "resized_at"),
)

DOMAINS: Mapping[str, tuple[ServiceSpec, ...]] = {
    "shop": SHOP,
    "hr": HR,
    "travel": TRAVEL,
    "infrastructure": INFRASTRUCTURE,
}


@dataclass(frozen=True)
class Case:
    """``plan`` is ``None`` when there must be none. ``reads_instead``: one is made all the same that does
    something near to what is asked and only reads, so that it is wrong and does no harm."""

    domain: str
    action: str
    params: Mapping[str, Json]
    plan: Mapping[str, Mapping[str, str]] | None = None
    without: frozenset[str] = field(default_factory=frozenset)
    reads_instead: bool = False

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(spec for spec in DOMAINS[self.domain] if spec.name not in self.without)


ORDER = {"order_id": "ORD-17"}
PRODUCT = {"product_id": "P-9"}
HOST = {"hostname": "web-3"}
JANE = {"work_email": "jane@example.com"}

CASES = (
    # one service
    Case(
        "shop",
        "How many pieces of product P-9 are in stock?",
        PRODUCT,
        {"check_stock": {"product_id": "product_id"}},
    ),
    Case("shop", "Please cancel my order ORD-17", ORDER, {"cancel_order": {"order_id": "order_id"}}),
    Case("shop", "Cancel order ORD-17", {"orderId": "ORD-17"}, {"cancel_order": {"order_id": "orderId"}}),
    Case("shop", "Cancel the order", {"order number": "ORD-17"}, {"cancel_order": {"order_id": "order number"}}),
    Case("shop", "Cancel order ORD-17", {"id": "ORD-17"}, {"cancel_order": {"order_id": "id"}}),
    Case(
        "hr",
        "Approve the vacation request VR-3",
        {"vacation_request_id": "VR-3"},
        {"approve_vacation": {"vacation_request_id": "vacation_request_id"}},
    ),
    Case(
        "hr",
        "Reject the vacation request VR-3",
        {"vacation_request_id": "VR-3"},
        {"reject_vacation": {"vacation_request_id": "vacation_request_id"}},
    ),
    Case(
        "travel", "What will the weather be like in Lisbon?", {"city": "Lisbon"}, {"get_weather": {"city": "city"}}
    ),
    Case(
        "travel",
        "How much is 100 euros in dollars?",
        {"amount": 100, "from_currency": "EUR", "to_currency": "USD"},
        {"convert_currency": {"amount": "amount", "from_currency": "from_currency", "to_currency": "to_currency"}},
    ),
    Case("infrastructure", "Restart web-3", HOST, {"restart_server": {"hostname": "hostname"}}),
    Case(
        "travel",
        "Translate 'bread, butter and cheese, please' into French",
        {"text": "bread, butter and cheese, please", "target_language": "French"},
        {"translate_text": {"text": "text", "target_language": "target_language"}},
    ),
    # chains of two, three and four
    Case(
        "shop",
        "Refund order ORD-17",
        ORDER,
        {"get_order": {"order_id": "order_id"}, "issue_refund": {"payment_id": "get_order.payment_id"}},
    ),
    Case(
        "shop",
        "Refund order ORD-17",
        ORDER | {"reason": "broken"},
        {
            "get_order": {"order_id": "order_id"},
            "issue_refund": {"payment_id": "get_order.payment_id", "reason": "reason"},
        },
    ),
    Case(
        "shop",
        "How was order ORD-17 paid? Look up the payment.",
        ORDER,
        {"get_order": {"order_id": "order_id"}, "get_payment": {"payment_id": "get_order.payment_id"}},
    ),
    Case(
        "hr",
        "How many vacation days does jane@example.com have left?",
        JANE,
        {
            "find_employee": {"work_email": "work_email"},
            "get_vacation_balance": {"employee_id": "find_employee.employee_id"},
        },
    ),
    Case(
        "hr",
        "Print the payslip of jane@example.com for May",
        JANE | {"month": "May"},
        {
            "find_employee": {"work_email": "work_email"},
            "print_payslip": {"employee_id": "find_employee.employee_id", "month": "month"},
        },
    ),
    Case(
        "hr",
        "Which team is jane@example.com in, and who is the manager of the team?",
        JANE,
        {"find_employee": {"work_email": "work_email"}, "get_team": {"team_id": "find_employee.team_id"}},
    ),
    Case(
        "shop",
        "Tell the customer of order ORD-17 that it is late",
        ORDER | {"message": "It is late."},
        {
            "get_order": {"order_id": "order_id"},
            "get_customer": {"customer_id": "get_order.customer_id"},
            "notify_customer": {"email": "get_customer.email", "message": "message"},
        },
    ),
    Case(
        "infrastructure",
        "Build the repository and deploy it to production",
        {"repository": "git@example.com:shop", "environment": "production"},
        {
            "build_image": {"repository": "repository"},
            "deploy_image": {"image_id": "build_image.image_id", "environment": "environment"},
        },
    ),
    Case(
        "infrastructure",
        "Find the cause of the errors in the logs of web-3",
        HOST,
        {"get_logs": {"hostname": "hostname"}, "analyze_logs": {"log_lines": "get_logs.log_lines"}},
    ),
    Case(
        "infrastructure",
        "Open an incident with the root cause of the errors in the logs of web-3",
        HOST | {"severity": "high"},
        {
            "get_logs": {"hostname": "hostname"},
            "analyze_logs": {"log_lines": "get_logs.log_lines"},
            "open_incident": {"root_cause": "analyze_logs.root_cause", "severity": "severity"},
        },
    ),
    Case(
        "infrastructure",
        "Analyze the logs of web-3, open an incident and page the engineer on call",
        HOST | {"severity": "high"},
        {
            "get_logs": {"hostname": "hostname"},
            "analyze_logs": {"log_lines": "get_logs.log_lines"},
            "open_incident": {"root_cause": "analyze_logs.root_cause", "severity": "severity"},
            "page_engineer": {"incident_id": "open_incident.incident_id"},
        },
    ),
    Case(
        "hr",
        "Request vacation for jane@example.com and approve the request",
        JANE | {"first_day": "2030-07-01", "last_day": "2030-07-14"},
        {
            "find_employee": {"work_email": "work_email"},
            "request_vacation": {
                "employee_id": "find_employee.employee_id",
                "first_day": "first_day",
                "last_day": "last_day",
            },
            "approve_vacation": {"vacation_request_id": "request_vacation.vacation_request_id"},
        },
    ),
    # fan-out: one value, several services
    Case(
        "hr",
        "Create an employee record for Jane Doe, open a mailbox and assign a laptop",
        {"full_name": "Jane Doe", "start_date": "2030-01-02"},
        {
            "create_employee": {"full_name": "full_name", "start_date": "start_date"},
            "open_mailbox": {"employee_id": "create_employee.employee_id"},
            "assign_laptop": {"employee_id": "create_employee.employee_id"},
        },
    ),
    Case(
        "infrastructure",
        "Build the repository, then scan the image and deploy it to staging",
        {"repository": "git@example.com:shop", "environment": "staging"},
        {
            "build_image": {"repository": "repository"},
            "scan_image": {"image_id": "build_image.image_id"},
            "deploy_image": {"image_id": "build_image.image_id", "environment": "environment"},
        },
    ),
    Case(
        "shop",
        "Refund order ORD-17 and tell the customer",
        ORDER,
        {
            "get_order": {"order_id": "order_id"},
            "issue_refund": {"payment_id": "get_order.payment_id"},
            "get_customer": {"customer_id": "get_order.customer_id"},
            "notify_customer": {"email": "get_customer.email"},
        },
    ),
    # parallel: nothing in common but the params
    Case(
        "shop",
        "Check the stock, the price and the reviews of product P-9",
        PRODUCT,
        {
            "check_stock": {"product_id": "product_id"},
            "get_price": {"product_id": "product_id"},
            "list_reviews": {"product_id": "product_id"},
        },
    ),
    Case(
        "shop",
        "What is the price of product P-9 and how many pieces are in stock?",
        PRODUCT,
        {"get_price": {"product_id": "product_id"}, "check_stock": {"product_id": "product_id"}},
    ),
    Case(
        "travel",
        "Get the weather, hotels and museums for Lisbon",
        {"city": "Lisbon"},
        {"get_weather": {"city": "city"}, "find_hotels": {"city": "city"}, "list_museums": {"city": "city"}},
    ),
    Case(
        "infrastructure",
        "Fetch the logs and the metrics of web-3",
        HOST,
        {"get_logs": {"hostname": "hostname"}, "get_metrics": {"hostname": "hostname"}},
    ),
    Case(
        "infrastructure",
        "Show me the CPU metrics of web-3 and restart it",
        HOST,
        {"get_metrics": {"hostname": "hostname"}, "restart_server": {"hostname": "hostname"}},
    ),
    # fan-in: several outputs, one service
    Case(
        "travel",
        "Build an itinerary with a flight from Porto to Rome and a hotel in Rome",
        {"departure_city": "Porto", "arrival_city": "Rome", "travel_date": "2030-05-01", "city": "Rome"},
        {
            "search_flights": {
                "departure_city": "departure_city",
                "arrival_city": "arrival_city",
                "travel_date": "travel_date",
            },
            "find_hotels": {"city": "city"},
            "build_itinerary": {"flight_id": "search_flights.flight_id", "hotel_id": "find_hotels.hotel_id"},
        },
    ),
    Case(
        "shop",
        "Look up order ORD-17 and its customer",
        ORDER,
        {"get_order": {"order_id": "order_id"}, "get_customer": {"customer_id": "get_order.customer_id"}},
    ),
    Case("shop", "Check the stock of product P-9 and show me its photos", PRODUCT, reads_instead=True),
    Case("shop", "Check the stock of product P-9 and tell me how heavy it is", PRODUCT, reads_instead=True),
    Case("infrastructure", "Restart web-3 and restart web-4", HOST),
    # prohibitions and conditions
    Case("shop", "Do not refund order ORD-17", ORDER),
    Case("shop", "Please don't cancel order ORD-17", ORDER),
    Case(
        "shop",
        "Refund order ORD-17 but do not notify the customer",
        ORDER,
        {"get_order": {"order_id": "order_id"}, "issue_refund": {"payment_id": "get_order.payment_id"}},
    ),
    Case(
        "shop",
        "Cancel order ORD-17 without notifying the customer",
        ORDER,
        {"cancel_order": {"order_id": "order_id"}},
    ),
    Case("shop", "Cancel order ORD-17 if it is late", ORDER),
    # a missing input
    Case("shop", "Refund the payment", {}),
    Case("shop", "When will order ORD-17 arrive?", ORDER),
    Case("hr", "Approve the vacation", {}),
    Case("infrastructure", "Deploy the repository to production", {"environment": "production"}),
    Case("infrastructure", "Resize the disk of web-3", HOST),
    Case("shop", "Restock product P-9", PRODUCT | {"quantity": "many"}),
    # a missing capability
    Case("shop", "Book me a flight to Mars", {"destination": "Mars"}),
    Case("shop", "Ship order ORD-17", ORDER),
    Case("shop", "Delete customer C-4", {"customer_id": "C-4"}, reads_instead=True),
    Case("shop", "Refund order ORD-17 and bake a cake", ORDER),
    Case("shop", "Cancel order ORD-17", ORDER, without=frozenset({"cancel_order"})),
    Case("hr", "What is the weather in Lisbon?", {"city": "Lisbon"}),
    Case("hr", "Promote jane@example.com to team lead", JANE),
    Case("travel", "Cancel my hotel booking B-1", {"booking_id": "B-1"}),
    Case("infrastructure", "Order two pizzas for the team", {"quantity": 2}),
    Case("infrastructure", "Shut down web-3", HOST),
    Case("infrastructure", "Tell me a joke", {}),
    Case("travel", "Get the weather for Lisbon and order a taxi", {"city": "Lisbon"}),
    Case("travel", "Recommend a restaurant in Porto", {"city": "Porto"}, reads_instead=True),
    Case("travel", "What time is it in Lisbon?", {"city": "Lisbon"}),
    Case("travel", "What is the population of Lisbon?", {"city": "Lisbon"}),
    Case("shop", "Compare product P-9 with its predecessor", PRODUCT),
    Case("shop", "Postpone the delivery of order ORD-17", ORDER | {"postcode": "1100"}, reads_instead=True),
    Case("hr", "What does Jane earn?", {"employee_id": "E-1"}),
    Case("hr", "Fire the employee E-1", {"employee_id": "E-1"}),
    Case("infrastructure", "Which version of Python runs on web-3?", HOST),
    # a helper that changes something is not added unasked
    Case(
        "infrastructure",
        "Roll back the deployment",
        {"image_id": "I-1", "environment": "production"},
    ),
    Case(
        "hr",
        "Open a mailbox for Jane Doe",
        {"full_name": "Jane Doe", "start_date": "2030-01-02"},
    ),
    Case(
        "travel",
        "Book a hotel room in Lisbon for Jane Doe",
        {"city": "Lisbon", "guest_name": "Jane Doe"},
        {
            "find_hotels": {"city": "city"},
            "book_hotel": {"hotel_id": "find_hotels.hotel_id", "guest_name": "guest_name"},
        },
    ),
)
