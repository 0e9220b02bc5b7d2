"""The prompt for a whole plan: constant rules first, then the services, then the request, so that servers can
reuse the prefix that requests share.
"""

from __future__ import annotations

from dataclasses import replace

from orra.base.strictjson import Json
from orra.base.text import show
from planengine.catalogue.specs import Catalogue, ServiceSpec
from planengine.planners.domain import told_of
from planengine.planners.parsing import NoPlan, extract_plan
from planengine.planners.prompts.sections import SECTIONS, choose_mark, dump, lines
from planengine.planners.protocol import Feedback, Job

MAX_DRAFT_CHARS = 12_000

RULES = """\
You plan work for a program. Given a request and a list of services, write the plan that fulfils the request:
which services to call, where each of their inputs comes from, and what can run side by side. The program
checks your plan and then carries it out to the letter, so it must be exact.

Answer with one JSON object and nothing else:
{"tasks": [...], "parallel_groups": [...]}

The rules that the program checks:
1. The first task is {"id": "task0", "input": {...}}. It names no service. It holds the values that the other
   tasks start from.
2. task0.input holds every param of the request, under the param's own field name, with the param's exact
   value: same spelling, same JSON type, nothing renamed, merged, split or left out.
3. Besides the params, task0.input may hold only a value that stands word for word in the text of the request,
   or a value that a service's schema fixes (const, enum, default). Never make up a value.
4. Every other task is {"id": "task1", "service": "...", "input": {...}}, then task2, task3 and so on, each id
   once. "service" is the name of a listed service, copied exactly.
5. Each value in such an input is one reference in the form "$task0.field" or "$task1.field", and nothing
   besides it: no words around it, no two references in one value, no literal values.
6. After "$task0." comes a field of task0.input. After "$task1." comes an output field of the service that
   task1 calls. The type of what is referred to must suit the input.
7. Give a service all its required inputs, and no input that it does not list; keep its "input_rules", if it
   has any. Leave an optional input out when nothing fits it.
8. Call only services that the request needs, in the fewest tasks. No task may depend on itself, directly or
   in a circle.
9. A task that must run after another although it takes nothing from it says so as its last member:
   "after": ["task1"]. What changes something keeps the order of the request; a message comes after what it
   tells of.
10. "parallel_groups" is a list of lists of task ids without task0. The first list holds the tasks that need
   only task0, the next those that need only tasks of earlier lists, and so on.
11. When the listed services cannot fulfil the request, or a value that they require is not given, do not
   improvise. Answer {"tasks": [{"id": "final", "input": {"error": "..."}}], "parallel_groups": []} and say in
   "error" which service or which value is missing.

An example of the form, with services that you do not have. The request "Send the guide of Lisbon to
ana@example.com" has the params {"city": "Lisbon"}. "find guide" takes city and gives guideId; "send guide"
takes guideId and address. The plan:
{"tasks": [
  {"id": "task0", "input": {"city": "Lisbon", "address": "ana@example.com"}},
  {"id": "task1", "service": "find guide", "input": {"city": "$task0.city"}},
  {"id": "task2", "service": "send guide", "input": {"guideId": "$task1.guideId", "address": "$task0.address"}}],
 "parallel_groups": [["task1"], ["task2"]]}
"""

AGAIN = """\
The program rejected your last plan. Your plan and what the program found wrong with it are the last two
sections. Write the whole plan again with all of it put right, and keep what was right.
"""

SHORTER = """\
Your last answer was cut off before its plan was complete: it had become too long. Think briefly this time, and
write the whole plan.
"""

DOMAIN = """\
The section "domain" says what holds of every plan for such a request. The program checks it: the plan does each of
the capabilities, by a service that is named with it where one is; those in "order" in that order, with "after"
where nothing else orders them; nothing that is forbidden; and it keeps the constraints.
"""

CLOSING = "Now write the plan for the request: one JSON object, no explanation, no code fence."


def build_messages(job: Job, *, feedback: Feedback | None) -> list[dict[str, str]]:
    """The chat to send: a single user message, because some models refuse a system message and some templates
    insist that roles alternate. Equal jobs and feedback give equal messages."""
    services = lines([_describe(spec) for spec in sorted(job.catalogue, key=lambda spec: spec.name)])
    sections = {
        "services": services,
        "request": dump(job.action),
        "params of task0": dump(dict(job.params)),
    }
    if job.grounding is not None:
        sections["domain"] = dump(told_of(job))
    if feedback is not None and not feedback.cut_off:
        sections["your last plan"] = dump(_last_draft(feedback.answer))
        sections["what was wrong with it"] = lines(feedback.text.splitlines())
    mark = choose_mark(services, others=[text for name, text in sections.items() if name != "services"])
    parts = [
        RULES,
        SECTIONS.format(mark=mark),
        *(f"{mark} BEGIN {name}\n{text}\n{mark} END {name}\n" for name, text in sections.items()),
        *([] if job.grounding is None else [DOMAIN]),
        *([] if feedback is None else [SHORTER if feedback.cut_off else AGAIN]),
        CLOSING,
    ]
    return [{"role": "user", "content": "\n".join(parts)}]


def request_size(job: Job, *, feedback: Feedback | None) -> int:
    """The characters of a prompt for ``job``, but for its services."""
    (message,) = build_messages(replace(job, catalogue=Catalogue([])), feedback=feedback)
    return len(message["content"])


def service_size(spec: ServiceSpec) -> int:
    """The characters that a service adds to a prompt."""
    return len(dump(_describe(spec))) + len(",\n")


def _describe(spec: ServiceSpec) -> Json:
    described: dict[str, Json] = {
        "name": spec.name,
        "description": spec.description,
        "inputs": dict(spec.input_fields),
        "required_inputs": list(spec.required_inputs),
        "outputs": dict(spec.output_fields),
    }
    rules = [rule.words for rule in spec.inputs.rules]
    if spec.inputs.is_open:
        rules.append(_others_taken(spec.inputs.others))
    if rules:
        described["input_rules"] = rules
    for side, schema in (("input", spec.inputs.root), ("output", spec.outputs.root)):
        described |= {f"{side} {key}": schema[key] for key in ("$defs", "definitions") if key in schema}
    return described


def _others_taken(schema: Json) -> str:
    fitting = "" if schema in (True, {}) else f", with values that fit {show(schema, 200)}"
    return f"Params that are none of the inputs above may be given too, under their own names{fitting}."


def _last_draft(answer: str) -> Json:
    """The plan that the model wrote, without its thoughts; else the text that held none, cut to what teaches."""
    try:
        return extract_plan(answer, reasoning="", finish_reason="stop")
    except NoPlan:
        answer = answer.rpartition("</think>")[2].strip()
    return answer if len(answer) <= MAX_DRAFT_CHARS else answer[:MAX_DRAFT_CHARS] + " [cut here]"
