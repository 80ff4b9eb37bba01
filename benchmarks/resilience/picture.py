"""The picture of a run: latency and failures over time, with the faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality.picture import write_svg
from benchmarks.resilience.figures import OverTime
from matplotlib.figure import Figure


def draw(run: OverTime, marks: Sequence[tuple[float, str]], path: Path, *, rate: float) -> None:
    """Write the picture.

    Args:
        run: figures over time.
        marks: minute and name of each fault.
        path: the SVG file.
        rate: requests a second.
    """
    figure = Figure(figsize=(9, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot(run.minutes, run.p99, color="#b3261e", linewidth=1.2, label="99th percentile")
    upper.plot(run.minutes, run.p50, color="#1f5fa8", linewidth=1.2, label="median")
    upper.set_yscale("log")
    # Whole decades, so that a quiet run does not look like a wild one.
    upper.set_ylim(1, 10_000)
    upper.yaxis.set_major_formatter("{x:,.0f}")
    upper.set_ylabel("Answer in ms")
    upper.set_title(
        f"The whole stack at {rate:.0f} requests a second while its parts die", loc="left", pad=64
    )
    upper.legend(frameon=False, loc="upper right")
    lower.bar(run.minutes, run.failed, width=4 / 60, color="#b3261e")
    lower.set_ylabel("Failed in 5 s")
    lower.set_xlabel("Minutes")
    for minute, name in marks:
        for axes in (upper, lower):
            axes.axvline(minute, color="#888888", linewidth=0.8, linestyle=":")
        upper.annotate(
            name, (minute, 1), (2, 4), xycoords=("data", "axes fraction"), textcoords="offset points",
            rotation=25, fontsize=8, color="#444444",
        )  # fmt: skip
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    write_svg(figure, path)
