"""Projects, their keys, and what their plans cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orra_client.reading import Json, Result


@dataclass(frozen=True)
class Project(Result):
    """``raw`` has the settings."""

    id: str
    name: str
    catalogue_revision: int = 0
    groundings_revision: int = 0
    created_at: datetime | None = None


@dataclass(frozen=True)
class NewProject(Project):
    """``api_key`` is told this once. It is not shown by ``repr``; ``raw`` does not have it."""

    api_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _forget_key(self)


@dataclass(frozen=True)
class ApiKey(Result):
    id: str
    name: str = ""
    prefix: str = ""
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class NewApiKey(ApiKey):
    """``api_key`` is told this once. It is not shown by ``repr``; ``raw`` does not have it."""

    api_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _forget_key(self)


def _forget_key(result: Result) -> None:
    object.__setattr__(result, "raw", {name: said for name, said in result.raw.items() if name != "api_key"})


@dataclass(frozen=True)
class Usage(Result):
    """Tokens, money and calls since a day; ``saved`` is what hits did not cost, ``today`` the budget."""

    since: str = ""
    calls: int = 0
    unknown_calls: int = 0
    unpriced_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    estimated_tokens: int = 0
    cost: float | None = None
    model_checks: Mapping[str, Json] = field(default_factory=dict)
    saved: Mapping[str, Json] = field(default_factory=dict)
    today: Mapping[str, Json] = field(default_factory=dict)
