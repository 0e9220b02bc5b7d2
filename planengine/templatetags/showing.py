"""Filters for the admin's pages. They return plain text, which the templates escape."""

from __future__ import annotations

from django import template

from orra.base.strictjson import Json
from orra.operators import display

MAX_ROWS = 200

register = template.Library()


@register.filter
def shown(value: object, limit: int = display.MAX_SHOWN) -> str:
    """Anything as text; nothing for ``None``."""
    return "" if value is None else display.visible(str(value), limit)


@register.filter
def brief(value: object, limit: int = 80) -> str:
    return "" if value is None else display.brief(str(value), limit)


@register.filter
def as_json(value: Json) -> str:
    return display.as_json(value)


@register.filter
def as_short_json(value: Json, limit: int = 80) -> str:
    return display.as_short_json(value, limit)


@register.filter
def grouped(value: object) -> str:
    """A whole number as people read it."""
    return f"{value:,}" if isinstance(value, int) else ""


@register.filter
def rows(value: Json) -> list[dict[str, Json]]:
    """The objects of a stored list, whatever was stored."""
    return [row for row in value[:MAX_ROWS] if isinstance(row, dict)] if isinstance(value, list) else []


@register.filter
def texts(value: Json) -> list[str]:
    return [text for text in value[:MAX_ROWS] if isinstance(text, str)] if isinstance(value, list) else []
