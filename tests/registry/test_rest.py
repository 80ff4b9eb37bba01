"""Reading over REST from a server that is slow, confused or hostile.

That a well-meaning one is read as by MLflow's client is in the contract suite.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.rest_server import FILES, RestServer, rest_server
from tests.support.waiting import wait_until

from opinionlens.base.errors import (
    ArtifactMissing,
    ArtifactTampered,
    ArtifactUnsupported,
    RegistryError,
    RegistryUnavailable,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.registry import Credentials, ProcessLimits, RegistryLoginNeeded, rest_calls
from opinionlens.registry.rest import RestReader
from opinionlens.registry.rest_access import plain_access
from opinionlens.registry.rest_line import NeedsMlflow

WEIGHTS = b"weights"
MANIFEST = json.dumps(
    {"kind": "linear", "files": {"weights.npz": hashlib.sha256(WEIGHTS).hexdigest()}}
).encode()
PLACE = "1/models/m-1/artifacts"
CREDENTIALS = Credentials("ann", "geheim")


def version(number: int = 1, manifest: bytes = MANIFEST, **changes: Any) -> dict[str, Any]:
    """A row as MLflow's server gives it: numbers as text."""
    return {
        "name": "m",
        "version": str(number),
        "creation_timestamp": "1767225600000",
        "current_stage": "None",
        "source": f"mlflow-artifacts:/{PLACE}",
        "status": "READY",
        "tags": [{"key": "digest", "value": hashlib.sha256(manifest).hexdigest()}],
        **changes,
    }


def replies(*, manifest: bytes = MANIFEST, **changes: Any) -> dict[str, Any]:
    """What a server with one version, the champion, answers."""
    row = version(manifest=manifest, **changes)
    names = ["manifest.json", "weights.npz"]
    return {
        "registered-models/get": {
            "registered_model": {"name": "m", "aliases": [{"alias": "champion", "version": "1"}]}
        },
        "registered-models/search": {"registered_models": [{"name": "m"}]},
        "model-versions/get": {"model_version": row},
        "model-versions/search": {"model_versions": [row]},
        FILES: {"files": [{"path": name, "is_dir": False, "file_size": "7"} for name in names]},
        f"{FILES}/{PLACE}/artefact/manifest.json": manifest,
        f"{FILES}/{PLACE}/artefact/weights.npz": WEIGHTS,
    }


@pytest.fixture
def server() -> Iterator[RestServer]:
    with rest_server(replies()) as running:
        yield running


@pytest.fixture
def read(server: RestServer) -> Iterator[RestReader]:
    reader = reader_of(server)
    yield reader
    reader.close()


def reader_of(server: RestServer, uri: str | None = None, **limits: float) -> RestReader:
    uri = uri or server.address
    access = plain_access(uri, {}, CREDENTIALS, home=Path("/nowhere"), plugin_names=lambda group: [])
    assert access is not None
    return RestReader(
        uri, access, limits=ProcessLimits(**{"call": 60, **limits}), setting="MLFLOW_TRACKING_URI"
    )


def test_the_champion_is_found_and_fetched(server, read, tmp_path):
    champion = read.by_alias("m", "champion")

    assert (champion.number, champion.servable, champion.aliases) == (1, True, ("champion",))
    assert champion.created.year == 2026
    into = read.download(champion, tmp_path / "into")
    assert {path.name: path.read_bytes() for path in into.iterdir()} == {
        "manifest.json": MANIFEST,
        "weights.npz": WEIGHTS,
    }
    assert {login for _, login in server.seen} == {"Basic YW5uOmdlaGVpbQ=="}


def test_a_version_that_has_its_files_is_not_asked_for_them_again(server, read):
    read.by_alias("m", "champion")
    server.seen.clear()
    read.by_alias("m", "champion")
    assert [call for call, _ in server.seen] == ["registered-models/get", "model-versions/get"]


