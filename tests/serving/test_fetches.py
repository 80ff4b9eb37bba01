"""The log of fetches: atomic, shared among processes, and honest about those that died."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from opinionlens.serving import fetches
from opinionlens.serving.fetches import Fetch, FetchLog, FetchState


def begun(log: FetchLog, number: int = 1) -> Fetch:
    """A fetch that is done."""
    writer = log.begin("brand", number, set_default=False, why="why", by="ann")
    writer.end(FetchState.DONE)
    writer.close()
    return writer.fetch


def test_others_see_each_step(tmp_path: Path) -> None:
    log, other = FetchLog(tmp_path), FetchLog(tmp_path)
    writer = log.begin("brand", 3, set_default=True, why="why", by="ann")
    assert other.read(writer.fetch.fetch_id) == writer.fetch
    writer.change(state=FetchState.DOWNLOADING, bytes_done=5)
    [seen] = other.unfinished()
    assert seen is not None
    assert (seen.state, seen.bytes_done, seen.ended_at) == (FetchState.DOWNLOADING, 5, None)
    writer.end(FetchState.FAILED, "It broke.", error="RegistryError")
    writer.change(bytes_done=9)  # too late
    writer.close()
    (seen,) = other.latest()
    assert (seen.state, seen.problem, seen.error, seen.bytes_done) == (
        "failed",
        "It broke.",
        "RegistryError",
        5,
    )
    assert seen.ended_at is not None
    assert other.unfinished() == []


@pytest.mark.parametrize("fetch_id", ["", "nothing", "../last_good", "1" * 20 + "-" + "a" * 8, "\0"])
def test_what_there_is_not_is_none(tmp_path: Path, fetch_id: str) -> None:
    assert FetchLog(tmp_path).read(fetch_id) is None
    assert FetchLog(tmp_path).latest() == []


# Begins a fetch, says its id, and waits to be killed.
BEGIN = """
import sys
from pathlib import Path
from opinionlens.serving.fetches import FetchLog, FetchState
writer = FetchLog(Path(sys.argv[1])).begin("brand", 1, set_default=False, why="why", by="ann")
writer.change(state=FetchState.DOWNLOADING)
print(writer.fetch.fetch_id, flush=True)
sys.stdin.read()
"""


def test_a_fetch_whose_process_was_killed_is_shown_as_failed(tmp_path: Path) -> None:
    log = FetchLog(tmp_path)
    command = [sys.executable, "-c", BEGIN, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        fetch_id = process.stdout.readline().strip()
        running = log.read(fetch_id)
        assert running is not None
        assert running.state is FetchState.DOWNLOADING
        assert log.read(fetch_id) == running  # looking disturbs nobody
        process.kill()
    dead = log.read(fetch_id)
    assert dead is not None
    assert dead.state is FetchState.FAILED
    assert "process that fetched it ended" in str(dead.problem)
    assert dead.ended_at is not None
    assert log.unfinished() == []


def test_only_the_last_ones_are_kept_and_none_that_runs(tmp_path: Path) -> None:
    log = FetchLog(tmp_path)
    running = log.begin("brand", 1, set_default=False, why="why", by="ann")
    ids = [begun(log, number).fetch_id for number in range(2, 55)]
    kept = [fetch.fetch_id for fetch in log.latest()]
    assert kept[-1] == running.fetch.fetch_id
    assert kept[:-1] == list(reversed(ids))[: len(kept) - 1]
    assert len(kept) == 51
    assert len(list((tmp_path / "fetches").iterdir())) == 2 * len(kept)
    running.close()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"fetch_id": "x"}', '{"state": "odd"}'])
def test_a_damaged_file_is_no_fetch(tmp_path: Path, content: str) -> None:
    log = FetchLog(tmp_path)
    fetch = begun(log)
    (tmp_path / "fetches" / f"{fetch.fetch_id}.json").write_text(content)
    assert log.read(fetch.fetch_id) is None
    assert log.latest() == []


def lock_of(folder: Path, fetch: Fetch) -> Path:
    return folder / "fetches" / f"{fetch.fetch_id}.lock"


def test_a_fetch_whose_lock_is_gone_is_shown_as_failed(tmp_path: Path) -> None:
    log = FetchLog(tmp_path)
    writer = log.begin("brand", 1, set_default=False, why="why", by="ann")
    lock_of(tmp_path, writer.fetch).unlink()
    seen = log.read(writer.fetch.fetch_id)
    assert seen is not None
    assert seen.state is FetchState.FAILED
    assert log.unfinished() == []
    writer.close()


def test_the_oldest_go_also_where_a_lock_is_gone(tmp_path: Path) -> None:
    log = FetchLog(tmp_path)
    first = begun(log)
    lock_of(tmp_path, first).unlink()
    for number in range(2, 60):
        begun(log, number)
    assert log.read(first.fetch_id) is None
    assert len(log.latest()) == 50


@pytest.mark.parametrize("end", [FetchState.DONE, FetchState.REFUSED])
def test_a_fetch_that_ends_between_two_looks_keeps_its_end(tmp_path: Path, end: FetchState) -> None:
    writer = FetchLog(tmp_path).begin("brand", 1, set_default=False, why="why", by="ann")

    class Late(FetchLog):
        def _is_running(self, fetch_id: str) -> bool:
            writer.end(end)
            writer.close()
            return super()._is_running(fetch_id)

    seen = Late(tmp_path).read(writer.fetch.fetch_id)
    assert seen is not None
    assert (seen.state, seen.problem) == (end, None)


def test_a_fetch_that_is_removed_between_two_looks_is_none(tmp_path: Path) -> None:
    writer = FetchLog(tmp_path).begin("brand", 1, set_default=False, why="why", by="ann")

    class Late(FetchLog):
        def _is_running(self, fetch_id: str) -> bool:
            (tmp_path / "fetches" / f"{fetch_id}.json").unlink()
            return False

    assert Late(tmp_path).read(writer.fetch.fetch_id) is None
    writer.close()


def test_a_fetch_that_cannot_be_written_down_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, value: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetches, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        FetchLog(tmp_path).begin("brand", 1, set_default=False, why="why", by="ann")
    monkeypatch.undo()
    assert FetchLog(tmp_path).latest() == []
    (lock,) = (tmp_path / "fetches").iterdir()
    with lock.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it
