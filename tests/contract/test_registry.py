"""What every registry does. Each test uses a model name of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opinionlens.base.errors import (
    ArtifactMissing,
    ArtifactTampered,
    ArtifactUnsupported,
    InputError,
    RegistryError,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.registry import Registry, SourceRun, publish


def put(registry: Registry, name: str, artifact, *, run_id=None, tags=None, scores=None):
    return registry.register(
        name, artifact.folder, digest=artifact.digest, run_id=run_id, tags=tags or {}, scores=scores or {}
    )


def test_a_registered_version_says_what_it_was_given(registry, behind, name, make_artifact):
    artifact, run_id = make_artifact(kind="skops"), behind.new_run()
    before = datetime.now(UTC)

    version = put(registry, name, artifact, run_id=run_id, tags={"author": "Ann"}, scores={"macro_f1": 0.755})

    assert (version.name, version.number, version.run_id) == (name, 1, run_id)
    assert (version.digest, version.kind) == (artifact.digest, "skops")
    assert version.tags == {"author": "Ann", "digest": artifact.digest, "kind": "skops"}
    assert version.scores == {"macro_f1": 0.755}
    assert version.aliases == ()
    assert (version.servable, version.why_not_servable) == (True, None)
    assert before - timedelta(seconds=1) <= version.created <= datetime.now(UTC) + timedelta(seconds=1)
    assert version == registry.version(name, 1)


def test_the_same_digest_again_gives_the_same_version(registry, name, make_artifact):
    artifact = make_artifact()
    first = put(registry, name, artifact, tags={"note": "first"})
    registry.set_alias(name, "champion", 1)

    again = put(registry, name, artifact, tags={"note": "second"})

    assert again.number == first.number == 1
    assert again.tags["note"] == "first"
    assert again.aliases == ("champion",)
    assert len(registry.versions(name)) == 1


def test_versions_are_listed_newest_first(registry, name, make_artifact):
    artifacts = [make_artifact() for _ in range(3)]
    for artifact in artifacts:
        put(registry, name, artifact)

    listed = registry.versions(name)

    assert [version.number for version in listed] == [3, 2, 1]
    assert [version.digest for version in listed] == [artifact.digest for artifact in reversed(artifacts)]


def test_a_foreign_version_is_listed_and_says_how_to_retrain(registry, behind, name, tmp_path):
    behind.add_foreign(name, {"made_by": "someone"})

    [version] = registry.versions(name)

    assert not version.servable
    assert "pickle" in version.why_not_servable
    assert "dvc repro tune_sklearn" in version.why_not_servable
    assert (version.digest, version.kind, version.tags) == (None, None, {"made_by": "someone"})
    with pytest.raises(VersionNotServable, match="pickle"):
        registry.download(version, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_a_foreign_version_does_not_stand_in_the_way(registry, behind, name, make_artifact):
    behind.add_foreign(name, {})

    assert put(registry, name, make_artifact()).number == 2
    assert [version.servable for version in registry.versions(name)] == [True, False]


def test_a_model_without_versions_is_listed_with_none(registry, behind, name):
    behind.add_model(name)

    assert name in registry.names()
    assert registry.versions(name) == []


def test_names_are_sorted(registry, name, make_artifact):
    for suffix in ("-b", "-a"):
        put(registry, name + suffix, make_artifact())

    names = registry.names()

    assert names == sorted(names)
    assert {name + "-a", name + "-b"} <= set(names)


def test_what_is_not_there_is_not_found(registry):
    for unknown in ("no-such-model", "a/b", "a:b", "", ".", 'it\'s "quoted"'):
        with pytest.raises(VersionNotFound):
            registry.versions(unknown)
        with pytest.raises(VersionNotFound):
            registry.version(unknown, 1)
        with pytest.raises(VersionNotFound):
            registry.by_alias(unknown, "champion")
        with pytest.raises(VersionNotFound):
            registry.set_alias(unknown, "champion", 1)
        with pytest.raises(VersionNotFound):
            registry.set_tags(unknown, 1, {"a": "b"})


def test_an_unknown_number_or_alias_is_not_found(registry, name, make_artifact):
    put(registry, name, make_artifact())

    with pytest.raises(VersionNotFound):
        registry.version(name, 2)
    with pytest.raises(VersionNotFound):
        registry.set_alias(name, "champion", 2)
    with pytest.raises(VersionNotFound):
        registry.set_tags(name, 2, {"a": "b"})
    with pytest.raises(VersionNotFound, match="champion"):
        registry.by_alias(name, "champion")


def test_odd_names_work(registry, name, make_artifact):
    artifact = make_artifact()
    for odd in ("it's", 'say "hi"', "both ' and \"", "a größe", name.ljust(255, "x")[len(name) :]):
        version = put(registry, odd + name, artifact)

        assert registry.versions(version.name) == [version]


def test_names_differ_by_case(registry, name, make_artifact):
    lower, upper = put(registry, name, make_artifact()), put(registry, name.upper(), make_artifact())

    assert registry.versions(name) == [lower]
    assert registry.versions(name.upper()) == [upper]


def test_an_impossible_name_is_refused(registry, make_artifact):
    artifact = make_artifact()
    for impossible in ("", " ", "a/b", "a:b", "x" * 256, ".", ".."):
        with pytest.raises(InputError):
            put(registry, impossible, artifact)


def test_an_alias_moves(registry, name, make_artifact):
    put(registry, name, make_artifact())
    put(registry, name, make_artifact())

    registry.set_alias(name, "champion", 1)
    assert registry.by_alias(name, "champion").number == 1
    registry.set_alias(name, "champion", 2)
    registry.set_alias(name, "candidate-1", 2)

    champion = registry.by_alias(name, "champion")
    assert champion.number == 2
    assert champion.aliases == ("candidate-1", "champion")
    assert registry.version(name, 1).aliases == ()
    assert [version.aliases for version in registry.versions(name)] == [("candidate-1", "champion"), ()]


def test_a_reserved_or_impossible_alias_is_refused(registry, name, make_artifact):
    put(registry, name, make_artifact())

    for alias in ("latest", "Latest", "v1", "V2", "a b", "", "a/b", "größte", "x" * 256):
        with pytest.raises(InputError):
            registry.set_alias(name, alias, 1)
    assert registry.version(name, 1).aliases == ()


def test_tags_are_added_and_replaced(registry, name, make_artifact):
    artifact = make_artifact()
    put(registry, name, artifact, tags={"stage": "new", "author": "Ann"})

    registry.set_tags(name, 1, {"stage": "promoted", "reason": "better: +0.02"})

    assert registry.version(name, 1).tags == {
        "stage": "promoted",
        "author": "Ann",
        "reason": "better: +0.02",
        "digest": artifact.digest,
        "kind": "linear",
    }


def test_what_a_version_is_cannot_be_changed(registry, name, make_artifact):
    version = put(registry, name, make_artifact(), scores={"macro_f1": 0.7})

    for fixed in ("digest", "kind", "score.macro_f1"):
        with pytest.raises(InputError, match=fixed):
            registry.set_tags(name, 1, {fixed: "0"})
    assert registry.version(name, 1) == version


def test_a_download_is_the_artifact_and_nothing_else(registry, name, make_artifact, tmp_path):
    artifact = make_artifact()
    expected = artifact.content
    (artifact.folder / "secret.txt").write_text("lies beside it by accident")
    version = put(registry, name, artifact)

    into = registry.download(version, tmp_path / "deep" / "into")

    assert into == tmp_path / "deep" / "into"
    assert {path.name: path.read_bytes() for path in into.iterdir()} == expected
    assert list(into.parent.iterdir()) == [into]


def test_a_registered_version_does_not_change_with_its_folder(registry, name, make_artifact, tmp_path):
    artifact = make_artifact(weights=b"first")
    version = put(registry, name, artifact)
    (artifact.folder / "weights.npz").write_bytes(b"second")

    assert (registry.download(version, tmp_path / "into") / "weights.npz").read_bytes() == b"first"


def test_a_download_takes_the_place_of_what_was_there(registry, name, make_artifact, tmp_path):
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "stale").write_text("half a download")
    version = put(registry, name, make_artifact())

    registry.download(version, tmp_path / "into")

    assert sorted(path.name for path in (tmp_path / "into").iterdir()) == ["manifest.json", "weights.npz"]


def test_a_rewritten_manifest_is_not_downloaded(registry, behind, name, make_artifact, tmp_path):
    artifact = make_artifact()
    version = put(registry, name, artifact)
    behind.replace_files(version, artifact.content | {"manifest.json": b'{"kind": "linear", "files": {}}'})
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "good").write_text("the version before")

    with pytest.raises(ArtifactTampered):
        registry.download(version, tmp_path / "into")
    assert (tmp_path / "into" / "good").read_text() == "the version before"


def test_a_lost_file_is_told_and_nothing_is_left(registry, behind, name, make_artifact, tmp_path):
    artifact = make_artifact()
    version = put(registry, name, artifact)
    behind.replace_files(version, {"manifest.json": artifact.content["manifest.json"]})

    with pytest.raises(ArtifactMissing, match=r"weights\.npz"):
        registry.download(version, tmp_path / "into")
    assert list(tmp_path.glob("into*")) == []


def test_a_version_whose_digest_has_changed_since_is_refused(registry, name, make_artifact, tmp_path):
    put(registry, name, make_artifact())
    older_look = registry.version(name, 1)
    other = put(registry, name + "-other", make_artifact())

    with pytest.raises(ArtifactTampered):
        registry.download(replace(older_look, digest=other.digest), tmp_path / "into")


def test_a_download_of_a_deleted_version_is_not_found(registry, name, make_artifact, tmp_path):
    version = put(registry, name, make_artifact())

    with pytest.raises(VersionNotFound):
        registry.download(replace(version, number=7), tmp_path / "into")


def test_a_wrong_digest_is_refused_before_anything_is_registered(registry, name, make_artifact):
    artifact = make_artifact()

    with pytest.raises(ArtifactTampered):
        registry.register(name, artifact.folder, digest="0" * 64, run_id=None, tags={}, scores={})
    with pytest.raises(VersionNotFound):
        registry.versions(name)


def test_an_artifact_that_is_not_whole_is_refused(registry, name, make_artifact, tmp_path):
    artifact = make_artifact()
    (artifact.folder / "weights.npz").unlink()

    with pytest.raises(ArtifactMissing, match=r"weights\.npz"):
        put(registry, name, artifact)
    with pytest.raises(ArtifactMissing):
        registry.register(name, tmp_path / "nowhere", digest="0" * 64, run_id=None, tags={}, scores={})


def test_a_manifest_that_names_a_file_outside_is_refused(registry, name, tmp_path):
    for outside in ("../secret", "/etc/passwd", "a/b", "..", "manifest.json", ""):
        (tmp_path / "manifest.json").write_text(json.dumps({"kind": "linear", "files": {outside: "0" * 64}}))
        digest = hashlib.sha256((tmp_path / "manifest.json").read_bytes()).hexdigest()

        with pytest.raises(ArtifactUnsupported):
            registry.register(name, tmp_path, digest=digest, run_id=None, tags={}, scores={})


def test_a_run_that_the_server_does_not_know_is_refused(registry, name, make_artifact):
    with pytest.raises(RegistryError, match="run"):
        put(registry, name, make_artifact(), run_id="f" * 32)
    with pytest.raises(VersionNotFound):
        registry.versions(name)


def test_has_run_knows_the_servers_runs(registry, behind):
    assert registry.has_run(behind.new_run())
    assert not registry.has_run("f" * 32)


@pytest.fixture
def source_run() -> SourceRun:
    started = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    return SourceRun(
        run_id=hashlib.md5(str(datetime.now(UTC)).encode(), usedforsecurity=False).hexdigest(),
        name="tune_sklearn",
        params={f"param_{number}": str(number) for number in range(130)},
        metrics={"test_macro_f1": 0.755, "test_accuracy": 0.8125},
        tags={"data_hash": "abc", "mlflow.parentRunId": "e" * 32},
        started=started,
        ended=started + timedelta(minutes=4),
    )


def test_publishing_elsewhere_carries_the_run_along(registry, behind, name, make_artifact, source_run):
    artifact = make_artifact()

    version = publish(
        registry,
        name,
        artifact.folder,
        digest=artifact.digest,
        source=source_run,
        experiment="OpinionLens",
        tags={"author": "Ann"},
        scores={"macro_f1": 0.755},
    )

    assert version.tags["experiment"] == "OpinionLens"
    assert version.tags["source_run_id"] == source_run.run_id
    assert version.tags["author"] == "Ann"
    assert version.run_id not in (None, source_run.run_id)
    experiment, params, metrics, tags = behind.run(version.run_id)
    assert experiment == "OpinionLens"
    assert params == source_run.params
    assert metrics == source_run.metrics
    assert tags["data_hash"] == "abc"
    assert tags["source_run_id"] == source_run.run_id
    assert "mlflow.parentRunId" not in tags


def test_publishing_twice_copies_the_run_once(registry, name, make_artifact, source_run):
    artifact = make_artifact()
    arguments = {"source": source_run, "experiment": "OpinionLens", "tags": {}, "scores": {}}

    first = publish(registry, name, artifact.folder, digest=artifact.digest, **arguments)
    second = publish(registry, name, artifact.folder, digest=artifact.digest, **arguments)
    other = publish(registry, name + "-2", artifact.folder, digest=artifact.digest, **arguments)

    assert second == first
    assert other.run_id == first.run_id


def test_publishing_where_the_run_is_uses_the_run_itself(registry, behind, name, make_artifact, source_run):
    artifact, run_id = make_artifact(), behind.new_run()
    source = replace(source_run, run_id=run_id)

    version = publish(
        registry,
        name,
        artifact.folder,
        digest=artifact.digest,
        source=source,
        experiment="OpinionLens",
        tags={},
        scores={},
    )

    assert version.run_id == run_id
    assert "source_run_id" not in version.tags
    assert version.tags["experiment"] == "OpinionLens"


def test_publishing_without_a_run_works(registry, name, make_artifact, tmp_path: Path):
    artifact = make_artifact()

    version = publish(
        registry,
        name,
        artifact.folder,
        digest=artifact.digest,
        source=None,
        experiment="OpinionLens",
        tags={},
        scores={},
    )

    assert version.run_id is None
    assert version.servable


def test_many_versions_are_all_listed(registry: Registry, behind, name, make_artifact: Callable[..., object]):
    for _ in range(4):
        put(registry, name, make_artifact())
    behind.replace_files(registry.version(name, 2), {})

    assert [version.number for version in registry.versions(name)] == [4, 3, 2, 1]