def test_pages_are_read_to_the_end(server, read):
    def page(request):
        number = int(request.parameters.get("page_token", "1"))
        after = {"next_page_token": str(number + 1)} if number < 3 else {}
        request.say(200, json.dumps({"model_versions": [version(number)], **after}).encode())

    server.replies["model-versions/search"] = page
    assert [found.number for found in read.versions("m")] == [3, 2, 1]


def test_pages_without_end_are_given_up(server, read, monkeypatch):
    monkeypatch.setattr("opinionlens.base.mlflow_client._MOST_PAGES", 5)
    server.replies["registered-models/search"] = {
        "registered_models": [{"name": "m"}],
        "next_page_token": "again",
    }
    with pytest.raises(RegistryError, match="more than 5 pages"):
        read.names()


def test_a_version_that_is_gone_by_now_is_not_found(server, read):
    gone = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such version"}
    server.replies["model-versions/get"] = lambda request: request.say(404, json.dumps(gone).encode())
    with pytest.raises(VersionNotFound, match="champion"):
        read.by_alias("m", "champion")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b"You are not authenticated.", RegistryLoginNeeded),
        (401, b'{"detail": "who are you?"}', RegistryLoginNeeded),
        (403, b'{"error_code": "PERMISSION_DENIED", "message": "not you"}', RegistryError),
        (404, b"<html>Not found</html>", RegistryError),
        (404, b'{"detail": "Not Found"}', RegistryError),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}', RegistryError),
        (429, b"{}", RegistryUnavailable),
        (503, b"{}", RegistryUnavailable),
    ],
)
def test_refusals_are_told_apart(server, read, status, body, error):
    server.replies["registered-models/get"] = lambda request: request.say(status, body)
    with pytest.raises(RegistryError) as raised:
        read.by_alias("m", "champion")
    assert type(raised.value) is error
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>Please sign in</html>",
        b"[]",
        b"[" * 100_000,
        b'{"registered_model": {"name": "m", "aliases": [{"alias": "champion", "version": "1e9999"}]}}',
        {"registered_model": {"name": "m", "aliases": "champion"}},
        {"registered_model": {"name": "other", "aliases": []}},
        {"registered_model": None},
        {},
    ],
)
def test_an_answer_that_is_none_of_mlflows_is_an_error(server, read, answer):
    server.replies["registered-models/get"] = answer
    with pytest.raises(RegistryError, match="cannot do that") as raised:
        read.by_alias("m", "champion")
    assert not isinstance(raised.value, RegistryUnavailable | VersionNotFound)


@pytest.mark.parametrize(
    "row",
    [
        version(2),
        version(name="other"),
        version(creation_timestamp="99999999999999999999"),
        version(creation_timestamp=-1),
        version(tags=[{"key": "digest", "value": 7}]),
        version(source=["mlflow-artifacts:/1"]),
    ],
)
def test_a_version_that_was_not_asked_for_is_an_error(server, read, row):
    server.replies["model-versions/get"] = {"model_version": row}
    with pytest.raises(RegistryError, match="cannot do that"):
        read.by_alias("m", "champion")


def test_a_redirect_to_another_server_is_not_followed(server, read):
    with rest_server(replies()) as other:
        server.replies["registered-models/get"] = lambda request: request.say(
            302, b"", Location=f"{other.address}/api/2.0/mlflow/registered-models/get?name=m"
        )
        with pytest.raises(NeedsMlflow):
            read.by_alias("m", "champion")
        assert other.seen == []


def test_a_redirect_on_the_same_server_is_followed(server, read):
    server.replies["moved"] = server.replies["registered-models/get"]
    server.replies["registered-models/get"] = lambda request: request.say(
        307, b"", Location="/api/2.0/mlflow/moved?name=m"
    )
    assert read.by_alias("m", "champion").number == 1
    assert ("moved", "Basic YW5uOmdlaGVpbQ==") in server.seen


