"""The record of the run that made the tuned classifier."""

import pytest

from opinionlens.base.errors import ArtifactMissing
from opinionlens.pipeline.origin import Origin, origin_of, write_origin


@pytest.fixture
def artifact(tmp_path, write_word_model):
    """A folder with a classifier, and its digest."""
    return tmp_path / "classifier", write_word_model(tmp_path / "classifier", {"great": 1.0})


def test_origin_is_found_again(artifact, tmp_path):
    folder, digest = artifact
    origin = Origin(digest, "run-7", "m-7", None)
    write_origin(tmp_path / "tuned.json", origin, {"family": "linear_svc"})
    assert origin_of(folder, tmp_path / "tuned.json") == origin


def test_origin_of_another_artifact_is_none_of_this_one(artifact, tmp_path):
    write_origin(tmp_path / "tuned.json", Origin("0" * 64, "run-7", "m-7", "abc"), {})
    assert origin_of(artifact[0], tmp_path / "tuned.json") is None


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b"{", b"\xff", b'{"model_id": "m-7", "family": "linear_svc"}']
)
def test_unreadable_or_older_record_is_no_origin(artifact, tmp_path, content):
    if content is not None:
        (tmp_path / "tuned.json").write_bytes(content)
    assert origin_of(artifact[0], tmp_path / "tuned.json") is None


def test_missing_artifact_is_said(tmp_path):
    with pytest.raises(ArtifactMissing):
        origin_of(tmp_path / "classifier", tmp_path / "tuned.json")
