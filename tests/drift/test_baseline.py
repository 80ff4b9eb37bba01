"""The older baseline file and its drift, under their names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from opinionlens.base.errors import InputError
from opinionlens.drift.baseline import load_baseline, run_drift, save_baseline

SHARES = {"negative": 0.5, "neutral": 0.25, "positive": 0.25}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_baseline(SHARES, [[1.0, 0.0], [3.0, 0.0]], tmp_path / "drift" / "baseline.json")
    return tmp_path / "drift" / "baseline.json"


def test_the_file_has_the_older_names(saved: Path) -> None:
    assert json.loads(saved.read_text()) == {"sentiment_dist": SHARES, "embedding_mean": [2.0, 0.0]}
    read = load_baseline(saved)
    assert read.sentiment_dist.tolist() == [0.5, 0.25, 0.25]
    assert read.embedding_mean.tolist() == [2.0, 0.0]


def test_the_default_place_is_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save_baseline([0.5, 0.25, 0.25], [1.0, 0.0])
    assert Path("drift/baseline.json").is_file()
    assert run_drift(SHARES, [1.0, 0.0])["combined_drift"] == pytest.approx(0)


def test_drift_is_the_sum_of_both(saved: Path) -> None:
    """KL((¼,½,¼) ‖ (½,¼,¼)) = ¼·ln ½ + ½·ln 2 = 0.1733; cosine of 45° leaves 0.2929."""
    found = run_drift([0.25, 0.5, 0.25], np.array([[1.0, 1.0]]), saved)
    assert found["label_drift"] == pytest.approx(0.1733, abs=1e-3)
    assert found["embedding_drift"] == pytest.approx(0.2929, abs=1e-4)
    assert found["combined_drift"] == found["label_drift"] + found["embedding_drift"]
    assert found["drift_detected"] is True  # 0.466 is above 0.35
    assert run_drift([0.25, 0.5, 0.25], [1.0, 0.0], saved)["drift_detected"] is False


def test_a_label_that_the_baseline_lacks_is_far_but_finite(saved: Path) -> None:
    baseline = save_baseline({"positive": 1.0}, [1.0], saved)
    assert 1 < run_drift({"negative": 1.0}, [1.0], baseline)["label_drift"] < 100


def test_another_dimension_names_both(saved: Path) -> None:
    with pytest.raises(InputError, match="768 dimensions, those of the baseline 2"):
        run_drift(SHARES, np.zeros((5, 768)), saved)


@pytest.mark.parametrize(
    ("shares", "embeddings", "reason"),
    [
        ({"good": 1.0}, [1.0], "'GOOD' is no label"),
        ([0.5, 0.5], [1.0], "not three numbers"),
        ([0.5, 0.2, 0.1], [1.0], "do not sum to 1"),
        ([1.5, -0.5, 0.0], [1.0], "do not sum to 1"),
        ("much", [1.0], "shares of labels are no numbers"),
        (SHARES, [float("nan")], "hold NaN"),
        (SHARES, [], "no rows of numbers"),
        (SHARES, [[[1.0]]], "no rows of numbers"),
        (SHARES, [[1.0], [1.0, 2.0]], "embeddings are no numbers"),
    ],
)
def test_what_is_no_baseline_is_refused(tmp_path: Path, shares, embeddings, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        save_baseline(shares, embeddings, tmp_path / "baseline.json")
    assert not (tmp_path / "baseline.json").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no baseline"),
        (b"{", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b"[]", "needs `sentiment_dist`"),
        (b'{"sentiment_dist": [1, 0, 0]}', "and `embedding_mean`"),
        (b'{"sentiment_dist": [1, 0, 0], "embedding_mean": null}', "NaN"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        load_baseline(path)
    assert str(path) in str(caught.value)
