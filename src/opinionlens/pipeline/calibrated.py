"""The winner, refitted on all rows and calibrated on scores that each row got from a model without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.evaluation.calibration import CalibrationChoice, choose_calibration
from opinionlens.evaluation.reliability import MinConfidence, choose_min_confidence
from opinionlens.families.estimator import Estimator
from opinionlens.pipeline.params import Evaluation
from opinionlens.pipeline.progress import Reporter
from opinionlens.pipeline.trials import Workers, stratified_folds


@dataclass(frozen=True)
class CalibratedEstimator:
    """A model of train + validation with what turns its decision values into probabilities."""

    estimator: Estimator
    choice: CalibrationChoice
    min_confidence: MinConfidence

    def probabilities(
        self, decisions: NDArray[np.float64], lengths: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """One column per class of the estimator; `lengths` as `evidence_length` counts tokens."""
        return self.choice.calibration.apply(decisions, lengths)


def refit_calibrated(
    workers: Workers,
    family: str,
    params: dict[str, Any],
    codes: NDArray[np.int64],
    lengths: NDArray[np.int64],
    evaluation: Evaluation,
    *,
    seed: int,
    reporter: Reporter,
) -> CalibratedEstimator:
    """Fit on train + validation, calibrate on out-of-fold decision values of the same rows.

    Args:
        workers: hold the counts.
        family: of the winner.
        params: of the winner.
        codes: labels of train + validation, in that order.
        lengths: of the same texts, as `evidence_length` counts their tokens.
        evaluation: number of folds, and when an answer is uncertain.
        seed: deals the rows into folds.
        reporter: shows the folds and the refit.
    """
    folds = stratified_folds(codes, evaluation.calibration_folds, seed)
    decisions: NDArray[np.float64] | None = None
    with reporter.track("folds and refit", evaluation.calibration_folds + 1) as bar:
        refit = workers.refit(family, params)
        for rows, values in workers.out_of_fold(family, params, folds):
            if decisions is None:
                decisions = np.empty((len(codes), values.shape[1]))
            decisions[rows] = values
            bar.advance()
        estimator = refit.result()
        bar.advance()
    assert decisions is not None  # noqa: S101 - there are at least two folds
    choice = choose_calibration(
        decisions, codes, estimator.classes, lengths=lengths, folds=evaluation.calibration_folds, seed=seed
    )
    threshold = choose_min_confidence(codes, choice.probabilities, error_rate=evaluation.uncertain_error_rate)
    return CalibratedEstimator(estimator, choice, threshold)
