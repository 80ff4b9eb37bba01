"""The evidence for the gate: test rows and baselines.

The baselines are fitted on the training split.
"""

from __future__ import annotations

from collections.abc import Collection

from opinionlens.base.progress import Reporter
from opinionlens.pipeline.baseline_scores import contenders
from opinionlens.pipeline.everyday_sentences import read_everyday
from opinionlens.pipeline.other_kinds import read_other_kinds
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.promote import Evidence
from opinionlens.pipeline.row_sets import row_sets
from opinionlens.pipeline.splits_on_disk import LabelledTexts, read_labelled_texts


def gather_evidence(
    paths: Paths,
    params: Params,
    *,
    trained_on: Collection[str],
    reporter: Reporter,
    test: LabelledTexts | None = None,
) -> Evidence:
    """Read the rows and prepare the baselines for the gate.

    The baselines are only fitted if the gate needs them (a first promotion). `trained_on` are the sources
    that the challenger was trained on. `test` are the rows to compare on; None: the whole test split.

    Raises:
        StageFailed: the splits are not there; `dvc repro preprocess_data` makes them.
    """
    seed = params.base.random_seed
    train = read_labelled_texts(paths.preprocessed / "train.parquet")
    test = test or read_labelled_texts(paths.preprocessed / "test.parquet")
    return Evidence(
        texts=test.texts,
        labels=test.labels,
        baselines=lambda: contenders(train, test.texts, seed=seed, reporter=reporter),
        rows=tuple(row_sets(paths)) if paths.eval_data.is_dir() else (),
        everyday=read_everyday(paths),
        other_kinds=read_other_kinds(
            params.evaluation.other_kinds,
            paths.raw(params.data.raw_dir),
            paths.preprocessed,
            trained_on=trained_on,
            seed=seed,
        ),
    )
