"""How a described call becomes a method: one that returns its result, or one to be awaited. Types and docstrings
are those of the description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast

from orra_client.calls.call import Call, Flow, Listing

P = ParamSpec("P")
T = TypeVar("T")

Described = Call[T] | Flow[T]


class Client(Protocol):
    def do(self, described: Described[Any]) -> Any: ...
    def each(self, listing: Listing[Any]) -> Any: ...


class Method(Generic[P, T]):
    """On the class it is the description itself."""

    def __init__(self, describe: Callable[P, Any], perform: Callable[[Client, Any], Any]) -> None:
        self.describe, self.perform = describe, perform
        self.__doc__, self.__name__, self.__wrapped__ = describe.__doc__, describe.__name__, describe

    def __get__(self, client: Client | None, owner: type) -> Callable[P, T]:
        if client is None:
            return cast(Callable[P, T], self.describe)
        perform, describe = self.perform, self.describe

        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return cast(T, perform(client, describe(*args, **kwargs)))

        method.__doc__, method.__name__ = self.__doc__, self.__name__
        return method


def _do(client: Client, described: Any) -> Any:
    return client.do(described)


def _each(client: Client, listing: Any) -> Any:
    return client.each(listing)


def call(describe: Callable[P, Call[T]]) -> Method[P, T]:
    return Method(describe, _do)


def flow(describe: Callable[P, Flow[T]]) -> Method[P, T]:
    return Method(describe, _do)


def listing(describe: Callable[P, Listing[T]]) -> Method[P, Iterator[T]]:
    return Method(describe, _each)


def async_call(describe: Callable[P, Call[T]]) -> Method[P, Coroutine[Any, Any, T]]:
    return Method(describe, _do)


def async_flow(describe: Callable[P, Flow[T]]) -> Method[P, Coroutine[Any, Any, T]]:
    return Method(describe, _do)


def async_listing(describe: Callable[P, Listing[T]]) -> Method[P, AsyncIterator[T]]:
    return Method(describe, _each)
