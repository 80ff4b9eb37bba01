"""Fitting and choosing the calibration of a classifier.

It turns decision values into probabilities that match how often a prediction is right. The method is chosen
by cross-validation.

A calibration is softmax(scale * decision + bias). Temperature scaling has one scale for all classes and no
bias, so it never changes which class wins; vector scaling has one scale and one bias per class, so it may.
Both are fitted on out-of-fold decision values by minimising the log loss. Then the logits of long texts are
scaled as far as the log loss asks for. Where long and short texts are many, the first fit takes the short
ones alone: one scale for both would be too high for tweets and too low for film reviews.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax

from opinionlens.evaluation.codes import Codes, Floats, in_label_order, rows_that_match
from opinionlens.evaluation.confusion import confusion_table, macro_f1
from opinionlens.evaluation.reliability import expected_calibration_error
from opinionlens.features.calibration import Calibration, LengthScaling, Method
from opinionlens.text.labels import LABELS, Label

# In units of the decision values' spread. Separable rows would drive the scale to infinity, a class without
# rows its bias to minus infinity; and a scale below zero would let a class lose by being more certain.
_SCALE_LIMITS = (1e-3, 1e3)
_BIAS_LIMITS = (-20.0, 20.0)
# Tokens of a short post. Up to here no dependence on the length was found.
_SHORT = 32
# Fewer rows longer than that, or shorter, say too little. The exponent is then what was measured elsewhere:
# with it a model of tweets is calibrated best on reviews of up to 1,000 tokens (docs/decisions/0016).
_LEAST_ROWS = 500
_USUAL_EXPONENT = 0.2
_STEEPEST = 1.0
# Beside short texts: as far as the scale of long ones may be above that of the short.
_STEEPEST_RISE = -0.5


@dataclass(frozen=True, slots=True)
class MethodScores:
    """A method's scores on rows outside its fit."""

    method: Method
    log_loss: float
    macro_f1: float
    ece: float


@dataclass(frozen=True, slots=True)
class CalibrationChoice:
    """The chosen calibration, with all candidates.

    It is fitted on all rows. `probabilities` are those of the chosen method on the folds left out, one column
    per label in the order of `LABELS`: use them for everything else that is tuned, such as the confidence
    below which a prediction is uncertain.
    """

    calibration: Calibration
    candidates: tuple[MethodScores, ...]
    reason: str
    probabilities: Floats


def fit_temperature(
    decisions: NDArray[np.floating], codes: Codes, classes: tuple[Label, ...] = LABELS
) -> Calibration:
    """Fit one scale for all classes.

    Args:
        decisions: one row per text, one column per class, made by a model that has not seen the row.
        codes: the truth, as positions in `LABELS`; rows of other labels than `classes` are left aside.
        classes: the labels of the columns.

    Raises:
        ValueError: no row is left, or the shapes do not match.
    """
    unit, targets, spread = _standardised(decisions, codes, classes)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        value, per_decision = _loss_and_slope(unit * parameters[0], targets)
        return value, np.array([(per_decision * unit).sum()])

    fitted = _minimise(loss, np.array([1.0]), [_SCALE_LIMITS])
    return Calibration(Method.TEMPERATURE, (float(fitted[0] / spread),) * len(classes), (0.0,) * len(classes))


def fit_vector_scaling(
    decisions: NDArray[np.floating], codes: Codes, classes: tuple[Label, ...] = LABELS
) -> Calibration:
    """Fit one scale and one bias per class.

    The biases sum to 0, because a common one changes nothing. Arguments and errors as for `fit_temperature`.
    """
    unit, targets, spread = _standardised(decisions, codes, classes)
    middle, k = unit.mean(axis=0), len(classes)
    unit = unit - middle  # a far-off column would make the search slow; the bias takes it back below

    def loss(parameters: Floats) -> tuple[float, Floats]:
        value, per_decision = _loss_and_slope(unit * parameters[:k] + parameters[k:], targets)
        return value, np.concatenate([(per_decision * unit).sum(axis=0), per_decision.sum(axis=0)])

    start = np.concatenate([np.ones(k), np.zeros(k)])
    fitted = _minimise(loss, start, [_SCALE_LIMITS] * k + [_BIAS_LIMITS] * k)
    bias = fitted[k:] - fitted[:k] * middle
    return Calibration(
        Method.VECTOR, tuple((fitted[:k] / spread).tolist()), tuple((bias - bias.mean()).tolist())
    )


