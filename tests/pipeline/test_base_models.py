import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.pipeline import base_models
from opinionlens.pipeline.base_models import base_model


def test_a_name_of_the_hub_stays_as_it_is():
    assert base_model("someone/some-model") == "someone/some-model"
    assert base_model("some-model") == "some-model"


def test_a_folder_must_hold_a_model(tmp_path):
    with pytest.raises(StageFailed, match="no model in this folder"):
        base_model(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    assert base_model(str(tmp_path)) == str(tmp_path)


def test_a_package_is_found_by_its_files(tmp_path, monkeypatch):
    class File:
        name = "config.json"

        def __init__(self, folder):
            self.folder = folder

        def locate(self):
            return tmp_path / self.folder / self.name

    asked = []

    def files(package):
        asked.append(package)
        return [File("model/pooling"), File("model")]

    monkeypatch.setattr(base_models, "files", files)
    assert base_model("package:some-model") == str(tmp_path / "model")
    assert asked == ["some-model"]


def test_a_package_without_a_model_is_refused():
    with pytest.raises(StageFailed, match="carries no model"):
        base_model("package:pytest")


def test_a_package_that_is_not_installed_says_how_to_get_it():
    with pytest.raises(StageFailed, match=r"no-such-package.*make models-env"):
        base_model("package:no-such-package")
