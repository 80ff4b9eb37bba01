"""Known words and general expert beside a model.

Every kind but `linear` and `skops` keeps them in one file of arrays, `reader.npz`. By them a classifier tells
which texts are foreign or unfamiliar, and what the general expert adds to its model's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from opinionlens.base.artifact_limits import MAX_ARTIFACT_BYTES, plain_file_size
from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.archives import checked_archive, read_array
from opinionlens.classifiers.linear.general_expert import GeneralExpert
from opinionlens.classifiers.linear.general_weights import ARRAYS as GENERAL_ARRAYS
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.linear.text_reading import TextReader
from opinionlens.classifiers.linear.weight_arrays import terms_from_arrays, terms_to_arrays
from opinionlens.classifiers.linear.weights import Block, TextWeights
from opinionlens.classifiers.manifest import Manifest
from opinionlens.text.general import GENERAL_FEATURES

READER_NAME = "reader.npz"
_TERMS, _LENGTHS = "words.terms", "words.lengths"


@dataclass(frozen=True, eq=False)
class ReaderWeights:
    """The words of the training texts, and the general expert.

    Attributes:
        words: tokens of the recipe that count as known.
        general: the expert and its gate; None where the model answers alone.
    """

    words: Sequence[str]
    general: GeneralWeights | None = None

    @property
    def text(self) -> TextWeights:
        """The words as the one block of a text reader."""
        return TextWeights((Block("words", self.words, "binary", np.ones(len(self.words)), False),))

    def reader(self, manifest: Manifest) -> TextReader:
        """Return the reader of texts.

        The manifest's features must count single words.

        Raises:
            ArtifactUnsupported: these weights and the manifest do not fit together.
        """
        if manifest.general != (GENERAL_FEATURES if self.general else ()):
            raise ArtifactUnsupported("The weights are for other general features than this version counts.")
        if self.general is not None and len(self.general.intercept) != len(manifest.labels):
            raise ArtifactUnsupported("The general expert is for another number of labels.")
        expert = GeneralExpert(self.general) if self.general else None
        return TextReader(manifest.features, self.text, manifest.uncertainty.scripts, expert)

    def save(self, path: Path) -> None:
        """Write the arrays, uncompressed."""
        arrays = self.general.arrays() if self.general else {}
        arrays[_TERMS], arrays[_LENGTHS] = terms_to_arrays(self.words)
        np.savez(path, allow_pickle=False, **{name: arrays[name] for name in arrays})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the weights that `save` wrote.

        Raises:
            ArtifactUnsupported: the file holds anything else; it is never unpickled.
        """
        try:
            if (plain_file_size(path) or 0) > MAX_ARTIFACT_BYTES:
                raise ValueError(f"the file is larger than {MAX_ARTIFACT_BYTES:,} bytes")
            with checked_archive(path) as archive:
                entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
                if set(entries) - {*GENERAL_ARRAYS} != {_TERMS, _LENGTHS}:
                    raise ValueError("it has other arrays than words and a general expert")
                arrays = {name: read_array(archive, entry) for name, entry in entries.items()}
        except Exception as error:  # a damaged or hostile archive fails inside zipfile and numpy as it likes
            raise ArtifactUnsupported(f"The words cannot be read: {error}.", where=str(path)) from error
        has_expert = not arrays.keys().isdisjoint(GENERAL_ARRAYS)
        if has_expert and not arrays.keys() >= {*GENERAL_ARRAYS}:
            raise ArtifactUnsupported("The words stand beside a part of a general expert.", where=str(path))
        general = GeneralWeights.from_arrays(arrays) if has_expert else None
        return cls(terms_from_arrays(arrays[_TERMS], arrays[_LENGTHS], "words"), general)
