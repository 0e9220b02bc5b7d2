"""What the API answers in tests, held against its own description: every status and every problem's code is told
by the operation that it comes from."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from orra.base.strictjson import Json


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
    return None
