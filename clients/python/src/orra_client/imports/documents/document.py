"""A document whose local references can be followed."""

from __future__ import annotations

from urllib.parse import unquote

from orra_client.imports.services import Json, Refused


class Document:
    """``root``: the whole document. ``is_3_0``: schemas are written as OpenAPI 3.0 has them, where nothing beside
    a ``$ref`` counts; else as JSON Schema 2020-12 has them."""

    def __init__(self, root: Json, *, is_3_0: bool = False) -> None:
        self.root = root
        self.is_3_0 = is_3_0
        self._found: dict[str, Json] = {}

    def resolve(self, reference: Json) -> Json:
        """What a reference leads to, which may be a reference again. Raises :class:`Refused`."""
        if not isinstance(reference, str):
            raise Refused("malformed", "A $ref is not text.")
        if reference not in self._found:
            self._found[reference] = self._look_up(reference)
        return self._found[reference]

    def follow(self, value: Json) -> Json:
        """``value``, or what its ``$ref`` leads to in the end. Raises :class:`Refused`."""
        seen: set[str] = set()
        while isinstance(value, dict) and "$ref" in value:
            reference = value["$ref"]
            value = self.resolve(reference)
            if reference in seen:
                raise Refused("broken_reference", f"{_quoted(reference)} leads back to itself.")
            seen.add(reference)
        return value

    def _look_up(self, reference: str) -> Json:
        if not reference.startswith("#"):
            raise Refused(
                "remote_reference",
                f"It refers to {_quoted(reference)}, and nothing outside of the document is read: put it into one "
                "file first, as bundlers for OpenAPI do.",
            )
        if reference not in ("#", "#/") and not reference.startswith("#/"):
            raise Refused(
                "broken_reference", f"{_quoted(reference)} names an anchor: only paths (#/…) are followed."
            )
        found = self.root
        for step in unquote(reference[1:]).split("/")[1:]:
            found = _step(found, step.replace("~1", "/").replace("~0", "~"), reference)
        return found


def _step(found: Json, step: str, reference: str) -> Json:
    if isinstance(found, dict) and step in found:
        return found[step]
    if isinstance(found, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(found):
        return found[int(step[:9])]
    raise Refused("broken_reference", f"{_quoted(reference)} leads to nothing in the document.")


def _quoted(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else reference[:79] + "…")
