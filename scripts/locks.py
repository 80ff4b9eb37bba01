"""Make, renew and check the lock files; needs only Python and uv.

`requirements.lock` is what `make install` puts into .venv; `requirements.runtime.lock` is the part of it that
the app needs to answer, for images and servers. Those in docker/ are for the other images;
`airflow/requirements.txt` is for Airflow's environment, `requirements.models.txt` for that of heavier kinds.
See docs/decisions/0004-lock-without-addresses.md.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

FULL = Path("requirements.lock")
RUNTIME = Path("requirements.runtime.lock")
MODELS = Path("requirements.models.txt")
# What each image or other environment holds: the file that asks for it, and options.
IMAGES = {
    RUNTIME: ("pyproject.toml",),
    Path("docker/requirements.training.lock"): ("pyproject.toml", "--extra", "pipeline"),
    Path("docker/requirements.load.lock"): ("docker/load.in",),
    Path("docker/requirements.mlflow.lock"): ("docker/mlflow.in",),
    Path("airflow/requirements.txt"): ("airflow/requirements.in",),
    MODELS: (
        *("requirements.models.in", "pyproject.toml", "--extra", "pipeline"),
        *("--extra", "fasttext", "--extra", "onnx", "--extra", "transformers"),
    ),
}
EXTRAS = ("--extra", "pipeline", "--extra", "dev", "--extra", "docs", "--extra", "load")
# The oldest Python of `requires-python`; --universal covers the newer ones and the other systems.
RESOLUTION = ("--python-version", "3.11", "--generate-hashes")
UNIVERSAL = ("--universal",)
# torch's build without CUDA has files of its own for each system: this lock is for the one that CI has.
PLATFORMS = {MODELS: ("--python-platform", "x86_64-manylinux_2_28")}
# The package index has no such build; one of these says where it is.
PLACES_OF_TORCH = ("UV_FIND_LINKS", "UV_INDEX", "UV_EXTRA_INDEX_URL")
LAYOUT = ("--no-header", "--no-annotate", "--quiet")
# uv's exit status when something other than the resolution failed.
UV_ERROR = 2
# Many times what a resolution takes; uv's own limits for single requests are far below.
TIMEOUT_SECONDS = 300

Pins = Mapping[str, frozenset[str]]


class LockError(Exception):
    """A lock that cannot be made or is not what pyproject.toml asks for."""


class IndexUnreachableError(LockError):
    """No answer from the package index."""


def pins(lock: str) -> Pins:
    """Versions by package; several where the lock chooses by Python version or system."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock, flags=re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return {name: frozenset(versions) for name, versions in found.items()}


def changes(old: Pins, new: Pins) -> list[str]:
    """One line for each package that moved, came or went."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        before, after = (" and ".join(sorted(side.get(name, ()))) for side in (old, new))
        if before != after:
            lines.append(f"{name} {before or '(new)'} -> {after or '(gone)'}")
    return lines


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run uv and keep what it says.

    Raises:
        IndexUnreachableError: No end within the time limit.
    """
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise IndexUnreachableError(f"No answer from uv in {TIMEOUT_SECONDS} seconds.") from None


def compile_onto(uv: str, source: str, copy: Path, *options: str) -> str:
    """Resolve a file into a copy of a lock, whose pins stay where they satisfy.

    Raises:
        IndexUnreachableError: The index, or the cache without network, could not give what was asked for.
        LockError: No set of versions satisfies the file, or it is faulty.
    """
    done = run(uv, "pip", "compile", source, *RESOLUTION, *LAYOUT, *options, "-o", str(copy))
    if done.returncode:
        offline = done.returncode == UV_ERROR and "Failed to fetch" in done.stderr
        kind = IndexUnreachableError if offline or "network was disabled" in done.stderr else LockError
        raise kind(done.stderr.strip())
    return copy.read_text(encoding="utf-8")


