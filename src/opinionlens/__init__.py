"""OpinionLens: self-hosted sentiment and online-reputation platform.

The import itself does nothing: each public name is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # as checkers of types read it; the one of `typing` takes longer than all else here
if TYPE_CHECKING:
    from opinionlens.base.errors import OpinionLensError
    from opinionlens.classifiers.explanation import Explanation
    from opinionlens.classifiers.prediction import Prediction
    from opinionlens.library.loading import lexicon, load
    from opinionlens.library.sentiment import SentimentClassifier
    from opinionlens.text.labels import Label

    __version__: str

__all__ = [
    "Explanation",
    "Label",
    "OpinionLensError",
    "Prediction",
    "SentimentClassifier",
    "__version__",
    "lexicon",
    "load",
]

_MODULES = {
    "Explanation": "classifiers.explanation",
    "Label": "text.labels",
    "OpinionLensError": "base.errors",
    "Prediction": "classifiers.prediction",
    "SentimentClassifier": "library.sentiment",
    "lexicon": "library.loading",
    "load": "library.loading",
}


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    if name == "__version__":
        value: object = import_module("importlib.metadata").version("opinionlens")
    elif name in _MODULES:
        value = getattr(import_module(f"opinionlens.{_MODULES[name]}"), name)
    else:
        raise AttributeError(f"module 'opinionlens' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
