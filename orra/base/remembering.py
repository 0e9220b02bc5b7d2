"""Bounded memories of results, for what others decide the number and the length of."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., object])
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def remembered(most: int, *, longest: int) -> Callable[[Function], Function]:
    """As :func:`functools.lru_cache`, for functions of texts. A text longer than ``longest`` is not kept:
    a bound on how many are remembered is no bound on how much."""

    def decorate(function: Function) -> Function:
        kept = functools.lru_cache(maxsize=most)(function)

        @functools.wraps(function)
        def ask(*texts: str) -> object:
            for text in texts:
                if len(text) > longest:
                    return function(*texts)
            return kept(*texts)

        return cast(Function, ask)

    return decorate


class Remembered(Generic[K, V]):
    """The ``most`` results that were used last. Safe to share between threads, of which two may find out the same
    at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._found[key] = value
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)

    def forget(self, key: K) -> None:
        with self._lock:
            self._found.pop(key, None)

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        known = self.get(key)
        if known is None:
            known = make()
            self.put(key, known)
        return known
