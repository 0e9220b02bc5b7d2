"""Reads variables of the environment. A bad value ends the program with one line that names the variable and says
what to do.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from orra.base import brokers
from orra.base.environment.secret_files import SECRETS, UnusableSecret, read_secret_files
from orra.base.environment.variables import nearest, unknown
from orra.base.prices import Price, parse_prices

N = TypeVar("N", int, float)

OPENAI_URL = "https://api.openai.com/v1"
# Of keys that stand in somebody's documentation, and so in everybody's hands.
KEYS_OF_EXAMPLES = (
    "insecure",
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "your-secret",
    "your_secret",
    "secret-key",
    "secretkey",
)
MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

# Those that settings read are added as they are read.
known_variables = {
    "PORT",
    "WEB_CONCURRENCY",
    "WORKER_CONCURRENCY",
    "ORRA_DATA_DIR",
    "ORRA_OPERATOR_PASSWORD",
    # The client's, in the same terminal: the command `orra` is the client's and the server's.
    "ORRA_URL",
    "ORRA_API_KEY",
}


def stop(variable: str, problem: str) -> NoReturn:
    sys.exit(f"orra cannot start: {variable} {problem}")


def take_secret_files() -> None:
    """Has ``NAME_FILE`` stand for ``NAME``, before anything is read."""
    try:
        read_secret_files(os.environ)
    except UnusableSecret as unusable:
        sys.exit(f"orra cannot start: {unusable}")


def refuse_misspelt() -> None:
    """To be called when everything is read: what looks like ours and was not is a mistake."""
    misspelt = unknown(os.environ, known_variables)
    if misspelt is not None:
        meant = nearest(misspelt, known_variables.union(f"{name}_FILE" for name in SECRETS))
        hint = f": did you mean {meant}?" if meant else "."
        stop(misspelt, f"is nothing that orra reads{hint} Correct it, or unset it if it is another program's.")


def text(variable: str, default: str = "") -> str:
    known_variables.add(variable)
    return os.environ.get(variable, default).strip()


def number(variable: str, default: int, *, least: int, most: int) -> int:
    found = _within(variable, int, "a whole number", least, most)
    return default if found is None else found


def decimal(variable: str, *, least: float, most: float) -> float | None:
    return _within(variable, float, "a number", least, most)


def _within(variable: str, read: Callable[[str], N], kind: str, least: N, most: N) -> N | None:
    raw = text(variable)
    if not raw:
        return None
    try:
        value = read(raw)
    except ValueError:
        stop(variable, f"must be {kind}, not {raw!r}.")
    if not least <= value <= most:
        stop(variable, f"must be between {least} and {most}, not {raw}.")
    return value


def writable_folder(variable: str, folder: Path) -> None:
    """``folder``, where ``variable`` has put it, is there when this returns."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(variable, f"must name a folder that can be written: {folder} cannot be made ({error.strerror}).")
    if not os.access(folder, os.W_OK | os.X_OK):
        stop(variable, f"must name a folder that can be written: nothing can be in {folder}.")


def choice(variable: str, *words: str) -> str:
    """One of ``words``; the first is the default."""
    raw = text(variable).lower()
    if raw and raw not in words:
        stop(variable, f"must be {', '.join(words[:-1])} or {words[-1]}, not {raw!r}.")
    return raw or words[0]


def flag(variable: str, *, default: bool) -> bool:
    raw = text(variable).lower()
    if raw in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return raw in {"1", "true", "yes", "on"} if raw else default
    stop(variable, f"must be 1 or 0, not {raw!r}.")


def http_url(variable: str) -> str:
    raw = text(variable)
    try:
        url = urlsplit(raw)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if raw and not usable:
        stop(variable, "must be an address such as http://localhost:8000/v1.")
    if raw and "@" in url.netloc:
        stop(variable, "must not hold a user or password; the key has a variable of its own.")
    return raw


