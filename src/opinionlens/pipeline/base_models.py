"""Places of the pretrained models that fine-tuning begins with."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from opinionlens.base.errors import StageFailed

PACKAGE = "package:"
_CONFIG = "config.json"


def base_model(name: str) -> str:
    """Return a base model's folder, or its hub's name.

    `package:NAME` is a model that an installed package carries. It is found by the package's list of files;
    none of its code is imported.

    Raises:
        StageFailed: there is no such folder or package, or it carries no model.
    """
    if not name.startswith(PACKAGE):
        if name.startswith((".", "/", "~")) and not (Path(name).expanduser() / _CONFIG).is_file():
            raise StageFailed(
                "There is no model in this folder.", where=name, remedy=f"It must hold a {_CONFIG}."
            )
        return str(Path(name).expanduser()) if name.startswith("~") else name
    package = name.removeprefix(PACKAGE)
    try:
        found = files(package) or []
    except PackageNotFoundError as error:
        raise StageFailed(
            f"The package {package}, which carries the base model, is not installed.",
            remedy="Install it with `make models-env`, or name another base under `transformer.base`.",
        ) from error
    folders = [Path(str(file.locate())).parent for file in found if file.name == _CONFIG]
    if not folders:
        raise StageFailed(f"The package {package} carries no model: it has no {_CONFIG}.")
    # Parts of a model may have such a file, too; the model's own folder is the outermost.
    return str(min(folders, key=lambda folder: len(folder.parts)))
