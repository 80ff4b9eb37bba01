"""Figures of scores.

Each function returns a `Figure` of its own with an Agg canvas. It is not kept in pyplot's global list, so
there is nothing to close and it is freed with its last reference. Colours are those of Okabe and Ito, which
colour-blind readers can tell apart; line styles and markers say the same once more, for print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from opinionlens.base.files import replacing_file
from opinionlens.base.wording import counted
from opinionlens.evaluation.codes import Codes, Floats
from opinionlens.evaluation.intervals import Interval, wilson
from opinionlens.evaluation.reliability import Binning, expected_calibration_error, reliability_table
from opinionlens.evaluation.scores import ModelScores, area_under_roc
from opinionlens.text.labels import LABELS, Label

_INK, _MUTED, _GRID = "#222222", "#6b6b6b", "#e3e3e3"
_LABEL_STYLES = {
    Label.NEGATIVE: ("#D55E00", "-"),
    Label.NEUTRAL: ("#6b6b6b", "--"),
    Label.POSITIVE: ("#0072B2", "-."),
}
_SERIES = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "^"),
    ("#CC79A7", "D"),
    ("#E69F00", "v"),
    ("#56B4E9", "P"),
    ("#222222", "X"),
)
_DOTS_PER_INCH = 150


def confusion_figure(scores: ModelScores, title: str = "Confusion matrix") -> Figure:
    """Draw a confusion table with counts and shares.

    The shares are of each true label, so that the diagonal is the recall.
    """
    table = np.array(scores.confusion)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    subtitle = f"n = {scores.n:,}, accuracy {scores.accuracy:.3f}, macro F1 {scores.macro_f1:.3f}"
    figure, axes = _new(6.4, 5.4, title, subtitle)
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in np.ndindex(*table.shape):
        text = f"{table[row, column]:,}\n{shares[row, column]:.1%}" if table[row].any() else "no rows"
        # From here on white has more contrast than ink on this colour map.
        colour = "white" if shares[row, column] > 0.68 else _INK
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=12, linespacing=1.5)
    names = [label.capitalize() for label in LABELS]
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names, rotation=90, va="center")
    axes.set_xlabel("Predicted", labelpad=10, fontweight="bold")
    axes.set_ylabel("True", labelpad=10, fontweight="bold")
    # White lines between the cells, so that neighbours of like shade stay apart.
    axes.set_xticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.set_yticks(np.arange(0.5, len(names) - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="both", length=0)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, format=PercentFormatter(1.0, decimals=0))
    bar.set_label("Share of the true label", color=_MUTED)
    bar.outline.set_visible(False)
    return figure


def roc_figure(
    truth: Codes, probabilities: Floats, title: str = "ROC curves, one class against the rest"
) -> Figure:
    """Draw one ROC curve per class.

    Each is from probabilities, with its area. Classes without rows inside or outside have none.
    """
    figure, axes = _new(6.4, 5.8, title, f"n = {len(truth):,}")
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=":", label="chance (area 0.5)")
    for code, label in enumerate(LABELS):
        area = area_under_roc(truth == code, probabilities[:, code])
        if area is None:
            continue
        colour, style = _LABEL_STYLES[label]
        false_rate, true_rate = _roc_points(truth == code, probabilities[:, code])
        name = f"{label.capitalize()} (area {area:.3f})"
        axes.plot(false_rate, true_rate, color=colour, linestyle=style, linewidth=2, label=name)
    _unit_axes(axes)
    axes.set_aspect("equal")
    axes.set_xlabel("False positive rate")
    axes.set_ylabel("True positive rate")
    axes.legend(loc="lower right", frameon=False)
    return figure


def calibration_figure(
    truth: Codes, probabilities: Floats, title: str = "Calibration of the winning class"
) -> Figure:
    """Draw accuracy against confidence, above a histogram of confidences.

    In 15 bins of equal width.
    """
    error = expected_calibration_error(truth, probabilities)
    mass = expected_calibration_error(truth, probabilities, binning=Binning.EQUAL_MASS)
    subtitle = f"n = {len(truth):,}, expected calibration error {error:.4f} (bins of equal size: {mass:.4f})"
    figure, curve = _new(6.4, 6.8, title, subtitle, rows=2)
    histogram = figure.axes[1]
    table = reliability_table(truth, probabilities)
    confidence = [row.mean_confidence for row in table]
    accuracy = [row.accuracy for row in table]
    # A bin of few rows may lie far off by chance.
    limits = [wilson(round(row.accuracy * row.n), row.n) for row in table]
    errors = [[one.value - one.low for one in limits], [one.high - one.value for one in limits]]
    curve.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=":", label="perfectly calibrated")
    blue, _ = _SERIES[0]
    curve.errorbar(
        confidence, accuracy, errors, color=blue, marker="o", capsize=3, label="measured, 95% interval"
    )
    _unit_axes(curve)
    curve.set_ylabel("Accuracy")
    curve.legend(loc="upper left", frameon=False)
    widths = [row.high - row.low for row in table]
    shares = [row.n / len(truth) for row in table]
    histogram.bar([row.low for row in table], shares, widths, align="edge", color=blue, edgecolor="white")
    histogram.set_xlim(-0.02, 1.02)
    histogram.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    histogram.yaxis.set_major_locator(MaxNLocator(3))
    histogram.set_xlabel("Confidence")
    histogram.set_ylabel("Rows")
    return figure


def study_figure(
    values: Sequence[float | None],
    families: Sequence[str],
    *,
    objective: str,
    title: str = "History of the study",
) -> Figure:
    """Draw the value of every trial in order.

    By family, with the best so far; higher is better. A trial without a value (failed or stopped early) is a
    mark on the lower edge. `objective` and the names of the families are shown as they are.
    """
    measured = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    numbers = np.arange(len(measured))
    known = np.isfinite(measured)
    count = counted(len(measured), "trial")
    best = f", best {measured[known].max():.4f} in trial {int(np.nanargmax(measured))}" if known.any() else ""
    figure, axes = _new(8.0, 4.6, title, f"{count}{best}")
    for position, family in enumerate(sorted(set(families))):
        colour, marker = _SERIES[position % len(_SERIES)]
        chosen = known & (np.array(families) == family)
        axes.scatter(
            numbers[chosen], measured[chosen], color=colour, marker=marker, s=36, label=family, zorder=3
        )
    if known.any():
        running = np.fmax.accumulate(measured)
        axes.step(numbers, running, where="post", color=_MUTED, linewidth=1.5, label="best so far", zorder=2)
    if not known.all():
        edge = axes.get_xaxis_transform()
        axes.plot(
            numbers[~known], np.full((~known).sum(), 0.02), "|", transform=edge, color=_INK, label="no value"
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Trial")
    axes.set_ylabel(objective)
    axes.grid(color=_GRID, linewidth=0.8)
    if len(measured):
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def comparison_figure(
    sets: Mapping[str, Mapping[str, Interval]], *, measure: str, title: str = "Comparison"
) -> Figure:
    """Draw intervals by set and by series.

    Sets go from top to bottom; each series has its own colour. A series that is absent from a set leaves a
    gap. Names are shown as they are.
    """
    series = list(dict.fromkeys(name for values in sets.values() for name in values))
    figure, axes = _new(8.0, 1.6 + 0.24 * len(sets) * (len(series) + 1), title, "95% intervals")
    for position, name in enumerate(series):
        places = [place for place, values in enumerate(sets.values()) if name in values]
        found = [values[name] for values in sets.values() if name in values]
        colour, marker = _SERIES[position % len(_SERIES)]
        axes.errorbar(
            [one.value for one in found],
            [place + (position - (len(series) - 1) / 2) / (len(series) + 1) for place in places],
            xerr=[[one.value - one.low for one in found], [one.high - one.value for one in found]],
            color=colour,
            marker=marker,
            linestyle="none",
            capsize=2,
            label=name,
        )
    axes.set_yticks(range(len(sets)), list(sets))
    axes.set_ylim(len(sets) - 0.5, -0.5)
    axes.set_xlabel(measure)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)
    return figure


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, aside and then renamed.

    The same figure gives the same bytes, so DVC sees no change where there is none.
    """
    with replacing_file(path) as aside:
        figure.savefig(aside, format="png", metadata={"Software": None})


