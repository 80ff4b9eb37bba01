from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn import metrics as peer

from opinionlens.evaluation.figures import (
    _roc_points,
    calibration_figure,
    comparison_figure,
    confusion_figure,
    roc_figure,
    study_figure,
    write_png,
)
from opinionlens.evaluation.intervals import Interval
from opinionlens.evaluation.scores import score


@pytest.fixture(scope="module")
def probabilities(rows, softmax) -> np.ndarray:
    return softmax(rows.decisions)


def words_of(figure: Figure) -> list[str]:
    """Every text that a reader can see."""
    figure.canvas.draw()
    return [
        text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text")) if text.get_text()
    ]


def test_confusion_shows_counts_and_shares_of_the_true_label() -> None:
    truth = np.repeat([0, 1, 2], [4, 5, 1])
    predicted = np.array([0, 0, 0, 1, 1, 1, 1, 1, 2, 0])
    words = words_of(confusion_figure(score(truth, np.eye(3)[predicted]), "On test"))
    assert {"3\n75.0%", "1\n25.0%", "4\n80.0%", "1\n20.0%", "1\n100.0%", "0\n0.0%"} <= set(words)
    assert {"On test\n", "Negative", "Neutral", "Positive", "Predicted", "True"} <= set(words)
    assert "n = 10, accuracy 0.700, macro F1 0.517" in words  # F1: 6/8, 8/10, 0


def test_confusion_of_a_class_without_rows_says_so() -> None:
    words = words_of(confusion_figure(score(np.array([0, 2]), np.eye(3)[[0, 1]])))
    assert words.count("no rows") == 3


def test_roc_names_each_class_with_its_area(rows, probabilities) -> None:
    words = words_of(roc_figure(rows.codes, probabilities))
    for code, name in enumerate(("Negative", "Neutral", "Positive")):
        area = peer.roc_auc_score(rows.codes == code, probabilities[:, code])
        assert f"{name} (area {area:.3f})" in words


def test_roc_leaves_out_a_class_without_rows(rows, probabilities) -> None:
    kept = rows.codes != 1
    words = words_of(roc_figure(rows.codes[kept], probabilities[kept]))
    assert not any(word.startswith("Neutral") for word in words)
    assert any(word.startswith("Positive (area") for word in words)


def test_roc_points_are_those_of_scikit_learn(rows, probabilities) -> None:
    rounded = probabilities[:, 0].round(2)  # many ties
    found = _roc_points(rows.codes == 0, rounded)
    false, true, _ = peer.roc_curve(rows.codes == 0, rounded, drop_intermediate=False)
    assert found[0] == pytest.approx(false)
    assert found[1] == pytest.approx(true)


def test_calibration_draws_the_table_over_a_histogram(rows, probabilities) -> None:
    figure = calibration_figure(rows.codes, probabilities)
    assert f"expected calibration error {score(rows.codes, probabilities).ece:.4f}" in "".join(
        words_of(figure)
    )
    curve, histogram = figure.axes
    measured = curve.lines[1].get_xydata()
    is_right = probabilities.argmax(axis=1) == rows.codes
    top = probabilities.max(axis=1) > 14 / 15
    assert measured[-1] == pytest.approx([probabilities.max(axis=1)[top].mean(), is_right[top].mean()])
    assert sum(bar.get_height() for bar in histogram.patches) == pytest.approx(1.0)


def test_study_draws_each_family_and_the_best_so_far() -> None:
    values = [0.5, None, 0.7, 0.6, float("nan"), 0.8]
    figure = study_figure(values, ["svc", "svc", "nb", "svc", "nb", "nb"], objective="val_macro_f1")
    words = words_of(figure)
    assert {"svc", "nb", "best so far", "no value", "val_macro_f1", "Trial"} <= set(words)
    assert "6 trials, best 0.8000 in trial 5" in words
    axes = figure.axes[0]
    best, missing = axes.lines
    assert best.get_ydata().tolist() == [0.5, 0.5, 0.7, 0.7, 0.7, 0.8]
    assert missing.get_xdata().tolist() == [1, 4]
    nb, svc = axes.collections
    assert svc.get_offsets().tolist() == [[0.0, 0.5], [3.0, 0.6]]
    assert nb.get_offsets().tolist() == [[2.0, 0.7], [5.0, 0.8]]


@pytest.mark.parametrize(
    ("values", "seen"), [([], "0 trials"), ([None, None], "2 trials"), ([0.5], "1 trial,")]
)
def test_a_study_of_nothing_yet_is_drawn_too(values: list[float | None], seen: str) -> None:
    words = words_of(study_figure(values, ["svc"] * len(values), objective="accuracy"))
    assert any(word.startswith(seen) for word in words)


def test_png_is_written_whole_and_the_same_each_time(rows, probabilities, tmp_path: Path) -> None:
    paths = [tmp_path / "figures" / name for name in ("a.png", "b.png")]
    for path in paths:
        write_png(roc_figure(rows.codes, probabilities), path)
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert first == second
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["a.png", "b.png"]


def test_a_figure_is_freed_with_its_last_reference() -> None:
    figure = study_figure([0.5, 0.6], ["svc", "svc"], objective="accuracy")
    figure.canvas.draw()
    watch = weakref.ref(figure)
    del figure
    gc.collect()
    assert watch() is None


def test_pyplot_is_never_loaded() -> None:
    code = (
        "import sys, numpy as np\n"
        "from opinionlens.evaluation.figures import study_figure\n"
        "study_figure([0.5], ['svc'], objective='accuracy').canvas.draw()\n"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(source)}, check=False
    )
    assert done.returncode == 0


def test_a_comparison_shows_each_value_in_its_set_and_leaves_gaps() -> None:
    sets = {
        "films (n = 9)": {"ours": Interval(0.8, 0.7, 0.95, 0.95), "theirs": Interval(0.6, 0.5, 0.65, 0.95)},
        "tweets (n = 4)": {"theirs": Interval(0.4, 0.3, 0.5, 0.95)},
    }
    figure = comparison_figure(sets, measure="Macro recall", title="By kind")
    assert {"By kind\n", "Macro recall", "films (n = 9)", "tweets (n = 4)", "ours", "theirs"} <= set(
        words_of(figure)
    )
    (axes,) = figure.axes
    shown = {
        bars.get_label(): [line.get_xdata().tolist() for line in bars.lines[1]]
        + [bars.lines[0].get_xdata().tolist()]
        for bars in axes.containers
    }
    assert [len(each.lines[0].get_xdata()) for each in axes.containers] == [1, 2]
    assert shown["ours"] == [[pytest.approx(0.7)], [pytest.approx(0.95)], [0.8]]
    first, second = (each.lines[0].get_ydata() for each in axes.containers)
    assert first[0] < second[0] < 0.5 < second[1]  # one below the other, set by set
    top, bottom = sorted(axes.get_ylim())
    assert (top, bottom) == (-0.5, 1.5)
    assert axes.yaxis_inverted()
