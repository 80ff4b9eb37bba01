"""A model measured on labelled texts of one's own.

Scores with intervals, calibration, errors, and a comparison. Needs numpy alone, because the app measures with
it, too. On texts that are negative or positive but never neutral the sign decides (`polarity`); VADER's
compound is read in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from opinionlens.evaluation import confusion
from opinionlens.evaluation.codes import Codes, Counts, Floats, rows_that_match
from opinionlens.evaluation.intervals import Interval, bootstrap, paired_bootstrap, wilson
from opinionlens.evaluation.own_data_report import (
    COMMONEST,
    CalibrationFacts,
    Certainty,
    ClassFigures,
    Compared,
    DataFacts,
    Figures,
    OwnDataReport,
    WrongAnswer,
)
from opinionlens.evaluation.polarity import by_sign, is_two_class
from opinionlens.evaluation.reliability import (
    calibration_error_by_chance,
    expected_calibration_error,
    reliability_table,
    winners,
)
from opinionlens.text.labels import LABELS

MOST_WRONG = 20
MOST_EXCERPT_CHARS = 300
_BINS = 10
_NEGATIVE, _NEUTRAL, _POSITIVE = range(len(LABELS))
# VADER's authors call a text neutral when its compound value lies between these.
_VADER_THRESHOLD = 0.05


@dataclass(frozen=True, slots=True)
class Answers:
    """One model's predictions on some rows.

    Attributes:
        name: of the model.
        probabilities: (n, 3), in the order of `LABELS`.
        reasons: why an answer is uncertain; None where it is not.
        sources: the data sets that the model was trained on.
    """

    name: str
    probabilities: Floats
    reasons: Sequence[str | None]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Labelled texts with their numbers in the file.

    The labels are codes.
    """

    truth: Codes
    texts: Sequence[str]
    numbers: Sequence[int]


def measured(
    data: DataFacts,
    rows: LabelledRows,
    model: Answers,
    *,
    compounds: Sequence[float],
    champion: Answers | None = None,
    without_champion: str | None = None,
    seed: int = 0,
) -> OwnDataReport:
    """Measure a model on labelled rows.

    Args:
        data: where the rows come from, for the report.
        rows: the labelled rows.
        model: the predictions of the model.
        compounds: VADER's compound value of each text.
        champion: those of the champion, where the model is another one.
        without_champion: why there is none to compare with.
        seed: for the intervals.

    Raises:
        ValueError: there are no rows, or not the same ones everywhere.
    """
    rows_that_match(rows.truth, model.probabilities, np.asarray(compounds))
    if not len(rows.truth):
        raise ValueError("There are no rows to measure on.")
    two_class = is_two_class(rows.truth)
    probabilities = by_sign(model.probabilities) if two_class else model.probabilities
    predicted = probabilities.argmax(axis=1)
    compare = partial(_compared, rows.truth, predicted, seed=seed)
    others = []
    if champion is not None:
        theirs = by_sign(champion.probabilities) if two_class else champion.probabilities
        ece = expected_calibration_error(rows.truth, theirs)
        others.append(compare(champion.name, theirs.argmax(axis=1), ece=ece))
    others.append(compare("VADER", vader_codes(np.asarray(compounds), rows.truth)))
    others.append(compare(COMMONEST, np.full_like(rows.truth, commonest(rows.truth))))
    return OwnDataReport(
        data=data,
        n=len(rows.truth),
        two_class=two_class,
        trained_on=model.sources,
        figures=_figures(model.name, rows.truth, predicted, seed=seed),
        compared=tuple(others),
        without_champion=without_champion,
        calibration=_calibration(rows.truth, probabilities, seed=seed),
        certainty=_certainty(rows.truth, predicted, model.reasons),
        wrong=_wrong(rows, probabilities, predicted, model.reasons),
    )


def vader_codes(compounds: Floats, truth: Codes) -> Codes:
    """Return VADER's classes.

    By its authors' thresholds, or by the sign where no row is neutral. There a compound of 0 counts as the
    commonest class, which can only flatter VADER.
    """
    if is_two_class(truth):
        return np.select([compounds > 0, compounds < 0], [_POSITIVE, _NEGATIVE], commonest(truth))
    return vader_thresholds(compounds)


