"""JSON Schemas (Draft 2020-12, and what OpenAPI 3.0 writes otherwise) as services declare them: checked once,
then compiled and asked often.

``checking`` says which ones a service may have, ``compiled`` what one says of an object's fields, ``rules`` what
it says of the object as a whole; ``evaluation`` and ``knowledge`` ask the library about values, known or yet to
come. Pure.

Schemas are strangers' input. Nothing here fetches anything or evaluates a regular expression from a schema
(``pattern``, ``patternProperties`` and ``format`` are notes for people and models), and work is bounded.
"""

from planengine.catalogue.errors import SchemaInvalid
from planengine.catalogue.schemas.checking import check_input_schema, check_schema
from planengine.catalogue.schemas.compiled import (
    Field,
    ObjectSchema,
    compile_input_schema,
    compile_schema,
    value_faults,
)
from planengine.catalogue.schemas.rules import Rule, Way, only_value
from planengine.catalogue.shapes import can_fit, type_names, types_of

__all__ = [
    "Field",
    "ObjectSchema",
    "Rule",
    "SchemaInvalid",
    "Way",
    "can_fit",
    "check_input_schema",
    "check_schema",
    "compile_input_schema",
    "compile_schema",
    "only_value",
    "type_names",
    "types_of",
    "value_faults",
]
