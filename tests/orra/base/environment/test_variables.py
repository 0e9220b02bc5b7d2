"""Variables that look like orra's and are none, and which one was meant."""

from __future__ import annotations

import pytest

from orra.base.environment.variables import nearest, unknown

KNOWN = {
    "DATABASE_URL",
    "EMBEDDINGS_API_BASE_URL",
    "EMBEDDINGS_MODEL",
    "LLM_API_BASE_URL",
    "LLM_MODEL",
    "LLM_TEMPERATURE",
    "ORRA_DATA_DIR",
    "ORRA_HOST",
    "PORT",
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("LLM_MODLE", "LLM_MODEL"),
        ("LLM_BASE_URL", "LLM_API_BASE_URL"),
        ("EMBEDDING_MODEL", "EMBEDDINGS_MODEL"),
        ("EMBEDDINGS_API_URL", "EMBEDDINGS_API_BASE_URL"),
        ("ORRA_DATADIR", "ORRA_DATA_DIR"),
        ("ORRA_PORT", "PORT"),
        ("ORRA_DATABASE_URL", "DATABASE_URL"),
        ("LLM_ZZZZZZZZZZZZZZZ", None),
    ],
)
def test_a_misspelt_variable_is_found_and_so_is_the_one_that_is_meant(name: str, meant: str | None) -> None:
    assert unknown({"PATH": "/bin", "LLM_MODEL": "small-1", name: "9000"}, KNOWN) == name
    assert nearest(name, KNOWN) == meant


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORRA_SERVICE_HOST", "10.0.0.11"),
        ("ORRA_SERVICE_PORT_HTTP", "8005"),
        ("ORRA_PORT", "tcp://10.0.0.11:8005"),
        ("LLM_PORT_8000_TCP", "tcp://10.0.0.12:8000"),
        ("LLM_PORT_8000_TCP_ADDR", "10.0.0.12"),
        ("EMBEDDINGS_SERVICE_PORT", "80"),
    ],
)
def test_what_kubernetes_sets_for_services_of_such_names_is_none(name: str, value: str) -> None:
    assert unknown({name: value}, KNOWN) is None


@pytest.mark.parametrize("name", ["VLLM_API_KEY", "MY_LLM_MODEL", "llm_model", "EMBEDDER_MODEL"])
def test_another_programs_is_left_alone(name: str) -> None:
    assert unknown({name: "1"}, KNOWN) is None


def test_an_empty_one_counts_as_unset() -> None:
    assert unknown({"LLM_MODLE": " "}, KNOWN) is None
