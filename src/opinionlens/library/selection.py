"""Named classifiers, from a folder or built in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest_reading import read_manifest

# Names the classifier that needs no artifact; a folder of that name goes before it.
WORD_LIST = "lexicon"


@dataclass(frozen=True)
class Chosen:
    """A classifier with its name and version.

    Attributes:
        classifier: the classifier itself.
        name: of the folder or of the registered model.
        version: its number, or the start of a folder's digest.
        digest: of its artifact; None without one.
        folder: where its artifact lies; None without one.
    """

    classifier: Classifier
    name: str
    version: str
    digest: str | None = None
    folder: Path | None = None


def from_word_list() -> Chosen:
    """Return the classifier that needs no artifact."""
    return Chosen(LexiconClassifier(), "built-in", "word list")


def from_folder(
    folder: Path, *, digest: str | None = None, name: str | None = None, version: str | None = None
) -> Chosen:
    """Load the artifact in a folder.

    Args:
        folder: where it lies.
        digest: the expected one; by default the one that it has.
        name: by default that of the folder.
        version: by default the start of the digest.

    Raises:
        ArtifactError: it is missing, damaged or unknown, or has another digest.
    """
    digest = digest or read_manifest(folder).digest
    classifier = load_classifier(folder, digest)
    place = folder.resolve()
    return Chosen(classifier, name or place.name, version or digest[:12], digest, place)


def is_folder(model: str) -> bool:
    """Tell whether the name is that of a folder."""
    try:
        return bool(model) and Path(model).is_dir()
    except (OSError, ValueError):  # too long, with characters of no name, or in a folder closed to us
        return False
