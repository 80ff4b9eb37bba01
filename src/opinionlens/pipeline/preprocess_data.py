"""Stage `preprocess_data`: texts without duplicates, split, sliced and counted.

The texts are from all sources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from opinionlens.base.errors import StageFailed
from opinionlens.base.files import replacing_directory, write_json
from opinionlens.base.progress import Reporter, Task
from opinionlens.base.wording import counted
from opinionlens.datasets.card import Card
from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.dataset_reading import DatasetRows, read_dataset
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.finding import Places, locate
from opinionlens.datasets.identity import with_identity
from opinionlens.datasets.report import build_report
from opinionlens.datasets.sampling import Sampling
from opinionlens.datasets.slices import build_slices
from opinionlens.datasets.splits import SPLITS, SplitShares, assign_splits, check_splits, find_leaks
from opinionlens.datasets.storing import write_frames
from opinionlens.datasets.table_card import card_from_params
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.stage import run_stage


@dataclass(frozen=True)
class Preprocessed:
    """The stage's outputs: splits, slices of the test split, report."""

    splits: dict[str, pl.DataFrame]
    slices: dict[str, pl.DataFrame]
    report: dict[str, Any]


def preprocess(
    cards: Sequence[Card],
    places: Places,
    shares: SplitShares,
    seed: int,
    reporter: Reporter,
    max_rows: Mapping[str, int] | None = None,
) -> Preprocessed:
    """Read, identify, de-duplicate, sample, split and slice; nothing is written.

    `max_rows` is the number of texts that a source may give at most; one that it does not name gives all.

    Raises:
        DatasetMissing: a source is not where it was looked for.
        DatasetMalformed: a source does not match its card, or too little is left to train on.
        StageFailed: a text or a group stands on both sides of the split (a fault of ours).
    """
    readings = read_all(cards, places, reporter)
    with reporter.track("removing duplicates, splitting, slicing", 4, unit="step") as bar:
        frame = with_identity(pl.concat([reading.frame for reading in readings]), seed)
        bar.note(f"{frame.height:,} rows")
        bar.advance()
        deduplicated = remove_duplicates(frame, Sampling(max_rows, seed) if max_rows else None)
        bar.note(f"{deduplicated.frame.height:,} texts")
        bar.advance()
        split = assign_splits(deduplicated.frame, shares)
        check_splits(split)
        leaks = find_leaks(split)
        if leaks.texts or leaks.groups:
            raise StageFailed(
                f"{leaks.texts} texts and {leaks.groups} groups are on several sides of the split"
            )
        bar.advance()
        parts = {name: split.filter(pl.col("split") == name) for name in SPLITS}
        slices = build_slices(parts["train"], parts["test"])
        bar.advance()
    report = build_report(readings, deduplicated, split, leaks, slices, max_rows)
    return Preprocessed(parts, slices, report)


def read_all(cards: Sequence[Card], places: Places, reporter: Reporter) -> list[DatasetRows]:
    """Read every data set, with progress.

    Shows files and rows and, where some are left out, the reasons.
    """
    readings = []
    with reporter.track("reading files", sum(len(locate(card, places)) for card in cards)) as bar:
        rows = _RowsRead(bar)
        for card in cards:
            rows.start(card.name)
            readings.append(read_dataset(card, places, rows.add))
        bar.note(f"{rows.total:,} rows")
    for reading in readings:
        if reading.rejected:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in reading.rejected.items())
            reporter.say(f"{reading.card.name}: left out of {reading.rows_in:,} rows: {reasons}")
    return readings


class _RowsRead:
    """Progress of reading: files and rows.

    Moves the bar by one for each file, and shows which data set is read and the rows of all so far.
    """

    def __init__(self, bar: Task) -> None:
        self._bar = bar
        self._dataset = ""
        self.total = 0

    def start(self, dataset: str) -> None:
        self._dataset = dataset
        self._show()

    def add(self, rows: int) -> None:
        self.total += rows
        self._bar.advance()
        self._show()

    def _show(self) -> None:
        self._bar.note(f"{self.total:,} rows so far, {self._dataset}")


def write(result: Preprocessed, paths: Paths) -> None:
    """Replace the outputs after everything is written.

    Each as a whole.
    """
    with replacing_directory(paths.eval_data) as slices, replacing_directory(paths.preprocessed) as splits:
        write_frames(result.slices, slices)
        write_frames(result.splits, splits)
    write_json(paths.metrics / "data_report.json", result.report)


def run(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Preprocess the datasets that `params.data` names."""
    own = [card_from_params(**file.model_dump()) for file in params.data.files]
    cards = select_cards(params.data.sources, own)
    places = Places(raw=paths.raw(params.data.raw_dir), fetched=paths.fetched)
    shares = SplitShares(*params.preprocessing.data_splits)
    max_rows = params.data.limits([card.name for card in cards])
    result = preprocess(cards, places, shares, params.base.random_seed, reporter, max_rows)
    write(result, paths)
    for name, number in max_rows.items():
        kept = result.report["sources"][name]["kept"]
        reporter.say(f"{name}: {kept:,} texts taken; data.max_rows allows {number:,}")
    rows = result.report["rows"]
    reporter.say(f"{counted(rows['read'], 'row')} read, {rows['kept']:,} kept")


def main() -> None:
    """Run the stage."""
    run_stage(run)


if __name__ == "__main__":
    main()
