"""`kinds/params.yaml`: parameters of the heavier kinds, typed and checked.

Names of fastText's own parameters are those of the library, as the second system had them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictInt, field_validator, model_validator

from opinionlens.pipeline.params import Number, Section, load_section

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


class KindParams(Section):
    """The whole file."""

    fasttext: FastTextParams = FastTextParams()


def load_kind_params(path: Path) -> KindParams:
    """Read and check the parameters of the heavier kinds.

    Raises:
        ParamsInvalid: every fault of the file at once, each with its line, its key and the allowed values.
    """
    return load_section(path, KindParams)
