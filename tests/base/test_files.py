"""Files and folders that appear all at once, with the rights of ordinary ones."""

import os
import stat
import threading
from pathlib import Path

import pytest

from opinionlens.base.files import replacing_directory, replacing_file


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077], indirect=True)
def test_the_umask_decides_who_may_read(tmp_path, umask):
    with replacing_file(tmp_path / "file.txt") as aside:
        aside.write_text("words")
    with replacing_directory(tmp_path / "folder") as aside:
        (aside / "inner").touch()
    assert stat.S_IMODE((tmp_path / "file.txt").stat().st_mode) == 0o666 & ~umask
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~umask


def test_the_umask_of_the_process_is_never_changed(tmp_path, monkeypatch):
    """It is one for all threads: a file that another one makes meanwhile would be open to everybody."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was touched"))
    with replacing_file(tmp_path / "file.txt") as aside:
        aside.write_text("words")
    with replacing_directory(tmp_path / "folder"):
        pass


def test_what_fails_leaves_the_old_content_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(KeyError), replacing_file(path) as aside:
        aside.write_text("new")
        raise KeyError
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]
    assert path.read_text() == "old"


@pytest.mark.parametrize(("replacing", "method"), [(replacing_file, "touch"), (replacing_directory, "mkdir")])
def test_ctrl_c_right_behind_the_making_leaves_nothing(tmp_path, monkeypatch, replacing, method):
    make, made = getattr(Path, method), []

    def interrupted(self, *args, **options):
        make(self, *args, **options)
        if self.name.startswith("."):
            made.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, method, interrupted)
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "out"):
        pytest.fail("the block was entered")
    assert len(made) == 1
    assert list(tmp_path.iterdir()) == []


def test_many_at_once_do_not_meet(tmp_path):
    seen, together = [], threading.Barrier(20)

    def write():
        with replacing_file(tmp_path / "file.csv") as aside:
            together.wait(20)
            seen.append(aside.name)

    threads = [threading.Thread(target=write) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(set(seen)) == 20
    assert all(name.startswith(".file.csv.") and name.endswith(".csv") for name in seen)
