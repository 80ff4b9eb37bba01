"""A model of one table, made here: decision values are sums over the pieces of a text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "good": 2, "bad": 3, "flight": 4, "the": 5, "@": 6, "user": 7}
MOST_PIECES = 12


def table(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(len(VOCABULARY), 3)).astype(np.float32)


def write_model(
    path: Path,
    *,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    seed: int = 0,
    rows: np.ndarray | None = None,
) -> Path:
    """Write logits = sum over pieces of mask * table[id]; `rows` are those of the table."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "sums",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])],
        [
            numpy_helper.from_array(table(seed) if rows is None else rows, "table"),
            numpy_helper.from_array(np.array([2]), "last"),
            numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def write_tokenizer(path: Path, most: int = MOST_PIECES) -> Path:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(most)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    tokenizer.save(str(path))
    return path
