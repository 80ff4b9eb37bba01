"""Stage `train_sklearn`: one run with parameters set by hand.

For a quick look before a whole study.
"""

from __future__ import annotations

import numpy as np

from opinionlens.base.files import write_json
from opinionlens.base.progress import Reporter
from opinionlens.evaluation.calibration_fit import choose_calibration
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.scores import score
from opinionlens.families.catalogue import FAMILIES
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.pictures import evaluation_pictures, keep_pictures
from opinionlens.pipeline.reporting import scores_with_intervals
from opinionlens.pipeline.stage import run_stage
from opinionlens.pipeline.tracked import open_tracking
from opinionlens.pipeline.trials import fit, load_labelled

RUN_NAME = "train_sklearn"


def train_sklearn(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Fit on train, calibrate on validation, score on test.

    All of it is recorded as one run.
    """
    tracked = open_tracking(reporter)
    chosen = params.training.by_hand
    seed = params.base.random_seed
    train, val, test = (load_labelled(paths.vectorized / name) for name in ("train", "val", "test"))
    with tracked.tracking.start_run(tracked.experiment, RUN_NAME) as run:
        with reporter.track(f"fitting {FAMILIES[chosen.family].title}"):
            estimator = fit(chosen.family, dict(chosen.params), train, seed)
        choice = choose_calibration(
            estimator.decision_values(val.counts),
            np.asarray(val.codes),
            estimator.classes,
            folds=params.evaluation.calibration_folds,
            seed=seed,
        )
        raw = choice.calibration.apply(estimator.decision_values(test.counts))
        truth, probabilities = np.asarray(test.codes), in_label_order(raw, estimator.classes)
        scores = score(truth, probabilities)
        run.log_params({"family": chosen.family, **FAMILIES[chosen.family].defaults, **chosen.params})
        run.log_metrics(scores.as_metrics("test"))
        keep_pictures(evaluation_pictures(scores, truth, probabilities), paths.figures / RUN_NAME, run)
    samples = params.evaluation.bootstrap_samples
    report = scores_with_intervals(scores, truth, probabilities, seed=seed, resamples=samples)
    write_json(paths.metrics / f"{RUN_NAME}.json", {"family": chosen.family, "test": report})
    reporter.say(f"{chosen.family}: macro F1 {report['macro_f1']:.4f} on {report['n']} test texts")


def main() -> None:
    """Run the stage."""
    run_stage(train_sklearn)


if __name__ == "__main__":
    main()
