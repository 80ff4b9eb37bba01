"""Backups on disk: whole or not at all, checked, bounded, and secrets by name only."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from scripts.backup import folders, metric
from scripts.backup.errors import BackupError
from scripts.backup.secret_names import secret_names

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Text:
    """A part that is a text."""

    def __init__(self, name="one.txt", text="content"):
        self.file_name = name
        self.what = name
        self.text = text

    def save(self, file):
        if self.text is None:
            file.write_text("half")
            raise BackupError("no")
        file.write_text(self.text)


@pytest.fixture
def make(tmp_path):
    def make(*parts, days=0, secrets=None):
        return folders.create(
            tmp_path / "kept", parts or (Text(),), place="local", secrets=secrets or {},
            now=NOON + timedelta(days=days),
        )  # fmt: skip

    return make


def test_a_backup_has_sizes_and_digests_and_only_its_owner_reads_it(make):
    backup = make(Text("a", "x"), Text("b", "yy"), secrets={".env": ["HF_TOKEN"]})
    content = json.loads((backup.folder / "manifest.json").read_text())
    # SHA-256 of "x", by sha256sum.
    assert content["files"]["a"] == {
        "size": 1, "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    }  # fmt: skip
    assert backup.folder.name == "2026-11-29T12-00-00Z"
    assert backup.folder.stat().st_mode & 0o777 == 0o700
    assert {
        path.stat().st_mode & 0o077 for path in backup.folder.iterdir() if path.name != "manifest.json"
    } == {0}
    read = folders.read(backup.folder)
    assert (read.made, read.size, read.place, read.secrets) == (NOON, 3, "local", {".env": ["HF_TOKEN"]})
    read.check()


def test_of_a_backup_that_fails_nothing_is_left(make, tmp_path):
    with pytest.raises(BackupError, match="no"):
        make(Text("a"), Text("b", None))
    assert list((tmp_path / "kept").iterdir()) == []


def changed(folder):
    (folder / "one.txt").write_text("Content")


def longer(folder):
    (folder / "one.txt").write_text("content and more")


def gone(folder):
    (folder / "one.txt").unlink()


def added(folder):
    (folder / "two.txt").touch()


@pytest.mark.parametrize("damage", [changed, longer, gone, added])
def test_damage_is_found(damage, make):
    backup = make()
    damage(backup.folder)
    with pytest.raises(BackupError, match=r"one\.txt|two\.txt"):
        folders.read(backup.folder).check()


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "place": "x", "secrets": {}, "files": {"../x": {"size": 1, "sha256": ""}}}',
    ],
)
def test_a_manifest_that_cannot_be_is_refused(manifest, make):
    backup = make()
    (backup.folder / "manifest.json").write_text(manifest)
    with pytest.raises(BackupError):
        folders.read(backup.folder)


def test_the_newest_stay_and_nothing_else_is_deleted(make, tmp_path):
    made = [make(days=day) for day in range(5)]
    kept = tmp_path / "kept"
    (kept / "metrics").mkdir()
    (kept / "2026-01-01T00-00-00Z").mkdir()  # without a manifest it is none of ours
    (kept / "notes").mkdir()
    assert folders.prune(kept, 2) == [one.folder for one in made[:3]]
    assert folders.whole_ones(kept) == [one.folder for one in made[3:]]
    assert {path.name for path in kept.iterdir()} >= {"metrics", "2026-01-01T00-00-00Z", "notes"}
    assert folders.prune(kept, 2) == []


def test_two_runs_at_once_are_refused_and_leftovers_of_a_killed_one_go(tmp_path):
    root = tmp_path / "kept"
    (root / "2026-11-29T11-00-00Z.unfinished").mkdir(parents=True)
    with folders.alone(root):
        assert [path.name for path in root.iterdir()] == [".lock"]
        with pytest.raises(BackupError, match="under way"), folders.alone(root):
            pass
    with folders.alone(root):
        pass


def test_secrets_are_named_and_their_values_are_not_there(tmp_path):
    (tmp_path / ".env.build").write_text(
        "POSTGRES_USER=postgres\nPOSTGRES_PASSWORD=geheim1\nDATA_SOURCE_PASS='geheim2'\nGF_PLUGINS_PREINSTALL=\n"
        "MLFLOW_S3_SECRET_ACCESS_KEY=\nALERT_SLACK_URL=https://hooks/geheim3\nSTACK_DOMAIN=localhost\n"
    )
    (tmp_path / ".env").write_text(
        "HF_TOKEN=geheim4\nDATABASE__URL=postgresql://u:geheim5@h/d\nAPI__PORT=8000\n"
        "SECURITY__PREDICT_NEEDS_KEY=true\nMLFLOW__LOCAL_TRACKING_URI=sqlite:///mlruns.db\n"
    )
    found = secret_names(tmp_path)
    assert found == {
        ".env": ["DATABASE__URL", "HF_TOKEN"],
        ".env.build": ["ALERT_SLACK_URL", "DATA_SOURCE_PASS", "POSTGRES_PASSWORD"],
    }
    assert "geheim" not in json.dumps(found)


def test_the_metric_is_what_node_exporter_reads(tmp_path):
    metric.write(tmp_path / "metrics", timestamp=1_796_000_000.4, size=123)
    text = (tmp_path / "metrics" / "backup.prom").read_text()
    assert "opinionlens_backup_last_success_timestamp_seconds 1796000000\n" in text
    assert "opinionlens_backup_last_size_bytes 123\n" in text
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["backup.prom"]
    assert (tmp_path / "metrics" / "backup.prom").stat().st_mode & 0o444 == 0o444
