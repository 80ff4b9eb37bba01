"""The scores of probabilities against the truth, as one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from opinionlens.evaluation import confusion
from opinionlens.evaluation.codes import Codes, Counts, Floats, in_label_order, label_codes, rows_that_match
from opinionlens.evaluation.reliability import Binning, expected_calibration_error
from opinionlens.text.labels import LABELS, Label

# A truth with probability 0 would make the loss infinite; the machine epsilon caps one row at 36.04.
_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """The scores of one class against the rest.

    `precision`, `recall` and `f1` are None where the class has no rows (`support` 0). Of a class that has
    rows but is never predicted the precision is 0 by convention. `roc_auc` needs rows inside and outside the
    class.
    """

    label: Label
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None


@dataclass(frozen=True, slots=True)
class ModelScores:
    """The scores of one classifier on one set.

    Macro averages run over the classes that occur in the truth. `roc_auc` is the macro one-vs-rest area from
    probabilities, None with a single class. `brier` is the sum over the classes (0 to 2). `ece` is the
    expected calibration error of the winning class over 15 bins of equal width, `ece_equal_mass` over 15 of
    equal size. `confusion` holds truth in rows and predictions in columns, in the order of `LABELS`.
    """

    n: int
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    per_class: tuple[ClassScores, ...]
    roc_auc: float | None
    log_loss: float
    brier: float
    ece: float
    ece_equal_mass: float
    confusion: tuple[tuple[int, ...], ...]

    def as_metrics(self, prefix: str = "test") -> dict[str, float]:
        """Return the scores by flat names for tracking.

        `test_accuracy` and so on; an undefined score is left out. Precision, recall and F1 are macro
        averages; the F1 of each class is `test_per_class_negative_f1`.
        """
        values: dict[str, float | None] = {
            "accuracy": self.accuracy,
            "precision": self.macro_precision,
            "recall": self.macro_recall,
            "f1_score": self.macro_f1,
            "roc_auc": self.roc_auc,
            "log_loss": self.log_loss,
            "brier": self.brier,
            "ece": self.ece,
            "ece_equal_mass": self.ece_equal_mass,
            "n": float(self.n),
        }
        values |= {f"per_class_{one.label.lower()}_f1": one.f1 for one in self.per_class}
        start = f"{prefix}_" if prefix else ""
        return {start + name: value for name, value in values.items() if value is not None}

    def as_dict(self) -> dict[str, Any]:
        """Return every field as JSON values."""
        return asdict(self)


def score(
    labels: Sequence[str] | NDArray[np.integer],
    probabilities: NDArray[np.floating],
    classes: Sequence[Label] = LABELS,
) -> ModelScores:
    """Compute the scores of probabilities against the truth.

    Args:
        labels: the truth, as labels or as codes.
        probabilities: one row per text, one column per class of the model.
        classes: the labels of the columns. A truth outside them counts as an error with probability 0.

    Raises:
        ValueError: no rows, an unknown label, rows that do not match, or a row that is no distribution.
    """
    truth = label_codes(labels)
    ordered = in_label_order(probabilities, classes)
    rows_that_match(truth, ordered)
    table = confusion.confusion_table(truth, ordered.argmax(axis=1))
    per_class = _score_classes(truth, ordered, table)
    areas = [one.roc_auc for one in per_class if one.roc_auc is not None]
    return ModelScores(
        n=len(truth),
        accuracy=float(confusion.accuracy(table)),
        macro_precision=float(confusion.macro_precision(table)),
        macro_recall=float(confusion.macro_recall(table)),
        macro_f1=float(confusion.macro_f1(table)),
        per_class=per_class,
        roc_auc=float(np.mean(areas)) if areas else None,
        log_loss=log_loss(truth, ordered),
        brier=float(np.mean(((ordered - np.eye(len(LABELS))[truth]) ** 2).sum(axis=1))),
        ece=expected_calibration_error(truth, ordered, binning=Binning.EQUAL_WIDTH),
        ece_equal_mass=expected_calibration_error(truth, ordered, binning=Binning.EQUAL_MASS),
        confusion=tuple(tuple(row) for row in table.tolist()),
    )


def log_loss(truth: Codes, probabilities: Floats) -> float:
    """Return the mean negative log probability of the truth.

    Each row is capped at 36.04.
    """
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.clip(chosen, _SMALLEST, 1.0)).mean())


def area_under_roc(is_member: NDArray[np.bool_], ranking: Floats) -> float | None:
    """Return how often members rank above non-members.

    Ties count half; None when either kind is missing.
    """
    members = int(is_member.sum())
    others = len(is_member) - members
    if not members or not others:
        return None
    rank_sum = float(rankdata(ranking)[is_member].sum())
    return (rank_sum - members * (members + 1) / 2) / (members * others)


def _score_classes(truth: Codes, probabilities: Floats, table: Counts) -> tuple[ClassScores, ...]:
    precision, recall, f1 = (
        measure(table) for measure in (confusion.class_precision, confusion.class_recall, confusion.class_f1)
    )
    support, predicted = table.sum(axis=1), table.sum(axis=0)
    return tuple(
        ClassScores(
            label=label,
            support=int(support[code]),
            predicted=int(predicted[code]),
            precision=float(precision[code]) if support[code] else None,
            recall=float(recall[code]) if support[code] else None,
            f1=float(f1[code]) if support[code] else None,
            roc_auc=area_under_roc(truth == code, probabilities[:, code]),
        )
        for code, label in enumerate(LABELS)
    )
