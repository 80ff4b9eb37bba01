"""Stage `vectorize_data`: vocabulary and counts of every split.

The vocabulary is that of the training texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from opinionlens.base.errors import StageFailed
from opinionlens.base.files import replacing_directory, write_json
from opinionlens.base.progress import Reporter, Task
from opinionlens.features.counts import Counts
from opinionlens.features.spec import FeatureSpec
from opinionlens.features.vocabulary import Vocabulary, VocabularyLimits
from opinionlens.pipeline.params import Features, Params, RecipeParams
from opinionlens.pipeline.paths import SPLITS, Paths
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts, read_weights
from opinionlens.pipeline.stage import run_stage
from opinionlens.text.recipe import Recipe

# A bar that moves for every text would take as long as the counting.
_TEXTS_A_STEP = 200


@dataclass(frozen=True)
class Vectorized:
    """The stage's outputs: vocabulary and counts of each split."""

    vocabulary: Vocabulary
    counts: Mapping[str, Counts]


def vectorize(
    spec: FeatureSpec, texts: Mapping[str, Sequence[str]], limits: VocabularyLimits, reporter: Reporter
) -> Vectorized:
    """Choose terms on `train` and count them everywhere.

    Nothing is written.

    Raises:
        StageFailed: no term of the training texts is frequent enough.
    """
    with reporter.track("counting terms", sum(map(len, texts.values())), unit="text") as bar:
        vocabulary, of_train = Vocabulary.fit(spec, _watched(texts["train"], bar), words=limits, chars=limits)
        if not (vocabulary.words or vocabulary.chars):
            raise StageFailed(
                f"No term occurs in {limits.min_df} of the {len(texts['train'])} training texts.",
                remedy="Lower `params.yaml: features.min_df`, or add a source.",
            )
        bar.note(f"{len(vocabulary.words):,} word and {len(vocabulary.chars):,} character terms")
        counts = {
            name: of_train if name == "train" else vocabulary.transform(_watched(texts[name], bar))
            for name in texts
        }
    return Vectorized(vocabulary, counts)


def write(
    result: Vectorized,
    splits: Mapping[str, LabelledTexts],
    weights: Mapping[str, npt.NDArray[np.float64]],
    paths: Paths,
) -> None:
    """Replace the outputs after everything is written.

    Each as a whole; equal content gives equal bytes.
    """
    sources = sorted({source for split in splits.values() for source in split.sources})
    with (
        replacing_directory(paths.vectorized) as vectorized,
        replacing_directory(paths.vectorizer) as vectorizer,
    ):
        for name, split in splits.items():
            folder = vectorized / name
            folder.mkdir()
            result.counts[name].save(folder)
            _write_codes(folder / "codes.npy", split.codes)
            np.save(folder / "weights.npy", weights[name], allow_pickle=False)
            _write_codes(folder / "source_codes.npy", np.searchsorted(sources, split.sources))
        write_json(vectorized / "sources.json", sources)
        result.vocabulary.save(vectorizer)


def features_from_params(recipe: RecipeParams, features: Features) -> FeatureSpec:
    """Return the features that the parameters name."""
    return FeatureSpec(
        recipe=Recipe(**recipe.model_dump()),
        word_ngrams=features.word_ngrams,
        char_ngrams=features.char_ngrams,
        lexicon=features.lexicon,
        opinions=features.opinions,
    )


def run(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Vectorize the splits under the parameters."""
    files = {name: paths.preprocessed / f"{name}.parquet" for name in SPLITS}
    splits = {name: read_labelled_texts(path) for name, path in files.items()}
    weights = {name: read_weights(path) for name, path in files.items()}
    spec = features_from_params(params.recipe, params.features)
    limits = VocabularyLimits(params.features.min_df, params.features.max_features)
    texts = {name: split.texts for name, split in splits.items()}
    write(vectorize(spec, texts, limits, reporter), splits, weights, paths)


def main() -> None:
    """Run the stage."""
    run_stage(run)


def _watched(texts: Sequence[str], bar: Task) -> Iterator[str]:
    for start in range(0, len(texts), _TEXTS_A_STEP):
        step = texts[start : start + _TEXTS_A_STEP]
        yield from step
        bar.advance(len(step))


def _write_codes(path: Path, codes: npt.NDArray[np.integer]) -> None:
    np.save(path, codes.astype(np.int64), allow_pickle=False)


if __name__ == "__main__":
    main()
