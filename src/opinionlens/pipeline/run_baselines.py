"""Stage `run_baselines`: the baselines' scores on the test split.

A classifier has to beat them.
"""

from __future__ import annotations

from typing import Any

from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.evaluation.scores import score
from opinionlens.pipeline.baseline_scores import contenders
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.reporting import scores_with_intervals
from opinionlens.pipeline.splits_on_disk import read_labelled_texts
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.tracked import open_tracking

RUN_NAME = "run_baselines"


def run_baselines(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Score every baseline, nested in one run."""
    tracked = open_tracking(reporter)
    seed = params.base.random_seed
    train = read_labelled_texts(paths.preprocessed / "train.parquet")
    test = read_labelled_texts(paths.preprocessed / "test.parquet")
    report: dict[str, Any] = {}
    with tracked.tracking.start_run(tracked.experiment, RUN_NAME) as parent:
        for one in contenders(train, test.texts, seed=seed, reporter=reporter):
            scores = score(test.labels, one.probabilities)
            with tracked.tracking.start_run(tracked.experiment, one.name, parent=parent.id) as run:
                run.log_metrics(scores.as_metrics("test"))
            report[one.name] = scores_with_intervals(
                scores,
                test.codes,
                one.probabilities,
                seed=seed,
                resamples=params.evaluation.bootstrap_samples,
            )
    write_json(paths.metrics / f"{RUN_NAME}.json", {"test": report})


def main() -> None:
    """Run the stage."""
    run_stage(run_baselines)


if __name__ == "__main__":
    main()
