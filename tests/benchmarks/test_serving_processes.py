"""Servers of the serving benchmark start as users start them."""

import sys

from benchmarks.serving.processes import free_port, serving


def test_a_server_may_keep_its_bytecode(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("OTHER", "kept")
    command = [
        sys.executable,
        "-c",
        "import os, sys; print(sys.dont_write_bytecode, os.environ['OTHER'], os.environ['MINE'])",
    ]
    log = tmp_path / "log"
    with serving(command, free_port(), environment={"MINE": "given"}, folder=tmp_path, log=log) as server:
        server.process.wait(60)
    assert log.read_text().split() == ["False", "kept", "given"]
