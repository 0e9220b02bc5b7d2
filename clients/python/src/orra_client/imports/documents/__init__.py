"""Documents as people have them: fetched, read out of JSON or YAML, and with their local references followed."""

from orra_client.imports.documents.document import Document
from orra_client.imports.documents.notation import parse

__all__ = ["Document", "parse"]
