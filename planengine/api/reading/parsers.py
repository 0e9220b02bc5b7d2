"""Request bodies: strict JSON, and YAML where it is taken, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from orra.base.strictjson import InvalidJson, Json, check, parse
from orra.base.text import shorten
from planengine.exceptions import BadRequest
from planengine.grounding import reading


class StrictJSONParser(BaseParser):
    media_type = "application/json"
    most_bytes: int = settings.MAX_BODY_BYTES

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Json:
        _refuse_encodings(parser_context)
        body = stream.read(self.most_bytes + 1)
        if len(body) > self.most_bytes:
            while stream.read(64 * 1024):  # a client that is still sending would see a reset, not the answer
                pass
        return self.read(body)

    def read(self, body: bytes) -> Json:
        """``body`` is cut after one byte too many."""
        if len(body) > self.most_bytes:
            raise BadRequest(
                f"The body is larger than {self.most_bytes // 1024} KiB.", code="body_too_large", status=413
            )
        try:
            return parse(body)
        except InvalidJson as error:
            raise BadRequest(str(error), code=error.code) from None


class CatalogueParser(StrictJSONParser):
    most_bytes = settings.MAX_CATALOGUE_BYTES


class GroundingParser(StrictJSONParser):
    most_bytes = reading.MAX_BYTES
    yaml = False

    def read(self, body: bytes) -> Json:
        return reading.parse_document(body, yaml=self.yaml)


class YamlGroundingParser(GroundingParser):
    media_type = "application/yaml"
    yaml = True


class OlderYamlGroundingParser(YamlGroundingParser):
    media_type = "application/x-yaml"


class TextYamlGroundingParser(YamlGroundingParser):
    media_type = "text/yaml"


GROUNDING_PARSERS = (GroundingParser, YamlGroundingParser, OlderYamlGroundingParser, TextYamlGroundingParser)


def _refuse_encodings(context: Mapping[str, Any] | None) -> None:
    request = (context or {}).get("request")
    encoding = request.headers.get("Content-Encoding", "").strip() if request is not None else ""
    if encoding.lower() not in ("", "identity"):
        raise BadRequest(
            f"Bodies are read as they are, not {shorten(encoding, 40)}: send it uncompressed, without "
            "Content-Encoding.",
            code="unsupported_content_encoding",
            status=415,
        )


def storable(body: Json) -> Json:
    """``body``, if the database can hold it. Raises BadRequest."""
    try:
        check(body)
    except InvalidJson as error:
        raise BadRequest(str(error), code=error.code) from None
    return body
