"""Write plain sentences of three labels for training, from the WordNet dictionary.

Labelled tweets and reviews hold few sentences that merely state something. The examples of WordNet (its
licence allows any use) are such sentences, and some of them praise or blame:

    apt-get install wordnet-base
    python -m scripts.dictionary_sentences --wordnet /usr/share/wordnet --out data/raw/dictionary.csv

Each label has as many rows. Neutral ones alone would teach that whole sentences are neutral: a Transformer
then calls "The food wasn't good at all." neutral (docs/models.md). Name the file in `params.yaml` under
`data.files`. The labels are a rule's (no word of opinion; or the word list and VADER agree on praise or
blame), not a person's: use them to train beside labelled text, never to evaluate.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.labelled_sentences import LabelledSentence, draw_evenly, write_sentences

from opinionlens.text.general import GENERAL_FEATURES, general_values
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.scanning import scan

PARTS = ("data.noun", "data.verb", "data.adj", "data.adv")
_QUOTED = re.compile(r'"([^"]+)"')
_LEAST_WORDS, _MOST_WORDS = 4, 30
_OF_OPINION = ("vader_compound", "vader_strength", "opinion_strength", "inferred", "mixed")
# Of both, at least; a single weak word is no verdict.
_CLEAR = 0.3


def examples_of(lines: Iterable[str]) -> Iterator[str]:
    """Yield each example as a sentence.

    Args:
        lines: of one of WordNet's data files; the licence at its beginning is passed over.
    """
    for line in lines:
        if not line.startswith(" "):
            for example in _QUOTED.findall(line.partition("|")[2]):
                yield as_sentence(example)


def as_sentence(text: str) -> str:
    """Return a text with one blank between words, a capital and an end."""
    text = " ".join(text.split()).rstrip(";:, ")
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def label_of(sentence: str) -> Label | None:
    """Return the label of a statement, or None if it is not clear."""
    if sentence.endswith(("?", "!")) or not _LEAST_WORDS <= len(sentence.split()) <= _MOST_WORDS:
        return None
    values = dict(zip(GENERAL_FEATURES, general_values(sentence, scan(sentence)), strict=True))
    if all(values[name] == 0 for name in _OF_OPINION):
        return Label.NEUTRAL
    both = (values["vader_compound"], values["opinion"])
    if values["mixed"] or values["asks"] or values["requests"] or min(map(abs, both)) < _CLEAR:
        return None
    if min(both) > 0:
        return Label.POSITIVE
    return Label.NEGATIVE if max(both) < 0 else None


def labelled(sentences: Iterable[str]) -> Iterator[LabelledSentence]:
    """Yield the sentences that have a clear label, with it."""
    for sentence in sentences:
        if (label := label_of(sentence)) is not None:
            yield sentence, label


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--wordnet", type=Path, required=True, help="the folder with data.noun and the others"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=42)
    asked = parser.parse_args()
    lines = (line for name in PARTS for line in (asked.wordnet / name).read_text("utf-8").splitlines())
    write_sentences(draw_evenly(labelled(examples_of(lines)), LABELS, asked.rows, asked.seed), asked.out)


if __name__ == "__main__":
    main()
