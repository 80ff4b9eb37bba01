"""The figures of a training stage.

The same figures are written for DVC and logged to MLflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from opinionlens.base.files import replacing_directory
from opinionlens.evaluation.figures import (
    calibration_figure,
    confusion_figure,
    roc_figure,
    study_figure,
    write_png,
)
from opinionlens.evaluation.scores import ModelScores
from opinionlens.pipeline.study import FinishedTrial
from opinionlens.tracking.port import Run


def evaluation_pictures(
    scores: ModelScores, truth: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, Figure]:
    """Draw the scores; return the figures by file name."""
    return {
        "confusion_matrix.png": confusion_figure(scores),
        "roc_curve.png": roc_figure(truth, probabilities),
        "calibration_curve.png": calibration_figure(truth, probabilities),
    }


def study_pictures(trials: list[FinishedTrial], objective: str) -> dict[str, Figure]:
    """Draw the study; return the figures by file name."""
    values = [trial.outcome.value for trial in trials]
    families = [trial.proposal.family for trial in trials]
    return {"study_history.png": study_figure(values, families, objective=f"validation {objective}")}


def keep_pictures(pictures: Mapping[str, Figure], folder: Path, run: Run) -> None:
    """Replace a folder's figures and log them with the run."""
    with replacing_directory(folder) as aside:
        for name, figure in pictures.items():
            write_png(figure, aside / name)
    for name in pictures:
        run.log_file(folder / name, "figures")
