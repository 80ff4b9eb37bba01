"""A model as one file: packed, given away, downloaded."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from opinionlens.base.errors import ArtifactError, ArtifactUnsupported, InputError
from opinionlens.library.packed import is_packed, pack, unpack


@pytest.fixture
def model(write_word_model, tmp_path: Path) -> Path:
    write_word_model(tmp_path / "made", {"great": 1.0})
    return tmp_path / "made"


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@contextmanager
def serving(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """A server on a free loopback port; what it was asked for is not kept."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_there_and_back_is_the_same_artifact(model: Path, tmp_path: Path) -> None:
    digest = pack(model, tmp_path / "model.zip")
    done = unpack(str(tmp_path / "model.zip"), tmp_path / "taken", digest)
    assert (done.kind, done.digest, done.is_new) == ("linear", digest, True)
    assert files(tmp_path / "taken") == files(model)
    assert unpack(str(tmp_path / "model.zip"), tmp_path / "taken").is_new is False


def test_the_same_artifact_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    pack(model, tmp_path / "a.zip")
    (model / "manifest.json").touch()
    pack(model, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_another_digest_is_refused_and_the_folder_stays(
    model: Path, tmp_path: Path, write_word_model
) -> None:
    pack(model, tmp_path / "model.zip")
    write_word_model(tmp_path / "taken", {"poor": -1.0})
    before = files(tmp_path / "taken")
    with pytest.raises(ArtifactError):
        unpack(str(tmp_path / "model.zip"), tmp_path / "taken", "0" * 64)
    assert files(tmp_path / "taken") == before


def test_a_folder_with_something_else_is_left_alone(model: Path, tmp_path: Path) -> None:
    pack(model, tmp_path / "model.zip")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="left as it is"):
        unpack(str(tmp_path / "model.zip"), tmp_path / "taken")
    assert files(tmp_path / "taken") == {"letter.txt": b"mine"}


@pytest.mark.parametrize("name", ["../manifest.json", "/manifest.json", "a/b", ".hidden", "x" * 101])
def test_names_that_leave_the_folder_are_refused(model: Path, tmp_path: Path, name: str) -> None:
    pack(model, tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip", "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(ArtifactUnsupported, match="no packed model"):
        unpack(str(tmp_path / "model.zip"), tmp_path / "taken")
    assert not (tmp_path / "taken").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["made", "model.zip"]


def test_what_unpacks_to_more_than_it_is_is_refused(model: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 10_000_000)
    with pytest.raises(ArtifactUnsupported):
        unpack(str(tmp_path / "bomb.zip"), tmp_path / "taken")
    (tmp_path / "half.zip").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(ArtifactUnsupported):
        unpack(str(tmp_path / "half.zip"), tmp_path / "taken")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file.*\n?.*nothing\.zip"):
        unpack(str(tmp_path / "nothing.zip"), tmp_path / "taken")
    with pytest.raises(InputError, match="zip"):
        pack(tmp_path, tmp_path / "model.tar")


def test_it_is_downloaded_also_behind_a_redirection(model: Path, tmp_path: Path) -> None:
    digest = pack(model, tmp_path / "model.zip")
    content = (tmp_path / "model.zip").read_bytes()
    answers = {"/model": (302, {"Location": "/stored"}, b""), "/stored": (200, {}, content)}
    with serving(answers) as address:
        done = unpack(f"{address}/model", tmp_path / "taken", digest)
    assert done.is_new
    assert files(tmp_path / "taken") == files(model)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((404, {}, b""), "answered 404"),
        ((200, {"Content-Length": "1000"}, b"PK"), "cut off|cannot be downloaded"),
        ((302, {"Location": "http://192.0.2.1/model.zip"}, b""), "https alone"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "https alone|answered 302"),
        ((200, {}, b"<html>Not a model</html>"), "no packed model"),
    ],
)
def test_what_goes_wrong_on_the_way_is_said(
    tmp_path: Path, answer: tuple[int, dict[str, str], bytes], message: str
) -> None:
    with (
        serving({"/model.zip": answer}) as address,
        pytest.raises((InputError, ArtifactUnsupported), match=message),
    ):
        unpack(f"{address}/model.zip", tmp_path / "taken")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["http://example.com/m.zip", "http://localhost@example.com/m.zip"])
def test_an_address_without_encryption_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="https alone"):
        unpack(address, tmp_path / "taken")


def test_a_download_ends_where_it_grows_too_large(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(model, tmp_path / "model.zip")
    content = (tmp_path / "model.zip").read_bytes()
    monkeypatch.setattr("opinionlens.library.packed._MOST_BYTES", len(content) - 1)
    with serving({"/m": (200, {}, content)}) as address, pytest.raises(InputError, match="larger than"):
        unpack(f"{address}/m", tmp_path / "taken")


@pytest.mark.parametrize(
    ("source", "packed"),
    [
        ("https://example.com/any", True),
        ("models/minilm.ZIP", True),
        ("opinionlens@champion", False),
        ("models:/opinionlens/3", False),
        ("opinionlens/3", False),
    ],
)
def test_sources_are_told_apart(source: str, packed: bool) -> None:
    assert is_packed(source) is packed
