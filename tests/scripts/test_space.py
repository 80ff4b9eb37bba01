"""`scripts/space.py` and the files of spaces/: a folder from which a Space is built."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from opinionlens.classifiers.load import load_classifier

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "spaces" / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def assemble(write_word_model, tmp_path):
    write_word_model(tmp_path / "classifier", {"great": 1.0})
    (tmp_path / "opinionlens-1.2.3-py3-none-any.whl").write_bytes(b"wheel")

    def run(model="classifier", wheel="opinionlens-1.2.3-py3-none-any.whl"):
        command = [sys.executable, ROOT / "scripts" / "space.py", model, wheel, "space"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_the_folder_holds_all_that_its_dockerfile_copies(assemble, tmp_path):
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "old.whl").touch()
    assert assemble().returncode == 0
    assert {path.name for path in (tmp_path / "space").iterdir()} == {
        "README.md", "Dockerfile", "requirements.runtime.lock", "healthcheck.py", "LICENSE",
        "opinionlens-1.2.3-py3-none-any.whl", "model",
    }  # fmt: skip
    for pattern in re.findall(r"^COPY (\S+) ", DOCKERFILE, flags=re.MULTILINE):
        assert list((tmp_path / "space").glob(pattern)), pattern
    load_classifier(tmp_path / "space" / "model")


def test_a_model_that_does_not_load_is_refused(assemble, tmp_path):
    weights = next(path for path in (tmp_path / "classifier").iterdir() if path.suffix != ".json")
    weights.write_bytes(b"")
    done = assemble()
    assert (done.returncode, done.stderr != "") == (1, True)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "space").exists()


def test_front_matter_is_what_the_hub_starts():
    text = (ROOT / "spaces" / "README.md").read_text(encoding="utf-8")
    fields = yaml.safe_load(text.split("---\n")[1])
    assert (fields["sdk"], fields["app_port"]) == ("docker", 7860)
    assert len(fields["short_description"]) <= 60
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {fields["colorFrom"], fields["colorTo"]} <= colours


def test_the_image_listens_there_as_an_ordinary_user_for_the_names_of_spaces():
    assert "API__PORT=7860" in DOCKERFILE
    assert "EXPOSE 7860" in DOCKERFILE
    assert "USER 1000:1000" in DOCKERFILE
    assert "SECURITY__TRUSTED_HOSTS=*.hf.space,localhost,127.0.0.1" in DOCKERFILE
    # No secret is written into an image.
    assert not re.search(r"PASSWORD|TOKEN|_KEY", DOCKERFILE)
