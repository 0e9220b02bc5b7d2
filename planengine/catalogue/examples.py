"""Requests that a service was made for, as its developer gives them: known before anybody has asked.

An example is either a text whose ``{field}`` places stand for the service's inputs ("Cancel appointment
{appointment_id}"), or ``{"action", "params"}`` as a request has them. Both are read as a request, an action and
its params. For places values are made up, so that ``cache.templates.templates.make_template(action, params)``
gives the template that requests in these words have, with slots of the places' names (``tags.0`` for an input that
is a list).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orra.base.strictjson import InvalidJson, Json, canonical, check, type_of
from orra.base.text import quote, quote_all
from planengine.catalogue.errors import ExamplesInvalid
from planengine.catalogue.schemas import Field, ObjectSchema, type_names
from planengine.exceptions import BadRequest
from planengine.requests import parse_params

MAX_EXAMPLES = 50
MAX_TEXT_CHARACTERS = 1_000
MAX_CHARACTERS = 100_000  # of all of them, as JSON
MAX_PLACES = 20  # in one text

_place = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class ServiceExample:
    """A request for the service. ``params``: values by field, made up where the developer gave places; they stand
    for any value of their kind and belong in no plan."""

    action: str
    params: Mapping[str, Json]


def check_examples(examples: Json, inputs: ObjectSchema) -> None:
    """Raises :class:`ExamplesInvalid` unless each can be read as an example of a service with these inputs."""
    if not isinstance(examples, list):
        raise ExamplesInvalid(f"Examples must be a list, not {type_of(examples)}.")
    if len(examples) > MAX_EXAMPLES:
        raise ExamplesInvalid(f"There are {len(examples):,} examples, {MAX_EXAMPLES} is the most.")
    for index, example in enumerate(examples):
        try:
            read_example(example, inputs)
        except ExamplesInvalid as error:
            raise ExamplesInvalid(error.message, f"/{index}{error.path}") from None
    if len(canonical(examples)) > MAX_CHARACTERS:
        raise ExamplesInvalid(f"The examples are longer than {MAX_CHARACTERS:,} characters of JSON.")


def read_examples(examples: Iterable[Json], inputs: ObjectSchema) -> Iterator[ServiceExample]:
    """Those of ``examples`` that can be read. Of checked ones that is each."""
    for example in examples:
        try:
            yield read_example(example, inputs)
        except ExamplesInvalid:
            continue


def read_example(example: Json, inputs: ObjectSchema) -> ServiceExample:
    """The request that an example stands for. Raises :class:`ExamplesInvalid`."""
    if isinstance(example, str):
        return _read_text(example, inputs)
    if isinstance(example, dict):
        return _read_request(example, inputs)
    raise ExamplesInvalid(
        f"An example must be text with {{field}} places or {{action, params}}, not {type_of(example)}."
    )


# --- texts with places


def _read_text(text: str, inputs: ObjectSchema) -> ServiceExample:
    _check_text(text)
    texts, places = _split(text)
    if any("{" in part or "}" in part for part in texts):
        raise ExamplesInvalid("A brace belongs to no {field} place. For a text with braces give {action, params}.")
    if not any(unicodedata.category(letter)[0] in "LNS" for part in texts for letter in part):
        raise ExamplesInvalid("The text says nothing beside its places: say in words what is asked for.")
    if len(places) > MAX_PLACES:
        raise ExamplesInvalid(f"The text has {len(places)} places, {MAX_PLACES} is the most.")
    params: dict[str, Json] = {}
    for name in places:
        if name not in params:
            used = map(_as_written, params.values())
            params[name] = _stand_in(_field_of_place(name, inputs), text, used=list(used))
    written = (_as_written(params[name]) for name in places)
    action = texts[0] + "".join(value + part for value, part in zip(written, texts[1:], strict=True))
    return ServiceExample(action, params)


def _split(text: str) -> tuple[Sequence[str], Sequence[str]]:
    """The texts around the places, one more than there are places; and the places' names."""
    parts = _place.split(text)
    return parts[::2], parts[1::2]


def _field_of_place(name: str, inputs: ObjectSchema) -> Field:
    place = quote(f"{{{name}}}")
    field = inputs.field(name)
    if field is None:
        raise ExamplesInvalid(f"{place} names no input of the service. {_told(inputs)}")
    if not field.samples:
        raise ExamplesInvalid(
            f"{place} is {type_names(field.types)}, which no request has in its text: leave the place out, or "
            "give {action, params}."
        )
    return field


def _stand_in(field: Field, text: str, *, used: Collection[str]) -> Json:
    """A value that is found in its own place only: it stands neither in the text nor in another place. Where there
    is none, any."""
    taken = [text.casefold(), *map(str.casefold, used)]

    def is_free(value: Json) -> bool:
        folded = _as_written(value).casefold()
        return not any(folded in other or other in folded for other in taken)

    return next(filter(is_free, field.samples), field.samples[0])


def _as_written(value: Json) -> str:
    return str(value[0] if isinstance(value, list) else value)


# --- requests


def _read_request(request: Mapping[str, Json], inputs: ObjectSchema) -> ServiceExample:
    if unknown := [name for name in request if name not in ("action", "params")]:
        raise ExamplesInvalid(f"{quote(unknown[0])} is unknown. An example has an action and params.")
    action = request.get("action")
    if not isinstance(action, str):
        raise ExamplesInvalid("An example needs an action, as text.", "/action")
    try:
        _check_text(action)
    except ExamplesInvalid as error:
        raise ExamplesInvalid(error.message, "/action") from None
    try:
        params = parse_params(request.get("params"))
    except BadRequest as error:
        raise ExamplesInvalid(error.message, error.pointer or "/params") from None
    for name, value in params.items():
        _check_param(name, value, inputs)
    if left := [name for name in _split(action)[1] if inputs.field(name) is not None]:
        raise ExamplesInvalid(
            f"{quote(f'{{{left[0]}}}')} stands where a request has a value: write a value of the params, or give "
            "the text alone, without params.",
            "/action",
        )
    return ServiceExample(action, params)


def _check_param(name: str, value: Json, inputs: ObjectSchema) -> None:
    field = inputs.field(name)
    if field is None:
        raise ExamplesInvalid(f"{quote(name)} is no input of the service. {_told(inputs)}", "/params")
    if type_of(value) not in field.types:
        raise ExamplesInvalid(f"{quote(name)} must be {type_names(field.types)}, not {type_of(value)}.", "/params")


# --- both


def _check_text(text: str) -> None:
    if not text.strip():
        raise ExamplesInvalid("The text is empty: say in words what is asked for.")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ExamplesInvalid(f"The text has {len(text):,} characters, {MAX_TEXT_CHARACTERS:,} is the most.")
    try:
        check(text)
    except InvalidJson as error:
        raise ExamplesInvalid(str(error)) from None


def _told(inputs: ObjectSchema) -> str:
    return f"Its inputs are: {quote_all(inputs.properties)}." if inputs.properties else "It has no inputs."
