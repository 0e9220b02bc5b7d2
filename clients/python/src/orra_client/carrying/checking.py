"""Inputs and outputs against the services' schemas, by the library ``jsonschema`` (the extra ``schemas``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orra_client.carrying.facts import Facts
from orra_client.errors import NotConfigured
from orra_client.reading import Json

MISSING = (
    "Inputs and outputs cannot be checked against the services' schemas: jsonschema is not installed. "
    "Install 'orra-client[schemas]', or say check=False."
)
MAX_MESSAGE = 300

# The first fault of a value, in words; "" for none.
Check = Callable[[Json], str]


def checks_of(facts: Mapping[str, Facts], services: set[str]) -> tuple[dict[str, Check], dict[str, Check]]:
    """Of inputs and of outputs, for the services whose schemas are known. Raises
    :class:`~orra_client.errors.NotConfigured` where there is something to check and no library for it."""
    inputs = {name: facts[name].input_schema for name in services if name in facts}
    outputs = {name: facts[name].output_schema for name in services if name in facts}
    return _checks(inputs), _checks(outputs)


def _checks(schemas: Mapping[str, Mapping[str, Json] | None]) -> dict[str, Check]:
    return {name: _check_of(schema) for name, schema in schemas.items() if schema is not None}


def _check_of(schema: Mapping[str, Json]) -> Check:
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import best_match
        from referencing import Registry
    except ImportError:
        raise NotConfigured(MISSING) from None
    registry: Registry[Any] = Registry()  # nothing is fetched
    validator = Draft202012Validator(in_today_s_words(dict(schema)), registry=registry)

    def check(value: Json) -> str:
        fault = best_match(validator.iter_errors(value))
        if fault is None:
            return ""
        where = f"at {fault.json_path}: " if fault.path else ""
        message: str = fault.message
        return where + (message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…")

    return check


def in_today_s_words(schema: Json) -> Json:
    """A schema as OpenAPI 3.0 writes it, in the words of Draft 2020-12: ``nullable``, and bounds that are
    exclusive by a flag. Members of ``properties`` are schemas, whatever their names are."""
    if isinstance(schema, list):
        return [in_today_s_words(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {
        name: value
        if name in ("enum", "const", "default", "example", "examples", "required")
        else {member: in_today_s_words(each) for member, each in value.items()}
        if name in ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
        and isinstance(value, dict)
        else in_today_s_words(value)
        for name, value in schema.items()
    }
    for bound, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(said.get(flag), bool) and said.pop(flag) and bound in said:
            said[flag] = said.pop(bound)
    if said.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, said]}
    return said
