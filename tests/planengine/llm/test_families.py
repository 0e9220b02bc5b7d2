"""A model's family, by its name."""

from __future__ import annotations

import pytest

from planengine.llm.families import FAMILIES, UNKNOWN, Sampling, family_of


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("qwen/QwQ-32B-q8", "qwq"),
        ("Qwen/QwQ-32B-Preview", "qwq"),
        ("accounts/fireworks/models/qwq-32b", "qwq"),
        ("qwq:32b-q4_K_M", "qwq"),
        ("deepseek-r1-mlx", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "deepseek-r1"),
        ("deepseek-r1-0528-qwen3-8b", "deepseek-r1"),
        ("deepseek-v4-flash", "deepseek-v4"),
        ("qwen3:8b", "qwen3"),
        ("Qwen/Qwen3-30B-A3B-Thinking-2507-FP8", "qwen3"),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "qwen3-instruct"),
        ("openai/gpt-oss-20b", "gpt-oss"),
        ("gpt-oss:120b", "gpt-oss"),
        ("zai-org/GLM-4.6", "glm"),
        ("glm-5", "glm"),
        ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", "mistral-small-3"),
        ("mistral-small3.1", "mistral-small-3"),
        ("mistralai/Magistral-Small-2506", "magistral"),
        ("o3-mini", "openai-reasoning"),
        ("o1", "openai-reasoning"),
        ("gpt-5-mini", "openai-reasoning"),
        # Known to nobody, and as good as any other.
        ("gpt-4o", "unknown"),
        ("gpt-35-turbo", "unknown"),
        ("gpt-4.1", "unknown"),
        ("glm-4.5", "unknown"),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "unknown"),
        ("qwen3-embedding-0.6b", "unknown"),
        ("qwen3.5-9b", "unknown"),
        ("foo3-mini", "unknown"),
        ("llama-3.3-70b-instruct", "unknown"),
        ("our-deployment", "unknown"),
        ("qwq/adapter-of-ours", "unknown"),
    ],
)
def test_variants_belong_to_their_family(model: str, family: str) -> None:
    assert family_of(model).name == family


def test_what_the_operator_sets_stands_and_the_rest_is_the_makers() -> None:
    makers = family_of("qwq").sampling
    assert Sampling(temperature=0.0).over(makers) == Sampling(0.0, 0.95, 20)
    assert Sampling().over(makers) == makers
    assert Sampling(top_k=5).over(UNKNOWN.sampling).as_fields() == {"top_k": 5}


def test_temperatures_and_shares_are_possible() -> None:
    for family in FAMILIES:
        assert 0 < (family.sampling.temperature or 1) <= 1
        assert 0 < (family.sampling.top_p or 1) <= 1
