"""The winner, refitted on all rows and calibrated.

It is calibrated on decision values that each row got from a model without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.base.progress import Reporter
from opinionlens.evaluation.calibration_fit import CalibrationChoice
from opinionlens.evaluation.reliability import MinConfidence
from opinionlens.families.estimator import Estimator, LinearEstimator
from opinionlens.pipeline.calibrating import FittedCalibration, calibrate
from opinionlens.pipeline.finalists import Finalist
from opinionlens.pipeline.general_part import fit_general
from opinionlens.pipeline.params import Evaluation
from opinionlens.pipeline.text_readings import TextReading
from opinionlens.pipeline.trials import Workers


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
    finalist: Finalist,
    codes: NDArray[np.int64],
    readings: Mapping[str, Sequence[TextReading]],
    evaluation: Evaluation,
    *,
    general_expert: bool,
    seed: int,
    reporter: Reporter,
) -> CalibratedEstimator:
    """Fit on train + validation, and calibrate out of fold.

    Args:
        workers: hold the counts.
        finalist: the winner, with its out-of-fold decision values.
        codes: labels of train + validation, in that order.
        readings: of `train` and `val`.
        evaluation: number of folds, and when an answer is uncertain.
        general_expert: whether a linear model gets a general expert beside it.
        seed: deals the rows into folds for the calibration.
        reporter: shows the refit.
    """
    winner, decisions = finalist.trial.proposal, finalist.decisions
    with reporter.track("refit"):
        estimator = workers.refit(winner.family, winner.params).result()
    general = None
    if general_expert and isinstance(estimator, LinearEstimator):
        with reporter.track("general expert"):
            general = fit_general(readings, codes, decisions, estimator.classes)
    both = [*readings["train"], *readings["val"]]
    found = calibrate(decisions, codes, both, estimator.classes, evaluation, general=general, seed=seed)
    return CalibratedEstimator(estimator, found)