def test_the_environments_proxy_is_used(server, monkeypatch):
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.address)
    assert reader_of(server, "http://mlflow.test:5000").names() == ["m"]


def test_redirects_in_a_circle_are_given_up(server, read):
    server.replies["registered-models/get"] = lambda request: request.say(307, b"", Location=request.path)
    with pytest.raises(RegistryError, match="circle"):
        read.by_alias("m", "champion")


def without_end(request):
    request.send_response(200)
    request.end_headers()
    while not request.server.may_end.is_set():
        request.wfile.write(b" " * 65_536)


def test_an_answer_without_end_is_given_up(server, read):
    server.replies["registered-models/get"] = without_end
    with pytest.raises(RegistryError, match="longer than 16,000,000 bytes"):
        read.by_alias("m", "champion")


def test_a_coded_answer_is_refused(server, read):
    server.replies["registered-models/get"] = lambda request: request.say(
        200, b"\x1f\x8b", Content_Encoding="gzip"
    )
    with pytest.raises(RegistryError, match="coded"):
        read.by_alias("m", "champion")


def byte_by_byte_head(request):
    while not request.server.may_end.wait(0.05):
        request.wfile.write(b"H")


def byte_by_byte_body(request):
    request.send_response(200)
    request.end_headers()
    while not request.server.may_end.wait(0.05):
        request.wfile.write(b" ")


@pytest.mark.parametrize("drip", [byte_by_byte_head, byte_by_byte_body])
def test_an_answer_byte_by_byte_is_waited_for_no_longer_than_any(server, drip):
    server.replies["registered-models/get"] = drip
    reader = reader_of(server, call=0.5)
    with pytest.raises(RegistryUnavailable, match=r"did not answer within 0\.5 s") as raised:
        reader.by_alias("m", "champion")
    assert "MLFLOW_TRACKING_URI" in raised.value.remedy


def test_closing_ends_the_calls_that_wait(server, read):
    is_asked = threading.Event()

    def hang(request):
        is_asked.set()
        request.server.may_end.wait()

    server.replies["registered-models/get"] = hang
    failed = []

    def ask():
        try:
            read.by_alias("m", "champion")
        except RegistryError as error:
            failed.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    assert is_asked.wait(30)
    read.close()
    waiting.join(30)
    assert [type(error) for error in failed] == [RegistryUnavailable]
    server.replies.update(replies())
    assert read.names() == ["m"]


def test_a_lack_of_threads_is_told_and_passes(read, monkeypatch):
    def fail(work):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(rest_calls, "start", fail)
        for _ in range(20):
            with pytest.raises(RegistryUnavailable, match="no thread left"):
                read.names()
    assert read.names() == ["m"]


@pytest.mark.parametrize("drip", [byte_by_byte_head, byte_by_byte_body])
def test_calls_that_were_given_up_leave_no_thread_behind(server, drip):
    server.replies["registered-models/search"] = drip
    reader = reader_of(server, call=0.2)
    before = set(threading.enumerate())
    for _ in range(3):
        with pytest.raises(RegistryUnavailable, match="within"):
            reader.names()

    def ours() -> list[threading.Thread]:
        """The threads that ask; those of the server, which go on, have its method as their work."""
        return [one for one in set(threading.enumerate()) - before if "process_request" not in one.name]

    wait_until(lambda: not ours(), what="the threads have ended")


def test_what_cannot_be_ended_takes_up_twelve_places_at_most():
    may_end = threading.Event()
    calls = rest_calls.Calls(RegistryUnavailable)
    try:
        for _ in range(12):
            with pytest.raises(RegistryUnavailable, match="within"):
                calls.result(may_end.wait, silence=0.01, total=60)
        with pytest.raises(RegistryUnavailable, match="12 earlier calls"):
            calls.result(lambda: 1, silence=0.01, total=60)
    finally:
        may_end.set()
    assert calls.result(lambda: 1, silence=60, total=60) == 1


