"""Put the files of a Hugging Face Space into a folder: spaces/, the package, its lock, and a model.

    python scripts/space.py objects/classifier dist/opinionlens-*.whl .cache/space

The folder is what `docker build` and `hf upload --type space` take. A model that does not load ends it with
status 1, and so does a kind that needs more than the app itself.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from opinionlens.base.errors import OpinionLensError
from opinionlens.base.files import replacing_directory
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import MANIFEST_NAME

ROOT = Path(__file__).parents[1]
FILES = (
    "spaces/README.md",
    "spaces/Dockerfile",
    "requirements.runtime.lock",
    "docker/healthcheck.py",
    "LICENSE",
)
# Others ask for libraries that the image does not have.
KINDS = ("linear",)


class UnfitError(Exception):
    """A model or a package that a Space cannot serve."""


def assemble(model: Path, wheel: Path, out: Path) -> None:
    """Write the folder; what was there is replaced."""
    manifest = load_classifier(model).manifest
    if manifest.kind not in KINDS:
        raise UnfitError(f"{model} is of kind {manifest.kind}; a Space serves {', '.join(KINDS)}")
    if not wheel.name.endswith(".whl"):
        raise UnfitError(f"{wheel} is no wheel: make wheel builds one in dist")
    with replacing_directory(out) as aside:
        for name in FILES:
            shutil.copyfile(ROOT / name, aside / Path(name).name)
        shutil.copyfile(wheel, aside / wheel.name)
        (aside / "model").mkdir()
        for name in (*manifest.files, MANIFEST_NAME):
            shutil.copyfile(model / name, aside / "model" / name)


def main(arguments: list[str] | None = None) -> int:
    """Assemble the folder, and return the status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    try:
        assemble(options.model, options.wheel, options.out)
    except (UnfitError, OpinionLensError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.out} holds a Space with {options.model}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
