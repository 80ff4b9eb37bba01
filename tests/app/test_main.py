"""The address that users of the older systems give to uvicorn and to FastAPI's command."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.programs import HttpProgram, clean_environment

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MAIN = ROOT / "src" / "opinionlens" / "app" / "main.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [[BIN / "uvicorn", "opinionlens.app.main:app"], [BIN / "fastapi", "dev", MAIN]]
)
def test_it_serves(command, tmp_path):
    environment = clean_environment(MLFLOW__REMOTE_TRACKING_URI="http://127.0.0.1:9")
    port = free_port()
    program = HttpProgram(
        [*map(str, command), "--port", str(port)], tmp_path, environment=environment, out=tmp_path / "log"
    )
    program.port = port
    program.start()
    try:
        program.wait_for("/health")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/api/v1/inference/predict?text=I+love+swordfish")
        answer = json.load(connection.getresponse())
        connection.close()
    finally:
        program.kill()
    assert answer["prediction"] == "POSITIVE"
    assert "swordfish" not in program.log


def test_importing_it_builds_nothing(tmp_path):
    script = "import sys, opinionlens.app.main as m; print('app' in dir(m), 'opinionlens.web' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True False\n"
    assert list(tmp_path.iterdir()) == []


def test_it_has_nothing_else():
    import opinionlens.app.main as main

    with pytest.raises(AttributeError, match="no attribute 'api'"):
        _ = main.api