def test_files_of_another_server_are_not_asked_for(server, read, tmp_path):
    for elsewhere in ("http://127.0.0.1:1/artifacts", "mlflow-artifacts://127.0.0.1:1/models"):
        server.replies.update(replies(source=elsewhere))
        found = read.by_alias("m", "champion")
        assert not found.servable
        with pytest.raises(VersionNotServable, match="another server"):
            read.download(found, tmp_path / "into")


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket/models/m-1",
        "gs://bucket/models/m-1",
        "file:///srv/mlruns/m-1",
        "/srv/mlruns/m-1",
        "mlflow-artifacts:/../../../etc",
        "mlflow-artifacts:/1/%2e%2e/etc",
        "mlflow-artifacts:/1/models?path=/etc",
        "mlflow-artifacts:/1/models#m",
        "mlflow-artifacts:/1//models",
        "mlflow-artifacts:///1/models",
    ],
)
def test_files_in_another_store_are_left_to_mlflow(server, read, source):
    server.replies.update(replies(source=source))
    with pytest.raises(NeedsMlflow):
        read.by_alias("m", "champion")
    assert not [call for call, _ in server.seen if call.startswith(FILES)]


def test_a_source_that_names_a_model_is_looked_up(server, read):
    server.replies.update(replies(source="models:/m-1"))
    server.replies["model-versions/get-download-uri"] = {"artifact_uri": f"mlflow-artifacts:/{PLACE}"}
    assert read.by_alias("m", "champion").servable


@pytest.mark.parametrize("name", ["../weights.npz", "/etc/passwd", "a/b", "..", "manifest.json", ""])
def test_a_manifest_that_names_a_file_outside_is_refused(server, read, tmp_path, name):
    server.replies.update(replies(manifest=json.dumps({"kind": "linear", "files": {name: "0"}}).encode()))
    with pytest.raises(ArtifactUnsupported, match="outside"):
        read.download(read.by_alias("m", "champion"), tmp_path / "into")
    assert list(tmp_path.iterdir()) == []


def test_another_manifest_than_the_registered_one_is_refused(server, read, tmp_path):
    server.replies[f"{FILES}/{PLACE}/artefact/manifest.json"] = b'{"files": {}}'
    with pytest.raises(ArtifactTampered):
        read.download(read.by_alias("m", "champion"), tmp_path / "into")
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_end_is_cut_off(server, read, tmp_path):
    """Of a manifest no more is read than one may have, whatever the list of files says."""
    server.replies[f"{FILES}/{PLACE}/artefact/manifest.json"] = without_end
    with pytest.raises(ArtifactUnsupported, match="4,000,000"):
        read.download(read.by_alias("m", "champion"), tmp_path / "into")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_breaks_off_is_not_kept(server, read, tmp_path):
    def break_off(request):
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"some")
        request.close_connection = True

    server.replies[f"{FILES}/{PLACE}/artefact/weights.npz"] = break_off
    with pytest.raises(RegistryUnavailable):
        read.download(read.by_alias("m", "champion"), tmp_path / "into")
    assert list(tmp_path.iterdir()) == []


def test_a_lost_file_is_named(server, read, tmp_path):
    champion = read.by_alias("m", "champion")
    server.replies[FILES] = {"files": [{"path": "manifest.json"}]}
    del server.replies[f"{FILES}/{PLACE}/artefact/weights.npz"]
    with pytest.raises(ArtifactMissing, match=r"weights\.npz"):
        read.download(champion, tmp_path / "into")


def test_a_download_that_hangs_leaves_nothing_behind(server, tmp_path):
    server.replies[f"{FILES}/{PLACE}/artefact/weights.npz"] = byte_by_byte_body
    reader = reader_of(server, transfer=1)
    champion = reader.by_alias("m", "champion")
    with pytest.raises(RegistryUnavailable, match="within 1 s"):
        reader.download(champion, tmp_path / "into")
    assert not (tmp_path / "into").exists()
