"""What a request's query asks for: filters, checked before the database is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from rest_framework.request import Request

from planengine.api.reading.moments import parse_moment
from planengine.exceptions import BadRequest

MOST_HOURS = 10 * 365 * 24
OF_EVERY_LIST = ("limit", "cursor")


def check_filters(request: Request, *known: str) -> None:
    """Raises :class:`BadRequest` for a parameter that is not ``known``, or is given twice: ignored, it would give
    more than was asked for."""
    for name, given in request.query_params.lists():
        if name not in known:
            hint = f"Known are: {', '.join(known)}." if known else "There are none."
            shown = name[:80].encode("utf-8", "replace").decode()
            raise BadRequest(f"Unknown parameter {shown!r}. {hint}", code="unknown_parameter")
        if len(given) > 1:
            raise BadRequest(f"`{name}` is given {len(given)} times. Give it once.", code="invalid_filter")


def text(request: Request, name: str) -> str | None:
    value = request.query_params.get(name)
    if value is not None and "\x00" in value:
        raise BadRequest(f"`{name}` must not contain NUL.", code="invalid_text")
    return value


def choice(request: Request, name: str, known: Sequence[str]) -> str | None:
    value = request.query_params.get(name)
    if value is not None and value not in known:
        raise BadRequest(f"`{name}` must be one of {', '.join(known)}.", code="invalid_filter")
    return value


def moment(request: Request, name: str) -> datetime | None:
    raw = request.query_params.get(name)
    if raw is None:
        return None
    found = parse_moment(raw)
    if found is None:
        raise BadRequest(f"`{name}` must be a time such as 2026-01-31T12:00:00Z.", code="invalid_filter")
    return found


def since(request: Request) -> datetime | None:
    """From when on to count: a moment, or so many hours ago."""
    hours = request.query_params.get("hours")
    if hours is None:
        return moment(request, "since")
    if "since" in request.query_params:
        raise BadRequest("Send `since` or `hours`, not both.", code="invalid_filter")
    if not (hours.isascii() and hours.isdecimal() and len(hours) < 6 and 1 <= int(hours) <= MOST_HOURS):
        raise BadRequest(f"`hours` must be a whole number from 1 to {MOST_HOURS}.", code="invalid_filter")
    return timezone.now() - timedelta(hours=int(hours))
