"""Calibration of decision values, with the general expert in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.uncertainty import UNFAMILIAR_BELOW
from opinionlens.evaluation.calibration_fit import CalibrationChoice, choose_calibration
from opinionlens.evaluation.reliability import MinConfidence, choose_min_confidence
from opinionlens.features.calibration import Method
from opinionlens.pipeline.general_part import lengths_of, mix
from opinionlens.pipeline.params import Evaluation
from opinionlens.pipeline.text_readings import TextReading
from opinionlens.text.labels import Label

# A bias for each class would carry the class frequencies of the training texts into texts of other kinds.
_WITHOUT_BIAS = (Method.TEMPERATURE,)


@dataclass(frozen=True)
class FittedCalibration:
    """The way from a model's decision values to its answers."""

    choice: CalibrationChoice
    min_confidence: MinConfidence
    general: GeneralWeights | None = None

    def probabilities(
        self, decisions: NDArray[np.float64], readings: Sequence[TextReading]
    ) -> NDArray[np.float64]:
        """Return probabilities (n, k) for decision values and texts."""
        if self.general is not None:
            decisions, _ = mix(self.general, readings, decisions)
        return self.choice.calibration.apply(decisions, lengths_of(readings))


def calibrate(
    decisions: NDArray[np.float64],
    codes: NDArray[np.int64],
    readings: Sequence[TextReading],
    classes: tuple[Label, ...],
    evaluation: Evaluation,
    *,
    general: GeneralWeights | None,
    seed: int,
) -> FittedCalibration:
    """Calibrate on texts that the model has not seen.

    Args:
        decisions: the model's decision values (n, k), without the expert's part.
        codes: the texts' labels.
        readings: the texts.
        classes: the labels of the columns of `decisions`.
        evaluation: number of folds, and when an answer is uncertain.
        general: the general expert beside the model, if any.
        seed: deals the rows into folds.
    """
    familiar = np.ones(len(codes), dtype=np.bool_)
    if general is not None:
        decisions, mixtures = mix(general, readings, decisions)
        familiar = np.array([one.share >= UNFAMILIAR_BELOW for one in mixtures])
    choice = choose_calibration(
        decisions,
        codes,
        classes,
        lengths=lengths_of(readings),
        methods=tuple(Method) if general is None else _WITHOUT_BIAS,
        folds=evaluation.calibration_folds,
        seed=seed,
    )
    threshold = choose_min_confidence(
        codes[familiar],
        choice.probabilities[familiar],
        error_rate=evaluation.uncertain_error_rate,
        max_marked=evaluation.uncertain_max_share,
    )
    return FittedCalibration(choice, threshold, general)