def compile_all(uv: str, folder: Path, *options: str) -> dict[Path, str]:
    """All locks as they should be; those of images take their pins and hashes from the full one.

    Where they hold more, or cannot take a pin, their own stay, unless everything is renewed.
    """
    full = folder / FULL.name
    if FULL.exists():
        shutil.copy(FULL, full)
    made = {FULL: compile_onto(uv, "pyproject.toml", full, *UNIVERSAL, *EXTRAS, *options)}
    for lock, (source, *extras) in IMAGES.items():
        if can_be_made(lock, Path(source)):
            copy = folder / lock.name
            copy.write_text(made[FULL] + ("" if "--upgrade" in options else read(lock)), encoding="utf-8")
            made[lock] = compile_onto(uv, source, copy, *PLATFORMS.get(lock, UNIVERSAL), *extras)
    return made


def can_be_made(lock: Path, source: Path) -> bool:
    """Whether the project has such a lock, and all that is in it can be found; if not the latter, say so."""
    if not (lock.parent.is_dir() and source.exists()):
        return False
    if lock == MODELS and not any(map(os.environ.get, PLACES_OF_TORCH)):
        print(f"{lock} is left as it is: UV_FIND_LINKS names no place of torch's build without CUDA.")
        return False
    return True


def read(path: Path) -> str:
    """A lock's text; nothing where there is none yet."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def write(uv: str, *options: str) -> None:
    """Put the locks in place of the old ones, and say what moved."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".locks-") as folder:
        made = compile_all(uv, Path(folder), *options)
        moved = {path: changes(pins(read(path)), pins(text)) for path, text in made.items()}
        for path in made:
            Path(folder, path.name).replace(path)
    for path, lines in moved.items():
        print(f"{path}: {len(lines) or 'no'} package{'s'[len(lines) == 1 :]} moved")
        print("".join(f"  {line}\n" for line in lines), end="")


def satisfied_by_environment(uv: str) -> bool:
    """Whether .venv satisfies pyproject.toml as it is; asks no index."""
    install = (uv, "pip", "install", "--dry-run", "--offline", "--python", ".venv")
    done = run(*install, "-r", "pyproject.toml", *EXTRAS)
    return done.returncode == 0 and "Would make no changes" in done.stderr


def check(uv: str) -> None:
    """Compare the locks with what is asked for; without an index, .venv with pyproject.toml.

    Raises:
        LockError: Something else is asked for.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = compile_all(uv, Path(folder))
    except IndexUnreachableError:
        if not satisfied_by_environment(uv):
            raise LockError("What requirements.lock installed does not satisfy pyproject.toml.") from None
        print("The package index cannot be reached: the locks were not compared with a new resolution.")
        print("Checked without it: .venv, made from requirements.lock, satisfies pyproject.toml.")
        return
    differing = {path: text for path, text in made.items() if text != read(path)}
    if differing:
        lines = [f"{path} is not what {asking(path)} asks for:" for path in differing]
        for path, text in differing.items():
            lines += [f"  {line}" for line in changes(pins(read(path)), pins(text))]
        raise LockError("\n".join(lines))


def asking(lock: Path) -> str:
    """The file that a lock is made from."""
    return IMAGES[lock][0] if lock in IMAGES else "pyproject.toml"


def newest(uv: str, target: Path) -> None:
    """Write a lock of the newest allowed versions elsewhere, and say how it differs from ours."""
    target.unlink(missing_ok=True)
    text = compile_onto(uv, "pyproject.toml", target, *UNIVERSAL, *EXTRAS, "--upgrade")
    print("\n".join(changes(pins(read(FULL)), pins(text))) or "requirements.lock has the newest versions")


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit status is 1 where a lock is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uv", default="uv", help="the uv program")
    parser.add_argument("command", choices=["check", "follow", "renew", "newest"])
    parser.add_argument("target", nargs="?", type=Path, help="newest: the file to write")
    given = parser.parse_args(arguments)
    try:
        if given.command == "check":
            check(given.uv)
        elif given.command == "newest":
            newest(given.uv, given.target)
        else:
            write(given.uv, *(["--upgrade"] if given.command == "renew" else []))
    except LockError as error:
        advice = "\nRun `make relock` after a change of pyproject.toml." if given.command == "check" else ""
        print(f"{error}{advice}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
