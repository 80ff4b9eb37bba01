"""Training in a container: prepare its folder, then run the pipeline.

Without a command it runs `dvc repro tune_sklearn` and `opinionlens promote`; any other command takes their
place. The folder is a volume: what was computed stays, and a stage whose inputs are unchanged is skipped.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path("/opt/project")
# The folder's own record of what was computed there; the image's copy only serves the first run.
KEPT = "dvc.lock"
PIPELINE = (("dvc", "repro", "tune_sklearn"), ("opinionlens", "promote"))
# There is no Git in the container.
NO_GIT = "[core]\n    no_scm = true\n"


def commands(arguments: Sequence[str]) -> list[list[str]]:
    """Return what is to run, one after the other."""
    return [list(arguments)] if arguments else [list(command) for command in PIPELINE]


def prepare(project: Path, folder: Path) -> None:
    """Put the image's stages, parameters and code in place."""
    for path in sorted(project.iterdir()):
        target = folder / path.name
        if path.name == KEPT and target.exists():
            continue
        if path.is_dir() and path.name == "src":
            shutil.rmtree(target, ignore_errors=True)  # a module that was removed must not stay
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(path, target)
    (folder / ".dvc" / "config.local").write_text(NO_GIT, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run the commands until one fails; return its status."""
    prepare(PROJECT, Path.cwd())
    for command in commands(arguments):
        print("$", *command, flush=True)
        status = subprocess.run(command, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
