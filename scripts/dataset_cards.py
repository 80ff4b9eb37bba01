"""Write docs/datasets.md from the cards in `opinionlens.datasets`: `make cards`."""

import sys
from collections.abc import Iterable
from pathlib import Path

from opinionlens.datasets.card import Card, CommercialUse, HubFiles, PackageFile
from opinionlens.datasets.catalogue import CARDS

PAGE = Path("docs") / "datasets.md"
HEAD = """# Data sets

The cards of the sources that OpinionLens knows by name, made from the code by `make cards`. None of the
texts is part of this repository. [`params.yaml`](../params.yaml) names the sources that take part; the rows
that were dropped of each are counted, with the reasons, in `metrics/data_report.json`.

"Split here" and "split anew" are meant as in [decision 10](decisions/0010-sides-by-hash.md): the side of a
row follows from a hash of its own text, and is the same in every mixture of sources.
"""
COMMERCIAL_USE = {
    CommercialUse.ALLOWED: "allowed",
    CommercialUse.FORBIDDEN: "forbidden",
    CommercialUse.NOT_STATED: "not stated",
}


def page(cards: Iterable[Card]) -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(section(card) for card in cards)])


def section(card: Card) -> str:
    """Return one card as Markdown."""
    rows = {
        "kind of text": card.genre.value if card.genre else "unknown",
        "domain": card.domain,
        "language": card.language or "unknown",
        "dates": card.dates,
        "published split": card.published_split,
        "labels": "; ".join(f"`{written}` → {label or 'left out'}" for written, label in card.labels.items()),
        "licence": card.licence,
        "commercial use": COMMERCIAL_USE[card.commercial_use],
        "terms": card.terms,
        "source": f"<{card.source_url}>",
        "how it gets here": origin(card),
        "citation": card.citation,
    }
    table = "".join(f"| {name} | {value} |\n" for name, value in rows.items())
    faults = "".join(f"- {caveat}\n" for caveat in card.caveats)
    return f"## `{card.name}`\n\n{card.title}\n\n| | |\n|---|---|\n{table}\nKnown faults:\n\n{faults}"


def origin(card: Card) -> str:
    """Return in a few words how its file gets here."""
    match card.origin:
        case PackageFile(package=package):
            return f"a file of the Python package `{package}`, which `make install` brings"
        case HubFiles(repository=repository, revision=revision):
            hub = f"`{repository}` on the Hugging Face hub, revision `{revision[:7]}`"
            return f"{hub}, or `{card.path}` in `data/raw`"
        case _:
            return f"you put it there, as `{card.path}` in `data/raw`"


if __name__ == "__main__":
    PAGE.write_text(page(CARDS.values()), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
