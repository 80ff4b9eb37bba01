"""Options that name a file to write: a folder, an empty name and `~`."""

import pytest
from typer.testing import CliRunner

from opinionlens.cli.main import app


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("text,label\ngreat,POSITIVE\n")
    (tmp_path / "folder").mkdir()
    return tmp_path


COMMANDS = {
    "predict": ["predict", "in.csv", "--model", "lexicon", "--out"],
    "evaluate": ["evaluate", "lexicon", "in.csv", "--html"],
    "openapi": ["openapi"],
    "feedback": ["feedback", "export"],
}


@pytest.mark.parametrize("name", ["", ".", "folder"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_is_refused_before_the_work(project, command, name):
    result = CliRunner().invoke(app, [*COMMANDS[command], name])
    assert result.exit_code == 2
    assert "This is a folder; name a file." in " ".join(result.output.replace("│", " ").split())
    assert sorted(path.name for path in project.iterdir()) == ["folder", "in.csv"]


def test_a_tilde_that_no_shell_has_expanded_means_the_home_folder(project, monkeypatch):
    home = project / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    result = CliRunner().invoke(app, ["predict", "in.csv", "--model", "lexicon", "--out=~/out.csv"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in home.iterdir()] == ["out.csv"]