def _new(width: float, height: float, title: str, subtitle: str, *, rows: int = 1) -> tuple[Figure, Axes]:
    """Return a figure in the common style, and its axes.

    The axes are the first; with two rows the second is a low strip below.
    """
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    heights = [3, 1] if rows == 2 else [1]
    for axes in figure.subplots(rows, 1, squeeze=False, height_ratios=heights, sharex=True).ravel():
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(_MUTED)
        axes.tick_params(colors=_INK)
        axes.set_axisbelow(True)
    first = figure.axes[0]
    first.set_title(f"{title}\n", loc="left", color=_INK, fontsize=13, fontweight="bold")
    first.text(0.0, 1.02, subtitle, transform=first.transAxes, color=_MUTED, fontsize=9, va="bottom")
    return figure, first


def _unit_axes(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.grid(color=_GRID, linewidth=0.8)


def _roc_points(is_member: NDArray[np.bool_], ranking: Floats) -> tuple[Floats, Floats]:
    """Return false and true positive rates at every threshold.

    From (0, 0) to (1, 1), at every distinct value of `ranking`.
    """
    order = np.argsort(-ranking, kind="stable")
    last_of_ties = np.append(np.diff(ranking[order]) != 0, True)
    true = np.cumsum(is_member[order])[last_of_ties]
    false = np.cumsum(~is_member[order])[last_of_ties]
    return np.concatenate([[0.0], false / false[-1]]), np.concatenate([[0.0], true / true[-1]])
