"""Request bodies: strict JSON, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from orra.base.strictjson import InvalidJson, Json, parse
from planengine.exceptions import BadRequest


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Json:
        body = stream.read(settings.MAX_BODY_BYTES + 1)
        if len(body) > settings.MAX_BODY_BYTES:
            while stream.read(64 * 1024):  # a client that is still sending would see a reset, not the answer
                pass
            raise BadRequest(
                f"The body is larger than {settings.MAX_BODY_BYTES // 1024} KiB.",
                code="body_too_large",
                status=413,
            )
        try:
            return parse(body)
        except InvalidJson as error:
            raise BadRequest(str(error), code=error.code) from None
