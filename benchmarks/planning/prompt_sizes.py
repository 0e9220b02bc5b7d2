"""How long the prompt of a plan is, by the number of services: what a model's context has to hold."""

from __future__ import annotations

import itertools

from benchmarks.measuring import table
from orra.base.strictjson import Json
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.prompts.full import build_messages
from planengine.planners.protocol import Feedback, Job

COUNTS = (5, 20, 50, 100, 200)
# Counted on these prompts: the tokenizers of Qwen2 (QwQ, Qwen3, most of R1's distills) and Llama 3 come to 3.7 to
# 3.9, DeepSeek's to 3.5.
CHARACTERS_PER_TOKEN = 3.7

Fields = tuple[tuple[str, str, str], ...]

# fmt: off
# Name, what it is, its fields: name, type, description.
THINGS: tuple[tuple[str, str, Fields], ...] = (
    ("order", "a customer's order", (("order_id", "string", "The order's number, such as ORD-17"),
                                     ("customer_id", "string", "Who placed it"),
                                     ("total", "number", "Amount paid, in the shop's currency"))),
    ("customer", "a customer's record", (("customer_id", "string", "The customer's number"),
                                         ("email", "string", "Where to write to the customer"),
                                         ("tier", "string", "basic, silver or gold"))),
    ("invoice", "an invoice", (("invoice_id", "string", "The invoice's number"),
                               ("due_date", "string", "The last day to pay, ISO 8601"),
                               ("amount", "number", "What is still open"))),
    ("shipment", "a parcel on its way", (("tracking_number", "string", "The carrier's number"),
                                         ("carrier", "string", "Who carries it"),
                                         ("address", "object", "Where it goes"))),
    ("product", "a product of the catalogue", (("sku", "string", "The product's number"),
                                               ("price", "number", "Net price"),
                                               ("in_stock", "integer", "Pieces on the shelf"))),
    ("ticket", "a support ticket", (("ticket_id", "string", "The ticket's number"),
                                    ("subject", "string", "What it is about, one line"),
                                    ("priority", "string", "low, normal or urgent"))),
    ("meeting", "a meeting in the calendar", (("meeting_id", "string", "The meeting's number"),
                                              ("starts_at", "string", "ISO 8601 with a time zone"),
                                              ("attendees", "array", "E-mail addresses"))),
    ("document", "a file of the team's drive", (("document_id", "string", "The file's number"),
                                                ("title", "string", "Its title"),
                                                ("folder", "string", "The folder it is in"))),
    ("supplier", "a supplier", (("supplier_id", "string", "The supplier's number"),
                                ("country", "string", "Two letters, ISO 3166"),
                                ("rating", "number", "From 0 to 5"))),
    ("employee", "an employee's record", (("employee_id", "string", "The employee's number"),
                                          ("team", "string", "The team's name"),
                                          ("start_date", "string", "First day at work, ISO 8601"))),
)
# Name, what it does; how many of the thing's fields it takes, and whether it gives all of them.
ACTIONS: tuple[tuple[str, str, int, bool], ...] = (
    ("find", "Find {thing} by its number and return what is known of it.", 1, True),
    ("search", "Search for {thing} by free text; the best matches come first, at most fifty.", 1, True),
    ("create", "Create {thing} with the given details. Fails when one with the same number exists.", 3, False),
    ("update", "Change details of {thing}; what is left out stays as it is.", 3, False),
    ("cancel", "Cancel {thing}. Can be undone within thirty days.", 1, False),
    ("approve", "Approve {thing} in the name of the person who asks.", 2, False),
    ("export", "Export {thing} as a PDF file and return a link that is good for a day.", 1, False),
    ("notify_about", "Tell everybody concerned about {thing}, by e-mail or chat.", 2, False),
    ("assign", "Make somebody responsible for {thing}.", 2, False),
    ("archive", "Put {thing} into the archive, where it is kept for ten years.", 1, False),
    ("score", "Rate {thing} by risk, between 0 and 1, with the reasons for it.", 2, False),
    ("translate", "Translate the texts of {thing} into another language.", 1, False),
    ("compare", "Compare {thing} with earlier ones and list what is different.", 2, True),
    ("schedule", "Plan when work on {thing} is done, and by whom.", 2, False),
    ("validate", "Check {thing} against the company's rules and list what breaks them.", 2, False),
    ("copy", "Make a copy of {thing} with a number of its own.", 1, True),
    ("lock", "Keep others from changing {thing} for a while.", 1, False),
    ("price", "Work out what {thing} costs, with taxes and discounts.", 2, False),
    ("forecast", "Forecast the next three months for {thing}.", 2, False),
    ("summarise", "Sum {thing} up in a few sentences for a busy reader.", 1, False),
)
# fmt: on


def make_catalogue(count: int) -> Catalogue:
    """Services like those that teams register, ``count`` of them, the same ones every time."""
    pairs = itertools.islice(itertools.product(ACTIONS, THINGS), count)
    services = [_service(number, action, thing) for number, (action, thing) in enumerate(pairs)]
    if len(services) < count:
        raise ValueError(f"There are only {len(services)} different services.")
    return Catalogue(services)


def _service(number: int, action: tuple[str, str, int, bool], thing: tuple[str, str, Fields]) -> ServiceSpec:
    (verb, told, taken, gives_all), (noun, meaning, fields) = action, thing
    given: Fields = fields if gives_all else (fields[0], ("status", "string", f"What became of the {noun}"))
    return ServiceSpec(
        id=f"s_{number}",
        name=f"{verb}_{noun}",
        type="service",
        description=told.format(thing=meaning),
        version=1,
        input_schema=_schema(fields[:taken]),
        output_schema=_schema(given),
        revertible=False,
    )


def _schema(fields: Fields) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": {name: {"type": kind, "description": told} for name, kind, told in fields},
        "required": [name for name, _, _ in fields],
    }


def prompt_for(count: int, *, again: bool = False) -> str:
    """The first prompt over ``count`` services, or the one after a draft with five problems."""
    params: dict[str, Json] = {"order_id": "ORD-17", "reason": "damaged on arrival"}
    job = Job("Refund order ORD-17 because it was damaged on arrival", params, make_catalogue(count))
    problem = "task1: the input 'order' is not one that the service find_order takes. Its inputs are: order_id."
    draft = '{"tasks": [' + ", ".join(['{"id": "task0", "input": {"order_id": "ORD-17"}}'] * 4) + "]}"
    feedback = Feedback(draft, "\n".join([problem] * 5)) if again else None
    return build_messages(job, feedback=feedback)[0]["content"]


def run() -> None:
    table.heading("The prompt of a plan, by the number of services")
    table.line("services", "characters", "tokens, about", "second try")
    for count in COUNTS:
        first, second = len(prompt_for(count)), len(prompt_for(count, again=True))
        table.line(f"{count}", f"{first:,}", *(f"{size / CHARACTERS_PER_TOKEN:,.0f}" for size in (first, second)))
