"""The picture of a comparison: all that belongs on it, apart, and the same each time."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from opinionlens.evaluation.intervals import Interval

TITLE = "Quality by kind of text"


@pytest.fixture(scope="module")
def picture(benchmarks_on_the_path):
    from benchmarks.quality import picture

    return picture


def sets(count):
    values = {name: Interval(0.6, 0.5, 0.7, 0.95) for name in ("VADER", "ours")}
    return {f"set {number}": values for number in range(count)}


@pytest.mark.parametrize("count", [1, 30])
def test_words_stay_apart_however_tall_it_is(picture, count):
    figure = picture.drawn(sets(count))
    figure.canvas.draw()
    (axes,) = figure.axes
    (subtitle,), (legend,) = axes.texts, figure.legends
    assert (subtitle.get_text(), axes.get_legend()) == ("95% intervals", None)
    assert [one.get_text() for one in legend.get_texts()] == ["VADER", "ours"]
    (title,) = axes.findobj(lambda one: isinstance(one, Text) and one.get_text() == f"{TITLE}\n")
    # The lower of its two lines is empty, for the subtitle.
    room = title.get_window_extent()
    assert subtitle.get_window_extent().y1 <= (room.y0 + room.y1) / 2
    inside = figure.bbox
    for box in (
        subtitle.get_window_extent(),
        legend.get_window_extent(),
        axes.xaxis.label.get_window_extent(),
    ):
        assert inside.x0 <= box.x0 <= box.x1 <= inside.x1
        assert inside.y0 <= box.y0 <= box.y1 <= inside.y1
    gap = axes.xaxis.label.get_window_extent().y0 - legend.get_window_extent().y1
    # Close by, too: at most half an inch.
    assert 0 <= gap <= 0.5 * figure.dpi


def test_svg_is_the_same_each_time_and_small(picture, tmp_path):
    for name in ("one.svg", "two.svg"):
        picture.write_svg(picture.drawn(sets(8)), tmp_path / name)
    first, second = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert first == second
    assert b"<svg " in first
    assert len(first) < 200_000
