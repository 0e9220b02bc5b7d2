"""The one JSON object in a model's answer that is its plan: found in whatever surrounds it, never repaired.

An answer may carry reasoning (``<think>…</think>``, often without its opening tag, or ``[THINK]…[/THINK]``), code
fences and prose, and may wrap the plan (:mod:`planengine.planners.unwrapping`). A cut-off plan can be "repaired"
into a shorter one that looks valid, so nothing is ever repaired. The last object that means to be a plan decides:
an earlier one is a draft that the model gave up. Work is linear in the size of the answer, and that is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.planners.unwrapping import is_task, plan_in, unquoted
from planengine.validation.problems import Problem

MAX_CHARACTERS = 1_000_000
_MAX_CANDIDATES = 50
_MAX_RESTARTS = 10
_MAX_TAGS_IN_PLAN = 3
_HINT = 'Answer with one JSON object, {"tasks": […], "parallel_groups": […]}, and nothing else.'

_CLOSING_TAG = re.compile(r"</think(?:ing)?>|\[/THINK\]", re.IGNORECASE)
_OPENING_TAG = re.compile(r"<think(?:ing)?>|\[THINK\]", re.IGNORECASE)
# A whole string is one token: braces in it mean nothing. Possessive, so that no answer makes it backtrack.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}"]', re.DOTALL)
_JSON_OBJECT_START = re.compile(r'\{\s*+"')


class NoPlan(Exception):
    """There is no plan in the answer; ``problem`` says why, in words that can be given back to the model."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def extract_plan(text: Json, *, reasoning: str | None = None, finish_reason: str | None) -> Json:
    """The plan in a model's answer, strict JSON but not yet validated. Raises :class:`NoPlan` and nothing else.

    ``text`` is the message's content: a string, ``None``, or a list of typed parts of which those of type ``text``
    count. ``reasoning`` is looked at only when there is no content and the model stopped of its own accord.
    """
    return _extract(text, reasoning, finish_reason, _decide)


def extract_object(text: Json, *, reasoning: str | None = None, finish_reason: str | None) -> Json:
    """The last JSON object of an answer that need not be a plan, where a plan would count. Raises :class:`NoPlan`
    and nothing else, also when the last object is a broken one: an earlier one is a draft."""
    return _extract(text, reasoning, finish_reason, _last_object)


def _extract(text: Json, reasoning: str | None, finish_reason: str | None, decide: _Decide) -> Json:
    if finish_reason == "length":
        raise NoPlan(
            Problem(
                "output_truncated",
                "The answer was cut off: the output budget (the model's token limit) ended before the plan did",
                hint="Give the model a larger output budget, or services and an action that need less reasoning.",
            )
        )
    answer = _content(text)
    stopped = finish_reason == "stop"
    thought = reasoning if isinstance(reasoning, str) and not answer.strip() else ""
    if stopped and thought:
        answer = thought
    if len(answer) > MAX_CHARACTERS:
        raise NoPlan(
            Problem("answer_too_large", f"The answer is longer than {MAX_CHARACTERS} characters", hint=_HINT)
        )
    if '\\"' in answer:
        said = answer[_end_of_reasoning(answer) :]
        answer = answer if (text := unquoted(said)) == said else text
    try:
        return _after_reasoning(answer, decide, stopped=stopped)
    except NoPlan as failure:
        if not thought.strip() or failure.problem.code != "no_plan_found":
            raise
    raise NoPlan(
        Problem(
            "only_reasoning",
            f"There is no answer: the model wrote {len(thought):,} characters of reasoning and stopped",
            hint=f"Think briefly, and then write the answer itself. {_HINT}",
        )
    )


def _end_of_reasoning(answer: str) -> int:
    return max((match.end() for match in _CLOSING_TAG.finditer(answer)), default=0)


def _content(text: Json) -> str:
    if isinstance(text, str):
        return text
    texts = [_part_text(part) for part in text] if isinstance(text, list) else []
    return "".join(texts)


def _part_text(part: Json) -> str:
    if isinstance(part, dict) and part.get("type") == "text":
        part = part.get("text")
    return part if isinstance(part, str) else ""


