"""Lists come in pages: ``limit`` rows each, ``next`` and ``previous`` as addresses to follow."""

from __future__ import annotations

import re

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from planengine.api.reading.moments import parse_moment
from planengine.exceptions import BadRequest

LIMIT = re.compile(r"[0-9]{1,9}")


class Pages(CursorPagination):
    """By cursor, newest first: rows that arrive meanwhile shift nothing."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering: tuple[str, ...] = ("-created_at", "-id")

    def get_page_size(self, request: Request) -> int:
        raw = request.query_params.get("limit", str(self.page_size))
        if not LIMIT.fullmatch(raw) or not 1 <= int(raw) <= self.max_page_size:
            raise BadRequest(f"`limit` must be a number from 1 to {self.max_page_size}.", code="invalid_limit")
        return int(raw)

    def decode_cursor(self, request: Request):  # type: ignore[no-untyped-def]
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
        given = request.query_params.get(self.cursor_query_param)
        if given is not None and (cursor is None or not self.is_position(cursor.position)):
            raise BadRequest("`cursor` is not one that a list gave out.", code="invalid_cursor")
        return cursor

    def get_paginated_response_schema(self, schema):  # type: ignore[no-untyped-def]
        described = super().get_paginated_response_schema(schema)
        for name in ("next", "previous"):  # `nullable` is OpenAPI 3.0's
            described["properties"][name] = {"type": ["string", "null"], "format": "uri"}
        described["required"] = ["next", "previous", "results"]
        return described

    def get_schema_operation_parameters(self, view):  # type: ignore[no-untyped-def]
        described = super().get_schema_operation_parameters(view)
        for parameter in described:
            if parameter["name"] == self.page_size_query_param:
                bounds = {"minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
                parameter["schema"] = {"type": "integer", **bounds}
            elif parameter["name"] == self.cursor_query_param:
                parameter["description"] = "From `next` or `previous` of a page."
        return described

    def is_position(self, position: object) -> bool:
        """Whether a cursor's position is a value of the column that the list is ordered by."""
        return position is None or parse_moment(str(position)) is not None


class PagesByName(Pages):
    ordering = ("name",)

    def is_position(self, position: object) -> bool:
        return "\x00" not in str(position)
