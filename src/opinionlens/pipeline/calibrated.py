"""The winner, refitted on all rows and calibrated.

It is calibrated on decision values that each row got from a model without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.progress import Reporter
from opinionlens.evaluation.calibration_fit import CalibrationChoice
from opinionlens.evaluation.reliability import MinConfidence
from opinionlens.families.estimator import Estimator, LinearEstimator
from opinionlens.pipeline.calibrating import FittedCalibration, calibrate
from opinionlens.pipeline.general_part import TextReading, fit_general
from opinionlens.pipeline.params import Evaluation
from opinionlens.pipeline.trials import Workers, stratified_folds


@dataclass(frozen=True)
class CalibratedEstimator:
    """A model of train + validation with its calibration."""

    estimator: Estimator
    calibration: FittedCalibration

    @property
    def choice(self) -> CalibrationChoice:
        """The calibration, with its candidates."""
        return self.calibration.choice

    @property
    def min_confidence(self) -> MinConfidence:
        """The confidence below which an answer is uncertain."""
        return self.calibration.min_confidence

    def probabilities(
        self, decisions: NDArray[np.float64], readings: Sequence[TextReading]
    ) -> NDArray[np.float64]:
        """Return probabilities for decision values and texts.

        One column per class of the estimator.
        """
        return self.calibration.probabilities(decisions, readings)


def refit_calibrated(
    workers: Workers,
    family: str,
    params: dict[str, Any],
    codes: NDArray[np.int64],
    readings: Mapping[str, Sequence[TextReading]],
    evaluation: Evaluation,
    *,
    general_expert: bool,
    seed: int,
    reporter: Reporter,
) -> CalibratedEstimator:
    """Fit on train + validation, and calibrate out of fold.

    The decision values for the calibration are of the same rows, by models that have not seen them.

    Args:
        workers: hold the counts.
        family: of the winner.
        params: of the winner.
        codes: labels of train + validation, in that order.
        readings: of `train` and `val`.
        evaluation: number of folds, and when an answer is uncertain.
        general_expert: whether a linear model gets a general expert beside it.
        seed: deals the rows into folds.
        reporter: shows the folds and the refit.
    """
    folds = stratified_folds(codes, evaluation.calibration_folds, seed)
    decisions: NDArray[np.float64] | None = None
    with reporter.track("folds and refit", evaluation.calibration_folds + 1, unit="fit") as bar:
        refit = workers.refit(family, params)
        for rows, values in workers.out_of_fold(family, params, folds):
            if decisions is None:
                decisions = np.empty((len(codes), values.shape[1]))
            decisions[rows] = values
            bar.advance()
        estimator = refit.result()
        bar.advance()
    assert decisions is not None  # noqa: S101 - there are at least two folds
    general = None
    if general_expert and isinstance(estimator, LinearEstimator):
        with reporter.track("general expert"):
            general = fit_general(readings, codes, decisions, estimator.classes)
    both = [*readings["train"], *readings["val"]]
    found = calibrate(decisions, codes, both, estimator.classes, evaluation, general=general, seed=seed)
    return CalibratedEstimator(estimator, found)
