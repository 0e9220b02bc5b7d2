"""A language model of one layer and random weights, as a GGUF file that llama.cpp loads: it answers nonsense.

Held to a grammar, its nonsense is well-formed JSON and never a right plan: what is left to see is what the engine
makes of it. About 120 kB; equal seeds give equal files.

By hand: ``python -m tests.servers.tiny_gguf nonsense.gguf [--seed 1]``
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CONTEXT = 32_768
WIDTH = 32
HEADS = 2
INNER = 64
# Besides single bytes: the tokenizer's blank, and whole pieces of plans.
PIECES = (
    "\u2581",
    '{"',
    '":',
    '",',
    '"}',
    "tasks",
    "task",
    "id",
    "input",
    "service",
    "parallel_groups",
    "final",
    "$",
)
# What ends a string or an object is likelier than other tokens, so that answers come to an end.
ENDS = ('"', '",', '"}', "}")
LEANING = 0.4
TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"

# Of the format, version 3: how a value's type is told, and how a tensor's.
UINT32, INT32, FLOAT32, STRING, ARRAY = 4, 5, 6, 8, 9
TENSOR_F32 = 0
ALIGNMENT = 32
# Of its tokenizer: a token's kind.
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


@dataclass(frozen=True)
class Token:
    text: str
    kind: int
    score: float = 0.0


def vocabulary() -> list[Token]:
    special = [Token("<unk>", UNKNOWN), Token("<s>", CONTROL), Token("</s>", CONTROL)]
    single = [Token(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
    return [*special, *single, *(Token(piece, NORMAL, -float(place)) for place, piece in enumerate(PIECES, 1))]


def write_model(path: Path, *, seed: int = 1) -> None:
    tokens = vocabulary()
    facts = [
        _fact("general.architecture", STRING, "llama"),
        _fact("general.name", STRING, "nonsense"),
        _fact("llama.context_length", UINT32, CONTEXT),
        _fact("llama.embedding_length", UINT32, WIDTH),
        _fact("llama.block_count", UINT32, 1),
        _fact("llama.feed_forward_length", UINT32, INNER),
        _fact("llama.attention.head_count", UINT32, HEADS),
        _fact("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
        _fact("llama.rope.dimension_count", UINT32, WIDTH // HEADS),
        _fact("llama.vocab_size", UINT32, len(tokens)),
        _fact("tokenizer.ggml.model", STRING, "llama"),
        _list("tokenizer.ggml.tokens", STRING, [token.text for token in tokens]),
        _list("tokenizer.ggml.scores", FLOAT32, [token.score for token in tokens]),
        _list("tokenizer.ggml.token_type", INT32, [token.kind for token in tokens]),
        _fact("tokenizer.ggml.unknown_token_id", UINT32, 0),
        _fact("tokenizer.ggml.bos_token_id", UINT32, 1),
        _fact("tokenizer.ggml.eos_token_id", UINT32, 2),
        _fact("tokenizer.chat_template", STRING, TEMPLATE),
    ]
    tensors = make_tensors(tokens, np.random.default_rng(seed))
    described, data = b"", b""
    for name, numbers in tensors.items():
        # Dimensions stand in the order of strides, the smallest first.
        shape = struct.pack(f"<I{numbers.ndim}Q", numbers.ndim, *reversed(numbers.shape))
        described += _text(name) + shape + struct.pack("<IQ", TENSOR_F32, len(data))
        data += _padded(numbers.astype("<f4").tobytes())
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(facts) + described
    path.write_bytes(_padded(head) + data)


def make_tensors(tokens: list[Token], random: np.random.Generator) -> dict[str, Floats]:
    def noise(*shape: int) -> Floats:
        return random.normal(0.0, 0.1, shape).astype(np.float32)

    def ones() -> Floats:
        return np.ones(WIDTH, np.float32)

    embedded, output = noise(len(tokens), WIDTH), noise(len(tokens), WIDTH)
    # The first number of every state is the same large one, so that its weights say what is likely anyway.
    embedded[:, 0] = 4.0
    ends = {f"<0x{ord(end):02X}>" if len(end) == 1 else end for end in ENDS}
    output[:, 0] = [LEANING if token.text in ends else 0.0 for token in tokens]
    square = {f"blk.0.attn_{part}.weight": noise(WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
    return {
        "token_embd.weight": embedded,
        "blk.0.attn_norm.weight": ones(),
        **square,
        "blk.0.ffn_norm.weight": ones(),
        "blk.0.ffn_gate.weight": noise(INNER, WIDTH),
        "blk.0.ffn_up.weight": noise(INNER, WIDTH),
        "blk.0.ffn_down.weight": noise(WIDTH, INNER),
        "output_norm.weight": ones(),
        "output.weight": output,
    }


def _fact(key: str, kind: int, value: str | float) -> bytes:
    return _text(key) + struct.pack("<I", kind) + _value(kind, value)


def _list(key: str, kind: int, values: list[str] | list[float] | list[int]) -> bytes:
    items = b"".join(_value(kind, value) for value in values)
    return _text(key) + struct.pack("<IIQ", ARRAY, kind, len(values)) + items


def _value(kind: int, value: str | float) -> bytes:
    if isinstance(value, str):
        return _text(value)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f"}[kind], value)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a language model that answers nonsense.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write_model(options.path, seed=options.seed)


if __name__ == "__main__":
    main()