def vader_thresholds(compounds: Floats) -> Codes:
    """Return VADER's classes by its authors' thresholds."""
    return np.select(
        [compounds >= _VADER_THRESHOLD, compounds <= -_VADER_THRESHOLD], [_POSITIVE, _NEGATIVE], _NEUTRAL
    )


def commonest(truth: Codes) -> int:
    """Return the class with most rows.

    Of equals the first.
    """
    return int(np.bincount(truth, minlength=len(LABELS)).argmax())


def _figures(name: str, truth: Codes, predicted: Codes, *, seed: int) -> Figures:
    table = confusion.confusion_table(truth, predicted)
    interval = partial(bootstrap, truth, predicted, seed=seed)
    return Figures(
        name=name,
        accuracy=wilson(int(np.trace(table)), len(truth)),
        macro_f1=interval(confusion.macro_f1),
        macro_recall=interval(confusion.macro_recall),
        classes=tuple(
            ClassFigures(
                label=label,
                support=int(table[code].sum()),
                predicted=int(table[:, code].sum()),
                precision=_share(table[code, code], table[:, code].sum()),
                recall=_share(table[code, code], table[code].sum()),
                f1=interval(partial(_f1_of, code)) if table[code].any() else None,
            )
            for code, label in enumerate(LABELS)
            if table[code].any() or table[:, code].any()
        ),
        confusion=tuple(tuple(row) for row in table.tolist()),
    )


def _f1_of(code: int, tables: Counts) -> Floats:
    return confusion.class_f1(tables)[..., code]


def _share(part: int, of: int) -> Interval | None:
    return wilson(int(part), int(of)) if of else None


def _compared(
    truth: Codes, predicted: Codes, name: str, other: Codes, *, ece: float | None = None, seed: int
) -> Compared:
    table = confusion.confusion_table(truth, other)
    difference = paired_bootstrap(truth, challenger=predicted, champion=other, seed=seed)
    return Compared(
        name=name,
        accuracy=float(confusion.accuracy(table)),
        macro_f1=float(confusion.macro_f1(table)),
        macro_recall=float(confusion.macro_recall(table)),
        ece=ece,
        ahead=difference.interval,
    )


def _calibration(truth: Codes, probabilities: Floats, *, seed: int) -> CalibrationFacts:
    confidence, is_right = winners(truth, probabilities)
    return CalibrationFacts(
        ece=expected_calibration_error(truth, probabilities),
        by_chance=calibration_error_by_chance(probabilities, seed=seed),
        mean_confidence=float(confidence.mean()),
        accuracy=float(is_right.mean()),
        bins=reliability_table(truth, probabilities, bins=_BINS),
    )


def _certainty(truth: Codes, predicted: Codes, reasons: Sequence[str | None]) -> Certainty:
    uncertain = np.array([reason is not None for reason in reasons], dtype=bool)
    wrong = predicted != truth
    return Certainty(
        uncertain=wilson(int(uncertain.sum()), len(truth)),
        by_reason=dict(Counter(reason for reason in reasons if reason is not None).most_common()),
        error_of_certain=_share(int((wrong & ~uncertain).sum()), int((~uncertain).sum())),
        error_of_uncertain=_share(int((wrong & uncertain).sum()), int(uncertain.sum())),
    )


def _wrong(
    rows: LabelledRows, probabilities: Floats, predicted: Codes, reasons: Sequence[str | None]
) -> tuple[WrongAnswer, ...]:
    """Return the wrong predictions with the highest confidence.

    Those not marked uncertain come first.
    """
    confidence = probabilities.max(axis=1)
    places = np.flatnonzero(predicted != rows.truth).tolist()
    places.sort(key=lambda place: (reasons[place] is not None, -confidence[place]))
    return tuple(
        WrongAnswer(
            row=rows.numbers[place],
            text=_excerpt(rows.texts[place]),
            truth=LABELS[rows.truth[place]],
            predicted=LABELS[predicted[place]],
            confidence=float(confidence[place]),
            uncertain=reasons[place],
        )
        for place in places[:MOST_WRONG]
    )


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_EXCERPT_CHARS else f"{line[:MOST_EXCERPT_CHARS].rstrip()} …"
