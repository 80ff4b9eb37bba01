"""The choice of the exported file: 32 bits or eight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.errors import StageFailed
from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.classifiers.onnx.onnx_classifier import TOKENIZER_NAME, OnnxBox, open_box
from opinionlens.pipeline.kind_params import TransformerParams
from opinionlens.pipeline.onnx_export import export_onnx, quantize
from opinionlens.pipeline.transformer_rows import WeightedTexts
from opinionlens.pipeline.transformer_training import FineTuned, decision_values, scores_of
from opinionlens.text.labels import LABELS
from opinionlens.text.recipe import Recipe

# Between torch and the exported file, of decision values of some ±5: rounding gives 0.00001.
_AGREEMENT = 1e-3
_COMPARED_TEXTS = 200


@dataclass(frozen=True, eq=False)
class ChosenExport:
    """The file that the artifact holds, with the reasons.

    Attributes:
        model: the chosen file.
        tokenizer: its tokenizer.
        box: both, loaded.
        bits: of its weights, 32 or 8.
        difference: the largest between decision values of torch and of the file with 32 bits.
        macro_f1: of the validation split, by bits.
        megabytes: sizes, by bits.
        val_decisions: decision values (n, k) of the validation split.
    """

    model: Path
    tokenizer: Path
    box: OnnxBox
    bits: int
    difference: float
    macro_f1: dict[int, float]
    megabytes: dict[int, float]
    val_decisions: NDArray[np.float64]


def export_and_choose(
    tuned: FineTuned, val: WeightedTexts, params: TransformerParams, recipe: Recipe, folder: Path
) -> ChosenExport:
    """Export, quantize, and choose one of the two files.

    The small one is taken if of the validation split's macro F1 it costs `max_f1_loss` at most.

    Raises:
        StageFailed: the exported file answers otherwise than torch.
    """
    files = {32: export_onnx(tuned, params.max_pieces, folder)}
    tokenizer = folder / TOKENIZER_NAME
    excerpt = params.excerpt
    boxes = {32: open_box(files[32], tokenizer, recipe, len(LABELS), excerpt.last_pieces)}
    difference = _difference(tuned, val.texts[:_COMPARED_TEXTS], boxes[32], recipe, excerpt)
    if params.quantize:
        files[8] = quantize(files[32], folder / "small.onnx")
        boxes[8] = open_box(files[8], tokenizer, recipe, len(LABELS), excerpt.last_pieces)
    decisions = {bits: box.decide_texts(val.texts) for bits, box in boxes.items()}
    macro_f1 = {bits: scores_of(values, val.codes)["macro_f1"] for bits, values in decisions.items()}
    bits = 8 if 8 in macro_f1 and macro_f1[8] >= macro_f1[32] - params.max_f1_loss else 32
    return ChosenExport(
        model=files[bits],
        tokenizer=tokenizer,
        box=boxes[bits],
        bits=bits,
        difference=difference,
        macro_f1=macro_f1,
        megabytes={each: path.stat().st_size / 1e6 for each, path in files.items()},
        val_decisions=decisions[bits],
    )


def _difference(tuned: FineTuned, texts: list[str], box: OnnxBox, recipe: Recipe, excerpt: Excerpt) -> float:
    by_torch = decision_values(tuned, texts, recipe, excerpt)
    difference = float(np.abs(by_torch - box.decide_texts(texts)).max())
    if not difference <= _AGREEMENT:
        raise StageFailed(f"The exported model answers {difference:.2g} beside the one that was trained.")
    return difference
