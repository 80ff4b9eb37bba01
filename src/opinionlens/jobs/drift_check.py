"""Comparison of a gathered window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from opinionlens.base.errors import ArtifactUnsupported, InputError
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.linear.text_reading import word_test
from opinionlens.drift.comparison import WindowComparison, compare
from opinionlens.drift.measures.domain_classifier import DomainResult, tell_apart
from opinionlens.drift.profile import LEAST_TEXTS, TextProfile
from opinionlens.drift.realised_quality import realised_quality
from opinionlens.drift.reference import REFERENCE_NAME, Reference
from opinionlens.drift.thresholds import DOMAIN_SHARE
from opinionlens.drift.window_quality import WindowQuality, held_out_scores
from opinionlens.drift.windows import KnowsWord
from opinionlens.jobs.drift_windows import GatheredWindow
from opinionlens.pipeline.lineage import hash_of_files
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.splits_on_disk import read_labelled_texts
from opinionlens.text.recipe import Recipe

_SEED = 0


@dataclass(frozen=True)
class CheckedModel:
    """A model with its drift reference.

    Attributes:
        classifier: itself.
        name: of the registered model or of the folder.
        version: its number; None for a folder.
        profile: from its drift reference.
    """

    classifier: Classifier
    name: str
    version: int | None
    profile: TextProfile

    @property
    def recipe(self) -> Recipe:
        """The recipe that finds its terms."""
        return self.classifier.manifest.features.recipe

    @property
    def knows(self) -> KnowsWord | None:
        """A test whether the vocabulary has a word.

        None without single words.
        """
        return word_test(self.classifier)


def read_profile(folder: Path | None) -> TextProfile:
    """Return the profile in an artifact's drift reference.

    Raises:
        InputError: the classifier has no artifact.
        ArtifactUnsupported: its reference is missing, or older than the checks.
    """
    if folder is None:
        raise InputError(
            "The word list was not trained, so there is nothing to compare with.",
            remedy="Name a trained model with --model.",
        )
    path = folder / REFERENCE_NAME
    profile = Reference.from_bytes(path.read_bytes()).profile if path.is_file() else None
    if profile is None:
        raise ArtifactUnsupported(
            "The model has no drift reference with thresholds.",
            where=str(path),
            remedy="Train it again with this version.",
        )
    return profile


def check_window(
    model: CheckedModel, window: GatheredWindow, training: Path | None = None
) -> WindowComparison:
    """Compare a gathered window with the model's reference.

    Args:
        model: the model.
        window: its texts.
        training: the root of the project with the training texts; None for the current folder.
    """
    if window.sums.texts < LEAST_TEXTS:
        return WindowComparison(window.sums.texts, window.sums.read_texts, model.profile.false_alarm_rate, ())
    domain, why_not = None, window.why_no_words
    if len(window.some_texts) >= LEAST_TEXTS:
        domain, why_not = _told_apart(model, window, training)
    found = compare(
        window.sums.means(),
        model.profile,
        why_no_words=window.why_no_words,
        domain=domain,
        why_no_domain=why_not,
    )
    return replace(found, quality=_quality(model, window))


def _quality(model: CheckedModel, window: GatheredWindow) -> WindowQuality | None:
    estimated = window.quality.estimate()
    if estimated is None:
        return None
    scores = held_out_scores(model.classifier.manifest.training.scores)
    return WindowQuality(estimated, scores, realised_quality(window.labelled, window.quality))


def _told_apart(
    model: CheckedModel, window: GatheredWindow, root: Path | None
) -> tuple[DomainResult | None, str]:
    """Ask the domain classifier, where the training texts are here."""
    paths = Paths(root or Path())
    file = paths.preprocessed / "train.parquet"
    if not file.is_file():
        return None, f"Needs the training texts, and {paths.preprocessed} is not here."
    if hash_of_files(paths.preprocessed) != model.classifier.manifest.lineage.data_hash:
        return None, f"The texts in {paths.preprocessed} are not those that this model was trained on."
    training = read_labelled_texts(file).texts
    rate = model.profile.false_alarm_rate * DOMAIN_SHARE
    if len(training) < LEAST_TEXTS:
        return None, f"Needs {LEAST_TEXTS} training texts."
    return tell_apart(window.some_texts, training, model.recipe, false_alarm_rate=rate, seed=_SEED), ""
