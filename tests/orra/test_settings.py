"""A bad value stops the start with one line that names the variable."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from orra.base.environment import readers

GOOD = {
    "DATABASE_URL": "postgresql:///none",
    "SECRET_KEY": "settings are read, and nothing is signed with it",
    "LLM_MODEL": "some-model",
    "LLM_API_BASE_URL": "http://localhost:8000/v1",
    "LLM_API_KEY": "sk-1",
    "LLM_TEMPERATURE": "0.6",
    "LLM_TOP_K": "20",
    "LLM_RESPONSE_FORMAT": "JSON_schema",
    "WEB_THREADS": "4",
    "ALLOWED_HOSTS": "orra.example.com, .example.org, [::2]",
    "CSRF_TRUSTED_ORIGINS": "https://orra.example.com, http://localhost:8005",
}


def read_settings(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "ORRA_DATA_DIR": str(folder), **GOOD, **variables}
    command = [sys.executable, "-c", "import orra.settings"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_good_values_are_taken(tmp_path: Path) -> None:
    assert read_settings(tmp_path).returncode == 0


def test_the_clients_variables_are_no_misspelt_ones(tmp_path: Path) -> None:
    of_the_client = {"ORRA_URL": "http://localhost:8005", "ORRA_API_KEY": "sk-orra-v1-…"}
    assert read_settings(tmp_path, **of_the_client).stderr == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "mysql://localhost/orra"),
        ("DATABASE_URL", "postgresql://[::1/orra"),
        ("DATABASE_URL", "postgresql://localhost:port/orra"),
        ("DATABASE_REPLICA_URL", "mysql://localhost/orra"),
        ("DATABASE_REPLICA_LAG_SECONDS", "1"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("LLM_MODEL", ""),
        ("LLM_API_BASE_URL", ""),
        ("LLM_API_BASE_URL", "localhost:8000"),
        ("LLM_API_BASE_URL", "http://[::1"),
        ("LLM_API_BASE_URL", "http://localhost:port/v1"),
        ("LLM_API_BASE_URL", "http://user:secret@localhost/v1"),
        ("LLM_API_KEY", "schlüssel"),
        ("LLM_TEMPERATURE", "warm"),
        ("LLM_TEMPERATURE", "nan"),
        ("LLM_TOP_P", "1.5"),
        ("LLM_TOP_K", "0"),
        ("LLM_MAX_OUTPUT_TOKENS", "-1"),
        ("LLM_MAKERS_SAMPLING", "sometimes"),
        ("LLM_RESPONSE_FORMAT", "xml"),
        ("LLM_FALLBACK_API_BASE_URL", "localhost:8000"),
        ("LLM_FALLBACK_API_KEY", "schlüssel"),
        ("LLM_BREAKER_FAILURES", "0"),
        ("LLM_BREAKER_SECONDS", "soon"),
        ("LLM_PRICES", "some-model=free"),
        ("BROKER_URL", "localhost:6379"),
        ("BROKER_URL", "kafka://localhost"),
        ("BROKER_URL", "amqp://"),
        ("BROKER_URL", "redis://"),
        ("WEB_THREADS", "many"),
        ("WEB_THREADS", "0"),
        ("ORRA_OPEN_REGISTRATION", "perhaps"),
        ("PLAN_RETENTION_DAYS", "-1"),
        ("ATTEMPT_RETENTION_DAYS", "a month"),
        ("VECTOR_INDEX_FROM", "-1"),
        ("LOG_LEVEL", "LOUD"),
        ("LLM_MODLE", "some-model"),
        ("PLANNING_DEADLINE", "5"),
        ("ORRA_DATA_DIR", "/dev/null"),
        ("PROMETHEUS_MULTIPROC_DIR", "/dev/null/metrics"),
        ("ALLOWED_HOSTS", "orra example.com"),
        ("ALLOWED_HOSTS", "https://orra.example.com"),
        ("ALLOWED_HOSTS", "orra.example.com:443"),
        ("CSRF_TRUSTED_ORIGINS", "orra.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "https://orra.example.com/admin"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_line(tmp_path: Path, variable: str, value: str) -> None:
    started = read_settings(tmp_path, **{variable: value})

    assert started.returncode == 1
    assert started.stderr.startswith(f"orra cannot start: {variable} ")
    assert started.stderr.count("\n") == 1
    assert "secret@" not in started.stderr


def test_a_secrets_file_is_what_a_misspelt_one_was_to_be(tmp_path: Path) -> None:
    told = read_settings(tmp_path, LLM_KEY_FILE="/run/secrets/llm").stderr
    assert "LLM_KEY_FILE is nothing that orra reads: did you mean LLM_API_KEY_FILE?" in told


HERE = {"LLM_FALLBACK_API_BASE_URL": GOOD["LLM_API_BASE_URL"]}


@pytest.mark.parametrize(
    ("variable", "variables"),
    [
        ("LLM_FALLBACK_MODEL", HERE),
        ("LLM_FALLBACK_API_BASE_URL", {"LLM_FALLBACK_MODEL": "other"}),
        ("LLM_FALLBACK_MODEL", {**HERE, "LLM_FALLBACK_MODEL": GOOD["LLM_MODEL"]}),
        ("LLM_FALLBACK_API_BASE_URL", {**HERE, "LLM_FALLBACK_MODEL": "composer"}),
        ("LLM_FALLBACK_MODEL", {"LLM_FALLBACK_MODEL": "composer", "LLM_MODEL": "", "LLM_API_BASE_URL": ""}),
    ],
)
def test_a_fallback_that_cannot_be_one_stops_the_start(
    tmp_path: Path, variable: str, variables: dict[str, str]
) -> None:
    started = read_settings(tmp_path, **variables)

    assert started.returncode == 1
    assert started.stderr.startswith(f"orra cannot start: {variable} ")
    assert started.stderr.count("\n") == 1


@pytest.mark.parametrize("fallback", [{"LLM_FALLBACK_MODEL": "composer"}, {**HERE, "LLM_FALLBACK_MODEL": "other"}])
def test_a_fallback_and_prices_are_taken(tmp_path: Path, fallback: dict[str, str]) -> None:
    assert read_settings(tmp_path, **fallback, LLM_PRICES="some-model=1/2, other=0.5/0.75").returncode == 0


@pytest.mark.django_db
def test_a_database_whose_host_vanishes_is_noticed_soon() -> None:
    connection.ensure_connection()

    told = connection.connection.info.get_parameters()

    assert told["connect_timeout"] == "5"
    unanswered = int(told["keepalives_idle"]) + int(told["keepalives_interval"]) * int(told["keepalives_count"])
    assert max(unanswered, int(told["tcp_user_timeout"]) / 1000) <= 25


def test_the_url_has_the_last_word_on_the_databases_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@db.example/orra?connect_timeout=2&sslmode=require")

    options = readers.database("DATABASE_URL")["OPTIONS"]

    assert (options["connect_timeout"], options["sslmode"]) == ("2", "require")
    assert options["tcp_user_timeout"] == readers.UNTIL_GONE["tcp_user_timeout"]


@pytest.mark.parametrize("kind", ["LLM", "EMBEDDINGS", "CHECK"])
def test_a_model_has_an_address_for_a_name_alone_would_mean_somebodys_cloud(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(f"{kind}_MODEL", "small-1")
    with pytest.raises(SystemExit, match=f"{kind}_API_BASE_URL must be set too: where is the model small-1?"):
        readers.model_at(kind)

    monkeypatch.setenv(f"{kind}_API_BASE_URL", readers.OPENAI_URL)
    assert readers.model_at(kind) == ("small-1", readers.OPENAI_URL, "")


@pytest.mark.parametrize(
    "key",
    [
        "a" * 64,
        "0123456789abcdef0123456789abcde",
        "django-insecure-kq1!m8$v^0z2x3c4v5b6n7m8k9",
        "please Change-Me before you go into production",
    ],
)
def test_a_key_that_can_be_guessed_is_not_taken_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(SystemExit, match="SECRET_KEY can be guessed. Set it to a random text") as refused:
        readers.secret_key("SECRET_KEY")
    assert key not in str(refused.value)


def test_a_made_key_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    key = secrets.token_urlsafe(48)
    monkeypatch.setenv("SECRET_KEY", key)
    assert readers.secret_key("SECRET_KEY") == key