def broker_url(variable: str) -> str:
    raw = text(variable)
    scheme, separator, rest = raw.partition("://")
    if raw and not (separator and scheme in brokers.SCHEMES and (rest or scheme == "memory")):
        stop(
            variable,
            "must be the address of a broker, such as redis://localhost:6379/0 or amqp://user:password@localhost.",
        )
    return raw


def api_key(variable: str) -> str:
    key = text(variable)
    if not all("!" <= character <= "~" for character in key):
        stop(variable, "holds characters that no HTTP header can carry: paste it again.")
    return key


def prices(variable: str) -> dict[str, Price]:
    try:
        return parse_prices(text(variable))
    except ValueError as error:
        stop(variable, str(error))


def host_names(variable: str, *, always: list[str]) -> list[str]:
    """Names that requests may be for; every name when none are given. ``always`` are this machine's own: whoever
    watches the processes asks by these."""
    names = [name.strip() for name in text(variable).split(",") if name.strip()]
    if not all(re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:.]+\]", name, re.ASCII) for name in names):
        stop(variable, "must be host names separated by commas, without scheme or port: orra.example.com.")
    return [*names, *always] if names else ["*"]


def model_at(kind: str, *, in_process: str = "") -> tuple[str, str, str]:
    """Model, address and key of a ``kind`` of model. Either both or none of the first two, unless the model is the
    one called ``in_process``: a name alone would mean somebody's cloud."""
    names = f"{kind}_MODEL", f"{kind}_API_BASE_URL", f"{kind}_API_KEY"
    model, address, key = text(names[0]), http_url(names[1]), api_key(names[2])
    if in_process and model == in_process:
        if address:
            stop(names[1], f"is of no use to the {in_process}: unset it, or name another {names[0]}.")
    elif address and not model:
        stop(names[0], f"must name the model to use at {names[1]}.")
    elif model and not address:
        stop(names[1], f"must be set too: where is the model {model}? {OPENAI_URL} is OpenAI's own address.")
    return model, address, key


def secret_key(variable: str) -> str:
    key = text(variable)
    if not key:
        stop(variable, "is not set. Set it to a long random text, or run `orra up`, which makes one.")
    if len(key) < 32 or len(set(key)) < 5 or any(word in key.lower() for word in KEYS_OF_EXAMPLES):
        stop(variable, f"can be guessed. Set it to a random text of 32 characters or more: {MAKE_A_KEY}")
    return key


def origins(variable: str) -> list[str]:
    found = [origin.strip() for origin in text(variable).split(",") if origin.strip()]
    if not all(re.fullmatch(r"https?://[^/\s]+", origin) for origin in found):
        stop(variable, "must be origins separated by commas, each with its scheme: https://orra.example.com.")
    return found


# A host that is gone says nothing, and TCP waits for it for a quarter of an hour, with every thread that asks it.
# Seconds, but for the milliseconds that sent data may stay unacknowledged.
UNTIL_GONE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}


# For what another can be asked instead.
UNTIL_GONE_SOON = {**UNTIL_GONE, "connect_timeout": "2", "tcp_user_timeout": "3000"}


def database(variable: str, until_gone: Mapping[str, str] = UNTIL_GONE) -> dict[str, Any]:
    """Django's form of ``postgresql://user:password@host:port/name?option=value``; a socket's folder goes into
    the ``host`` option, as libpq has it."""
    raw = text(variable)
    if not raw:
        stop(variable, "is not set. Set it, or run `orra up`, which starts the embedded Postgres.")
    try:
        url = urlsplit(raw)
        port = url.port
    except ValueError:
        stop(variable, "has a host or port that cannot be read.")
    if url.scheme not in {"postgres", "postgresql"} or not url.path.strip("/"):
        stop(variable, "must look like postgresql://user:password@host:5432/name.")
    options: dict[str, Any] = dict(parse_qsl(url.query))
    return {
        "ENGINE": "orra.base.database.postgres",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or "") or options.pop("host", ""),
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": {**until_gone, **options},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
