"""The drift check on real texts: false alarms, shifts seen, and how soon.

    uv run python -m benchmarks.drift split data/raw [--without-airlines] --raw-dir DATA/raw
    uv run dvc repro tune_sklearn   # with pipeline.csv in `data.files` of params.yaml
    uv run python -m benchmarks.drift false-alarms objects/classifier counts.jsonl --windows 500
    uv run python -m benchmarks.drift references objects/classifier counts.jsonl --references 20
    uv run python -m benchmarks.drift detection objects/classifier counts.jsonl \
        --raw-dir DATA/raw --dev DATA/dev --language /usr/share/locale/de/LC_MESSAGES
    uv run python -m benchmarks.drift delay objects/classifier counts.jsonl …
    uv run python -m benchmarks.drift tables counts.jsonl

Windows are gathered and compared by the code of `opinionlens drift check`; usual texts are in served.csv.
Counts are added to a file, so that the work can be cut into parts; `tables` prints Markdown of all.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.drift.measuring import (
    Measurement,
    measure_delays,
    measure_detection,
    measure_false_alarms,
    measure_references,
)
from benchmarks.drift.shifts import (
    SEED,
    Traffic,
    messages_in,
    texts_of_other_kinds,
    usual_traffic,
    with_shifts,
)
from benchmarks.drift.tables import print_tables
from benchmarks.drift.window_check import Kept, MeasuredModel
from numpy.typing import NDArray

from opinionlens.classifiers.load import load_classifier
from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.dataset_reading import read_dataset
from opinionlens.datasets.duplicates import remove_duplicates
from opinionlens.datasets.finding import Places
from opinionlens.datasets.identity import with_identity
from opinionlens.jobs.drift_check import CheckedModel, read_profile
from opinionlens.pipeline.paths import Paths

SIZES = (200, 500, 1_000, 5_000)
# The share of the brand tweets that no pipeline sees, drawn with another seed than the pipeline's splits.
SERVED, SERVED_SEED = 0.35, 7
SHARES = (0.1, 0.25, 0.5, 1.0)
AIRLINES = (
    r"(?i)virgin ?america|united|southwest|jet ?blue|us ?airways|american ?air|delta|airline|flight|plane"
)


def main() -> None:
    """Do one measurement, or print the tables."""
    options = _options()
    if options.what == "tables":
        print_tables(options.results)
    elif options.what == "split":
        split_brands(options.folder, options.raw_dir, without_airlines=options.without_airlines)
    else:
        _measure(options)


def split_brands(
    folder: Path, raw_dir: Path, *, without_airlines: bool, share_served: float = SERVED
) -> None:
    """Write brand tweets for a pipeline, and others like them that it never sees.

    Duplicates go first, as in the pipeline. Without airlines these are a topic of their own.
    """
    places = Places(raw=raw_dir, fetched=Paths(Path()).fetched)
    brands, airlines = (
        remove_duplicates(with_identity(read_dataset(card, places).frame, SERVED_SEED)).frame
        for card in select_cards(["brand_tweets", "airline_tweets"])
    )
    if without_airlines:
        is_other = ~pl.col("key").is_in(airlines["key"].to_list()) & ~pl.col("text").str.contains(AIRLINES)
        brands = brands.filter(is_other)
    is_served = pl.col("draw") < share_served
    for name, rows in (("pipeline", brands.filter(~is_served)), ("served", brands.filter(is_served))):
        rows.select("text", "label").write_csv(folder / f"{name}.csv")
        print(f"{name}.csv: {len(rows):,} of {len(brands):,} texts")


def _measure(options: argparse.Namespace) -> None:
    model = MeasuredModel(load_classifier(options.model), "measured", None, read_profile(options.model))
    how = Measurement(model, options.results, options.seed, options.minutes)
    traffic, truth = usual_traffic(model, options.usual)
    if options.what == "false-alarms":
        measure_false_alarms(how, traffic, options.kept, options.sizes, options.windows)
    elif options.what == "references":
        measure_references(how, traffic, options.sizes, options.references)
    else:
        traffic = _shifted(options, traffic, truth, model)
        if options.what == "detection":
            measure_detection(how, traffic, options.kept, options.sizes, options.shares, options.windows)
        else:
            measure_delays(how, traffic, options.kept, options.sizes, options.windows)


def _shifted(
    options: argparse.Namespace, traffic: Traffic, truth: NDArray[np.int64], model: CheckedModel
) -> Traffic:
    others = texts_of_other_kinds(options.raw_dir, options.dev, Paths(Path()).preprocessed)
    others["another language"] = messages_in(options.language)
    return with_shifts(traffic, truth, model, others)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.drift",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(dest="what", required=True)
    split = what.add_parser("split")
    split.add_argument("folder", type=Path, help="of the two files")
    split.add_argument("--without-airlines", action="store_true")
    what.add_parser("tables").add_argument("results", type=Path)
    measurements = {
        name: what.add_parser(name) for name in ("false-alarms", "references", "detection", "delay")
    }
    for one in measurements.values():
        _add_common(one)
    measurements["references"].add_argument("--references", type=int, default=20)
    measurements["detection"].add_argument("--shares", type=float, nargs="+", default=SHARES)
    for name in ("detection", "delay"):
        measurements[name].add_argument("--dev", type=Path, required=True)
        measurements[name].add_argument("--language", type=Path, required=True, help="gettext catalogues")
    for name in ("split", "detection", "delay"):
        what.choices[name].add_argument("--raw-dir", type=Path, required=True)
    return parser.parse_args()


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a folder with an artifact of this project's pipeline")
    parser.add_argument("results", type=Path, help="counts are added to this file")
    parser.add_argument("--usual", type=Path, default=Path("data/raw/served.csv"))
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--windows", type=int, default=50, help="windows or streams of each kind")
    parser.add_argument("--kept", type=Kept, choices=list(Kept), default=Kept.TEXTS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=10.0, help="no new windows after them")


if __name__ == "__main__":
    main()
