"""The folder in which MLflow keeps a classifier.

It holds our artifact, and the files that `mlflow models serve` needs:

    MLmodel                                       how to load it
    requirements.txt, python_env.yaml, conda.yaml in which environment, for each of MLflow's ways to make one
    artefact/                                     the classifier: data only
    code/opinionlens/                             this package, as far as loading a classifier needs it

The code lies beside the data because no package index has `opinionlens`: a requirement of that name would
install any package that is put there under it. Our own app never reads `code/`; it downloads `artefact/` and
loads it itself.

It is written without MLflow: its own `save_model` guesses, warns and needs pandas to write these few small
files.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from opinionlens.registry.artifact_files import MANIFEST, Contents, copy_artifact

# Spelt as in the versions that are registered already.
ARTIFACT_FOLDER = "artefact"
LOADER_MODULE = "opinionlens.classifiers.pyfunc"

# What `classifiers` may import, by the law of the layers.
_CODE = (
    "__init__.py",
    "base/__init__.py",
    "base/artifact_limits.py",
    "base/errors.py",
    "base/files.py",
    "base/turns.py",
    "base/typed_json.py",
    "features/__init__.py",
    "features/calibration.py",
    "features/spec.py",
    "text",
    "classifiers",
)
_ALWAYS_NEEDED = ("numpy", "pydantic", "vaderSentiment")
_NEEDED_BY_KIND = {
    "skops": ("skops", "scikit-learn", "scipy"),
    "onnx": ("onnxruntime", "tokenizers"),
    "fasttext": ("fasttext-numpy2",),
}

_INPUTS = {"text": "string"}
_OUTPUTS = {
    "prediction": "string",
    "confidence": "double",
    "uncertain": "boolean",
    "p_negative": "double",
    "p_neutral": "double",
    "p_positive": "double",
}


def write_pyfunc_folder(
    artifact: Path, into: Path, contents: Contents, *, model_id: str, run_id: str | None
) -> None:
    """Write MLflow's folder of a classifier into an empty one."""
    copy_artifact(artifact, contents, into / ARTIFACT_FOLDER)
    _copy_code(into / "code" / "opinionlens")
    needed = requirements(json.loads((artifact / MANIFEST).read_bytes()))
    (into / "requirements.txt").write_text("\n".join(needed) + "\n", encoding="utf-8")
    # MLflow reads these as YAML, of which JSON is a part.
    environment = {"python": platform.python_version(), "dependencies": ["-r requirements.txt"]}
    _write_json(
        into / "python_env.yaml", environment | {"build_dependencies": ["pip", "setuptools", "wheel"]}
    )
    conda = [f"python={platform.python_version()}", "pip", {"pip": needed}]
    _write_json(
        into / "conda.yaml", {"name": "mlflow-env", "channels": ["conda-forge"], "dependencies": conda}
    )
    _write_json(into / "MLmodel", _description(model_id, run_id))


def requirements(manifest: Mapping[str, Any]) -> list[str]:
    """Return the pinned requirements for loading an artifact.

    Pinned are the versions installed here, where it was made.
    """
    needed = [*_ALWAYS_NEEDED, *_NEEDED_BY_KIND.get(str(manifest.get("kind")), ())]
    recipe = (manifest.get("features") or {}).get("recipe") or {}
    if recipe.get("stemmer", "none") != "none" or recipe.get("tokenizer", "pattern") == "tweet":
        needed.append("nltk")
    mlflow_version = _installed("mlflow") or _installed("mlflow-skinny")
    return [f"mlflow=={mlflow_version}" if mlflow_version else "mlflow", *(_pinned(name) for name in needed)]


def _description(model_id: str, run_id: str | None) -> dict[str, Any]:
    flavour = {
        "loader_module": LOADER_MODULE,
        "data": ARTIFACT_FOLDER,
        "code": "code",
        "env": {"virtualenv": "python_env.yaml", "conda": "conda.yaml"},
        "python_version": platform.python_version(),
        "streamable": False,
    }
    return {
        "flavors": {"python_function": flavour},
        # Not as `model_id` too: wherever the folder is looked at, MLflow would ask some server for it.
        "model_uuid": model_id,
        "run_id": run_id,
        "mlflow_version": _installed("mlflow-skinny") or _installed("mlflow"),
        "signature": {"inputs": _schema(_INPUTS), "outputs": _schema(_OUTPUTS), "params": None},
    }


def _schema(columns: Mapping[str, str]) -> str:
    return json.dumps([{"type": kind, "name": name, "required": True} for name, kind in columns.items()])


def _copy_code(into: Path) -> None:
    package = Path(__file__).parents[1]
    for part in _CODE:
        for source in sorted(_sources(package / part)) if (package / part).is_dir() else [package / part]:
            target = into / source.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the code and word lists of a package."""
    for pattern in ("*.py", "*.tsv", "*.txt"):
        yield from folder.rglob(pattern)


def _pinned(name: str) -> str:
    found = _installed(name)
    return f"{name}=={found}" if found else name


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
