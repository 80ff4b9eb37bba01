"""Measure models on labelled texts of any kind, beside VADER and TextBlob.

    uv run python -m benchmarks.quality --models new=objects/classifier ours@champion lexicon --dev DATA/dev
    uv run python -m benchmarks.quality data/preprocessed/test.parquet own.csv --models objects/classifier \
        --cards imdb airline_tweets --raw-dir DATA/raw --seen data/preprocessed
    uv run python -m benchmarks.quality data/preprocessed/test.parquet --dev DATA/dev --families

Prints Markdown; with `--out` it also writes that, every figure as JSON, and a picture.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.quality import contenders, report, sets
from benchmarks.quality.contenders import Contender
from benchmarks.quality.families import Fitting
from benchmarks.quality.measuring import figures_of

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.progress import Bars, Reporter
from opinionlens.datasets.catalogue import CARDS
from opinionlens.families.catalogue import FAMILIES
from opinionlens.library.selection import WORD_LIST
from opinionlens.pipeline.params import load_params
from opinionlens.pipeline.paths import Paths

SEED = 42
# As many texts of each set are enough to see that our compound is the package's.
CHECKED = 500


def main() -> None:
    """Measure everyone on every set."""
    options = _options()
    try:
        labelled = list(_sets(options))
        asked = contenders.with_own_titles(
            [*contenders.word_lists(), *map(contenders.from_option, options.models), *_families(options)]
        )
        measured = measure(asked, labelled, Bars())
    except OpinionLensError as error:
        sys.exit(str(error))
    if options.out:
        report.write(measured, options.out)
    print(report.markdown(measured), end="")


def measure(
    asked: list[Contender], labelled: list[sets.LabelledSet], reporter: Reporter
) -> list[report.Measured]:
    """Ask each contender about each set; the first is whom the others are compared with."""
    rival, *_ = asked
    measured = []
    with reporter.track("asking", len(asked) * len(labelled)) as bar:
        for one in labelled:
            contenders.check_vader(one.texts[:CHECKED])
            answers = {}
            for contender in asked:
                bar.note(f"{contender.name}, {one.name}")
                answers[contender.name] = contender.answer(one.texts)
                bar.advance()
            figures = {
                name: figures_of(
                    one.truth, given, None if name == rival.name else answers[rival.name], seed=SEED
                )
                for name, given in answers.items()
            }
            learnt = frozenset(each.name for each in asked if one.name in each.sources and not one.seen)
            measured.append(report.Measured(one.name, one.truth, one.seen, figures, learnt))
    return measured


def _sets(options: argparse.Namespace) -> Iterator[sets.LabelledSet]:
    choice = sets.Choice(
        seen=sets.keys_in(options.seen) if options.seen else (), max_rows=options.max_rows, seed=SEED
    )
    if options.dev:
        yield from sets.from_dev(options.dev, options.half, choice)
    for path in options.files:
        yield sets.from_file(path, choice)
    for name in options.cards:
        yield sets.from_card(name, options.raw_dir, Paths().fetched, choice)


def _families(options: argparse.Namespace) -> Iterator[Contender]:
    if options.families is not None:
        paths = Paths()
        fitting = Fitting(paths, load_params(paths.params), Bars())
        for title, folder in fitting.folders(options.families or list(FAMILIES)).items():
            yield contenders.from_folder(title, folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", nargs="*", type=Path, help="labelled files, as `opinionlens evaluate` reads them"
    )
    parser.add_argument(
        "--models", nargs="+", default=[WORD_LIST], metavar="MODEL",
        help="FOLDER, NAME@VERSION, NAME@ALIAS or `lexicon` (the built-in one), as TITLE=… to be shown so",
    )  # fmt: skip
    parser.add_argument(
        "--families", nargs="*", choices=FAMILIES, metavar="FAMILY",
        help="also one model of each family, or of those named, fitted on this project's splits",
    )  # fmt: skip
    parser.add_argument("--dev", type=Path, help="a folder of labelled CSV files for development")
    parser.add_argument(
        "--half", choices=(*sets.HALVES, sets.BOTH), default="a",
        help="which half of each --dev file: choose on a, report b once (default: a); all shows b, too",
    )  # fmt: skip
    parser.add_argument("--cards", nargs="+", default=[], choices=CARDS, help="data sets that have a card")
    parser.add_argument("--raw-dir", type=Path, default=Path("data/raw"), help="where their files are")
    parser.add_argument(
        "--seen", type=Path,
        help="folder of the splits (data/preprocessed): texts of its train and val are left out everywhere",
    )  # fmt: skip
    parser.add_argument("--max-rows", type=int, default=10_000, help="of each set, drawn by class")
    parser.add_argument("--out", type=Path, help="folder for quality.md, quality.json and quality.svg")
    options = parser.parse_args()
    if not (options.dev or options.files or options.cards):
        parser.error("name labelled files, --cards or --dev")
    return options


if __name__ == "__main__":
    main()
