"""What a start says of who plans and who embeds, and of where texts go."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as configured

from orra.starting.told import who_does_what

HERE = "http://localhost:8000/v1"
CLOUD = "https://api.example.com/v1?key=never-told"


@pytest.fixture(autouse=True)
def _nothing_configured(settings: Any) -> None:
    choose(settings)


def choose(settings: Any, **chosen: Any) -> None:
    for kind in ("LLM", "LLM_FALLBACK", "EMBEDDINGS", "CHECK"):
        address = chosen.get(kind.lower(), "")
        setattr(settings, f"{kind}_API_BASE_URL", address)
        setattr(settings, f"{kind}_MODEL", f"{kind.lower()}-1" if address else "")
    settings.FALLBACK_IS_COMPOSER = False


def told(*, embedded_database: bool = True) -> dict[str, str]:
    lines = who_does_what(configured, embedded_database=embedded_database)
    assert "never-told" not in "\n".join(lines)
    return {what: who.strip() for what, _, who in (line.partition(" ") for line in lines)}


def test_with_nothing_configured_all_stays_here() -> None:
    assert told() == {
        "Plans": "the composer, in process (LLM_MODEL names a model)",
        "Embeddings": "all-MiniLM-L6-v2, in process",
        "Database": "embedded",
        "Texts": "stay on this machine",
    }


def test_models_on_this_machine_keep_texts_here(settings: Any) -> None:
    choose(settings, llm=HERE, embeddings="http://[::1]:9000/v1", check="http://127.0.0.2/v1")
    assert told()["Plans"] == f"llm-1 at {HERE}"
    assert told()["Embeddings"] == "embeddings-1 at http://[::1]:9000/v1"
    assert told()["Checks"] == "check-1 at http://127.0.0.2/v1"
    assert told()["Texts"] == "stay on this machine"


@pytest.mark.parametrize("kind", ["llm", "llm_fallback", "embeddings", "check"])
def test_a_model_elsewhere_gets_texts_and_is_named(settings: Any, kind: str) -> None:
    choose(settings, **{"llm": HERE, kind: CLOUD})
    assert told()["Texts"] == "leave this machine for api.example.com"


def test_a_fallback_is_told(settings: Any) -> None:
    choose(settings, llm=HERE, llm_fallback=CLOUD)
    assert told()["Plans"] == f"llm-1 at {HERE}; while it is down, llm_fallback-1 at https://api.example.com/v1"
    settings.FALLBACK_IS_COMPOSER = True
    assert told()["Plans"] == f"llm-1 at {HERE}; while it is down, the composer"


@pytest.mark.parametrize(
    ("host", "where", "texts"),
    [
        ("db.example.com", "at db.example.com", "leave this machine for db.example.com"),
        ("/run/postgresql", "at /run/postgresql", "stay on this machine"),
        ("", "at a socket of this machine", "stay on this machine"),
        ("localhost", "at localhost", "stay on this machine"),
    ],
)
def test_a_database_elsewhere_holds_texts(
    settings: Any, monkeypatch: pytest.MonkeyPatch, host: str, where: str, texts: str
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", host)
    assert told(embedded_database=False)["Database"] == where
    assert told(embedded_database=False)["Texts"] == texts


def test_a_replica_elsewhere_holds_them_too(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES, "replica", {"HOST": "replica.example.com"})
    assert told()["Replica"] == "at replica.example.com"
    assert told()["Texts"] == "leave this machine for replica.example.com"
