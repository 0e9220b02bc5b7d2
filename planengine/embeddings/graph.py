"""The network of all-MiniLM-L6-v2, a BERT of six layers, written down as an ONNX graph.

Its matrices are products of whole numbers: a weight is one byte, scaled by output; what comes in is one byte, too,
scaled by token as it comes, so that no text's vector depends on what else is in its batch. This takes a third of
the time that floats take. A few channels of what a normalisation gives are many times larger than all others, and
would leave these hardly any of a byte; they are made smaller, and their weights larger, which is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

Floats = NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
MAX_TOKENS = 256  # what the model was published with
EPSILON = 1e-12
PAGE = 4096  # what is mapped begins at a multiple of it
# By how much these channels of a normalisation's output are made smaller: they were measured to be as many times
# larger than the rest, on texts of any kind and in every layer.
LARGE_CHANNELS = {63: 4, 99: 8, 127: 4, 157: 4, 223: 4, 267: 3, 303: 3, 319: 3, 338: 3}
# Less than what a GELU ever gives.
BELOW_GELU = 0.17

FUSED = frozenset({"BiasGelu", "MatMulIntegerToFloat", "MultiHeadAttention"})


@dataclass
class Graph:
    """Collects nodes and constants. ``signed``: whether weights are signed bytes, or unsigned ones around 128."""

    signed: bool = True
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node; the name of its output."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self._add(operator, inputs, [output], **attributes)
        return output

    def split(self, value: str, parts: int, *, axis: int) -> list[str]:
        outputs = [f"split_{len(self.nodes)}_{part}" for part in range(parts)]
        self._add("Split", (value,), outputs, axis=axis, num_outputs=parts)
        return outputs

    def constant(self, value: NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, operator: str, inputs: tuple[str, ...], outputs: list[str], **attributes: Any) -> None:
        domain = "com.microsoft" if operator in FUSED else ""
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))

    def model(self, *, inputs: list[Any], outputs: list[Any], name: str) -> bytes:
        model = helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, self.constants),
            opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)],
            ir_version=10,
        )
        return bytes(model.SerializeToString())


def build_graph(weights: Mapping[str, Floats], *, signed: bool = True) -> bytes:
    """The ONNX model: ``ids`` and ``mask`` (texts × tokens) → ``vectors`` (texts × 384, unit length). ``signed``
    says how weights are held, not what comes of them: see :func:`build_probe`."""
    graph = Graph(signed)
    hidden = _embed_tokens(graph, weights)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        hidden = _layer(graph, {name.removeprefix(prefix): value for name, value in weights.items()}, hidden)
    _pool(graph, hidden)
    return graph.model(
        name="all-MiniLM-L6-v2",
        inputs=[
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"]),
            helper.make_tensor_value_info("mask", TensorProto.INT32, ["texts", "tokens"]),
        ],
        outputs=[helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIMENSIONS])],
    )


def build_probe() -> tuple[bytes, dict[str, NDArray[Any]], NDArray[np.int32]]:
    """A product of the largest bytes with signed weights, what to put in, and what must come out. Processors
    without instructions for it add such products in 16 bits, where these do not fit."""
    graph = Graph()
    graph.add("MatMulInteger", "a", graph.constant(np.full((64, 16), 127, np.int8)), output="product")
    model = graph.model(
        name="probe",
        inputs=[helper.make_tensor_value_info("a", TensorProto.UINT8, ["rows", 64])],
        outputs=[helper.make_tensor_value_info("product", TensorProto.INT32, ["rows", 16])],
    )
    return model, {"a": np.full((4, 64), 255, np.uint8)}, np.full((4, 16), 64 * 255 * 127, np.int32)


def split(model: bytes, name: str) -> tuple[bytes, bytes]:
    """The same model, and what goes into a file ``name`` beside its own: its large constants. They are used where
    the system has mapped that file, so that processes share them."""
    graph = onnx.load_from_string(model)
    weights = bytearray()
    for constant in graph.graph.initializer:
        if len(constant.raw_data) >= PAGE:
            weights += bytes(-len(weights) % PAGE)
            set_external_data(constant, name, offset=len(weights), length=len(constant.raw_data))
            weights += constant.raw_data
            constant.ClearField("raw_data")
    return bytes(graph.SerializeToString()), bytes(weights)


def _embed_tokens(graph: Graph, weights: Mapping[str, Floats]) -> str:
    # There is one kind of text, so its "token type" is part of every position.
    positions = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    positions = positions + weights["embeddings.token_type_embeddings.weight"][0]
    zero = graph.constant(np.array([0]))
    tokens = graph.add("Shape", "ids", start=1, end=2)
    position = graph.add("Slice", graph.constant(positions), zero, tokens, zero)
    # Half the precision of half the file; what is lost is a hundredth of what bytes lose.
    table = graph.constant(weights["embeddings.word_embeddings.weight"].astype(np.float16))
    word = graph.add("Cast", graph.add("Gather", table, "ids"), to=TensorProto.FLOAT)
    return _normalise(graph, weights, "embeddings", graph.add("Add", word, position))


def _layer(graph: Graph, weights: Mapping[str, Floats], hidden: str) -> str:
    parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
    together = np.concatenate([weights[f"{part}.weight"] for part in parts])
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    queries, keys, values = graph.split(_multiply(graph, _shrunk(graph, hidden), _grown(together)), 3, axis=2)
    attended = graph.add(
        "MultiHeadAttention", queries, keys, values, graph.constant(bias), "mask", num_heads=HEADS
    )
    joined = _multiply(graph, attended, weights["attention.output.dense.weight"])
    bias = weights["attention.output.dense.bias"]
    hidden = _add_and_normalise(graph, weights, "attention.output", joined, bias, residual=hidden)
    wide = _multiply(graph, _shrunk(graph, hidden), _grown(weights["intermediate.dense.weight"]))
    wide = graph.add("BiasGelu", wide, graph.constant(weights["intermediate.dense.bias"]))
    matrix = weights["output.dense.weight"]
    narrow, offset = _multiply_positive(graph, wide, matrix)
    bias = weights["output.dense.bias"] - offset
    return _add_and_normalise(graph, weights, "output", narrow, bias, residual=hidden)


def _shrink() -> Floats:
    factors = np.ones(DIMENSIONS, np.float32)
    factors[list(LARGE_CHANNELS)] = list(LARGE_CHANNELS.values())
    return factors


def _shrunk(graph: Graph, value: str) -> str:
    return graph.add("Mul", value, graph.constant(1 / _shrink()))


def _grown(matrix: Floats) -> Floats:
    return matrix * _shrink()


def _multiply(graph: Graph, value: str, matrix: Floats) -> str:
    """``value`` (… × inputs) by ``matrix`` (outputs × inputs)."""
    most = graph.add("ReduceMax", graph.add("Abs", value), graph.constant(np.array([-1])), keepdims=1)
    return _multiply_bytes(graph, value, most, _bytes_of(matrix), zero=128, steps=127)


def _multiply_positive(graph: Graph, value: str, matrix: Floats) -> tuple[str, Floats]:
    """As :func:`_multiply`, for what a GELU gave; and what the result is too large by."""
    value = graph.add("Add", value, graph.constant(np.array(BELOW_GELU, np.float32)))
    most = graph.add("ReduceMax", value, graph.constant(np.array([-1])), keepdims=1)
    held = _bytes_of(matrix)
    offset = BELOW_GELU * (held[0].astype(np.float32) * held[1][:, None]).sum(axis=1)
    return _multiply_bytes(graph, value, most, held, zero=0, steps=255), offset.astype(np.float32)


def _bytes_of(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """The matrix as bytes, and the scale of each of its outputs."""
    scales = np.abs(matrix).max(axis=1) / 127
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def _multiply_bytes(
    graph: Graph, value: str, most: str, held: tuple[NDArray[np.int8], Floats], *, zero: int, steps: int
) -> str:
    """``most`` is the largest of each row of ``value``, which becomes ``steps`` above ``zero``."""
    matrix, scales = held
    step, middle = graph.constant(np.array(1 / steps, np.float32)), graph.constant(np.array(zero, np.uint8))
    scaled = graph.add("QuantizeLinear", graph.add("Div", value, most), step, middle)
    kind: type[np.signedinteger[Any]] | type[np.unsignedinteger[Any]] = np.int8 if graph.signed else np.uint8
    middles = np.full(len(matrix), 0 if graph.signed else 128, kind)
    product = graph.add(
        "MatMulIntegerToFloat",
        scaled,
        graph.constant((matrix.T.astype(np.int16) + middles.astype(np.int16)).astype(kind)),
        step,
        graph.constant(scales),
        middle,
        graph.constant(middles),
    )
    return graph.add("Mul", product, most)


def _add_and_normalise(
    graph: Graph, weights: Mapping[str, Floats], part: str, value: str, bias: Floats, *, residual: str
) -> str:
    value = graph.add("Add", graph.add("Add", value, graph.constant(bias)), residual)
    return _normalise(graph, weights, part, value)


def _normalise(graph: Graph, weights: Mapping[str, Floats], part: str, value: str) -> str:
    return graph.add(
        "LayerNormalization",
        value,
        graph.constant(weights[f"{part}.LayerNorm.weight"]),
        graph.constant(weights[f"{part}.LayerNorm.bias"]),
        epsilon=EPSILON,
    )


def _pool(graph: Graph, hidden: str) -> None:
    """The sum over a text's tokens points where their mean does, and only the direction is kept."""
    mask = graph.add("Cast", "mask", to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", mask, graph.constant(np.array([2])))
    total = graph.add("ReduceSum", graph.add("Mul", hidden, mask), graph.constant(np.array([1])), keepdims=0)
    graph.add("LpNormalization", total, output="vectors", axis=-1, p=2)
