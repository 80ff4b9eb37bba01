import json
from pathlib import Path

import pytest

from opinionlens.base.errors import DatasetMissing
from opinionlens.base.progress import Quiet
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.finding import Places
from opinionlens.pipeline.fetch_data import fetch_all, run
from opinionlens.pipeline.params import Params
from opinionlens.pipeline.paths import Paths


@pytest.fixture
def paths(tmp_path) -> Paths:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    return Paths(tmp_path)


def fetched(paths: Paths) -> set[str]:
    return {path.relative_to(paths.fetched).as_posix() for path in paths.fetched.rglob("*") if path.is_file()}


def test_a_fresh_machine_gets_the_sample_and_its_digest(paths):
    run(Params(), paths, Quiet())
    name = CARDS["brand_tweets"].path
    assert fetched(paths) == {f"brand_tweets/{name}", "fetched.json"}
    assert json.loads((paths.fetched / "fetched.json").read_text()) == {
        "brand_tweets": {name: CARDS["brand_tweets"].sha256}
    }


def test_what_is_no_longer_asked_for_goes(paths):
    (paths.fetched / "old").mkdir(parents=True)
    (paths.fetched / "old" / "file").write_text("")
    run(Params(), paths, Quiet())
    assert not (paths.fetched / "old").exists()


def test_all_missing_datasets_are_in_one_message_and_nothing_changes(paths):
    run(Params(), paths, Quiet())
    before = fetched(paths)
    cards = [CARDS[name] for name in ("imdb", "brand_tweets", "airline_tweets")]
    places = Places(raw=paths.raw("data/raw"), fetched=paths.fetched)
    with pytest.raises(DatasetMissing) as caught:
        fetch_all(cards, places, Quiet())
    message = str(caught.value)
    assert "2 datasets are missing" in message
    for name in ("imdb", "airline_tweets"):
        assert CARDS[name].how_to_get in message
        assert str(places.raw / CARDS[name].path) in message
    assert fetched(paths) == before
    assert [path.name for path in (paths.root / "data").iterdir() if path.name.startswith(".")] == []


def test_own_files_are_looked_for_below_the_raw_folder(paths):
    params = Params.model_validate(
        {
            "data": {
                "raw_dir": str(paths.root / "elsewhere"),
                "sources": ["mine"],
                "files": [{"name": "mine", "path": "mine.csv", "label_map": {"a": "POSITIVE"}}],
            }
        }
    )
    with pytest.raises(DatasetMissing, match=r"elsewhere/mine\.csv"):
        run(params, paths, Quiet())
    Path(paths.root / "elsewhere").mkdir()
    Path(paths.root / "elsewhere" / "mine.csv").write_text("text,label\n")
    run(params, paths, Quiet())
    assert fetched(paths) == {"fetched.json"}