def fit_calibration(
    method: Method, decisions: NDArray[np.floating], codes: Codes, classes: tuple[Label, ...] = LABELS
) -> Calibration:
    """Fit the named method."""
    if method is Method.TEMPERATURE:
        return fit_temperature(decisions, codes, classes)
    if method is Method.VECTOR:
        return fit_vector_scaling(decisions, codes, classes)
    return Calibration.none(len(classes))


def choose_calibration(
    decisions: NDArray[np.floating],
    codes: Codes,
    classes: tuple[Label, ...] = LABELS,
    *,
    lengths: NDArray[np.integer] | None = None,
    methods: Sequence[Method] = tuple(Method),
    folds: int = 5,
    seed: int,
    max_f1_loss: float = 0.001,
) -> CalibrationChoice:
    """Choose a calibration by cross-validated log loss.

    The candidates are none, temperature and vector scaling. A richer method has to beat the simpler one by
    more than one standard error of the row-wise difference. A method that moves the winner (vector scaling)
    may cost at most `max_f1_loss` of macro F1: the log loss alone favours frequent classes, and would quietly
    undo a family's class weights.

    Args:
        decisions: out-of-fold decision values, one column per class.
        codes: the truth, as positions in `LABELS`.
        classes: the labels of the columns.
        lengths: of the texts, as `evidence_length` counts; None to scale no text by its length. Where many
            are long and many short, scale and bias are those of the short ones.
        methods: which to choose among; `none` is always one of them.
        folds: how many parts the rows are dealt into, class by class.
        seed: for the dealing.
        max_f1_loss: see above.

    Raises:
        ValueError: the shapes do not match, or no row has a label among `classes`.
    """
    rows_that_match(codes, decisions)
    parts = _deal(codes, folds, seed)
    fitted_on = _texts_for_the_scale(len(codes), lengths)
    allowed = [method for method in Method if method is Method.NONE or method in methods]
    held_out = {method: _held_out(method, decisions, codes, classes, parts, fitted_on) for method in allowed}
    losses = {method: _row_losses(codes, found) for method, found in held_out.items()}
    candidates = {
        method: _scores_of(method, codes, found, losses[method]) for method, found in held_out.items()
    }
    chosen, reason = Method.NONE, "no method lowers the log loss by more than one standard error"
    for method in allowed[1:]:
        gain = (losses[chosen] - losses[method])[fitted_on]
        error = float(gain.std() / np.sqrt(len(gain)))
        drop = candidates[Method.NONE].macro_f1 - candidates[method].macro_f1
        if gain.mean() > error and drop <= max_f1_loss:
            reason = (
                f"{method} lowers the log loss of {chosen} by {gain.mean():.4f} (standard error {error:.4f})"
            )
            chosen = method
        elif gain.mean() > error:
            reason += f"; {method} was refused because it costs {drop:.4f} of macro F1"
    probabilities = held_out[chosen]
    length = None
    if lengths is not None:
        least = 0.0 if fitted_on.all() else _STEEPEST_RISE
        length = fit_length_scaling(probabilities, codes, lengths, least=least)
        probabilities = _scaled(probabilities, length.factors(lengths))
    return CalibrationChoice(
        calibration=replace(
            fit_calibration(chosen, decisions[fitted_on], codes[fitted_on], classes), length=length
        ),
        candidates=tuple(candidates.values()),
        reason=reason,
        probabilities=probabilities,
    )


def _texts_for_the_scale(n: int, lengths: NDArray[np.integer] | None) -> NDArray[np.bool_]:
    """Return which texts scale and bias are fitted to."""
    if lengths is not None:
        is_short = lengths <= _SHORT
        if min(is_short.sum(), (~is_short).sum()) >= _LEAST_ROWS:
            return np.asarray(is_short)
    return np.ones(n, dtype=np.bool_)


