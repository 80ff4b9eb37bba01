"""How a command ends.

Errors that a user can mend are one message, not a traceback.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable

from rich.console import Console

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.extras import missing_extra
from opinionlens.base.secret_files import take_secrets


def run_to_end(command: Callable[[], object]) -> None:
    """Run a command; exit with status 1 where it fails."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows no emoji still gets the rest
            stream.reconfigure(errors="replace")
    try:
        take_secrets(os.environ)
        command()
    except OpinionLensError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        missing = missing_extra(error, needed_by="This command")
        if missing is None:
            raise
        _fail(missing)
    except OSError as error:  # a full disk, a folder that may not be written: ours are all written aside
        place = f" [{error.filename}]" if error.filename else ""
        Console(stderr=True).print(f"error: {error.strerror or error}{place}", markup=False, soft_wrap=True)
        sys.exit(1)


def _fail(error: OpinionLensError) -> None:
    Console(stderr=True).print("[bold red]error:[/]", end=" ")
    Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
    sys.exit(1)
