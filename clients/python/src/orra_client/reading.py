"""JSON answers to frozen dataclasses, by the types of their fields.

A member that is not there leaves the field's default, one that no field has stays in ``raw``, and one of another
type than the field's raises :class:`~orra_client.errors.UnexpectedAnswer`: so a server that says more, or less,
than this client knows does not break it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from orra_client.errors import UnexpectedAnswer

# A JSON value as Python's json module gives it.
Json = Any
T = TypeVar("T")

Reader = Callable[[Json, str], Any]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the engine answered. ``raw`` is all of it, as it came."""

    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)


def read(kind: type[T], value: Json) -> T:
    """``value`` as a ``kind``: a subclass of :class:`Result`."""
    reader: Reader = _reader(kind)  # type: ignore[arg-type]  # a class is hashable
    result: T = reader(value, kind.__name__)
    return result


def reads(kind: type[T]) -> Callable[[Json], T]:
    return lambda value: read(kind, value)


@cache
def _reader(hint: Any) -> Reader:
    if isinstance(hint, type) and is_dataclass(hint):
        return _object_reader(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        [inner] = [each for each in arguments if each is not type(None)]
        read_inner = _reader(inner)
        return lambda value, where: None if value is None else read_inner(value, where)
    if origin is tuple:
        read_item = _reader(arguments[0])
        return lambda value, where: tuple(
            read_item(item, f"{where}[{place}]") for place, item in enumerate(_typed(value, list, where))
        )
    if origin is not None:  # Mapping[str, …]
        read_member = _reader(arguments[1])
        return lambda value, where: {
            name: read_member(member, f"{where}.{name}") for name, member in _typed(value, dict, where).items()
        }
    return SCALARS[hint]


def _object_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {each.name: _reader(hints[each.name]) for each in fields(kind) if each.name != "raw"}

    def read_object(value: Json, where: str) -> Any:
        given = _typed(value, dict, where)
        members = {
            name: reader(given[name], f"{where}.{name}") for name, reader in readers.items() if name in given
        }
        return kind(**members, raw=given)

    return read_object


def _typed(value: Json, kind: type | tuple[type, ...], where: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise UnexpectedAnswer(f"{where} is not what this client knows, but a {type(value).__name__}.")
    return value


def _number(value: Json, where: str) -> float:
    return float(_typed(value, (int, float), where))


def _moment(value: Json, where: str) -> datetime:
    try:
        return datetime.fromisoformat(_typed(value, str, where))
    except ValueError:
        raise UnexpectedAnswer(f"{where} is not a time.") from None


SCALARS: Mapping[Any, Reader] = {
    str: lambda value, where: _typed(value, str, where),
    int: lambda value, where: _typed(value, int, where),
    bool: lambda value, where: _typed(value, bool, where),
    float: _number,
    datetime: _moment,
    Any: lambda value, where: value,
}
