"""The file of errors: a line for each, whole, bounded, and never in anybody's way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.support.waiting import wait_until

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app
from opinionlens.web.services.error_log import ErrorLog, append

MakeSettings = Callable[..., Settings]


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def add(log: ErrorLog, status: int = 503) -> None:
    log.add(request_id="r-1", method="GET", route="/a", status=status, code="busy", milliseconds=1.5)


class TestInTheApp:
    def test_errors_but_404_have_a_line_without_what_was_sent(
        self, make_settings: MakeSettings, tmp_path: Path
    ) -> None:
        path = tmp_path / "logs" / "app.log"
        app = create_app(make_settings(error_log_path=path), registry=MemoryRegistry())
        with TestClient(app) as client:
            client.get("/api/v1/inference/predict")
            client.get("/api/v1/inference/predict?text=secret")
            client.get("/nowhere/secret")
            refused = client.post("/api/v1/inference/predict?q=secret", json={"text": 5, "more": "secret"})
            client.delete("/health", headers={"Accept": "text/html"})
        lines = lines_of(path)
        assert [(line["method"], line["route"], line["status"], line["code"]) for line in lines] == [
            ("GET", "/api/v1/inference/predict", 422, "invalid_request"),
            ("POST", "/api/v1/inference/predict", 422, "invalid_request"),
            ("DELETE", "/health", 405, "method_not_allowed"),
        ]
        assert lines[1]["request_id"] == refused.headers["X-Request-ID"]
        assert lines[1]["time"].endswith("Z")
        assert lines[1]["milliseconds"] >= 0
        assert "secret" not in path.read_text()

    def test_our_own_errors_are_named_on_pages_too(self, make_settings: MakeSettings, tmp_path: Path) -> None:
        class TooHot(OpinionLensError):
            status = 503

        path = tmp_path / "app.log"
        app = create_app(make_settings(error_log_path=path), registry=MemoryRegistry())

        @app.get("/hot")
        async def hot() -> None:
            raise TooHot("It is too hot for secrets.")

        with TestClient(app) as client:
            assert client.get("/hot", headers={"Accept": "text/html"}).status_code == 503
        (line,) = lines_of(path)
        assert (line["route"], line["code"]) == ("/hot", TooHot("").code)
        assert "secrets" not in path.read_text()

    def test_a_disk_that_fails_breaks_no_answer(self, make_settings: MakeSettings, tmp_path: Path) -> None:
        (tmp_path / "logs").write_text("a file where the folder should be")
        settings = make_settings(error_log_path=tmp_path / "logs" / "app.log")
        with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
            for _ in range(3):
                assert client.get("/api/v1/inference/predict").status_code == 422


class TestWriting:
    def test_lines_come_again_when_the_disk_does(self, tmp_path: Path) -> None:
        place = tmp_path / "logs"
        place.write_text("in the way")
        log = ErrorLog(place / "app.log")
        add(log)
        wait_until(lambda: log._is_failing)
        place.unlink()
        add(log, 500)
        log.close()
        assert [line["status"] for line in lines_of(place / "app.log")] == [500]

    def test_what_is_not_kept(self, tmp_path: Path) -> None:
        log = ErrorLog(tmp_path / "app.log")
        assert [status for status in (200, 307, 400, 404, 422, 500) if log.takes(status)] == [400, 422, 500]
        assert not ErrorLog(Path("/dev/null")).takes(500)

    def test_without_errors_there_is_no_file_and_no_thread(self, tmp_path: Path) -> None:
        before = threading.active_count()
        ErrorLog(tmp_path / "logs" / "app.log").close()
        assert threading.active_count() == before
        assert list(tmp_path.iterdir()) == []

    def test_full_files_move_aside_and_the_oldest_goes(self, tmp_path: Path) -> None:
        path = tmp_path / "app.log"
        for number in range(60):
            append(path, f'{{"number": {number:2}}}\n'.encode(), max_bytes=150, kept_files=2)
        names = ["app.log.2", "app.log.1", "app.log"]
        assert sorted(file.name for file in tmp_path.iterdir()) == sorted(names)
        numbers = [line["number"] for name in names for line in lines_of(tmp_path / name)]
        assert numbers == list(range(numbers[0], 60))
        assert all((tmp_path / name).stat().st_size <= 150 for name in names)

    def test_a_line_longer_than_a_file_is_kept_whole(self, tmp_path: Path) -> None:
        append(tmp_path / "app.log", b"x" * 500 + b"\n", max_bytes=100, kept_files=1)
        assert (tmp_path / "app.log").stat().st_size == 501

    def test_several_processes_lose_no_line_while_files_move(self, tmp_path: Path) -> None:
        path = tmp_path / "app.log"
        code = (
            "import sys; from pathlib import Path\n"
            "from opinionlens.web.services.error_log import append\n"
            "for n in range(400):\n"
            '    line = f\'{{"by": {sys.argv[2]}, "n": {n}}}\\n\'.encode()\n'
            "    append(Path(sys.argv[1]), line, max_bytes=2_000, kept_files=50)\n"
        )
        command = [sys.executable, "-c", code, str(path)]
        processes = [subprocess.Popen([*command, str(by)]) for by in range(4)]
        assert [process.wait(120) for process in processes] == [0, 0, 0, 0]
        lines = [line for file in tmp_path.iterdir() for line in lines_of(file)]
        assert sorted((line["by"], line["n"]) for line in lines) == [
            (by, n) for by in range(4) for n in range(400)
        ]


@pytest.mark.parametrize("path", ["/dev/full"])
def test_a_full_disk_is_said_and_no_half_line_stays(path: str) -> None:
    with pytest.raises(OSError, match="No space left"):
        append(Path(path), b"{}\n", max_bytes=100, kept_files=1)
