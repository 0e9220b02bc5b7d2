"""Secrets in files: ``SECRET_KEY_FILE`` names a file that holds what ``SECRET_KEY`` would say."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

SECRETS = (
    "DATABASE_URL",
    "DATABASE_REPLICA_URL",
    "BROKER_URL",
    "SECRET_KEY",
    "ORRA_OPERATOR_TOKEN",
    "LLM_API_KEY",
    "LLM_FALLBACK_API_KEY",
    "EMBEDDINGS_API_KEY",
    "CHECK_API_KEY",
    "ALERT_WEBHOOK_URL",
)
MOST_BYTES = 64 * 1024


class UnusableSecret(Exception):
    """Its text names the variable and says what to do."""


def read_secret_files(environment: MutableMapping[str, str]) -> None:
    """Replaces ``NAME_FILE`` by ``NAME`` with the file's text, for each of :data:`SECRETS`. Raises
    :class:`UnusableSecret`, before anything is replaced, where both are set or the file holds no text."""
    found = {name: environment[file] for name in SECRETS if environment.get(file := f"{name}_FILE", "").strip()}
    texts = {name: _text(name, path.strip(), environment) for name, path in found.items()}
    environment.update(texts)
    for name in found:
        del environment[f"{name}_FILE"]


def _text(name: str, path: str, environment: MutableMapping[str, str]) -> str:
    if environment.get(name, "").strip():
        raise UnusableSecret(f"{name}_FILE and {name} are both set: unset one of them.")
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode().strip()
    except OSError as error:
        raise UnusableSecret(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, ValueError):
        raise UnusableSecret(f"{name}_FILE must name a text file.") from None
    if not text or len(content) > MOST_BYTES or "\0" in text:
        raise UnusableSecret(f"{name}_FILE must name a file that holds the value of {name} and nothing else.")
    return text
