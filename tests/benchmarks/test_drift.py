"""The benchmark of drift checks, on made-up posts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from tests.support.drift_model import write_model
from tests.support.drift_traffic import TRAINING, posts

from opinionlens.classifiers.load import load_classifier
from opinionlens.jobs.drift_check import CheckedModel, read_profile
from opinionlens.pipeline.lineage import hash_of_files

WORDLESS = {"label_shift", "label_drift", "confidence_shift", "length_shift"}


@dataclass(frozen=True)
class Project:
    root: Path
    model: CheckedModel


@pytest.fixture(scope="module")
def project(benchmarks_on_the_path: None, tmp_path_factory: pytest.TempPathFactory) -> Project:
    from benchmarks.drift.window_check import MeasuredModel

    root = tmp_path_factory.mktemp("project")
    folder = root / "data" / "preprocessed"
    folder.mkdir(parents=True)
    pl.DataFrame({"text": TRAINING, "label": "NEUTRAL", "source": "posts"}).write_parquet(
        folder / "train.parquet"
    )
    artifact = write_model(root / "classifier", hash_of_files(folder))
    model = MeasuredModel(load_classifier(artifact), "measured", None, read_profile(artifact))
    return Project(root, model)


def test_each_way_of_keeping_words_has_its_measures(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.drift.window_check import Kept, WindowCheck, answers_of

    monkeypatch.chdir(project.root)
    usual = answers_of(project.model, posts(random.Random(21), 300))
    odd = answers_of(project.model, [f"recall of the batteries {one.text}" for one in usual])
    values = {}
    for kept in Kept:
        check = WindowCheck(project.model, kept)
        for answers, drifts in ((usual, False), (odd, True), (usual, False)):  # one at a time
            found = check(answers)
            assert found.has_drifted is drifts
        values[kept] = {one.name: one.value for one in found.results if one.value is not None}
    assert "domain_classifier" in values[Kept.TEXTS]
    texts = {name: value for name, value in values[Kept.TEXTS].items() if name != "domain_classifier"}
    assert texts == pytest.approx(values[Kept.SUMS])
    assert values[Kept.ROWS].items() <= texts.items()
    assert values[Kept.ROWS].keys() == {*WORDLESS, "unknown_terms"}


def test_references_are_judged_by_texts_of_the_other_half(project: Project, tmp_path: Path) -> None:
    from benchmarks.drift.measuring import Measurement, measure_references
    from benchmarks.drift.records import alarms_in
    from benchmarks.drift.shifts import Traffic
    from benchmarks.drift.window_check import answers_of

    usual = answers_of(project.model, posts(random.Random(22), 1_000))
    results = tmp_path / "counts.jsonl"
    how = Measurement(project.model, results, seed=1, minutes=5)
    for _ in range(2):
        measure_references(how, Traffic(usual, {}), [200], 1)
    sums, rows = alarms_in(results, "references")
    assert (sums.kept, rows.kept) == ("sums", "rows")
    assert sums.windows == rows.windows == 4  # two of 200 in each half of 500, twice
    assert sums.by_measure.keys() > rows.by_measure.keys()


def answers(count: int, name: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(text=f"{name} {number}") for number in range(count)]


def test_windows_hold_no_text_twice_but_those_of_a_bot() -> None:
    from benchmarks.drift.shifts import Traffic, _bot, _of_pool, _of_rows, _swapped

    usual, truth = answers(1_000, "usual"), np.repeat([0, 1, 2], [500, 300, 200])
    shifts = {
        "pool": _of_pool(answers(300, "pool")),
        "rows": _of_rows(answers(1_000, "usual")),
        "swapped": _swapped(usual, truth),
        "bot": _bot(usual),
    }
    traffic, chance = Traffic(usual, shifts), np.random.default_rng(3)
    for shift in ("pool", "rows", "swapped"):
        window = traffic.window(chance, 600, shift, 0.25)
        assert window is not None
        assert len({one.text for one in window}) == 600, shift
    assert sum("pool" in one.text for one in traffic.window(chance, 600, "pool", 0.25) or ()) == 150
    assert traffic.window(chance, 600, "pool", 1.0) is None  # 300 are all there are
    assert traffic.window(chance, 1_001) is None
    numbers = [int(one.text.split()[1]) for one in traffic.window(chance, 300, "swapped", 1.0) or ()]
    assert np.bincount(truth[numbers]).tolist() == [60, 90, 150]
    assert traffic.window(chance, 600, "swapped", 1.0) is None  # needs 300 of the 200 positive ones
    bot = [one.text for one in traffic.window(chance, 600, "bot", 0.5) or ()]
    assert len(set(bot)) == 301


def test_a_delay_is_counted_in_shifted_texts() -> None:
    from benchmarks.drift.measuring import first_alarm
    from benchmarks.drift.tables import delay_cell

    usual, shifted = answers(200, "usual"), answers(200, "new")

    def found(least: int) -> int | None:
        def alarms(window: list[SimpleNamespace]) -> bool:
            assert len(window) == 200
            return sum("new" in one.text for one in window) >= least

        return first_alarm(usual, shifted, alarms)  # type: ignore[arg-type]

    assert [found(least) for least in (1, 2, 11, 100, 201)] == [2, 2, 14, 100, None]
    assert delay_cell([20, 1_000, 40]) == "40 (1,000)"
    assert delay_cell([20, None, 40]) == "40 (never in 1 of 3)"
    assert delay_cell([None, None, 40]) == "never (never in 2 of 3)"
    assert delay_cell([]) == "–"


def test_intervals_are_exact() -> None:
    from benchmarks.drift.tables import exact_interval

    # By hand: the upper limit for none of n is 1 - 0.025 ** (1 / n), the rule of three's neighbour.
    low, high = exact_interval(0, 100)
    assert low == 0
    assert high == pytest.approx(1 - 0.025**0.01)
    low, high = exact_interval(100, 100)
    assert (low, high) == (pytest.approx(0.025**0.01), 1)


def test_messages_are_read_from_gettext_catalogues(tmp_path: Path) -> None:
    from benchmarks.drift.shifts import messages_in

    kept = "Die Datei wurde nicht gefunden, bitte erneut versuchen."
    strings = [
        ("", "Language: de\n"),
        ("a", kept),
        ("b", "Zu kurz."),
        ("c", f"%s: {kept}"),
        ("d", "Ein Verzeichnis wurde gelöscht, als\0Mehrere Verzeichnisse wurden gelöscht, als"),
    ]
    (tmp_path / "one.mo").write_bytes(catalogue(strings))
    assert messages_in(tmp_path) == [
        kept,
        "Ein Verzeichnis wurde gelöscht, als",
        "Mehrere Verzeichnisse wurden gelöscht, als",
    ]


def catalogue(strings: list[tuple[str, str]]) -> bytes:
    """As GNU's manual describes the format, little-endian."""
    count, start = len(strings), 28
    table, body = b"", b""
    offset = start + 16 * count
    for column in (0, 1):
        for pair in strings:
            part = pair[column].encode()
            table += len(part).to_bytes(4, "little") + (offset + len(body)).to_bytes(4, "little")
            body += part + b"\0"
    head = (0x950412DE, 0, count, start, start + 8 * count, 0, 0)
    return b"".join(number.to_bytes(4, "little") for number in head) + table + body