def _after_reasoning(answer: str, decide: _Decide, *, stopped: bool) -> Json:
    """What ends after the last closing tag: mostly it starts there too, but its text may hold tags."""
    ends = [match.end() for match in _CLOSING_TAG.finditer(answer)]
    last = ends[-1] if ends else 0
    starts = [last, *reversed(ends[-1 - _MAX_TAGS_IN_PLAN : -1]), 0] if ends else [0]
    failure: NoPlan | None = None
    for start in starts:
        try:
            return _found_in(answer, start, decide, ending_after=last, stopped=stopped)
        except NoPlan as problem:
            failure = failure or problem
    assert failure is not None
    raise failure


def _found_in(answer: str, start: int, decide: _Decide, *, ending_after: int, stopped: bool) -> Json:
    spans = [span for span in _objects(answer, start) if span.end > ending_after]
    opening = _OPENING_TAG.search(answer, ending_after)
    if opening is None:
        return decide(answer, spans)
    try:
        return decide(answer, [span for span in spans if span.start < opening.start()])
    except NoPlan as problem:
        # Reasoning that is never closed counts like reasoning in a field of its own.
        if problem.problem.code != "no_plan_found" or not stopped:
            raise
        return decide(answer, spans)


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    closed: bool


_Decide = Callable[[str, list[_Span]], Json]


def _objects(answer: str, start: int) -> list[_Span]:
    """The outermost brace pairs in order. Quotes count only inside braces: in prose they need not come in pairs.

    Braces around what is no JSON object are looked into, a limited number of times.
    """
    found: list[_Span] = []
    restarts = 0
    while (start := answer.find("{", start)) >= 0:
        span = _object_at(answer, start)
        is_prose = _JSON_OBJECT_START.match(answer, start) is None and '"' in answer[start : span.end]
        if is_prose and restarts < _MAX_RESTARTS:
            restarts += 1
            start += 1
            continue
        found.append(span)
        start = span.end
    return found


def _object_at(answer: str, start: int) -> _Span:
    depth = 0
    for token in _TOKEN.finditer(answer, start):
        mark = token[0]
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0:
                return _Span(start, token.end(), True)
        elif mark == '"':
            break  # a string that never ends
    return _Span(start, len(answer), False)


def _decide(answer: str, spans: list[_Span]) -> Json:
    candidates = 0
    for span in reversed(spans):
        text = answer[span.start : span.end]
        if '"tasks' not in text:
            continue
        plan = _read(text, closed=span.closed)
        if plan is not None:
            return plan
        candidates += 1
        if candidates == _MAX_CANDIDATES:
            break
    if candidates == 0 and (tasks := _tasks_alone(answer, spans)) is not None:
        return plan_in({"tasks": tasks})
    said = "has no JSON object with a list of tasks" if answer.strip() else "is empty"
    raise NoPlan(Problem("no_plan_found", f"The answer {said}", hint=_HINT))


def _read(text: str, *, closed: bool) -> Json | None:
    """The plan that ``text`` is or directly holds; ``None`` when it is something else."""
    if not closed:
        raise NoPlan(Problem("invalid_json", "The JSON is malformed: it ends before it is complete.", hint=_HINT))
    try:
        value = parse(text)
    except InvalidJson as error:
        raise NoPlan(Problem("invalid_json", str(error), hint=_HINT)) from None
    return plan_in(value)


def _tasks_alone(answer: str, spans: list[_Span]) -> list[Json] | None:
    """The tasks of a plan that came as a list of tasks, or as one task, without the object around them: those
    that the answer ends with. A list that is not closed may go on, so that it holds no plan."""
    last = len(spans) - 1
    first = last
    while first > 0 and answer[spans[first - 1].end : spans[first].start].strip() == ",":
        first -= 1
    if first < 0 or not spans[last].closed:
        return None
    start, end = spans[first].start, spans[last].end
    is_list = answer[:start].rstrip().endswith("[")
    if (is_list and not answer[end:].lstrip().startswith("]")) or (not is_list and first != last):
        return None
    try:
        tasks = [parse(answer[span.start : span.end]) for span in spans[first:]]
    except InvalidJson:
        return None
    return tasks if all(map(is_task, tasks)) else None


def _last_object(answer: str, spans: list[_Span]) -> Json:
    for span in reversed(spans[-_MAX_CANDIDATES:]):
        text = answer[span.start : span.end]
        try:
            return parse(text)
        except InvalidJson as error:
            if _JSON_OBJECT_START.match(text):  # else braces in prose
                raise NoPlan(Problem("invalid_json", str(error))) from None
    raise NoPlan(Problem("no_plan_found", "The answer has no JSON object"))
