"""The picture of a comparison, as SVG: sharp at any width, and tall where there is much to compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from opinionlens.base.files import replacing_file
from opinionlens.evaluation.figures import comparison_figure
from opinionlens.evaluation.intervals import Interval


def drawn(sets: Mapping[str, Mapping[str, Interval]]) -> Figure:
    """Draw the macro recall of each contender on each set, with its interval."""
    figure = comparison_figure(sets, measure="Macro recall", title="Quality by kind of text")
    (axes,) = figure.axes
    # Places given in shares of the axes drift apart in a tall picture; these are in points.
    (subtitle,) = axes.texts
    axes.annotate(
        subtitle.get_text(), (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points",
        color=subtitle.get_color(), fontsize=subtitle.get_fontsize(),
    )  # fmt: skip
    subtitle.remove()
    handles, names = axes.get_legend_handles_labels()
    axes.get_legend().remove()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    return figure


def write_svg(figure: Figure, path: Path) -> None:
    """Write atomically; the same figure gives the same bytes."""
    # Letters as outlines, because a reader may lack the font.
    with rc_context({"svg.hashsalt": "quality", "svg.fonttype": "path"}), replacing_file(path) as aside:
        figure.savefig(aside, format="svg", metadata={"Date": None, "Creator": None})
