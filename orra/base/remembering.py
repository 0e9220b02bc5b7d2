"""A bounded cache of results for texts whose number and length others decide."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., object])


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
