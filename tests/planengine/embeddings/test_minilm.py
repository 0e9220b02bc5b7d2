"""The graph that is built here against a plain forward pass written from the paper, and what callers rely on."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planengine.embeddings import minilm
from planengine.embeddings.graph import DIMENSIONS, MAX_TOKENS
from planengine.embeddings.minilm import MiniLM, ModelUnusable, model_folder, read_weights

Floats = NDArray[Any]

SAMPLES = [
    "Refund order 17",
    "Refund order 17 and tell the customer why it was late, then book the courier for tomorrow morning.",
    "What is the delivery estimate for a laptop sent to Graz?",
    "ünïcödé, 東京 and emoji 🎉 in one line",
    "x",
    "",
    "never " * 90,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def model(folder: Path) -> MiniLM:
    return MiniLM(folder)


@pytest.fixture(scope="module")
def weights() -> dict[str, Floats]:
    return read_weights(model_folder() / "model.safetensors")


def plain_forward(weights: dict[str, Floats], ids: Sequence[int]) -> Floats:
    """One text, one step after the other, nothing fused."""

    def norm(x: Floats, name: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        result: Floats = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return result

    def dense(x: Floats, name: str) -> Floats:
        result: Floats = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return result

    gelu = np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))), otypes=[np.float64])
    x: Floats
    x = weights["embeddings.word_embeddings.weight"][list(ids)].astype(np.float64)
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        heads = [
            dense(x, f"{at}.attention.self.{part}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        ]
        scores = heads[0] @ heads[1].transpose(0, 2, 1) / math.sqrt(32)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        attended = (shares / shares.sum(-1, keepdims=True) @ heads[2]).transpose(1, 0, 2).reshape(len(ids), 384)
        x = norm(x + dense(attended, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        wide = gelu(dense(x, f"{at}.intermediate.dense"))
        x = norm(x + dense(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean: Floats = x.mean(0)
    result: Floats = mean / np.linalg.norm(mean)
    return result


def test_vectors_are_nearly_those_of_a_plain_forward_pass_in_floats(
    model: MiniLM, weights: dict[str, Floats]
) -> None:
    vectors = model.embed(SAMPLES)
    for text, vector in zip(SAMPLES, vectors, strict=True):
        ids = model._tokenizer.encode(text).ids
        assert vector @ plain_forward(weights, ids) > 0.995, text


def test_meaning_decides_what_is_near(model: MiniLM) -> None:
    cancel, stop, weather = model.embed(
        ["Cancel my subscription", "Please stop my subscription", "Is it raining in Lyon?"]
    )
    assert cancel @ stop > 0.6 > 0.2 > cancel @ weather


def test_order_and_shape_are_kept_over_many_batches(model: MiniLM) -> None:
    texts = [f"order {number} " * (1 + number % 7) for number in range(75)]
    vectors = model.embed(texts)
    assert vectors.shape == (75, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for place in (0, 33, 74):
        assert vectors[place] @ model.embed([texts[place]])[0] > 0.99999


def test_no_texts_give_no_vectors(model: MiniLM) -> None:
    assert model.embed([]).shape == (0, DIMENSIONS)


def test_only_the_first_tokens_of_a_long_text_count(model: MiniLM) -> None:
    enough = "word " * MAX_TOKENS
    vectors = model.embed([enough, enough + "and something else entirely", "word " * 500_000])
    assert np.array_equal(vectors[0], vectors[1])
    assert vectors[0] @ vectors[2] > 0.99999


@pytest.mark.parametrize("text", ["\ud800 lone", "\x00", "\u200b", " \n ", "\U0010ffff"])
def test_no_text_is_too_odd(model: MiniLM, text: str) -> None:
    assert np.isfinite(model.embed([text])).all()


def test_threads_share_one_model(folder: Path) -> None:
    fresh = MiniLM(folder)
    alone = MiniLM(folder).embed(SAMPLES[:4])
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(fresh.embed, [SAMPLES[:4]] * 8):
            assert np.allclose(vectors, alone, atol=1e-6)


def test_the_built_graph_is_kept_and_found_again(
    model: MiniLM, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = model.embed(["once"])

    def fail(weights: object) -> bytes:
        raise AssertionError("built a second time")

    monkeypatch.setattr(minilm, "build_graph", fail)
    assert np.array_equal(MiniLM(folder).embed(["once"]), expected)


@pytest.mark.parametrize("suffix", [".onnx", ".weights"])
@pytest.mark.parametrize("content", [None, b"", b"half a file"])
def test_a_damaged_file_is_built_anew(
    model: MiniLM, folder: Path, tmp_path: Path, content: bytes | None, suffix: str
) -> None:
    model.embed(["x"])
    for kept in folder.iterdir():
        if kept.suffix != suffix:
            os.link(kept, tmp_path / kept.name)
        elif content is not None:
            (tmp_path / kept.name).write_bytes(content)
    assert np.array_equal(MiniLM(tmp_path).embed(["once"]), model.embed(["once"]))
    assert sizes(tmp_path) == sizes(folder)


def sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in folder.iterdir()}


def test_weights_are_used_where_their_file_is_mapped(model: MiniLM, folder: Path) -> None:
    """So that processes share them."""
    if sys.platform != "linux":
        pytest.skip("other systems tell otherwise what is mapped")
    model.embed(["x"])
    [weights] = folder.glob("*.weights")
    assert str(weights) in Path("/proc/self/maps").read_text()


def test_no_batch_is_larger_than_its_tokens(model: MiniLM) -> None:
    texts = ["word " * (1 + number % 300) for number in range(100)]
    batches = list(model._batches(texts))
    assert sorted(row for rows, _ in batches for row in rows) == list(range(100))
    assert max(batch["ids"].size for _, batch in batches) <= minilm.BATCH_TOKENS


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "model.safetensors"
    other.write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(ModelUnusable, match="not the published file"):
        read_weights(other)


def test_a_processor_that_is_slow_at_signed_weights_makes_the_same_vectors(
    model: MiniLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = model.embed(SAMPLES)
    monkeypatch.setattr(MiniLM, "_multiplies_signed", lambda self: False)
    assert np.allclose(MiniLM(tmp_path).embed(SAMPLES), expected, atol=1e-5)


def test_bytes_put_texts_in_the_order_in_which_floats_do(model: MiniLM, weights: dict[str, Floats]) -> None:
    """As far as floats tell them apart by more than bytes lose."""
    texts = [
        *("Refund order {order_id}", "Please give the money back for order {order_id}", "Cancel order {order_id}"),
        *("Do not refund order {order_id}", "Track the parcel {order_id}", "Book a table for {count} at {place}"),
        *("Reserve a table at {place}", "Is it raining in {city}?", "Weather in {city} on {date}", "Play {title}"),
    ]
    vectors = model.embed(texts)
    exact = np.array([plain_forward(weights, model._tokenizer.encode(text).ids) for text in texts])
    similar, exactly = vectors @ vectors.T, exact @ exact.T
    assert np.abs(similar - exactly).max() < 0.03
    for row, truly in zip(similar, exactly, strict=True):
        for one in range(len(texts)):
            for other in range(len(texts)):
                assert truly[one] - truly[other] < 0.03 or row[one] > row[other]
