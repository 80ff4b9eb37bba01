"""Write short labelled sentences for training, from long labelled reviews.

A Transformer that has learnt long reviews and tweets knows few plain sentences that praise or blame. The
last sentence of a review is often its verdict ("Do not waste your time."), and the review's label is a
person's:

    python -m scripts.review_sentences --reviews "data/raw/IMDB Dataset/IMDB Dataset.csv" --skip 15000 \
        --out data/raw/review_sentences.csv

A sentence is left out where the word list and VADER clearly say the opposite of the review, and where it
has no word of opinion at all. Name the file in `params.yaml` under `data.files`. `--skip` keeps apart the
reviews that are a source themselves: a sentence must not stand in one split and its review in another. Use
the sentences to train beside labelled text, never to evaluate.
"""

from __future__ import annotations

import argparse
import csv
import html
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from scripts.labelled_sentences import LabelledSentence, draw_evenly, write_sentences

from opinionlens.text.general import GENERAL_FEATURES, general_values
from opinionlens.text.labels import Label
from opinionlens.text.scanning import scan

_LABELS = {label.value.lower(): label for label in (Label.NEGATIVE, Label.POSITIVE)}
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?])\s+")
_LEAST_WORDS, _MOST_WORDS = 3, 20
_OF_OPINION = ("vader_strength", "opinion_strength", "inferred")


def verdicts_of(rows: Iterable[Mapping[str, str]]) -> Iterator[LabelledSentence]:
    """Yield the last sentence of each review that has one, and its label.

    Args:
        rows: with `review` and `sentiment`, which is `positive` or `negative`.
    """
    for row in rows:
        label = _LABELS.get(row["sentiment"].strip().lower())
        text = " ".join(html.unescape(_LINE_BREAK.sub(" ", row["review"])).split())
        sentence = _END.split(text)[-1]
        if label is not None and is_verdict(sentence, label):
            yield sentence, label


def is_verdict(sentence: str, label: Label) -> bool:
    """Return whether a sentence gives an opinion and none of the other label."""
    if sentence[-1:] not in {".", "!"} or not _LEAST_WORDS <= len(sentence.split()) <= _MOST_WORDS:
        return False
    values = dict(zip(GENERAL_FEATURES, general_values(sentence, scan(sentence)), strict=True))
    sign = 1 if label is Label.POSITIVE else -1
    both = (sign * values["vader_compound"], sign * values["opinion"])
    says_something = any(values[name] for name in _OF_OPINION)
    return says_something and max(both) >= 0 and not values["mixed"]


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--reviews", type=Path, required=True, help="a table with review,sentiment")
    parser.add_argument("--skip", type=int, default=0, help="rows at the beginning that are left out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=42)
    asked = parser.parse_args()
    csv.field_size_limit(min(sys.maxsize, 10_000_000))
    with asked.reviews.open(encoding="utf-8", newline="") as file:
        reviews = itertools.islice(csv.DictReader(file), asked.skip, None)
        sentences = draw_evenly(verdicts_of(reviews), tuple(_LABELS.values()), asked.rows, asked.seed)
    write_sentences(sentences, asked.out)


if __name__ == "__main__":
    main()