def fit_length_scaling(
    probabilities: Floats, codes: Codes, lengths: NDArray[np.integer], *, least: float = 0.0
) -> LengthScaling:
    """Find how fast certainty has to fall with the length.

    Where too few texts are long to tell, it falls from the longest on as was measured elsewhere.

    Args:
        probabilities: calibrated ones (n, 3) of texts that the model has not seen.
        codes: the truth, as positions in `LABELS`.
        lengths: of the texts, in tokens.
        least: the lowest exponent; below 0 certainty may rise with the length.
    """
    is_long = lengths > _SHORT
    if is_long.sum() < _LEAST_ROWS:
        return LengthScaling(float(max(_SHORT, lengths.max(initial=0))), _USUAL_EXPONENT)
    rows, truth, beyond = probabilities[is_long], codes[is_long], lengths[is_long]

    def loss(exponent: float) -> float:
        scaling = LengthScaling(float(_SHORT), exponent)
        return float(_row_losses(truth, _scaled(rows, scaling.factors(beyond))).mean())

    found = minimize_scalar(loss, bounds=(least, _STEEPEST), method="bounded")
    return LengthScaling(float(_SHORT), float(found.x))


def _scaled(probabilities: Floats, factors: Floats) -> Floats:
    """Multiply the logits of every row."""
    powers = np.clip(probabilities, np.finfo(np.float64).tiny, None) ** factors[:, None]
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def _standardised(
    decisions: NDArray[np.floating], codes: Codes, classes: tuple[Label, ...]
) -> tuple[Floats, Floats, float]:
    """Return decisions in units of their spread, targets, and spread.

    The targets are the truth as one-hot rows.
    """
    rows_that_match(codes, decisions)
    if decisions.ndim != 2 or decisions.shape[1] != len(classes):
        raise ValueError(
            f"Decision values of shape {decisions.shape} do not fit the classes {list(classes)}."
        )
    targets = np.eye(len(LABELS))[codes][:, [LABELS.index(label) for label in classes]]
    known = targets.any(axis=1)
    if not known.any():
        raise ValueError("No row has a label that the classifier knows.")
    kept = np.asarray(decisions[known], dtype=np.float64)
    # What is common to a row's columns says nothing, so it must not count as spread.
    spread = float((kept - kept.mean(axis=1, keepdims=True)).std()) or 1.0
    return kept / spread, targets[known], spread


def _loss_and_slope(logits: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the mean log loss and its derivative by logit."""
    log_probabilities = log_softmax(logits, axis=1)
    loss = float(-(targets * log_probabilities).sum() / len(logits))
    return loss, (np.exp(log_probabilities) - targets) / len(logits)


def _minimise(loss: object, start: Floats, limits: list[tuple[float, float]]) -> Floats:
    # The loss is convex in scale and bias, so the place where the search starts does not matter.
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 500, "ftol": 1e-12}
    )
    return np.asarray(found.x, dtype=np.float64)


def _deal(codes: Codes, folds: int, seed: int) -> Codes:
    """Return a fold for every row.

    Each fold gets its share of every class.
    """
    shuffled = np.random.default_rng(seed).permutation(len(codes))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    parts = np.empty(len(codes), dtype=np.intp)
    parts[by_class] = np.arange(len(codes)) % folds
    return parts


def _held_out(
    method: Method,
    decisions: NDArray[np.floating],
    codes: Codes,
    classes: tuple[Label, ...],
    parts: Codes,
    fitted_on: NDArray[np.bool_],
) -> Floats:
    """Return probabilities by calibrations fitted on the other folds."""
    probabilities = np.empty((len(codes), len(classes)))
    for part in np.unique(parts):
        inside = parts == part
        others = ~inside & fitted_on
        fitted = fit_calibration(method, decisions[others], codes[others], classes)
        probabilities[inside] = fitted.apply(decisions[inside])
    return in_label_order(probabilities, classes)


def _row_losses(codes: Codes, probabilities: Floats) -> Floats:
    chosen = probabilities[np.arange(len(codes)), codes]
    return np.asarray(-np.log(np.clip(chosen, np.finfo(np.float64).eps, 1.0)), dtype=np.float64)


def _scores_of(method: Method, codes: Codes, probabilities: Floats, losses: Floats) -> MethodScores:
    return MethodScores(
        method=method,
        log_loss=float(losses.mean()),
        macro_f1=float(macro_f1(confusion_table(codes, probabilities.argmax(axis=1)))),
        ece=expected_calibration_error(codes, probabilities),
    )
