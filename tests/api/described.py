"""What the API answers in tests, held against its own description: every status and every problem's code is told
by the operation that it comes from."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from orra.base.strictjson import Json
from planengine.api.description.plan_codes import OF_DECISIONS, OF_GUARDS, OF_PLANS, OF_PROBLEMS


@functools.cache
def operations() -> Mapping[tuple[str, str], Json]:
    """By method and by a regular expression of their path."""
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return {
        (method.upper(), re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))): {
            status: set(told.get("content", {}).get("application/problem+json", {}).get("examples", {}))
            for status, told in operation["responses"].items()
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def undescribed(method: str, path: str, answer: Any) -> str | None:
    """What of an answer its operation does not tell, ``None`` where all is told or there is no such operation."""
    told = next(
        (
            told
            for (known, pattern), told in operations().items()
            if known == method and re.fullmatch(pattern, path.partition("?")[0])
        ),
        None,
    )
    if told is None:
        return None
    status = str(answer.status_code)
    if status not in told:
        return f"{method} {path}: {status}"
    if answer.headers.get("Content-Type") == "application/problem+json":
        code = answer.json()["code"]
        return None if code in told[status] else f"{method} {path}: {status} {code}"
    unknown = [word for plan in _plans(answer) for word in _unknown_words(plan)]
    return f"{method} {path}: {', '.join(unknown)}" if unknown else None


def _plans(answer: Any) -> list[Any]:
    """Those of an answer that is a Plan or a list of them."""
    if answer.headers.get("Content-Type", "").partition(";")[0] != "application/json":
        return []
    body = answer.json()
    found = body.get("results", [body]) if isinstance(body, dict) else []
    return [each for each in found if isinstance(each, dict) and {"cache", "error", "attempts"} <= each.keys()]


def _unknown_words(plan: Any) -> Iterator[str]:
    """What the words for programs that a Plan has are not described as."""
    cache, error = plan["cache"], plan["error"] or {}
    problems = [*error.get("problems", ()), *(each for tried in plan["attempts"] for each in tried["problems"])]
    said = (
        (OF_DECISIONS, [cache["reason"]]),
        (OF_GUARDS, [each["guard"] for each in cache["guards"]]),
        (OF_PLANS, [*filter(None, [error.get("code"), *(tried["error_code"] for tried in plan["attempts"])])]),
        (OF_PROBLEMS, [each["code"] for each in problems]),
    )
    yield from (word for codes, words in said for word in words if word not in codes)
