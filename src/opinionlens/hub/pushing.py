"""Which models go to the hub, and their uploads."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from opinionlens.base.errors import InputError
from opinionlens.classifiers.manifest import MANIFEST_NAME, Manifest
from opinionlens.hub.model_card import SCORE, CardFacts, model_card
from opinionlens.hub.port import Upload

_ROWS = "test_n"
# Metrics files and manifests are rounded to five digits.
_SAME = 1.1e-5


@dataclass(frozen=True)
class HubModel:
    """A verified artifact that may go to the hub."""

    folder: Path
    manifest: Manifest
    digest: str

    @property
    def tag(self) -> str:
        """The tag on the hub.

        It names the artifact, so that a retrained model gets another.
        """
        return f"v-{self.digest[:7]}"


def check_score(manifest: Manifest, threshold: float) -> float:
    """Return the macro F1 if it is good enough.

    Raises:
        InputError: the artifact has no score, or one below the threshold.
    """
    score = manifest.training.scores.get(SCORE)
    if score is None or not math.isfinite(score):
        raise InputError(
            "The model has no macro F1 of a test split in its manifest.",
            remedy="Train it with `dvc repro tune_sklearn`, or upload it by hand.",
        )
    if score < threshold:
        raise InputError(
            f"The model's macro F1 is {score:.4f}, below MIN_F1_THRESHOLD, which is {threshold:g}.",
            remedy="Train a better one, or lower the threshold.",
        )
    return score


def interval_in(file: Path, manifest: Manifest) -> tuple[float, float]:
    """Read the macro F1's interval from a metrics file.

    Raises:
        InputError: it cannot be read, or is of another model.
    """
    try:
        test = json.loads(file.read_bytes())["test"]
        rows, value = float(test["n"]), float(test["macro_f1"])
        low, high = float(test["macro_f1_low"]), float(test["macro_f1_high"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "This is no metrics file of a model.", where=str(file), remedy="Name metrics/tune_sklearn.json."
        ) from error
    scores = manifest.training.scores
    if rows != scores.get(_ROWS) or abs(value - scores.get(SCORE, math.inf)) > _SAME:
        raise InputError(
            "The metrics file is of another model.",
            where=str(file),
            remedy="Name the one that was written together with the model.",
        )
    return low, high


def upload_of(model: HubModel, repository: str, interval: tuple[float, float] | None = None) -> Upload:
    """Return the upload of an artifact."""
    manifest = model.manifest
    facts = CardFacts(manifest, model.digest, model.tag, repository, interval)
    names = sorted((*manifest.files, MANIFEST_NAME))
    return Upload(
        files={name: model.folder / name for name in names},
        card=model_card(facts),
        message=_message(manifest),
        tag=model.tag,
    )


def _message(manifest: Manifest) -> str:
    scores = manifest.training.scores
    score = scores.get(SCORE)
    told = (
        "no score" if score is None else f"macro F1 {score:.4f} on {int(scores.get(_ROWS, 0)):,} test texts"
    )
    return f"{manifest.kind} ({manifest.training.family}): {told}"
