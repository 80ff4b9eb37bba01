"""The files of the pages are found in a wheel and in a checkout."""

from pathlib import Path

import pytest

from opinionlens.base.setting_groups import ApiSettings
from opinionlens.base.web_files import web_folder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["static", "templates"])
def test_a_checkout_has_them_at_its_root(name, tmp_path):
    package = tmp_path / "src" / "opinionlens"
    package.mkdir(parents=True)
    assert web_folder(name, package=package) == tmp_path / name


@pytest.mark.parametrize("name", ["static", "templates"])
def test_a_wheel_has_them_inside_the_package(name, tmp_path):
    package = tmp_path / "site-packages" / "opinionlens"
    (package / name).mkdir(parents=True)
    assert web_folder(name, package=package) == package / name


def test_they_are_the_default_in_any_folder(monkeypatch, tmp_path, bare_environment):
    monkeypatch.chdir(tmp_path)
    assert ApiSettings().static_path == ROOT / "static"
    assert ApiSettings().templates_path == ROOT / "templates"
