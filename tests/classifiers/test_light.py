from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = {"sklearn", "scipy", "skops", "pandas", "polars", "nltk", "pyarrow", "mlflow", "optuna", "matplotlib"}
MODULES = [
    "artifact",
    "classifier",
    "lexicon_classifier",
    "linear.linear_classifier",
    "load",
    "pyfunc",
    "skops",
]


def loaded(code: str, *arguments: object) -> set[str]:
    program = f"import sys\n{code}\nprint(*(name for name in sys.modules if '.' not in name))"
    call = [sys.executable, "-c", program, *map(str, arguments)]
    return set(subprocess.run(call, capture_output=True, text=True, check=True).stdout.split())


def test_importing_classifiers_loads_nothing_heavy() -> None:
    imports = "\n".join(f"import opinionlens.classifiers.{name}" for name in MODULES)
    assert not loaded(imports) & HEAVY


def test_scoring_with_a_linear_artifact_loads_nothing_heavy(artifact: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from opinionlens.classifiers.load import load_classifier\n"
        "classifier = load_classifier(Path(sys.argv[1]))\n"
        "classifier.predict('great'); classifier.predict_many(['a', 'b']); classifier.explain('good crew')"
    )
    assert not loaded(code, artifact) & HEAVY
