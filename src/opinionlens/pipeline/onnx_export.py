"""Writing a fine-tuned Transformer as ONNX file and tokenizer."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opinionlens.classifiers.onnx.onnx_classifier import MODEL_NAME, TOKENIZER_NAME
from opinionlens.pipeline.transformer_training import FineTuned

_OPSET = 20


def export_onnx(tuned: FineTuned, most_pieces: int, folder: Path) -> Path:
    """Write model and tokenizer; return the model's path.

    The folder is empty before. All weights are in the one file. `tokenizer.json` says how many pieces of a
    text are read.
    """
    import torch

    names = [
        name
        for name in ("input_ids", "attention_mask", "token_type_ids")
        if name in tuned.tokenizer.model_input_names
    ]
    pieces = tuned.tokenizer(["one text", "another text, a longer one"], padding=True, return_tensors="pt")
    sizes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("pieces", max=most_pieces)}
    path = folder / MODEL_NAME
    with _silence():
        torch.onnx.export(
            _logits_module(tuned.model, names),
            tuple(pieces[name] for name in names),
            str(path),
            input_names=names,
            output_names=["logits"],
            dynamic_shapes=(tuple(sizes for _ in names),),
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    _write_tokenizer(tuned.tokenizer, most_pieces, folder / TOKENIZER_NAME)
    return path


def quantize(model: Path, into: Path) -> Path:
    """Write the model with eight bits; return its path.

    Weights are rounded once, activations as they come (dynamic quantization).
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _silence():
        quantize_dynamic(model, into, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    return into


@contextmanager
def _silence() -> Iterator[None]:
    """Keep back the libraries' notes on their own affairs.

    Their errors are raised.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _write_tokenizer(tokenizer: Any, most_pieces: int, path: Path) -> None:  # noqa: ANN401
    backend = tokenizer.backend_tokenizer
    backend.enable_truncation(most_pieces)
    backend.enable_padding(pad_id=tokenizer.pad_token_id or 0, pad_token=tokenizer.pad_token or "[PAD]")
    path.write_text(backend.to_str(), encoding="utf-8")
    backend.no_padding()


def _logits_module(model: Any, names: list[str]) -> Any:  # noqa: ANN401 - a torch module
    import torch

    class Logits(torch.nn.Module):  # type: ignore[misc]
        """The model with its decision values as the one output."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *pieces: Any) -> Any:  # noqa: ANN401
            return self.model(**dict(zip(names, pieces, strict=True))).logits

    return Logits().eval()
