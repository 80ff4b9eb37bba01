"""Write plain neutral sentences for training, from the WordNet dictionary.

Labelled tweets and reviews hold few sentences that merely state something, so a model fine-tuned on them
takes dry text for blame. The examples and definitions of WordNet (its licence allows any use) that hold no
word of opinion are such sentences:

    apt-get install wordnet-base
    python -m scripts.neutral_sentences --wordnet /usr/share/wordnet --out data/raw/neutral.csv

Name the file in `params.yaml` under `data.files` (docs/models.md). That they are neutral is a rule's label,
not a person's: use them to train beside labelled text, never to evaluate.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from opinionlens.base.files import replacing_file
from opinionlens.text.general import GENERAL_FEATURES, general_values
from opinionlens.text.scanning import scan

PARTS = ("data.noun", "data.verb", "data.adj", "data.adv")
_QUOTED = re.compile(r'"([^"]+)"')
_LEAST_WORDS, _MOST_WORDS = 4, 30
_OF_OPINION = ("vader_compound", "vader_strength", "opinion_strength", "inferred", "mixed")


def sentences_of(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of each definition and example.

    Args:
        lines: of one of WordNet's data files; the licence at its beginning is passed over.
    """
    for line in lines:
        if line.startswith(" ") or "|" not in line:
            continue
        gloss = line.partition("|")[2]
        for example in _QUOTED.findall(gloss):
            yield "example", as_sentence(example)
        yield "definition", as_sentence(_QUOTED.sub("", gloss).partition(";")[0])


def as_sentence(text: str) -> str:
    """Return a text with one blank between words, a capital and an end."""
    text = " ".join(text.split()).rstrip(";:, ")
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def is_plain(sentence: str) -> bool:
    """Return whether it is a short statement without any opinion."""
    if sentence.endswith(("?", "!")) or not _LEAST_WORDS <= len(sentence.split()) <= _MOST_WORDS:
        return False
    values = dict(zip(GENERAL_FEATURES, general_values(sentence, scan(sentence)), strict=True))
    return all(values[name] == 0 for name in _OF_OPINION)


def draw(found: Iterable[tuple[str, str]], rows: int, seed: int) -> list[tuple[str, str]]:
    """Return a seeded draw, half examples and half definitions."""
    drawn = random.Random(seed)  # noqa: S311 - a draw of rows, no secret
    chosen: list[tuple[str, str]] = []
    kinds: dict[str, list[str]] = {"example": [], "definition": []}
    for kind, text in found:
        kinds[kind].append(text)
    for kind, texts in kinds.items():
        plain = [text for text in sorted(set(texts)) if is_plain(text)]
        chosen += [(text, kind) for text in drawn.sample(plain, min(rows // 2, len(plain)))]
    return chosen


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
    found = [one for name in PARTS for one in sentences_of((asked.wordnet / name).read_text().splitlines())]
    rows = draw(found, asked.rows, asked.seed)
    with replacing_file(asked.out) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "kind"])
        writer.writerows([text, "neutral", kind] for text, kind in rows)
    print(f"{len(rows)} sentences written to {asked.out}")


if __name__ == "__main__":
    main()
