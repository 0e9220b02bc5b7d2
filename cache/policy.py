"""What a lookup asks of whoever looks something up: what it knows of services, and on which terms it is served."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cache.examples.judgement import Terms
from cache.examples.votes import Example, Rivals
from cache.models import Entry
from orra.base.strictjson import Json


class Services(Protocol):
    """What a lookup needs to know of a project's services, for one request's params."""

    def take(self, services: Sequence[str]) -> bool:
        """Whether all of these are there and can be called together with the request's params, each of which one
        of them takes."""
        ...

    def rivals_of(self, services: Sequence[str], vector: NDArray[np.float32]) -> Rivals:
        """What else could be called with the params."""
        ...

    def read_only(self, services: Sequence[str]) -> bool: ...

    def described(self, services: Sequence[str]) -> Collection[str]:
        """The words by which these services and their inputs are described, casefolded."""
        ...

    def samples(self, vector: NDArray[np.float32]) -> Sequence[Example]:
        """The examples that the services' developers gave, with their similarity to the request."""
        ...

    def wire(self, services: Sequence[str]) -> Json | None:
        """A plan of exactly these services, wired by names and types; ``None`` when names do not tell how."""
        ...


class NoServices:
    """Nothing is known of services: whatever an entry holds may be served, and may have side effects."""

    def take(self, services: Sequence[str]) -> bool:
        return True

    def rivals_of(self, services: Sequence[str], vector: NDArray[np.float32]) -> Rivals:
        return Rivals()

    def read_only(self, services: Sequence[str]) -> bool:
        return False

    def described(self, services: Sequence[str]) -> Collection[str]:
        return ()

    def samples(self, vector: NDArray[np.float32]) -> Sequence[Example]:
        return ()

    def wire(self, services: Sequence[str]) -> Json | None:
        return None


@dataclass(frozen=True)
class Policy:
    """How ready the caller is to be served. ``accept`` returns why a filled plan must not be served, or ``None``.
    ``embed`` gives a template's unit vector, or ``None`` when there is none to be had now. ``floor`` is the lowest
    cosine similarity for a hit by meaning, ``scale`` what a distance counts as one of the embedding model that the
    prior was fitted with. ``terms`` say how much risk is tolerated. ``valid`` tells whether an
    entry's plan is still good for the request it was made for: then a plan that is not accepted is the new values'
    fault, and the entry stays. ``current`` tells whether what the entry depends on is as it was. ``rehearse``
    leaves everything as it is. ``second_best`` has what is to be planned anew serve, too. ``read`` gives the
    usable entries of these ids, where others than the database know them. ``verdicts`` gives what is known, by
    template key, of entries that only their wording keeps from serving: ``yes`` lets one serve all the same.
    ``None``: nobody is ever asked."""

    accept: Callable[[Json], str | None]
    embed: Callable[[str], NDArray[np.float32] | None]
    floor: float
    scale: float = 1.0
    services: Services = field(default_factory=NoServices)
    terms: Terms = Terms()
    valid: Callable[[Entry], bool] = lambda entry: False
    current: Callable[[Entry], bool] = lambda entry: True
    rehearse: bool = False
    second_best: bool = False
    read: Callable[[Sequence[str]], Sequence[Entry]] | None = None
    verdicts: Callable[[], Mapping[str, str]] | None = None
