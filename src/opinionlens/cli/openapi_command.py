"""`opinionlens openapi`: the description of the API as a file."""

from __future__ import annotations

import json
from pathlib import Path

from opinionlens.base.files import replacing_file
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app


def run_openapi(file: Path) -> None:
    """Write the description of the API to a file.

    It is written aside, then renamed. The environment does not matter: the default limits are described.

    Raises:
        SettingsInvalid: the current folder is not the project's.
        OSError: the file cannot be written; an earlier one stays.
    """
    # `model_construct` reads no environment, which `Settings()` does.
    app = create_app(Settings.model_construct(), registry=MemoryRegistry())
    text = json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
    with replacing_file(file) as aside:
        aside.write_text(text, encoding="utf-8")
